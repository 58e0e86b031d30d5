// The chunks of a blob, as they are told to readers who verify piece by piece.
#include "archive/chunk_list.h"

#include <gtest/gtest.h>

#include <random>

#include "archive/hash.h"
#include "archive/segment_store.h"
#include "tests/support/memory_catalog.h"
#include "tests/support/temp_dir.h"

namespace medarc::archive {
namespace {

TEST(ChunkList, ChunksCoverTheBlobInOrderAndAreNamedByTheirBytes) {
  test::TempDir dir;
  test::MemoryCatalog catalog;
  auto store = open_segment_store(posix_fs(), dir.path(), catalog, {});
  ASSERT_TRUE(store.has_value());
  ChunkLists* const lists = chunk_lists_of(**store);
  ASSERT_NE(lists, nullptr);

  std::mt19937_64 random(5);
  Bytes bytes(4'500'000, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  auto writer = *(*store)->writer(Cuts::given);
  for (size_t at = 0; at < bytes.size(); at += 600'000) {
    ASSERT_TRUE(writer->write(ByteView(bytes).substr(at, 600'000)).has_value());
    writer->cut();
  }
  Commit commit;
  commit.blobs.push_back(*writer->finish());
  const Digest digest = commit.blobs[0].digest;
  commit.payload = test::MemoryCatalog::keep(digest);
  ASSERT_TRUE((*store)->commit(std::move(commit)).has_value());

  // The catalog of tests keeps three chunks a page.
  std::vector<ListedChunk> all;
  for (uint64_t at = 0; at < bytes.size();) {
    const auto page = lists->chunks_from(digest, at);
    ASSERT_TRUE(page.has_value());
    ASSERT_FALSE(page->empty());
    for (const ListedChunk& chunk : *page) {
      EXPECT_EQ(chunk.range.begin, at);
      EXPECT_EQ(chunk.sha256,
                Sha256::of(ByteView(bytes).substr(chunk.range.begin, chunk.range.length)));
      at = chunk.range.end();
      all.push_back(chunk);
    }
  }
  EXPECT_EQ(all.size(), 8u);
  EXPECT_EQ(all.back().range.end(), bytes.size());
  // From a byte within a chunk: that chunk first.
  const ListedChunk& fifth = all[4];
  EXPECT_EQ(lists->chunks_from(digest, fifth.range.begin + 1)->front(), fifth);
  EXPECT_EQ(lists->chunks_from(digest, fifth.range.end() - 1)->front(), fifth);
  EXPECT_TRUE(lists->chunks_from(digest, bytes.size())->empty());
  EXPECT_EQ(lists->chunks_from(Sha256::of("other"), 0).error().code, Code::not_found);
}

}  // namespace
}  // namespace medarc::archive
