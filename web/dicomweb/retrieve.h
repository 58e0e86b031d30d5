// What a WADO request names, and in which form the client takes it (PS3.18 8.7.5, 10.4; dicom.md
// N1-N9, W1, W2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dicom/imaging.h"
#include "web/accept.h"
#include "web/http.h"

namespace medarc::web {

// One way to answer, best first in a list of them.
struct Wanted {
  bool single_part = false;
  std::string type;             // media type of the parts or the single part; "" = the default
  std::string transfer_syntax;  // "" = none asked, "*" = as stored, or a UID
};

// For resources whose parts are application/dicom. `one_instance`: a single part will do (N4).
// invalid_argument: DICOM and rendered types mixed (N3); not_acceptable: nothing that is offered.
Result<std::vector<Wanted>> wanted_objects(const Request& request, bool one_instance);

// For frames and bulk data. `one_item`: a single part will do.
Result<std::vector<Wanted>> wanted_bulk(const Request& request, bool one_item);

// Whether an instance stored in `stored` can be given as asked, and in which form.
std::optional<dicom::Form> form_for(const Wanted& wanted, std::string_view stored);

// The same for its frames. `media_type` answers the type of the parts to declare.
std::optional<dicom::Form> frame_form_for(const Wanted& wanted, std::string_view stored,
                                          std::string& media_type);

// "1,2,10": from 1 on (W2). invalid_argument; too_large for more than `frames_max`.
Result<std::vector<uint32_t>> parse_frame_list(std::string_view text, uint32_t frames_max);

// What the path names is not here: not_found, or gone when it was removed (W1).
Error missing(index::View& view, const Request& request);

// Errors as missing(). `version` is of the query parameter.
Result<dicom::InstanceRow> find_instance(index::View& view, const Request& request);

// A whole object as the body, with Range where its length is known. `as_file`: named after its UID.
Response single_object(const Request& request, dicom::Content content,
                       const dicom::InstanceRow& row, bool as_file);

}  // namespace medarc::web
