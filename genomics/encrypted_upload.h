// An upload that may come as a Crypt4GH file for one of the archive's keys: then what is within is
// stored, as if it had come so. Known by its first bytes; anything else goes through untouched.
//
// A digest that the sender declares may be that of the encrypted bytes or of what is within:
// Crypt4GH itself does not notice segments that were put in another order or left out at the end,
// so the latter is the better one. What came is told in the statistics: "receivedAs".
#pragma once

#include <memory>
#include <optional>

#include "archive/hash.h"
#include "genomics/crypt4gh.h"
#include "genomics/crypt4gh_open.h"
#include "genomics/upload.h"

namespace medarc::genomics {

class EncryptedUpload final : public Upload {
 public:
  EncryptedUpload(std::unique_ptr<StoreUpload> inner, Crypt4gh& crypt4gh, const Limits& limits);
  // Also: invalid_argument: for other keys than ours, damaged, or cut off.
  Status write(ByteView bytes) override;
  Result<UploadResult> finish() override;

 private:
  enum class Kind { unknown, plain, encrypted };
  Status take(ByteView bytes);
  Status settle(bool complete);
  Status decrypt(ByteView bytes);
  Status close();

  const std::unique_ptr<StoreUpload> inner_;
  Crypt4gh& crypt4gh_;
  const Limits limits_;
  Kind kind_ = Kind::unknown;
  Bytes head_;  // until it is known what it is
  std::unique_ptr<crypt4gh::StreamOpener> opener_;
  uint64_t bytes_ = 0;  // encrypted ones
  archive::Sha256 sha256_;
  archive::Md5 md5_;
  Status failed_;
};

}  // namespace medarc::genomics
