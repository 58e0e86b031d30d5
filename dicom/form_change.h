// What a stored object becomes in the form in which it is asked for.
#pragma once

#include "dicom/imaging.h"

namespace medarc::dicom {

// `corrected`: in the stored transfer syntax, but with another header.
enum class Change { none, corrected, encoding, inflated, transcoded };
Change change_of(const index::InstanceRow& row, Form form);

// The transfer syntax it leaves in.
std::string_view syntax_after(const index::InstanceRow& row, Form form);

// Whether the pixels lose something on the way out: then it is another instance.
bool is_derived(const index::InstanceRow& row, Form form);

// The bytes before the dataset of `instance`.
Bytes envelope_of(const index::InstanceRow& row, const SopInstanceUid& instance, Form form);

// Tells one form of an object from another in its ETag.
std::string etag_suffix(Form form);

}  // namespace medarc::dicom
