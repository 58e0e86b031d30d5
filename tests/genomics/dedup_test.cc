// What is stored once: the records under another header, the same file again. Measured on what the
// log itself grew by, indexes and facts included.
#include "tests/genomics/store_fixture.h"
#include "tests/support/log_size.h"

namespace medarc::genomics {
namespace {

class GenomeDedup : public StoreTest {
 protected:
  struct Growth {
    uint64_t blob_bytes = 0, log_bytes = 0;
    FileRow file;
  };
  Growth store(const std::string& bytes, size_t step = 65'536) {
    const uint64_t blobs = must(index_->blobs().stats()).stored_bytes;
    const uint64_t log = test::log_record_bytes(dir_ / "data/log");
    const UploadResult done = must(upload(bytes, {}, step));
    Growth out{must(index_->blobs().stats()).stored_bytes - blobs,
               test::log_record_bytes(dir_ / "data/log") - log, done.file};
    EXPECT_GE(out.log_bytes, out.blob_bytes);
    EXPECT_GT(out.log_bytes, 0u);
    return out;
  }
};

// Header in a block of its own or not, with and without the @PG line that samtools adds.
TEST_F(GenomeDedup, ABamAfterReheaderSharesTheRecordsStorage) {
  for (const bool straddle : {false, true}) {
    test::BamOptions o{.seed = straddle ? 2u : 3u, .records = 60'000, .straddle = straddle};
    o.references = {{"chr1", 5'000'000}};
    const auto made = test::make_bam(o);
    test::write_file(dir_ / "a.bam", made.bytes);
    test::write_file(dir_ / "h.sam",
                     made.header_text + "@CO\tanother header, a good deal longer than before\n");
    store(made.bytes);
    for (const bool program_line : {false, true}) {
      std::vector<std::string> words = {"samtools", "reheader"};
      if (!program_line) words.push_back("-P");
      words.insert(words.end(), {dir_ / "h.sam", dir_ / "a.bam"});
      const std::string again = test::run_tool(words);
      ASSERT_NE(again, made.bytes);
      const Growth second = store(again, 10'007);
      EXPECT_LT(second.blob_bytes, again.size() / 20) << "of " << again.size();
      EXPECT_LT(second.log_bytes, again.size() / 20) << "of " << again.size();
      EXPECT_EQ(content(second.file), again);
    }
  }
}

TEST_F(GenomeDedup, TheSameFileAgainAddsNoBlobBytes) {
  const auto bam = test::make_bam({.records = 20'000});
  const std::string fastq = test::make_fastq({.records = 20'000});
  for (const std::string& bytes : {bam.bytes, fastq, test::gzip(fastq), test::bgzip(fastq)}) {
    store(bytes);
    const Growth again = store(bytes, 9'973);
    EXPECT_EQ(again.blob_bytes, 0u);
    EXPECT_LT(again.log_bytes, 8192u);
  }
}

}  // namespace
}  // namespace medarc::genomics
