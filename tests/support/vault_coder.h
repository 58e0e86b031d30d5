// A chunk coder that keeps the plain bytes to itself and gives a short name for them: whatever was
// stored can be recoded. It counts, lies and fails when told to. Its forms begin with a letter of
// its own, so that several can work beside each other.
#pragma once

#include <atomic>
#include <map>
#include <mutex>

#include "archive/hash.h"
#include "archive/recoding.h"

namespace medarc::test {

class VaultCoder final : public archive::ChunkCoder {
 public:
  explicit VaultCoder(char first = 'v') : first_(first) {}
  uint8_t first_byte() const { return static_cast<uint8_t>(first_); }

  Bytes encode(ByteView plain) {
    const Bytes name =
        first_ + Bytes("in the vault: ") + archive::Sha256::of(plain).hex().substr(0, 20);
    const std::lock_guard lock(mutex_);
    vault_[name] = plain;
    return name;
  }
  Result<Bytes> decode(ByteView coded, uint32_t plain_length) override {
    ++decoded;
    if (failing) return make_error(*failing, "told to fail");
    const std::lock_guard lock(mutex_);
    const auto found = vault_.find(Bytes(coded));
    if (found == vault_.end() || found->second.size() != plain_length) {
      return make_error(Code::corrupt, "not in the vault");
    }
    Bytes out = found->second;
    if (lying) out[out.size() / 2] ^= 1;
    return out;
  }

  std::atomic<int> decoded{0};
  std::optional<Code> failing;
  bool lying = false;

 private:
  const char first_;
  std::mutex mutex_;
  std::map<Bytes, Bytes> vault_;
};

inline archive::ChunkCoders in_use(const std::vector<std::shared_ptr<VaultCoder>>& coders) {
  archive::ChunkCoders out;
  for (const auto& coder : coders) out[coder->first_byte()] = coder;
  return out;
}

// Recodes every chunk of a blob that is long enough, every second one by `other` if it is given.
// `plain` are the blob's bytes.
inline Result<archive::Recoded> recode_all(archive::BlobStore& store, VaultCoder& coder,
                                           const Digest& blob, ByteView plain,
                                           VaultCoder* other = nullptr) {
  archive::Recoding* const recoding = archive::recoding_of(store);
  MEDARC_ASSIGN(const auto chunks, recoding->chunks(blob));
  std::vector<archive::CodedChunk> forms;
  for (const archive::StoredChunk& c : chunks) {
    VaultCoder& by = other != nullptr && forms.size() % 2 == 1 ? *other : coder;
    forms.push_back({c.chunk, by.encode(plain.substr(c.range.begin, c.range.length))});
  }
  return recoding->recode(std::move(forms));
}

// And back.
inline Result<archive::Recoded> expand_all(archive::BlobStore& store, const Digest& blob) {
  archive::Recoding* const recoding = archive::recoding_of(store);
  MEDARC_ASSIGN(const auto chunks, recoding->chunks(blob));
  std::vector<Digest> all;
  for (const archive::StoredChunk& c : chunks) all.push_back(c.chunk);
  return recoding->expand(all);
}

}  // namespace medarc::test
