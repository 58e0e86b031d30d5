#include "genomics/crypt4gh_segments.h"

#include <algorithm>

#include "base/codec.h"

namespace medarc::genomics::crypt4gh {

uint64_t sealed_bytes_of(uint64_t plain_bytes) {
  const uint64_t segments = (plain_bytes + kSegmentPlainBytes - 1) / kSegmentPlainBytes;
  return plain_bytes + segments * kSegmentOverheadBytes;
}

std::optional<uint64_t> plain_bytes_of(uint64_t sealed_bytes) {
  const uint64_t whole = sealed_bytes / kSegmentBytes, rest = sealed_bytes % kSegmentBytes;
  if (rest > 0 && rest < kSegmentOverheadBytes) return std::nullopt;
  return whole * kSegmentPlainBytes + (rest > 0 ? rest - kSegmentOverheadBytes : 0);
}

SegmentSealer::SegmentSealer(const SealingKeys& keys)
    : nonce_secret_(keys.nonce_secret), cipher_(keys.data_key) {}

void SegmentSealer::seal(uint64_t number, ByteView plain, char* out) {
  Encoder message;
  message.fixed(number);
  const Digest random = security::hmac_sha256(nonce_secret_.view(), message.view());
  Nonce nonce;
  std::copy_n(random.value.begin(), nonce.size(), nonce.begin());
  std::memcpy(out, nonce.data(), nonce.size());
  cipher_.seal(nonce, plain, out + nonce.size());
}

SegmentOpener::SegmentOpener(const std::vector<Secret>& data_keys) {
  for (const Secret& key : data_keys) ciphers_.emplace_back(key);
}

Status SegmentOpener::open(uint64_t number, ByteView sealed, char* out) {
  Nonce nonce;
  if (sealed.size() >= kSegmentOverheadBytes) {
    std::memcpy(nonce.data(), sealed.data(), nonce.size());
    sealed.remove_prefix(nonce.size());
    for (size_t i = 0; i < ciphers_.size(); ++i) {
      const size_t one = (last_ + i) % ciphers_.size();
      if (!ciphers_[one].open(nonce, sealed, out)) continue;
      last_ = one;
      return {};
    }
  }
  return make_error(Code::invalid_argument,
                    "segment " + std::to_string(number) +
                        " of the Crypt4GH file is damaged or cut off: its check (MAC) fails");
}

SealedReader::SealedReader(Bytes header, const SealingKeys& keys,
                           std::unique_ptr<archive::BlobReader> plain)
    : header_(std::move(header)), plain_(std::move(plain)), sealer_(keys) {}

uint64_t SealedReader::size() const { return header_.size() + sealed_bytes_of(plain_->size()); }

Status SealedReader::seal(uint64_t number, char* out) {
  const uint64_t begin = number * kSegmentPlainBytes;
  text_.resize(std::min<uint64_t>(kSegmentPlainBytes, plain_->size() - begin));
  MEDARC_TRY(plain_->read({begin, text_.size()}, text_.data()));
  sealer_.seal(number, text_, out);
  return {};
}

Status SealedReader::read(ByteRange range, char* out) {
  if (range.end() > size() || range.end() < range.begin) {
    return make_error(Code::internal, "a range outside its file");
  }
  if (range.begin < header_.size()) {
    const size_t n = header_.copy(out, range.length, range.begin);
    out += n;
    range = {range.begin + n, range.length - n};
  }
  const uint64_t sealed = size() - header_.size();
  uint64_t at = range.begin - header_.size();
  for (uint64_t left = range.length; left > 0;) {
    const uint64_t number = at / kSegmentBytes, within = at % kSegmentBytes;
    const uint64_t segment = std::min(kSegmentBytes, sealed - number * kSegmentBytes);
    const uint64_t n = std::min(left, segment - within);
    if (n == segment) {
      MEDARC_TRY(seal(number, out));
    } else {
      if (kept_number_ != number) {
        kept_number_.reset();
        kept_.resize(segment);
        MEDARC_TRY(seal(number, kept_.data()));
        kept_number_ = number;
      }
      std::memcpy(out, kept_.data() + within, n);
    }
    out += n;
    at += n;
    left -= n;
  }
  return {};
}

SealedSource::SealedSource(Bytes header, const SealingKeys& keys, std::unique_ptr<ByteSource> plain)
    : plain_(std::move(plain)), sealer_(keys), ready_(std::move(header)) {}

Status SealedSource::fill() {
  text_.resize(kSegmentPlainBytes);
  size_t filled = 0;
  while (filled < text_.size()) {
    MEDARC_ASSIGN(const size_t n, plain_->read(text_.data() + filled, text_.size() - filled));
    if (n == 0) break;
    filled += n;
  }
  ended_ = filled < text_.size();
  at_ = 0;
  ready_.clear();
  if (filled == 0) return {};
  ready_.resize(filled + kSegmentOverheadBytes);
  sealer_.seal(number_++, ByteView(text_).substr(0, filled), ready_.data());
  return {};
}

Result<size_t> SealedSource::read(char* out, size_t capacity) {
  if (at_ == ready_.size() && !ended_) MEDARC_TRY(fill());
  const size_t n = ready_.copy(out, capacity, at_);
  at_ += n;
  return n;
}

}  // namespace medarc::genomics::crypt4gh
