#include "genomics/crypt4gh_vault.h"

#include <algorithm>

#include "genomics/crypt4gh_keys.h"

namespace medarc::genomics::crypt4gh {
namespace {

constexpr const char* kKeysFile = "crypt4gh.sec";
constexpr const char* kShareFile = "crypt4gh.share";

// Part of every derivation: raised when the same blob and reader are to give other bytes.
constexpr std::string_view kObject = "medarc crypt4gh object 1";

Nonce nonce_of(const Secret& derived) {
  Nonce out;
  std::memcpy(out.data(), derived.view().data(), out.size());
  return out;
}

}  // namespace

Result<std::optional<Bytes>> Vault::load(const std::string& name) {
  const std::string path = directory_ + "/" + name;
  MEDARC_ASSIGN(const bool there, fs_.exists(path));
  if (!there) return std::optional<Bytes>();
  MEDARC_ASSIGN(const auto file, fs_.open(path, OpenMode::read));
  MEDARC_ASSIGN(const uint64_t size, file->size());
  if (size > kKeyFileBytesMax) return make_error(Code::corrupt, name + " is too long for keys");
  Bytes out(size, '\0');
  MEDARC_ASSIGN(const size_t n, file->read_at(0, out.data(), size));
  out.resize(n);
  return std::optional(std::move(out));
}

Status Vault::store(const std::string& name, ByteView bytes) {
  MEDARC_TRY(fs_.make_dirs(directory_));
  const std::string path = directory_ + "/" + name, fresh = path + ".new";
  MEDARC_ASSIGN(const bool stale, fs_.exists(fresh));
  if (stale) MEDARC_TRY(fs_.remove(fresh));
  MEDARC_ASSIGN(const auto file, fs_.open(fresh, OpenMode::create_new));
  MEDARC_TRY(file->write_at(0, {bytes}));
  MEDARC_TRY(file->sync());
  MEDARC_TRY(fs_.rename(fresh, path));
  return fs_.sync_dir(directory_);
}

Status Vault::store_keys(const std::vector<Secret>& keys) {
  Bytes text;
  for (const Secret& key : keys) {
    MEDARC_ASSIGN(const Bytes one, write_secret_key(key, ""));
    text += one;
  }
  return store(kKeysFile, text);
}

// With the mutex held.
Status Vault::need_keys() {
  if (!keys_.empty()) return {};
  MEDARC_ASSIGN(const auto stored, load(kKeysFile));
  if (stored) {
    auto read = read_secret_keys(*stored, "");
    if (read.has_error()) {
      return make_error(Code::corrupt, std::string(kKeysFile) + ": " + read.error().text);
    }
    keys_ = std::move(*read);
    return {};
  }
  std::vector<Secret> made{Secret::random()};
  MEDARC_TRY(store_keys(made));
  keys_ = std::move(made);
  return {};
}

// With the mutex held.
Result<Secret> Vault::share_secret() {
  if (share_) return *share_;
  MEDARC_ASSIGN(const auto stored, load(kShareFile));
  if (stored) {
    const ByteView text = *stored;
    const auto bytes = from_base64(text.substr(0, text.find('\n')));
    share_ = bytes ? Secret::from_view(*bytes) : std::nullopt;
    if (!share_) return make_error(Code::corrupt, std::string(kShareFile) + " is damaged");
    return *share_;
  }
  const Secret made = Secret::random();
  MEDARC_TRY(store(kShareFile, to_base64(made.view()) + "\n"));
  share_ = made;
  return made;
}

Result<PublicKey> Vault::public_key() {
  std::lock_guard lock(mutex_);
  MEDARC_TRY(need_keys());
  return security::public_key_of(keys_.front());
}

Result<std::vector<Secret>> Vault::reading_keys() {
  std::lock_guard lock(mutex_);
  MEDARC_TRY(need_keys());
  return keys_;
}

Result<PublicKey> Vault::add(const Secret& key) {
  std::lock_guard lock(mutex_);
  MEDARC_TRY(need_keys());
  if (std::find(keys_.begin(), keys_.end(), key) != keys_.end()) {
    return make_error(Code::already_exists, "the archive has this key already");
  }
  if (keys_.size() >= kKeysMax) {
    return make_error(Code::conflict, "the archive has as many Crypt4GH keys as it may");
  }
  std::vector<Secret> more{key};
  more.insert(more.end(), keys_.begin(), keys_.end());
  MEDARC_TRY(store_keys(more));
  keys_ = std::move(more);
  return security::public_key_of(key);
}

Result<Share> Vault::share(const Digest& blob, const PublicKey& reader) {
  Secret from;
  {
    std::lock_guard lock(mutex_);
    MEDARC_ASSIGN(from, share_secret());
  }
  const Secret object = security::derive(from, blob.view(), kObject);
  Share out{{}, {security::derive(object, {}, "data key"), security::derive(object, {}, "nonces")}};
  const Secret writer = security::derive(object, reader.view(), "packet writer");
  const Nonce nonce = nonce_of(security::derive(object, reader.view(), "packet nonce"));
  MEDARC_ASSIGN(const Bytes packet,
                seal_packet(data_key_payload(out.keys.data_key), writer, reader, nonce));
  out.header = make_header({packet});
  return out;
}

Result<Share> Vault::share_once(const PublicKey& reader) {
  Share out{{}, SealingKeys::fresh()};
  MEDARC_ASSIGN(const Bytes packet,
                seal_packet(data_key_payload(out.keys.data_key), Secret::random(), reader,
                            security::random_nonce()));
  out.header = make_header({packet});
  return out;
}

}  // namespace medarc::genomics::crypt4gh
