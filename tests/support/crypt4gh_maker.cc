#include "tests/support/crypt4gh_maker.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstring>
#include <memory>
#include <stdexcept>

namespace medarc::test {
namespace {

constexpr size_t kPlain = 65'536;

void need(bool done) {
  if (!done) throw std::runtime_error("OpenSSL refused, or the file cannot be opened");
}

unsigned char* octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* octets(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string random_text(size_t bytes) {
  std::string out(bytes, '\0');
  need(RAND_bytes(octets(out), static_cast<int>(bytes)) == 1);
  return out;
}

std::string le(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

uint32_t number_at(const std::string& text, size_t at) {
  need(text.size() >= at + 4);
  uint32_t out = 0;
  for (size_t i = 4; i-- > 0;) out = out << 8 | static_cast<unsigned char>(text[at + i]);
  return out;
}

using Pkey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Pkey private_of(const std::string& secret) {
  return {EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, octets(secret), 32),
          EVP_PKEY_free};
}

std::string public_of(const std::string& secret) {
  std::string out(32, '\0');
  size_t size = 32;
  need(EVP_PKEY_get_raw_public_key(private_of(secret).get(), octets(out), &size) == 1);
  return out;
}

std::string shared(const std::string& own, const std::string& other, const std::string& reader,
                   const std::string& writer) {
  const Pkey mine = private_of(own);
  const Pkey theirs(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, octets(other), 32),
                    EVP_PKEY_free);
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new(mine.get(), nullptr), EVP_PKEY_CTX_free);
  std::string all(32, '\0'), hash(64, '\0');
  size_t size = 32;
  need(EVP_PKEY_derive_init(context.get()) == 1 &&
       EVP_PKEY_derive_set_peer(context.get(), theirs.get()) == 1 &&
       EVP_PKEY_derive(context.get(), octets(all), &size) == 1);
  all += reader + writer;
  need(EVP_Digest(all.data(), all.size(), octets(hash), nullptr, EVP_blake2b512(), nullptr) == 1);
  return hash.substr(0, 32);
}

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

// Nonce, text, MAC.
std::string sealed(const std::string& key, const std::string& text) {
  const std::string nonce = random_text(12);
  const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  std::string out(text.size(), '\0'), mac(16, '\0');
  int n = 0;
  need(EVP_EncryptInit_ex(cipher.get(), EVP_chacha20_poly1305(), nullptr, octets(key),
                          octets(nonce)) == 1 &&
       EVP_EncryptUpdate(cipher.get(), octets(out), &n, octets(text),
                         static_cast<int>(text.size())) == 1 &&
       EVP_EncryptFinal_ex(cipher.get(), octets(out) + n, &n) == 1 &&
       EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, 16, mac.data()) == 1);
  return nonce + out + mac;
}

std::optional<std::string> opened(const std::string& key, const std::string& nonce_text_mac) {
  if (nonce_text_mac.size() < 28) return std::nullopt;
  const std::string text = nonce_text_mac.substr(12, nonce_text_mac.size() - 28);
  std::string mac = nonce_text_mac.substr(nonce_text_mac.size() - 16), out(text.size(), '\0');
  const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int n = 0;
  need(EVP_DecryptInit_ex(cipher.get(), EVP_chacha20_poly1305(), nullptr, octets(key),
                          octets(nonce_text_mac)) == 1 &&
       EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, 16, mac.data()) == 1 &&
       EVP_DecryptUpdate(cipher.get(), octets(out), &n, octets(text),
                         static_cast<int>(text.size())) == 1);
  if (EVP_DecryptFinal_ex(cipher.get(), octets(out) + n, &n) != 1) return std::nullopt;
  return out;
}

}  // namespace

Crypt4ghKey Crypt4ghKey::make() {
  const std::string secret = random_text(32);
  return {secret, public_of(secret)};
}

std::string crypt4gh_packet(const std::string& payload, const std::string& reader) {
  const Crypt4ghKey writer = Crypt4ghKey::make();
  const std::string body = le(0, 4) + writer.known +
                           sealed(shared(writer.secret, reader, reader, writer.known), payload);
  return le(body.size() + 4, 4) + body;
}

std::string crypt4gh_header(const std::vector<std::string>& packets) {
  std::string out = "crypt4gh" + le(1, 4) + le(packets.size(), 4);
  for (const std::string& packet : packets) out += packet;
  return out;
}

std::string data_key_payload(const std::string& key) { return le(0, 4) + le(0, 4) + key; }

std::string edit_list_payload(const std::vector<uint64_t>& lengths) {
  std::string out = le(1, 4) + le(lengths.size(), 4);
  for (const uint64_t length : lengths) out += le(length, 8);
  return out;
}

std::string crypt4gh_segments(const std::string& plain, const std::vector<std::string>& keys) {
  std::string out;
  for (size_t at = 0, n = 0; at < plain.size(); at += kPlain, ++n) {
    out += sealed(keys[n % keys.size()], plain.substr(at, kPlain));
  }
  return out;
}

std::string seal_crypt4gh(const std::string& plain, const std::vector<std::string>& readers,
                          const Crypt4ghOptions& options) {
  std::vector<std::string> keys, packets;
  for (size_t i = 0; i < options.keys_count; ++i) keys.push_back(random_text(32));
  for (const std::string& reader : readers) {
    for (const std::string& key : keys) {
      packets.push_back(crypt4gh_packet(data_key_payload(key), reader));
    }
    if (options.edits) {
      packets.push_back(crypt4gh_packet(edit_list_payload(*options.edits), reader));
    }
  }
  return crypt4gh_header(packets) + crypt4gh_segments(plain, keys);
}

std::string open_crypt4gh(const std::string& file, const std::string& secret) {
  need(file.starts_with("crypt4gh") && number_at(file, 8) == 1);
  const std::string known = public_of(secret);
  std::vector<std::string> keys;
  size_t at = 16;
  for (uint32_t left = number_at(file, 12); left > 0; --left) {
    const size_t length = number_at(file, at);
    need(length >= 68 && at + length <= file.size() && number_at(file, at + 4) == 0);
    const std::string writer = file.substr(at + 8, 32), rest = file.substr(at + 40, length - 40);
    const auto payload = opened(shared(secret, writer, known, writer), rest);
    at += length;
    if (!payload) continue;
    need(payload->size() == 40 && number_at(*payload, 0) == 0 && number_at(*payload, 4) == 0);
    keys.push_back(payload->substr(8));
  }
  std::string out;
  for (; at < file.size(); at += kPlain + 28) {
    std::optional<std::string> plain;
    for (const std::string& key : keys) {
      if (!plain) plain = opened(key, file.substr(at, kPlain + 28));
    }
    need(plain.has_value());
    out += *plain;
  }
  need(!keys.empty());
  return out;
}

}  // namespace medarc::test
