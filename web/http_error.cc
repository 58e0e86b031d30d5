#include "web/http_error.h"

#include "base/log.h"
#include "web/text.h"

namespace medarc::web {

int status_of(Code code, bool in_body) {
  switch (code) {
    case Code::invalid_argument: return 400;
    case Code::unauthenticated: return 401;
    case Code::permission_denied: return 403;
    case Code::not_found: return 404;
    case Code::gone: return 410;
    case Code::already_exists: return 409;
    case Code::conflict: return 409;
    case Code::precondition_failed: return 412;
    case Code::not_acceptable: return 406;
    case Code::unsupported: return in_body ? 415 : 501;
    case Code::range_not_satisfiable: return 416;
    case Code::too_large: return 413;
    case Code::exhausted: return 503;
    case Code::unavailable: return 503;
    case Code::deadline: return 504;
    case Code::cancelled: return 408;
    case Code::corrupt: return 500;
    case Code::io: return 500;
    case Code::internal: return 500;
  }
  return 500;
}

std::string_view reason_of(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 422: return "Unprocessable Content";
    case 423: return "Locked";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 460: return "Checksum Mismatch";  // tus 1.0, checksum extension
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "";
  }
}

Response problem(const Error& error, bool in_body) {
  return problem(status_of(error.code, in_body), error);
}

Response problem(int status, const Error& error) {
  const bool hidden =
      error.code == Code::io || error.code == Code::internal || error.code == Code::corrupt;
  if (hidden) {
    log(Level::error, "http.failed", {{"code", to_string(error.code)}, {"text", error.text}});
  }
  std::string body = R"({"type":"about:blank","title":)";
  append_json_string(body, reason_of(status));
  body += R"(,"status":)" + std::to_string(status) + R"(,"code":)";
  append_json_string(body, to_string(error.code));
  body += R"(,"detail":)";
  append_json_string(body, hidden ? "The server failed; its log says why." : error.text);
  body += '}';
  Response response = make_response(status, "application/problem+json", std::move(body));
  if (status == 401) response.headers.set("WWW-Authenticate", "Bearer realm=\"medarc\"");
  if (status == 503) response.headers.set("Retry-After", "2");
  return response;
}

Response answered(Result<Response> made) {
  return made.has_error() ? problem(made.error()) : std::move(*made);
}

}  // namespace medarc::web
