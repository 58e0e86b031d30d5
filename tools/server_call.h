// Requests of the verbs to a running Medarc server, over its HTTP door.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <utility>

#include "dicom/web_destinations.h"
#include "tools/verb.h"

namespace medarc::tools {

// Every call is a connection of its own.
class ServerCall {
 public:
  // `url`: "http://127.0.0.1:8042"; `token_file`: holds the token of an administrator, "" when it
  // wants none.
  static Result<ServerCall> to(const Common& common, const std::string& url,
                               const std::string& token_file);

  struct Body {
    std::string type;
    Bytes bytes;
  };
  // The answer's JSON, or null when it has none; errors as the server says them, with its own text:
  // not_found, invalid_argument, conflict for anything else. unavailable: it is no Medarc server.
  Result<boost::json::value> ask(const std::string& method, const std::string& target,
                                 const Body& body = {},
                                 const std::pair<const char*, std::string>& condition = {}) const;
  // The answer's body whatever it is. Errors as above.
  Result<Bytes> fetch(const std::string& target) const;

 private:
  explicit ServerCall(dicom::WebDestination to) : to_(std::move(to)) {}
  Result<Bytes> exchange(const std::string& method, const std::string& target, const Body& body,
                         const std::pair<const char*, std::string>& condition) const;
  dicom::WebDestination to_;
};

// The text of a member of an object; "": there is none.
std::string text_at(const boost::json::value& value, const char* key);
Error no_medarc_answer();

}  // namespace medarc::tools
