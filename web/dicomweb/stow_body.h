// The body of a STOW request on its way into the archive, part by part; commits are shared by many
// objects.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "web/dicomweb/doors.h"
#include "web/dicomweb/model_forms.h"

namespace medarc::web {

struct StowParts {
  enum class Content {
    files,  // application/dicom, an instance a part
    json,   // application/dicom+json, then bulk data
    xml,    // application/dicom+xml, an instance a part, then bulk data
  };
  Content content = Content::files;
  std::string boundary;                  // "": the body is one part
  std::optional<dicom::StudyUid> study;  // the only one that is taken (S5)
};

std::unique_ptr<BodyHandler> stow_body(ContextPtr context, const Request& request, StowParts parts,
                                       ModelForm answer);

}  // namespace medarc::web
