// The peers that administrators add, as the verb `peer` works on them: in a stopped archive, or in
// a running server over its HTTP door.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/config.h"
#include "tools/verb.h"

namespace medarc::tools {

// Objects are those of dicom/administration/entry_json.h.
class PeerBook {
 public:
  virtual ~PeerBook() = default;
  virtual Result<std::vector<boost::json::object>> list() = 0;
  // All that is said of the peer from now on, in place of what was.
  virtual Result<boost::json::object> set(const std::string& aet, const Config::Table& table) = 0;
  virtual Status remove(const std::string& aet) = 0;
  virtual Result<boost::json::object> echo(const std::string& aet) = 0;
};

// The archive in common.data; errors as open_archive.
Result<std::unique_ptr<PeerBook>> open_peer_book(const Common& common);

// A server at `url` ("http://127.0.0.1:8042"); `token_file`: holds the token of an administrator,
// "" when it wants none. Every call is a connection of its own.
Result<std::unique_ptr<PeerBook>> call_peer_book(const Common& common, const std::string& url,
                                                 const std::string& token_file);

}  // namespace medarc::tools
