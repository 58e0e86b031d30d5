#include "genomics/crypt4gh_keys.h"

#include <algorithm>

namespace medarc::genomics::crypt4gh {
namespace {

constexpr std::string_view kForm = "c4gh-v1", kNone = "none", kCipher = "chacha20_poly1305";
constexpr std::string_view kPublicLabel = "CRYPT4GH PUBLIC KEY",
                           kSecretLabel = "CRYPT4GH PRIVATE KEY";
constexpr size_t kSaltBytes = 16;

Error no_key(const char* what) {
  return make_error(Code::invalid_argument, std::string("this is no Crypt4GH key file: ") + what);
}
Error of_openssh() {
  return make_error(Code::unsupported,
                    "this is a key of OpenSSH: a Crypt4GH key is wanted, as `medarc keys make` or "
                    "`crypt4gh-keygen` writes it");
}

Bytes pem(std::string_view label, ByteView content) {
  const std::string name(label);
  return "-----BEGIN " + name + "-----\n" + to_base64(content) + "\n-----END " + name + "-----\n";
}

std::string_view trimmed(std::string_view text) {
  const char* blanks = " \t\r\n";
  const size_t from = text.find_first_not_of(blanks);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(blanks) + 1 - from);
}

struct Block {
  std::string label;
  Bytes content;
};

// The PEM blocks of a text; what is between them is passed over.
Result<std::vector<Block>> blocks_of(ByteView text) {
  if (text.size() > kKeyFileBytesMax) return no_key("it is too long");
  std::vector<Block> out;
  std::optional<std::string> label;
  Bytes base64;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == ByteView::npos ? text.size() : end + 1);
    const auto named = [&](std::string_view what) -> std::optional<std::string> {
      if (!line.starts_with(what) || !line.ends_with("-----")) return std::nullopt;
      if (line.size() < what.size() + 5) return std::nullopt;
      return std::string(line.substr(what.size(), line.size() - what.size() - 5));
    };
    if (const auto begins = named("-----BEGIN ")) {
      label = *begins;
      base64.clear();
    } else if (const auto ends = named("-----END ")) {
      const auto content = from_base64(base64);
      if (!label || *ends != *label || !content) return no_key("a damaged PEM block");
      out.push_back({*label, *content});
      label.reset();
    } else if (label) {
      base64.append(line);
    }
  }
  if (label) return no_key("a PEM block without an end");
  return out;
}

void put_text(Bytes& out, ByteView text) {
  out += static_cast<char>(text.size() >> 8);
  out += static_cast<char>(text.size());
  out.append(text);
}

// Takes the next text from the front.
std::optional<ByteView> take_text(ByteView& from) {
  if (from.size() < 2) return std::nullopt;
  const size_t size =
      static_cast<size_t>(static_cast<uint8_t>(from[0])) << 8 | static_cast<uint8_t>(from[1]);
  if (from.size() - 2 < size) return std::nullopt;
  const ByteView out = from.substr(2, size);
  from.remove_prefix(2 + size);
  return out;
}

Result<Secret> key_of_passphrase(ByteView kdf, ByteView options, std::string_view passphrase) {
  if (passphrase.empty()) {
    return make_error(Code::invalid_argument, "the key is under a passphrase, and none was given");
  }
  if (kdf == "bcrypt") {
    return make_error(
        Code::unsupported,
        "the key's passphrase goes through bcrypt, which is not known here: write the "
        "key anew with scrypt (crypt4gh-keygen does so)");
  }
  if (options.size() < 4) return no_key("it has no salt");
  const ByteView salt = options.substr(4);
  uint32_t rounds = 0;
  for (const char c : options.substr(0, 4)) rounds = rounds << 8 | static_cast<uint8_t>(c);
  if (kdf == "scrypt") return security::scrypt(passphrase, salt, {});  // rounds mean nothing there
  if (kdf != "pbkdf2_hmac_sha256") return no_key("another way to use a passphrase");
  if (rounds == 0 || rounds > kPassphraseRoundsMax) return no_key("no such number of rounds");
  return security::pbkdf2_sha256(passphrase, salt, rounds);
}

Result<Secret> read_form(ByteView content, std::string_view passphrase) {
  if (content.starts_with("openssh-key-v1")) return of_openssh();
  if (!content.starts_with(kForm)) return no_key("it is not of the form c4gh-v1");
  content.remove_prefix(kForm.size());
  const auto kdf = take_text(content);
  if (!kdf) return no_key("it is cut off");
  std::optional<ByteView> options;
  if (*kdf != kNone) {
    options = take_text(content);
    if (!options) return no_key("it is cut off");
  }
  const auto cipher = take_text(content), key = take_text(content);
  if (!cipher || !key) return no_key("it is cut off");
  if (*cipher == kNone) {
    const auto secret = Secret::from_view(*key);
    if (!secret) return no_key("a key has 32 bytes");
    return *secret;
  }
  if (*cipher != kCipher || !options) return no_key("another cipher");
  MEDARC_ASSIGN(const Secret from, key_of_passphrase(*kdf, *options, passphrase));
  Nonce nonce;
  if (key->size() != nonce.size() + security::kKeyBytes + security::kTagBytes) {
    return no_key("a key has 32 bytes");
  }
  std::memcpy(nonce.data(), key->data(), nonce.size());
  security::BoxCipher box(from);
  Secret out;
  if (!box.open(nonce, key->substr(nonce.size()), reinterpret_cast<char*>(out.data()))) {
    return make_error(Code::invalid_argument, "the passphrase is wrong, or the key is damaged");
  }
  return out;
}

}  // namespace

Bytes write_public_key(const PublicKey& key) { return pem(kPublicLabel, key.view()); }

Result<PublicKey> read_public_key(ByteView text) {
  if (text.starts_with("ssh-")) return of_openssh();
  MEDARC_ASSIGN(const auto blocks, blocks_of(text));
  std::optional<Bytes> content;
  if (blocks.empty()) {
    content = from_base64(trimmed(text));
  } else if (blocks.size() == 1 && blocks[0].label == kPublicLabel) {
    content = blocks[0].content;
  }
  const auto key = content ? PublicKey::from_view(*content) : std::nullopt;
  if (!key) {
    return make_error(Code::invalid_argument,
                      "a public key is a PEM file (CRYPT4GH PUBLIC KEY) or base64, of 32 bytes");
  }
  return *key;
}

Result<Bytes> write_secret_key(const Secret& key, std::string_view passphrase) {
  Bytes form(kForm);
  if (passphrase.empty()) {
    put_text(form, kNone);
    put_text(form, kNone);
    put_text(form, key.view());
    return pem(kSecretLabel, form);
  }
  const Bytes salt = security::random_bytes(kSaltBytes);
  MEDARC_ASSIGN(const Secret from, security::scrypt(passphrase, salt, {}));
  const Nonce nonce = security::random_nonce();
  Bytes sealed(reinterpret_cast<const char*>(nonce.data()), nonce.size());
  sealed.resize(nonce.size() + security::kKeyBytes + security::kTagBytes);
  security::BoxCipher(from).seal(nonce, key.view(), sealed.data() + nonce.size());
  put_text(form, "scrypt");
  put_text(form, Bytes(4, '\0') + salt);  // no rounds: the cost is fixed
  put_text(form, kCipher);
  put_text(form, sealed);
  return pem(kSecretLabel, form);
}

Result<std::vector<Secret>> read_secret_keys(ByteView text, std::string_view passphrase) {
  MEDARC_ASSIGN(const auto blocks, blocks_of(text));
  std::vector<Secret> out;
  for (const Block& block : blocks) {
    if (!block.label.ends_with("PRIVATE KEY")) return no_key("a block that is no private key");
    MEDARC_ASSIGN(const Secret key, read_form(block.content, passphrase));
    out.push_back(key);
  }
  if (out.empty()) return no_key("there is no PEM block in it");
  return out;
}

Result<Secret> read_secret_key(ByteView text, std::string_view passphrase) {
  MEDARC_ASSIGN(const auto keys, read_secret_keys(text, passphrase));
  if (keys.size() != 1) return no_key("it holds several keys");
  return keys.front();
}

}  // namespace medarc::genomics::crypt4gh
