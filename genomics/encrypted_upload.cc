#include "genomics/encrypted_upload.h"

#include "base/metrics.h"

namespace medarc::genomics {

EncryptedUpload::EncryptedUpload(std::unique_ptr<StoreUpload> inner, Crypt4gh& crypt4gh,
                                 const Limits& limits)
    : inner_(std::move(inner)), crypt4gh_(crypt4gh), limits_(limits) {}

Status EncryptedUpload::write(ByteView bytes) {
  if (failed_.has_error()) return failed_;
  failed_ = take(bytes);
  return failed_;
}

Status EncryptedUpload::take(ByteView bytes) {
  if (kind_ == Kind::plain) return inner_->write(bytes);
  if (kind_ == Kind::encrypted) return decrypt(bytes);
  head_.append(bytes);
  return settle(false);
}

Status EncryptedUpload::settle(bool complete) {
  const size_t known = std::min(head_.size(), crypt4gh::kMagic.size());
  const bool like = crypt4gh::kMagic.starts_with(ByteView(head_).substr(0, known));
  if (like && known < crypt4gh::kMagic.size() && !complete) return {};
  const Bytes head = std::move(head_);
  head_.clear();
  if (!like || known < crypt4gh::kMagic.size()) {
    kind_ = Kind::plain;
    return inner_->write(head);
  }
  kind_ = Kind::encrypted;
  MEDARC_ASSIGN(auto keys, crypt4gh_.reading_keys());
  opener_ = std::make_unique<crypt4gh::StreamOpener>(std::move(keys), crypt4gh_.limits(), *inner_);
  return decrypt(head);
}

Status EncryptedUpload::decrypt(ByteView bytes) {
  bytes_ += bytes.size();
  if (bytes_ > limits_.file_bytes_max) {
    return make_error(Code::too_large, "the file is over genomics.file_bytes_max");
  }
  sha256_.update(bytes);
  md5_.update(bytes);
  return opener_->write(bytes);
}

Status EncryptedUpload::close() {
  if (failed_.has_error()) return failed_;
  if (kind_ == Kind::unknown) MEDARC_TRY(settle(true));
  if (kind_ == Kind::plain) return {};
  MEDARC_TRY(opener_->finish());
  inner_->came_encrypted({bytes_, sha256_.finish(), md5_.finish_hex()});
  return {};
}

Result<UploadResult> EncryptedUpload::finish() {
  failed_ = close();
  if (failed_.has_error()) {
    StoreUpload::refused().add();
    return failed_.error();
  }
  return inner_->finish();
}

}  // namespace medarc::genomics
