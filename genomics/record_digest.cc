#include "genomics/record_digest.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

namespace medarc::genomics {
namespace {

void put(char* to, size_t value) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<char>(value >> 8 * i);
}

}  // namespace

struct RecordDigest::State {
  State() { XXH3_128bits_reset(&xxh); }
  void add(ByteView bytes) { XXH3_128bits_update(&xxh, bytes.data(), bytes.size()); }
  XXH3_state_t xxh;
};

RecordDigest::RecordDigest() : state_(std::make_unique<State>()) {}
RecordDigest::~RecordDigest() = default;
RecordDigest::RecordDigest(RecordDigest&&) noexcept = default;

void RecordDigest::references(const std::vector<Reference>& references) {
  state_->add("BAM");
  for (const Reference& r : references) {
    char bases[5] = {};  // the name's end before it
    put(bases + 1, r.bases);
    state_->add(r.name);
    state_->add({bases, sizeof bases});
  }
  state_->add({"\0", 1});
}

void RecordDigest::bam_record(ByteView record) {
  constexpr size_t kBinAt = 10, kBinEnd = 12;
  char head[4 + kBinAt];
  put(head, record.size());
  std::memcpy(head + 4, record.data(), kBinAt);
  state_->add({head, sizeof head});
  state_->add(record.substr(kBinEnd));
}

void RecordDigest::fastq_record(ByteView first_line, ByteView sequence, ByteView qualities) {
  for (const ByteView line : {first_line, sequence, qualities}) {
    state_->add(line);
    state_->add("\n");
  }
}

std::string RecordDigest::identity() const {
  const XXH128_hash_t h = XXH3_128bits_digest(&state_->xxh);
  return fmt::format("reads:{:016x}{:016x}", h.high64, h.low64);
}

}  // namespace medarc::genomics
