#include "genomics/crypt4gh_header.h"

#include <algorithm>

#include "base/codec.h"

namespace medarc::genomics::crypt4gh {
namespace {

constexpr size_t kStartBytes = 16, kLengthBytes = 4;
constexpr uint32_t kX25519ChaCha20Poly1305 = 0;  // method of a packet
constexpr uint32_t kChaCha20Poly1305 = 0;        // method of the data
constexpr uint32_t kDataKey = 0, kEditList = 1;  // types of payload
constexpr size_t kSealedFrom = 4 + security::kKeyBytes + security::kNonceBytes;  // behind a length

Error damaged(const char* what) {
  return make_error(Code::invalid_argument,
                    std::string("the header of the Crypt4GH file is damaged: ") + what);
}

// The first half of BLAKE2b-512(DH || reader || writer).
Secret shared_key(const Secret& agreed, const PublicKey& reader, const PublicKey& writer) {
  Bytes all(agreed.view());
  all.append(reader.view());
  all.append(writer.view());
  const Bytes hash = security::blake2b_512(all);
  return *Secret::from_view(ByteView(hash).substr(0, security::kKeyBytes));
}

}  // namespace

Bytes data_key_payload(const Secret& key) {
  Encoder e;
  e.fixed(kDataKey);
  e.fixed(kChaCha20Poly1305);
  e.raw(key.view());
  return e.take();
}

Result<Bytes> seal_packet(ByteView payload, const Secret& writer, const PublicKey& reader,
                          const Nonce& nonce) {
  MEDARC_ASSIGN(const Secret agreed, security::agree(writer, reader));
  const PublicKey own = security::public_key_of(writer);
  security::BoxCipher cipher(shared_key(agreed, reader, own));
  Bytes sealed(payload.size() + security::kTagBytes, '\0');
  cipher.seal(nonce, payload, sealed.data());
  Encoder e;
  e.fixed(static_cast<uint32_t>(kLengthBytes + kSealedFrom + sealed.size()));
  e.fixed(kX25519ChaCha20Poly1305);
  e.raw(own.view());
  e.raw({reinterpret_cast<const char*>(nonce.data()), nonce.size()});
  e.raw(sealed);
  return e.take();
}

Bytes make_header(const std::vector<Bytes>& packets) {
  Encoder e;
  e.raw(kMagic);
  e.fixed(kVersion);
  e.fixed(static_cast<uint32_t>(packets.size()));
  for (const Bytes& packet : packets) e.raw(packet);
  return e.take();
}

HeaderReader::HeaderReader(std::vector<Secret> keys, const Crypt4ghLimits& limits)
    : packets_max_(limits.packets_max), bytes_max_(limits.header_bytes_max), wanted_(kStartBytes) {
  for (Secret& key : keys) {
    const PublicKey known = security::public_key_of(key);
    keys_.push_back({std::move(key), known});
  }
}

Status HeaderReader::feed(ByteView& bytes) {
  while (!done_) {
    const size_t n = std::min<uint64_t>(wanted_ - waiting_.size(), bytes.size());
    waiting_.append(bytes.substr(0, n));
    bytes.remove_prefix(n);
    bytes_ += n;
    if (waiting_.size() < wanted_) return {};
    const Bytes part = std::move(waiting_);
    waiting_.clear();
    if (!packets_left_) {
      MEDARC_TRY(read_start(part));
      wanted_ = kLengthBytes;
    } else if (!length_known_) {
      const auto length = Decoder(part).fixed<uint32_t>();
      if (length < 2 * kLengthBytes) return damaged("a packet has no length that can be");
      wanted_ = length - kLengthBytes;
      if (bytes_ + wanted_ > bytes_max_) {
        return make_error(Code::too_large,
                          "the header of the Crypt4GH file is over "
                          "genomics.crypt4gh_header_bytes_max");
      }
      length_known_ = true;
      continue;
    } else {
      MEDARC_TRY(read_packet(part));
      --*packets_left_;
      length_known_ = false;
      wanted_ = kLengthBytes;
    }
    if (*packets_left_ == 0) return finish();
  }
  return {};
}

Status HeaderReader::read_start(ByteView start) {
  if (!start.starts_with(kMagic)) {
    return make_error(Code::invalid_argument, "this is no Crypt4GH file");
  }
  Decoder d(start.substr(kMagic.size()));
  if (d.fixed<uint32_t>() != kVersion) {
    return make_error(Code::unsupported, "this Crypt4GH file is of another version than 1");
  }
  const auto packets = d.fixed<uint32_t>();
  if (packets > packets_max_) {
    return make_error(Code::too_large,
                      "the Crypt4GH file has more packets than genomics.crypt4gh_packets_max");
  }
  packets_left_ = packets;
  return {};
}

Status HeaderReader::read_packet(ByteView packet) {
  if (packet.size() < kSealedFrom + security::kTagBytes) return {};  // of a method we do not know
  Decoder d(packet);
  if (d.fixed<uint32_t>() != kX25519ChaCha20Poly1305) return {};
  const auto writer = PublicKey::from_view(d.raw(security::kKeyBytes));
  Nonce nonce;
  const ByteView nonce_bytes = d.raw(nonce.size());
  std::memcpy(nonce.data(), nonce_bytes.data(), nonce.size());
  const ByteView sealed = packet.substr(kSealedFrom);
  Bytes payload(sealed.size() - security::kTagBytes, '\0');
  for (const Own& own : keys_) {
    const auto agreed = security::agree(own.secret, *writer);
    if (agreed.has_error()) return {};  // nobody's key: nobody opens it
    security::BoxCipher cipher(shared_key(*agreed, own.known, *writer));
    if (cipher.open(nonce, sealed, payload.data())) return read_payload(payload);
  }
  return {};
}

// What follows the fields of a payload is padding.
Status HeaderReader::read_payload(ByteView payload) {
  Decoder d(payload);
  const auto type = d.fixed<uint32_t>();
  if (!d.ok()) return damaged("a packet holds nothing");
  if (type == kDataKey) {
    const auto method = d.fixed<uint32_t>();
    const auto key = Secret::from_view(d.raw(security::kKeyBytes));
    if (d.ok() && method != kChaCha20Poly1305) {
      return make_error(Code::unsupported,
                        "the data of the Crypt4GH file is encrypted by a method that is not known");
    }
    if (!key) return damaged("a data key is cut off");
    header_.data_keys.push_back(*key);
    return {};
  }
  if (type != kEditList) {
    return make_error(Code::unsupported, "the Crypt4GH file has a packet of a kind not known here");
  }
  if (header_.edits) return damaged("it has two edit lists");
  const auto count = d.fixed<uint32_t>();
  if (!d.ok() || uint64_t{count} * 8 > payload.size() - 8) {
    return damaged("an edit list is cut off");
  }
  auto& edits = header_.edits.emplace();
  for (uint32_t i = 0; i < count; ++i) edits.push_back(d.fixed<uint64_t>());
  return {};
}

Status HeaderReader::finish() {
  done_ = true;
  if (!header_.data_keys.empty()) return {};
  if (keys_.empty()) return make_error(Code::invalid_argument, "there is no key to open it with");
  return make_error(Code::invalid_argument, "this Crypt4GH file is encrypted for other keys than " +
                                                to_base64(keys_.front().known.view()));
}

}  // namespace medarc::genomics::crypt4gh
