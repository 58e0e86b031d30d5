// The recipients of encrypted files, as the verb `keys recipient` works on them: in a stopped
// archive, or in a running server over its HTTP door.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <string>
#include <vector>

#include "genomics/crypt4gh.h"
#include "tools/verb.h"

namespace medarc::tools {

// Objects are those of /genomics/crypt4gh/recipients.
class RecipientBook {
 public:
  virtual ~RecipientBook() = default;
  virtual Result<std::vector<boost::json::object>> list() = 0;
  virtual Status add(const std::string& name, const genomics::crypt4gh::PublicKey& key) = 0;
  virtual Status remove(const std::string& name) = 0;
  // The archive's own public key, as a file.
  virtual Result<Bytes> own_key() = 0;
};

// The archive in common.data; errors as open_archive.
Result<std::unique_ptr<RecipientBook>> open_recipient_book(const Common& common);
// A server; as ServerCall::to().
Result<std::unique_ptr<RecipientBook>> call_recipient_book(const Common& common,
                                                           const std::string& url,
                                                           const std::string& token_file);

}  // namespace medarc::tools
