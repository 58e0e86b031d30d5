// How every fallible thing in Medarc answers: a value, or an Error with a code for machines and a
// text for people. Exceptions come only from third-party libraries and are caught where those are
// called.
//
//   Result<Digest> parse(ByteView text);
//   Status flush();
//   MEDARC_TRY(flush());                       // returns the error to our caller
//   MEDARC_ASSIGN(auto digest, parse(text));   // declares `digest`, or returns the error
//
// Texts name what was wrong and what to do next. They never hold patient data, tokens or paths
// supplied by a peer.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace medarc {

// What went wrong, in the terms a door needs to choose an answer. `web/http_error.cc` maps each to
// an HTTP status, `dicom/dimse_status.cc` to a DIMSE status; both switches are exhaustive.
enum class Code {
  invalid_argument,       // malformed input: the caller must change it
  unauthenticated,        // no or bad credentials
  permission_denied,      // known principal, not allowed
  not_found,              // no such thing
  gone,                   // was here, has been removed
  already_exists,         // a create met something under the same name
  conflict,               // the state does not allow it now
  precondition_failed,    // the caller's stated expectation does not hold
  not_acceptable,         // no representation the caller accepts
  unsupported,            // understood, but not offered
  range_not_satisfiable,  // a byte range outside the thing
  too_large,              // over a named limit
  exhausted,              // out of disk, memory, or another resource
  unavailable,            // busy or shutting down: try again later
  deadline,               // took longer than allowed
  cancelled,              // the peer went away
  corrupt,                // stored bytes fail their check
  io,                     // the operating system refused
  internal,               // a defect in Medarc
};

// "not_found" for Code::not_found, and so on: for logs, metrics and JSON.
std::string_view to_string(Code code);

struct Error {
  Code code = Code::internal;
  std::string text;
};

[[noreturn]] inline void throw_exception_from_error(const Error& e, const boost::source_location&) {
  throw std::runtime_error(e.text);
}

template <class T>
using Result = boost::system::result<T, Error>;
using Status = Result<void>;

inline Error make_error(Code code, std::string text) { return Error{code, std::move(text)}; }
// Puts where we were before what went wrong: "segment 12: short read".
Error with_context(Error e, std::string_view where);

}  // namespace medarc

#define MEDARC_CONCAT_(a, b) a##b
#define MEDARC_CONCAT(a, b) MEDARC_CONCAT_(a, b)
#define MEDARC_TRY(expr)                                             \
  do {                                                               \
    if (auto medarc_status_ = (expr); medarc_status_.has_error()) {  \
      return std::move(medarc_status_).error();                      \
    }                                                                \
  } while (false)
#define MEDARC_ASSIGN_(tmp, decl, expr)      \
  auto tmp = (expr);                         \
  if (tmp.has_error()) {                     \
    return std::move(tmp).error();           \
  }                                          \
  decl = std::move(*tmp)
#define MEDARC_ASSIGN(decl, expr) MEDARC_ASSIGN_(MEDARC_CONCAT(medarc_result_, __LINE__), decl, expr)
