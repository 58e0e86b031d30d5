// What this node accepts and offers over DICOM, as text for a conformance statement (PS3.2): made
// from the very tables that associations, retrieval and character sets go by, so that it cannot say
// anything else than what happens.
#pragma once

#include <string>

namespace medarc::dicom {

// Markdown: services, storage SOP classes, transfer syntaxes, character sets; from headings of
// level 2 on. Describes the default configuration. Needs load_dictionary().
std::string dimse_conformance();

}  // namespace medarc::dicom
