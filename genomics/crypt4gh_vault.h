// The archive's own keys for Crypt4GH, and what files are given encrypted with.
//
// In its directory: `crypt4gh.sec`, the secret keys that uploads are opened with, newest first, in
// the reference implementation's form; and `crypt4gh.share`, 32 random bytes in base64, from which
// the keys of all files that are given encrypted are derived. Both are made when they are first
// needed, readable by the owner alone, replaced whole and synced. They belong into every backup of
// the archive: without the first, files encrypted for the old key cannot be opened; without the
// second, downloads under way cannot be resumed, nothing worse. A damaged file is an error, never
// made anew.
//
// Why what is derived may be used (docs/decisions/0094-encrypted-once.md): a data key belongs to
// one content, named by its SHA-256, so a segment's key and nonce never meet another text.
//
// Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/fs.h"
#include "genomics/crypt4gh_segments.h"

namespace medarc::genomics::crypt4gh {

// What one reader's file is made with: the header, and the keys of the segments.
struct Share {
  Bytes header;
  SealingKeys keys;
};

class Vault {
 public:
  static constexpr size_t kKeysMax = 64;  // secret keys kept; each is tried on each packet

  Vault(Fs& fs, std::string directory, Crypt4ghLimits limits = {})
      : fs_(fs), directory_(std::move(directory)), limits_(limits) {}
  const Crypt4ghLimits& limits() const { return limits_; }

  // Errors of all: corrupt (a file of the directory), and those of the disk.
  Result<PublicKey> public_key();              // the newest
  Result<std::vector<Secret>> reading_keys();  // newest first
  // From now on the newest; the others still open what was encrypted for them. conflict: kKeysMax;
  // already_exists.
  Result<PublicKey> add(const Secret& key);

  // For a stored blob: the same bytes each time the same reader asks, the same segments for every
  // reader. invalid_argument: no key that anybody should use.
  Result<Share> share(const Digest& blob, const PublicKey& reader);
  // For bytes that are made for one answer: fresh random keys.
  static Result<Share> share_once(const PublicKey& reader);

 private:
  Result<std::optional<Bytes>> load(const std::string& name);
  Status store(const std::string& name, ByteView bytes);
  Status need_keys();
  Status store_keys(const std::vector<Secret>& keys);
  Result<Secret> share_secret();

  Fs& fs_;
  const std::string directory_;
  const Crypt4ghLimits limits_;
  std::mutex mutex_;
  std::vector<Secret> keys_;     // empty: not loaded yet
  std::optional<Secret> share_;  // likewise
};

}  // namespace medarc::genomics::crypt4gh
