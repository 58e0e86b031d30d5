// `asOf`: a resource as it was at a moment (dicom/history.h, dicom/instant.h). What it was is told
// exactly or not at all: 404 what was not stored by then, 410 what had been removed by then or was
// removed since, 409 a search whose rows have changed since in what is not kept.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "dicom/history.h"
#include "dicom/question.h"
#include "web/dicomweb/search.h"
#include "web/http.h"

namespace medarc::web {

inline constexpr std::string_view kAsOf = "asOf";

// nullopt: it is not asked for. invalid_argument: no moment, one that is yet to come, or `version`
// is named as well.
Result<std::optional<Timestamp>> as_of(const Request& request);

// invalid_argument when it is asked for where it is not offered.
Status refuse_as_of(const Request& request);

// as_of() of a request for a study or series, all of which must still be known: gone otherwise.
Result<std::optional<Timestamp>> as_of_many(index::View& view, const Request& request);

// That nothing was there at the moment: not_found or gone.
Error missing_then(index::View& view, const Request& request, Timestamp at);

// Makes `question` ask for the rows of then, where the rows of today can tell them. `ids_max`: rows
// looked at at most (too_large). False: nothing was there. invalid_argument: no study is named;
// gone; conflict: what is asked for has changed since, and what it was is not in rows.
Result<bool> ask_then(index::View& view, const Request& request, Timestamp at, uint64_t ids_max,
                      const std::vector<Field>& include, dicom::Question& question);

}  // namespace medarc::web
