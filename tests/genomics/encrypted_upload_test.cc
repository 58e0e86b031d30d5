// Uploads that come encrypted for the archive's key.
#include "archive/hash.h"
#include "genomics/crypt4gh_keys.h"
#include "tests/genomics/crypt4gh_fixture.h"

namespace medarc::genomics {
namespace {

using test::Crypt4ghKey;

class EncryptedUploadTest : public StoreTest {
 protected:
  EncryptedUploadTest() { open_with_vault(); }
  void open_with_vault(Limits limits = {}) {
    store_ = GenomeStore::create(*index_, *guard_, limits, {},
                                 std::make_unique<crypt4gh::Vault>(posix_fs(), dir_ / "keys"));
  }
  std::string own_key() { return Bytes(must(store_->crypt4gh()->public_key()).view()); }
  std::string for_us(const std::string& plain, const test::Crypt4ghOptions& options = {}) {
    return test::seal_crypt4gh(plain, {own_key()}, options);
  }
  void expect_refused(const std::string& file, Code code, const std::string& reason) {
    const auto stored = upload(file);
    ASSERT_TRUE(stored.has_error());
    EXPECT_EQ(stored.error().code, code);
    EXPECT_NE(stored.error().text.find(reason), std::string::npos) << stored.error().text;
    EXPECT_TRUE(must(store_->list(someone(), {})).files.empty()) << "nothing of it stays";
  }
};

TEST_F(EncryptedUploadTest, WhatIsWithinIsStored) {
  const std::string bam = test::make_bam().bytes;
  for (const size_t step : {size_t{1'000}, size_t{65'564}, size_t{1u << 20}}) {
    UploadStart start;
    start.id = "step" + std::to_string(step);
    const std::string file = for_us(bam);
    const auto stored = must(upload(file, start, step));
    EXPECT_EQ(stored.file.format, "bam");
    EXPECT_EQ(stored.file.blob, archive::Sha256::of(bam));
    EXPECT_EQ(content(stored.file), bam);
    EXPECT_TRUE(stored.file.index_blob.has_value());
    EXPECT_NE(stored.file.statistics_json.find(R"("receivedAs":{"encryption":"crypt4gh","bytes":)" +
                                               std::to_string(file.size()) + R"(,"sha256":")" +
                                               archive::Sha256::of(file).hex()),
              Bytes::npos)
        << stored.file.statistics_json;
  }
}

TEST_F(EncryptedUploadTest, EveryFormatAndAnEditListGoThrough) {
  const std::string fastq = test::make_fastq();
  EXPECT_EQ(content(must(upload(for_us(fastq))).file), fastq);
  EXPECT_EQ(must(upload(for_us(test::gzip(fastq)))).file.format, "fastq");
  test::Crypt4ghOptions options;
  options.edits = {{100, fastq.size()}};
  options.keys_count = 2;
  EXPECT_EQ(content(must(upload(for_us(std::string(100, '#') + fastq + "rest", options))).file),
            fastq);
}

TEST_F(EncryptedUploadTest, OldKeysStillOpen) {
  const std::string fastq = test::make_fastq(), old = for_us(fastq);
  must(store_->crypt4gh()->add_key(someone(), std::nullopt));
  EXPECT_EQ(content(must(upload(old)).file), fastq);
}

TEST_F(EncryptedUploadTest, ForOtherKeysDamagedOrCutOffIsRefused) {
  const std::string bam = test::make_bam().bytes, file = for_us(bam);
  expect_refused(test::seal_crypt4gh(bam, {Crypt4ghKey::make().known}), Code::invalid_argument,
                 "for other keys than " + to_base64(own_key()));
  std::string damaged = file;
  damaged[file.size() / 2] = static_cast<char>(damaged[file.size() / 2] ^ 1);
  expect_refused(damaged, Code::invalid_argument, "MAC");
  expect_refused(file.substr(0, file.size() - 1), Code::invalid_argument, "MAC");
  expect_refused(file.substr(0, 100), Code::invalid_argument, "cut off");
  expect_refused("crypt4gh", Code::invalid_argument, "cut off");
  // A whole number of segments: Crypt4GH does not notice, but BAM has an end.
  ASSERT_GT(bam.size(), 65'536u);
  expect_refused(file.substr(0, 124 + 65'564), Code::invalid_argument, "");
  expect_refused(for_us(for_us(bam)), Code::unsupported, "Crypt4GH");
  expect_refused(for_us("neither of them"), Code::invalid_argument, "neither");
}

TEST_F(EncryptedUploadTest, ADeclaredDigestMayBeOfEither) {
  const std::string fastq = test::make_fastq(), file = for_us(fastq);
  for (const std::string& one : {fastq, file}) {
    UploadStart start;
    start.sha256 = archive::Sha256::of(one);
    archive::Md5 md5;
    md5.update(one);
    start.md5_hex = md5.finish_hex();
    EXPECT_TRUE(upload(file, start).has_value());
  }
  UploadStart start;
  start.sha256 = archive::Sha256::of("another");
  EXPECT_EQ(upload(file, start).error().code, Code::precondition_failed);
  // Plain uploads are as before.
  start.sha256 = archive::Sha256::of(fastq);
  EXPECT_TRUE(upload(fastq, start).has_value());
  EXPECT_EQ(upload(fastq + fastq, start).error().code, Code::precondition_failed);
}

TEST_F(EncryptedUploadTest, TheLimitOfAFileCountsEncryptedBytesToo) {
  const std::string fastq = test::make_fastq();
  test::Crypt4ghOptions options;
  options.edits = {{200'000, 10}};  // nearly all is left out
  Limits limits;
  limits.file_bytes_max = 150'000;
  open_with_vault(limits);
  expect_refused(for_us(std::string(300'000, '#'), options), Code::too_large, "file_bytes_max");
}

TEST_F(EncryptedUploadTest, WithoutAVaultTheyAreNotTaken) {
  const std::string file = for_us(test::make_fastq());
  store_ = GenomeStore::create(*index_, *guard_, {});
  EXPECT_EQ(store_->crypt4gh(), nullptr);
  expect_refused(file, Code::unsupported, "Crypt4GH");
}

TEST_F(EncryptedUploadTest, ShortPlainUploadsAreStillSniffed) {
  EXPECT_EQ(upload("").error().code, Code::invalid_argument);
  EXPECT_EQ(upload("crypt").error().code, Code::invalid_argument);
  EXPECT_TRUE(upload("@r\nA\n+\nI\n", {}, 1).has_value());
}

}  // namespace
}  // namespace medarc::genomics
