#include "archive/record.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <zstd.h>

#include <cstring>

namespace medarc::archive {
namespace {

constexpr uint32_t kMagic = 0x4352444D;  // "MDRC"

template <class T>
void put(char* out, T v) {
  for (size_t i = 0; i < sizeof(T); ++i) out[i] = static_cast<char>(v >> (8 * i));
}
template <class T>
T take(const char* in) {
  T v = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    v |= static_cast<T>(static_cast<uint8_t>(in[i])) << (8 * i);
  return v;
}

struct CipherDeleter {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, CipherDeleter>;

void unit_nonce(const RecordHeader& h, uint32_t unit, unsigned char out[12]) {
  put(reinterpret_cast<char*>(out), h.nonce);
  put(reinterpret_cast<char*>(out) + 8, unit);
}

// What a unit's tag also covers: a unit moved to another record or place never opens.
Bytes unit_context(const RecordHeader& h) {
  Bytes out(44, '\0');
  std::memcpy(out.data(), h.digest.value.data(), 32);
  put(out.data() + 32, h.payload_length);
  put(out.data() + 36, h.plain_length);
  out[40] = static_cast<char>(h.type);
  out[41] = static_cast<char>(h.flags);
  return out;
}

// Whether a writer makes such a header: readers count on these.
bool plausible(const RecordHeader& h) {
  switch (h.type) {
    case RecordType::chunk:
      if (h.plain_length > kChunkBytesMax) return false;
      if (h.flags == kFlagZstd || h.flags == kFlagCoded) {
        return h.payload_length < h.plain_length;
      }
      return h.flags == 0 && h.payload_length == h.plain_length;
    case RecordType::commit: return h.flags == 0;
    case RecordType::seal: return h.flags == 0 && h.payload_length == 0;
  }
  return false;  // unknown
}

size_t units_of(size_t payload) { return (payload + kUnitBytes - 1) / kUnitBytes; }

Status seal_units(const RecordHeader& h, Bytes& body, Bytes& trailers, ByteView key) {
  const size_t units = units_of(body.size());
  trailers.assign(units * kUnitTrailerBytes, '\0');
  Cipher cipher(h.key_id == 0 ? nullptr : EVP_CIPHER_CTX_new());
  const Bytes context = unit_context(h);
  for (size_t u = 0; u < units; ++u) {
    char* at = body.data() + u * kUnitBytes;
    const size_t n = std::min(kUnitBytes, body.size() - u * kUnitBytes);
    char* trailer = trailers.data() + u * kUnitTrailerBytes;
    if (h.key_id == 0) {
      put(trailer, crc32c({at, n}, static_cast<uint32_t>(u)));
      continue;
    }
    unsigned char nonce[12];
    unit_nonce(h, static_cast<uint32_t>(u), nonce);
    auto* bytes = reinterpret_cast<unsigned char*>(at);
    int length = 0;
    const bool ok =
        EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr,
                           reinterpret_cast<const unsigned char*>(key.data()), nonce) == 1 &&
        EVP_EncryptUpdate(cipher.get(), nullptr, &length,
                          reinterpret_cast<const unsigned char*>(context.data()),
                          static_cast<int>(context.size())) == 1 &&
        EVP_EncryptUpdate(cipher.get(), bytes, &length, bytes, static_cast<int>(n)) == 1 &&
        EVP_EncryptFinal_ex(cipher.get(), bytes + length, &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kUnitTrailerBytes, trailer) == 1;
    if (!ok) return make_error(Code::internal, "encryption failed");
  }
  return {};
}

}  // namespace

uint64_t stored_length(uint32_t payload_length) {
  return kRecordHeaderBytes + payload_length + units_of(payload_length) * kUnitTrailerBytes;
}

uint64_t padded(uint64_t length) {
  return (length + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

void encode_header(const RecordHeader& h, uint64_t salt, char out[kRecordHeaderBytes]) {
  std::memset(out, 0, kRecordHeaderBytes);
  put(out, kMagic);
  out[4] = static_cast<char>(h.type);
  out[5] = static_cast<char>(h.flags);
  put(out + 8, h.key_id);
  put(out + 12, h.plain_length);
  put(out + 16, h.payload_length);
  put(out + 24, h.sequence);
  put(out + 32, h.durable_sequence);
  put(out + 40, h.nonce);
  std::memcpy(out + 48, h.digest.value.data(), 32);
  put(out + 92, crc32c({out, 92}, static_cast<uint32_t>(salt ^ salt >> 32)));
}

std::optional<RecordHeader> parse_header(ByteView bytes, uint64_t salt) {
  if (bytes.size() < kRecordHeaderBytes) return std::nullopt;
  const char* in = bytes.data();
  if (take<uint32_t>(in) != kMagic) return std::nullopt;
  if (take<uint32_t>(in + 92) !=
      crc32c(bytes.substr(0, 92), static_cast<uint32_t>(salt ^ salt >> 32)))
    return std::nullopt;
  RecordHeader h;
  h.type = static_cast<RecordType>(in[4]);
  h.flags = static_cast<uint8_t>(in[5]);
  h.key_id = take<uint32_t>(in + 8);
  h.plain_length = take<uint32_t>(in + 12);
  h.payload_length = take<uint32_t>(in + 16);
  h.sequence = take<uint64_t>(in + 24);
  h.durable_sequence = take<uint64_t>(in + 32);
  h.nonce = take<uint64_t>(in + 40);
  std::memcpy(h.digest.value.data(), in + 48, 32);
  if (!plausible(h)) return std::nullopt;
  return h;
}

Result<FramedRecord> FramedRecord::make(RecordHeader header, Bytes payload, ByteView key) {
  FramedRecord r;
  header.payload_length = static_cast<uint32_t>(payload.size());
  if (header.key_id != 0) {
    if (key.size() != 32) return make_error(Code::internal, "a key of 32 bytes is wanted");
    RAND_bytes(reinterpret_cast<unsigned char*>(&header.nonce), sizeof header.nonce);
  }
  r.header_ = header;
  r.body_ = std::move(payload);
  MEDARC_TRY(seal_units(header, r.body_, r.trailers_, key));
  return r;
}

void FramedRecord::place(uint64_t sequence, uint64_t durable_sequence, uint64_t salt,
                         std::vector<ByteView>& parts) {
  static const char zeros[kRecordAlignment] = {};
  header_.sequence = sequence;
  header_.durable_sequence = durable_sequence;
  head_.resize(kRecordHeaderBytes);
  encode_header(header_, salt, head_.data());
  parts.push_back(head_);
  for (size_t at = 0, u = 0; at < body_.size(); at += kUnitBytes, ++u) {
    parts.push_back(ByteView(body_).substr(at, kUnitBytes));
    parts.push_back(ByteView(trailers_).substr(u * kUnitTrailerBytes, kUnitTrailerBytes));
  }
  const uint64_t length = stored_length(header_.payload_length);
  parts.push_back({zeros, padded(length) - length});
}

Status open_units(const RecordHeader& h, uint32_t first_unit, ByteView stored, ByteView key,
                  char* out) {
  Cipher cipher(h.key_id == 0 ? nullptr : EVP_CIPHER_CTX_new());
  const Bytes context = h.key_id == 0 ? Bytes() : unit_context(h);
  for (uint32_t u = first_unit; !stored.empty(); ++u) {
    if (stored.size() <= kUnitTrailerBytes) return make_error(Code::corrupt, "a unit is cut short");
    const size_t n = std::min(kUnitBytes, stored.size() - kUnitTrailerBytes);
    const char* trailer = stored.data() + n;
    if (h.key_id == 0) {
      if (take<uint32_t>(trailer) != crc32c(stored.substr(0, n), u)) {
        return make_error(Code::corrupt, "a unit fails its checksum");
      }
      std::memcpy(out, stored.data(), n);
    } else {
      if (key.size() != 32) return make_error(Code::permission_denied, "the key is not held");
      unsigned char nonce[12];
      unit_nonce(h, u, nonce);
      auto* to = reinterpret_cast<unsigned char*>(out);
      int length = 0;
      const bool ok =
          EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr,
                             reinterpret_cast<const unsigned char*>(key.data()), nonce) == 1 &&
          EVP_DecryptUpdate(cipher.get(), nullptr, &length,
                            reinterpret_cast<const unsigned char*>(context.data()),
                            static_cast<int>(context.size())) == 1 &&
          EVP_DecryptUpdate(cipher.get(), to, &length,
                            reinterpret_cast<const unsigned char*>(stored.data()),
                            static_cast<int>(n)) == 1 &&
          EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kUnitTrailerBytes,
                              const_cast<char*>(trailer)) == 1 &&
          EVP_DecryptFinal_ex(cipher.get(), to + length, &length) == 1;
      if (!ok) return make_error(Code::corrupt, "a unit fails its tag");
    }
    out += n;
    stored.remove_prefix(n + kUnitTrailerBytes);
  }
  return {};
}

Bytes compress_chunk(ByteView plain) {
  Bytes out(ZSTD_compressBound(plain.size()), '\0');
  const size_t n = ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 1);
  if (ZSTD_isError(n) || n > plain.size() - plain.size() / 8) return {};
  out.resize(n);
  return out;
}

Status decompress_chunk(ByteView payload, char* out, size_t plain_length) {
  const size_t n = ZSTD_decompress(out, plain_length, payload.data(), payload.size());
  if (n != plain_length) return make_error(Code::corrupt, "a chunk does not decompress");
  return {};
}

}  // namespace medarc::archive
