// The DICOM JSON model (PS3.18 annex F), compact: from a scanned header, and from rows.
#pragma once

#include <string>

#include "dicom/scanner.h"
#include "index/attributes.h"

namespace medarc::dicom {

// Stands in kept metadata where the absolute URL of the series goes: a byte that no JSON text holds.
inline constexpr char kBaseMark = '\x01';

void append_json_string(std::string& out, std::string_view utf8);

// "00100010":{"vr":"PN","Value":[{"Alphabetic":"Doe^Jane"}]}
void append_json(std::string& out, const index::Attribute& attribute);
// All of them, joined by commas, without braces.
void append_json(std::string& out, const index::AttributeSet& attributes);

// The whole dataset as one object: no file meta, no group lengths, values over `inline_bytes_max` and
// binary ones as BulkDataURI kBaseMark + "/instances/{sop}/bulkdata/{path}".
std::string metadata_json(const Scanner& scanner, std::string_view sop_instance_uid,
                          std::string_view transfer_syntax);

// The items of the sequence at elements()[at], as a JSON array.
std::string sequence_json(const Scanner& scanner, size_t at);

}  // namespace medarc::dicom
