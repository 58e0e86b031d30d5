// A server that has an archive open, found and asked by verbs on the same machine: an archive is
// open in one process at a time, so what the server knows of it only the server can say.
//
// The server leaves a small file in the archive's directory, DIR/serving, for as long as it runs:
// the process and the address of its HTTP door. After a crash the file is there still, and passed
// over.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "tools/address.h"

namespace medarc::tools {

// The file, for as long as this lives. One that cannot be written is none: verbs then say that the
// archive is in use, and no more.
class ServingMark {
 public:
  ServingMark(std::string data, const Address& http);
  ~ServingMark();
  ServingMark(const ServingMark&) = delete;
  ServingMark& operator=(const ServingMark&) = delete;

 private:
  const std::string path_;
};

// Where the process that serves this archive is reached from this machine; nullopt: there is none.
std::optional<Address> serving_at(const std::string& data);

// GET `target`, as JSON. `token_file`: its first line is shown as a bearer token; "": nobody.
// Errors say what to do: permission_denied (401, 403), io (the file), unavailable (anything else).
Result<boost::json::object> ask_server(const Address& server, const std::string& target,
                                       const std::string& token_file);

}  // namespace medarc::tools
