// Crypt4GH for every door: the archive's own public key, the recipients that have names, and stored
// files encrypted for a recipient while they are read.
//
// A recipient is a setting of the index (index/setting.h, table "recipient"): durable and in force
// when put() returns, with who added it in the audit chain. Its key never changes: a new key is a
// new recipient, or the old one removed first.
//
// Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "genomics/crypt4gh_vault.h"
#include "index/index.h"
#include "security/guard.h"

namespace medarc::genomics {

class Crypt4gh {
 public:
  using Principal = security::Principal;
  using PublicKey = crypt4gh::PublicKey;

  struct Recipient {
    std::string name;  // "": one that a request brought along
    PublicKey key;
    Timestamp added;
    std::string text() const;  // for people: the name, or the key
  };

  Crypt4gh(index::Index& index, security::Guard& guard, std::unique_ptr<crypt4gh::Vault> vault);
  const Crypt4ghLimits& limits() const { return vault_->limits(); }

  // What senders encrypt for. Errors: those of Vault.
  Result<PublicKey> public_key() { return vault_->public_key(); }
  Result<std::vector<crypt4gh::Secret>> reading_keys() { return vault_->reading_keys(); }
  // A key of its own that is the newest from now on; nullopt: a random one. For administrators.
  Result<PublicKey> add_key(const Principal& who, std::optional<crypt4gh::Secret> key);

  // Errors: permission_denied. By name.
  Result<std::vector<Recipient>> recipients(const Principal& who);
  Result<Recipient> recipient(const Principal& who, const std::string& name);  // not_found
  // For administrators. True: it is new; false: it was there with this key. invalid_argument (a
  // name of 1 to 64 letters, digits and .-_@; a key nobody should use); already_exists (with
  // another key); conflict (recipients_max).
  Result<bool> put(const Principal& who, const std::string& name, const PublicKey& key);
  Status remove(const Principal& who, const std::string& name);  // not_found

  // In the audit: that bytes of this file, which were admitted before, go to the recipient.
  Status admit(const Principal& who, const index::FileId& file, const Recipient& recipient);
  // A whole blob of it as a Crypt4GH file: the same bytes whenever it is asked for again.
  struct Sealed {
    std::unique_ptr<archive::BlobReader> reader;
    std::string etag;  // of blob and recipient
  };
  Result<Sealed> seal(const Digest& blob, std::unique_ptr<archive::BlobReader> plain,
                      const PublicKey& reader);

 private:
  index::Index& index_;
  security::Guard& guard_;
  const std::unique_ptr<crypt4gh::Vault> vault_;
  std::mutex changing_;  // one change of the recipients at a time
};

}  // namespace medarc::genomics
