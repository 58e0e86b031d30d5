// The one place where errors become HTTP answers (the counterpart of dicom/dimse_status.h).
#pragma once

#include "base/result.h"
#include "web/http.h"

namespace medarc::web {

// The status of an error. `in_body`: it was met while a request body was read, where `unsupported`
// means the body's type (415) and not the operation (501).
int status_of(Code code, bool in_body = false);
std::string_view reason_of(int status);  // "Not Found"; "" for a status Medarc never sends

// application/problem+json (RFC 9457). Texts of `io`, `internal` and `corrupt` stay in the log.
// 401 carries WWW-Authenticate, 503 Retry-After.
Response problem(const Error& error, bool in_body = false);
Response problem(int status, const Error& error);

// What was made, or the problem that it is.
Response answered(Result<Response> made);

}  // namespace medarc::web
