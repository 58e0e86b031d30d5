#include "genomics/references.h"

#include "tests/genomics/store_fixture.h"
#include "tests/support/fasta_maker.h"

namespace medarc::genomics {
namespace {

using test::MadeSequence;

class ReferencesTest : public StoreTest {
 protected:
  const MadeSequence one_{"chr1", test::make_letters(1, 5'000)};
  const MadeSequence two_{"chr2", test::make_letters(2, 3'000)};
  const MadeSequence ring_{"chrM", test::make_letters(3, 600)};

  FileRow store(const std::vector<MadeSequence>& sequences, const std::string& circular = "") {
    UploadStart start;
    start.circular = circular;
    return must(upload(test::to_fasta(sequences), start)).file;
  }
  Result<RegisteredSequence> find(const std::string& id) {
    return store_->references().find(someone(), id);
  }
  static std::string line(const std::string& name, uint64_t letters, const std::string& md5) {
    return "@SQ\tSN:" + name + "\tLN:" + std::to_string(letters) +
           (md5.empty() ? "" : "\tM5:" + md5) + "\n";
  }
  ReferenceReport check(const std::string& header) {
    return must(store_->references().check(claims_of(header)));
  }
};

TEST_F(ReferencesTest, R01EveryFormOfADigestFindsTheSequence) {
  store({one_, ring_}, "chrM");
  std::string upper = one_.md5_hex();
  for (char& c : upper) c = static_cast<char>(toupper(c));
  for (const std::string& id :
       {one_.md5_hex(), upper, "md5:" + upper, one_.ga4gh(), "ga4gh:" + one_.ga4gh(),
        one_.trunc512(), "trunc512:" + one_.trunc512()}) {
    const auto found = find(id);
    ASSERT_TRUE(found.has_value()) << id;
    EXPECT_EQ(found->letters, 5'000u);
    EXPECT_FALSE(found->circular);
    EXPECT_EQ(found->aliases, std::vector<std::string>{"chr1"});
  }
  EXPECT_TRUE(find(ring_.md5_hex())->circular);
  for (const std::string& id : {std::string("Garbagechecksum"), std::string(), two_.md5_hex(),
                                "md5:" + one_.trunc512(), "ga4gh:" + one_.md5_hex(),
                                "ga4gh:" + one_.ga4gh() + "A", one_.ga4gh().substr(0, 34) + "+"}) {
    const auto found = find(id);
    ASSERT_TRUE(found.has_error()) << id;
    EXPECT_EQ(found.error().code, Code::not_found);
  }
}

TEST_F(ReferencesTest, SoManyAliasesAreTold) {
  for (uint32_t i = 0; i < References::kAliasesMax + 4; ++i) {
    store({{"name" + std::to_string(i), one_.letters}});
  }
  EXPECT_EQ(find(one_.md5_hex())->aliases.size(), References::kAliasesMax);
}

TEST_F(ReferencesTest, NamesOfAllFilesAreAliases) {
  const FileRow first = store({one_, two_});
  store({{"1", one_.letters}});
  auto aliases = find(one_.md5_hex())->aliases;
  std::sort(aliases.begin(), aliases.end());
  EXPECT_EQ(aliases, (std::vector<std::string>{"1", "chr1"}));
  must(store_->remove(someone(), first.id));
  EXPECT_EQ(find(one_.md5_hex())->aliases, std::vector<std::string>{"1"});
  EXPECT_TRUE(find(two_.md5_hex()).has_error());
}

TEST_F(ReferencesTest, ThoseWhoMayNotReadGenomesFindNothing) {
  store({one_});
  security::Principal nobody = someone();
  nobody.roles = {};
  const auto found = store_->references().find(nobody, one_.md5_hex());
  ASSERT_TRUE(found.has_error());
  EXPECT_EQ(found.error().code, Code::permission_denied);
}

TEST_F(ReferencesTest, AHeaderIsComparedAndNothingIsGuessed) {
  const FileRow file = store({one_, two_});
  const std::string other_md5 = ring_.md5_hex();
  ReferenceReport report = check("@HD\tVN:1.6\n" + line("chr1", 5'000, one_.md5_hex()) +
                                 line("2", 3'000, two_.md5_hex()) + line("x", 9, ""));
  EXPECT_EQ(report.known, 2u) << "the name does not matter";
  EXPECT_EQ(report.without_md5, 1u);
  EXPECT_TRUE(report.unknown.empty());
  EXPECT_TRUE(report.mismatched.empty());
  EXPECT_EQ(report.files, std::vector<FileId>{file.id});

  report = check(line("chr1", 4'999, one_.md5_hex()));
  EXPECT_EQ(report.known, 0u);
  EXPECT_EQ(report.mismatched, std::vector<std::string>{"chr1"}) << "wrong length";

  report = check(line("chr1", 5'000, one_.md5_hex()) + line("chr2", 3'000, other_md5));
  EXPECT_EQ(report.unknown.size(), 1u);
  EXPECT_EQ(report.mismatched, std::vector<std::string>{"chr2"}) << "wrong M5";

  report = check(line("chr1", 5'000, one_.md5_hex()) + line("chr2", 3'001, ""));
  EXPECT_EQ(report.mismatched, std::vector<std::string>{"chr2"}) << "another length, no M5";

  report = check(line("chr2", 3'000, other_md5));
  EXPECT_EQ(report.unknown.size(), 1u);
  EXPECT_TRUE(report.mismatched.empty()) << "no file is known to be its reference";
  EXPECT_EQ(report.unknown[0].md5_hex, other_md5);
}

TEST_F(ReferencesTest, TooManyLinesAreNotCompared) {
  Limits limits;
  limits.references_checked_max = 1;
  open(limits);
  const ReferenceReport report = check(line("a", 1, "") + line("b", 1, ""));
  EXPECT_FALSE(report.checked);
  EXPECT_NE(report.json().find("notChecked"), std::string::npos);
}

TEST_F(ReferencesTest, ABamSaysWhatIsKnownOfItsReferences) {
  const std::string bam = test::make_bam().bytes;
  const FileRow before = must(upload(bam)).file;
  EXPECT_NE(before.statistics_json.find(R"("referenceCheck":{"known":0,"unknown":0,"withoutM5":3)"),
            std::string::npos)
      << before.statistics_json;
}

}  // namespace
}  // namespace medarc::genomics
