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
#include "web/dicomweb/doors.h"
#include "web/http.h"

namespace medarc::web {

// One way to answer, best first in a list of them. One that loses something comes last, whatever
// the client's order: who names a lossless way too gets that.
struct Wanted {
  bool single_part = false;
  std::string type;             // media type of the parts or the single part; "" = the default;
                                // application/zip: of the archive that has all of them
  std::string transfer_syntax;  // "" = none asked, "*" = as stored, or a UID
  bool lossy = false;           // what is not stored so may be made with a loss
};

// In lower case, and by its name of today: clients still send older ones of image types (N8).
std::string current_media_type(std::string_view type);

// For resources whose parts are application/dicom. `one_instance`: a single part will do (N4);
// application/zip always does.
// invalid_argument: DICOM and rendered types mixed (N3); not_acceptable: nothing that is offered.
Result<std::vector<Wanted>> wanted_objects(const Request& request, bool one_instance);

// For frames and bulk data. `one_item`: a single part will do.
Result<std::vector<Wanted>> wanted_bulk(const Request& request, bool one_item);

// The forms in which an instance stored in `stored` may be given as asked, best first (N5, N6).
// That an object has such a form is known only when it is opened: then the next one is tried.
std::vector<dicom::Form> forms_for(const Wanted& wanted, std::string_view stored);
// What can be told of that from its row alone.
bool may_have(const dicom::InstanceRow& row, const dicom::Form& form);

// The same for its frames, with the media type of the parts to declare.
struct FrameForm {
  dicom::Form form;
  std::string media_type;
};
std::vector<FrameForm> frame_forms_for(const Wanted& wanted, std::string_view stored);

// The object in the first form of those asked for that it has. not_acceptable: in none.
// `one_of_many`: what nobody asked to be expanded goes out as it is stored when that fails, so that
// one damaged image does not end the answer for its study.
Result<dicom::Content> open_as(const DicomwebContext& context, const security::Principal& principal,
                               const dicom::InstanceRow& row, const Wanted& wanted,
                               bool one_of_many);

// The answer when an instance or its frames cannot be given. That pixels cannot be decoded is told
// with the reason: the bytes are kept as they came, and can be had so.
Response retrieve_problem(const Error& error);

// "1,2,10": from 1 on (W2). invalid_argument; too_large for more than `frames_max`.
Result<std::vector<uint32_t>> parse_frame_list(std::string_view text, uint32_t frames_max);

// What the path names is not here: not_found, or gone when it was removed (W1).
Error missing(index::View& view, const Request& request);

// Errors as missing(). The version is that of the query parameters `version` or `asOf` (as_of.h).
Result<dicom::InstanceRow> find_instance(index::View& view, const Request& request);

// A whole object as the body, with Range where its length is known. `as_file`: named after its UID.
Response single_object(const Request& request, dicom::Content content,
                       const dicom::InstanceRow& row, bool as_file);

}  // namespace medarc::web
