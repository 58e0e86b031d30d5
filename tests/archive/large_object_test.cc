// Objects far larger than memory, and than 32 bits can count: in and out in constant memory.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>

#include "archive/segment_store.h"
#include "tests/support/memory_catalog.h"
#include "tests/support/temp_dir.h"

namespace medarc::archive {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr uint64_t kMemoryGrowthMax = 512ull << 20;  // what was freed is kept for a while
#else
constexpr uint64_t kMemoryGrowthMax = 128ull << 20;
#endif
constexpr size_t kPieceBytes = 1u << 20;

// Peak resident memory since the last reset, bytes.
uint64_t peak_memory_bytes() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) << 10;
  }
  return 0;
}
void reset_peak_memory() { std::ofstream("/proc/self/clear_refs") << 5; }

// Any piece of an endless content, by its offset.
using Content = std::function<void(uint64_t offset, Bytes& piece)>;

// A page repeated, its number written into it every 3 GiB, so that a mistake of 4 GiB shows.
void pages(uint64_t offset, Bytes& piece) {
  static const Bytes page = [] {
    Bytes out(kPieceBytes, '\0');
    for (size_t i = 0; i < out.size(); i += 4096) out[i] = static_cast<char>(i >> 12);
    return out;
  }();
  piece = page;
  if (offset % (3ull << 30) == 0) piece[100] = static_cast<char>('1' + (offset >> 30));
}

// Bytes that neither repeat nor compress.
void noise(uint64_t offset, Bytes& piece) {
  piece.resize(kPieceBytes);
  uint64_t x = offset * 0x9E3779B97F4A7C15ull + 1;
  for (size_t i = 0; i < piece.size(); i += 8) {
    x += 0x9E3779B97F4A7C15ull;
    const uint64_t word = (x ^ x >> 29) * 0xBF58476D1CE4E5B9ull;
    std::memcpy(piece.data() + i, &word, 8);
  }
}

class LargeObject : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = open_segment_store(posix_fs(), dir_ / "log", catalog_, options_);
    ASSERT_TRUE(opened.has_value()) << opened.error().text;
    store_ = std::move(*opened);
  }
  StagedBlob write(uint64_t size, Cuts cuts, const Content& content) {
    auto writer = *store_->writer(cuts);
    Bytes piece;
    for (uint64_t at = 0; at < size; at += piece.size()) {
      content(at, piece);
      if (auto s = writer->write(piece); s.has_error()) {
        ADD_FAILURE() << s.error().text;
        break;
      }
    }
    return *writer->finish();
  }
  Digest commit(StagedBlob blob) {
    const Digest digest = blob.digest;
    Commit commit;
    commit.blobs.push_back(std::move(blob));
    commit.payload = test::MemoryCatalog::keep(digest);
    auto done = store_->commit(std::move(commit));
    EXPECT_TRUE(done.has_value()) << done.error().text;
    return digest;
  }
  // Every byte must be the content's.
  void expect_content(const Digest& digest, uint64_t size, const Content& content) {
    auto reader = *store_->open(digest);
    ASSERT_EQ(reader->size(), size);
    Bytes wanted, got(kPieceBytes, '\0');
    for (uint64_t at = 0; at < size; at += got.size()) {
      content(at, wanted);
      auto s = reader->read({at, got.size()}, got.data());
      ASSERT_TRUE(s.has_value()) << s.error().text;
      ASSERT_TRUE(got == wanted) << "at " << at;
    }
  }

  test::MemoryCatalog catalog_;
  SegmentOptions options_;
  const test::TempDir dir_;
  std::unique_ptr<BlobStore> store_;
};

TEST_F(LargeObject, SixGibibytesOfRepeatingPagesGoInAndOutInConstantMemory) {
  constexpr uint64_t size = 6ull << 30;
  reset_peak_memory();
  const uint64_t before = peak_memory_bytes();
  ASSERT_GT(before, 0u);
  StagedBlob blob = write(size, Cuts::given, pages);
  EXPECT_EQ(blob.size, size);
  EXPECT_LE(blob.new_bytes, 64u << 20) << "equal chunks are stored once";
  const Digest digest = commit(std::move(blob));
  expect_content(digest, size, pages);
  auto reader = *store_->open(digest);
  char sides[16];
  ASSERT_TRUE(reader->read({(4ull << 30) - 8, 16}, sides).has_value());
  EXPECT_TRUE(reader->read({size - 8, 16}, sides).has_error());
  EXPECT_LT(peak_memory_bytes() - before, kMemoryGrowthMax);
}

// MEDARC_LARGE_BYTES gives the long form its size.
TEST_F(LargeObject, BytesThatShareNothingGoInAndOutInConstantMemory) {
  const char* wish = std::getenv("MEDARC_LARGE_BYTES");
  uint64_t size = wish != nullptr ? std::strtoull(wish, nullptr, 10) : 64ull << 20;
  size = std::max<uint64_t>(size / kPieceBytes, 1) * kPieceBytes;
  for (const Cuts cuts : {Cuts::content_defined, Cuts::given}) {
    reset_peak_memory();
    const uint64_t before = peak_memory_bytes();
    StagedBlob blob = write(size, cuts, noise);
    EXPECT_EQ(blob.existed, cuts == Cuts::given);  // cut in another way it is the same blob
    const Digest digest = commit(std::move(blob));
    expect_content(digest, size, noise);
    EXPECT_LT(peak_memory_bytes() - before, kMemoryGrowthMax);
  }
}

}  // namespace
}  // namespace medarc::archive
