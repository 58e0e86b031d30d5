#include "base/result.h"

namespace medarc {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::invalid_argument: return "invalid_argument";
    case Code::unauthenticated: return "unauthenticated";
    case Code::permission_denied: return "permission_denied";
    case Code::not_found: return "not_found";
    case Code::gone: return "gone";
    case Code::already_exists: return "already_exists";
    case Code::conflict: return "conflict";
    case Code::precondition_failed: return "precondition_failed";
    case Code::not_acceptable: return "not_acceptable";
    case Code::unsupported: return "unsupported";
    case Code::range_not_satisfiable: return "range_not_satisfiable";
    case Code::too_large: return "too_large";
    case Code::exhausted: return "exhausted";
    case Code::unavailable: return "unavailable";
    case Code::deadline: return "deadline";
    case Code::cancelled: return "cancelled";
    case Code::corrupt: return "corrupt";
    case Code::io: return "io";
    case Code::internal: return "internal";
  }
  return "internal";
}

Error with_context(Error e, std::string_view where) {
  e.text = std::string(where) + ": " + e.text;
  return e;
}

}  // namespace medarc
