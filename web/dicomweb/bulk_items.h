// Frames, pixel data and other values as bodies: one by itself, or parts of a multipart answer
// (PS3.18 8.7.3.3, 10.4.3.3; dicom.md N7, N9, N13).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dicom/imaging.h"
#include "web/http.h"
#include "web/multipart.h"

namespace medarc::web {

struct BulkItem {
  dicom::Content content;
  std::string type;      // with its transfer syntax, where it has one
  std::string location;  // URL, for Content-Location
};

// "image/jls; transfer-syntax=1.2.840.10008.1.2.4.80"
std::string type_in(std::string_view media_type, std::string_view transfer_syntax);

// "multipart/related; type=…; transfer-syntax=…; boundary=…". `transfer_syntax`: "" when there is
// none, or not one of all parts.
std::string related_type(std::string_view media_type, std::string_view transfer_syntax,
                         std::string_view boundary);

// The item as the body, with Range where its length is known. `etag` without quotes; may be "".
Response single_item(const Request& request, BulkItem item, std::string etag);

// As a part of a multipart body, and the length of that part's header lines.
OutgoingPart as_part(BulkItem item);
size_t part_header_bytes(const BulkItem& item);

}  // namespace medarc::web
