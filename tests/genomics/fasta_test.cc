#include "genomics/fasta_parser.h"

#include "genomics/findings.h"
#include "genomics/sequence_places.h"
#include "tests/genomics/store_fixture.h"
#include "tests/support/fasta_maker.h"

namespace medarc::genomics {
namespace {

using test::MadeSequence;
using test::to_fasta;

FastaContent parsed(const std::string& text, size_t step = 1'000'000) {
  FastaParser parser{Limits{}};
  for (size_t at = 0; at < text.size(); at += step) {
    must(parser.feed(ByteView(text).substr(at, step)));
  }
  return must(parser.finish());
}

std::string refusal_of(const std::string& text, Limits limits = {}) {
  FastaParser parser{limits};
  if (const Status fed = parser.feed(text); fed.has_error()) return fed.error().text;
  const auto done = parser.finish();
  EXPECT_TRUE(done.has_error()) << text;
  return done.has_error() ? done.error().text : "";
}

std::vector<MadeSequence> three() {
  return {{"chr1", test::make_letters(1, 70'000)},
          {"chr2", test::make_letters(2, 61)},
          {"chrM", test::make_letters(3, 600)}};
}

TEST(Fasta, PlacesAndDigestsAreThoseOfTheText) {
  const auto made = three();
  for (const size_t width : {0u, 1u, 60u, 61u, 100'000u}) {
    for (const char* end : {"\n", "\r\n"}) {
      const std::string text = to_fasta(made, width, end);
      const FastaContent content = parsed(text);
      ASSERT_EQ(content.places.sequences.size(), 3u);
      EXPECT_TRUE(content.lines_alike);
      for (size_t i = 0; i < 3; ++i) {
        const SequencePlace& s = content.places.sequences[i];
        EXPECT_EQ(s.name, made[i].name);
        EXPECT_EQ(s.letters, made[i].letters.size());
        EXPECT_EQ(text[s.offset], made[i].letters[0]);
        EXPECT_EQ(text[s.offset - 1], '\n');
        EXPECT_EQ(s.digests.md5_hex(), made[i].md5_hex());
        EXPECT_EQ(s.digests.ga4gh(), made[i].ga4gh());
      }
    }
  }
}

TEST(Fasta, R02TheDigestOfAcgt) {
  EXPECT_EQ(parsed(">a\nACGT\n").places.sequences[0].digests.ga4gh(),
            "SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2");
}

TEST(Fasta, R10LettersAreHashedInUpperCaseWithoutLineBreaks) {
  EXPECT_EQ(parsed(">a\nac\ngT\n").places.sequences[0].digests,
            parsed(">b\nACGT").places.sequences[0].digests);
}

TEST(Fasta, AnySplitGivesTheSamePlaces) {
  const std::string alike = to_fasta(three(), 60, "\r\n");
  const std::string different = alike + ">x\nACGT\nAC\n\nACGT\n" + test::make_letters(9, 140'000);
  for (const std::string& text : {alike, different}) {
    const Bytes expected = encode(parsed(text).places);
    for (const size_t step : {1u, 7u, 60u, 65'536u})
      EXPECT_EQ(encode(parsed(text, step).places), expected);
    const SequencePlaces again = must(decode_sequence_places(expected));
    EXPECT_EQ(encode(again), expected);
  }
  EXPECT_TRUE(decode_sequence_places("MEDSEQS1").has_error());
  EXPECT_TRUE(decode_sequence_places(encode(parsed(alike).places) + "x").has_error());
}

TEST(Fasta, LinesOfDifferentLengthHaveNoSamtoolsIndex) {
  EXPECT_FALSE(parsed(">a\nAC\nACG\n").lines_alike);
  EXPECT_FALSE(parsed(">a\nACG\nAC\nA\n").lines_alike);
  EXPECT_FALSE(parsed(">a\nACG\nACG\r\nACG\n").lines_alike);
  EXPECT_FALSE(parsed(">a\nACG\n\nACG\n").lines_alike);
  EXPECT_TRUE(parsed(">a\nACG\nACG\nA\n\n\n>b\nA").lines_alike);
}

TEST(Fasta, RefusalsNameTheLine) {
  EXPECT_EQ(refusal_of("ACGT\n"), "FASTA line 1: a sequence begins with '>' and its name");
  EXPECT_EQ(refusal_of(">a\nAC\n>b\n>c\nA\n"), "FASTA line 3: the sequence has no letters");
  EXPECT_EQ(refusal_of(">a\nAC\n>b\n\n"), "FASTA line 3: the sequence has no letters");
  EXPECT_EQ(refusal_of(">a"), "FASTA line 1: the sequence has no letters");
  EXPECT_EQ(refusal_of(">a\nAC\n> b\nA\n"), "FASTA line 3: the sequence has no name");
  EXPECT_EQ(refusal_of(">a\nAC\n>a x\nA\n"), "FASTA line 3: an earlier sequence has this name");
  EXPECT_EQ(refusal_of(">a\nAC\nA G\n"), "FASTA line 3: it holds a character that is no letter");
  EXPECT_EQ(refusal_of(">a\nAC\nA\rG\n"), "FASTA line 3: it holds a character that is no letter");
  EXPECT_EQ(refusal_of(">a\nAC1\n"), "FASTA line 2: it holds a character that is no letter");
  EXPECT_EQ(refusal_of(">a\x01\nAC\n"), "FASTA line 1: the name holds control characters");
  EXPECT_EQ(refusal_of(""), "the FASTA file holds no sequence");
}

TEST(Fasta, LimitsHold) {
  Limits limits;
  limits.references_max = 2;
  EXPECT_NE(refusal_of(">a\nA\n>b\nA\n>c\nA\n", limits).find("references_max"), std::string::npos);
  limits.line_bytes_max = 1024;
  EXPECT_NE(refusal_of(">a " + std::string(1025, 'x'), limits).find("line_bytes_max"),
            std::string::npos);
  EXPECT_NE(refusal_of(">" + std::string(5000, 'x') + "\nA\n").find("longer than 4096"),
            std::string::npos);
}

class FastaStore : public StoreTest {
 protected:
  Bytes attached(const FileRow& row, std::string_view role) {
    const auto* found = index::attachment(row, role);
    if (found == nullptr) return {};
    auto reader = must(store_->attachment(someone(), row, role));
    Bytes out(reader->size(), '\0');
    must(reader->read({0, out.size()}, out.data()));
    return out;
  }
  std::string letters(const std::string& id, uint64_t begin, uint64_t end) {
    const auto found = must(store_->references().find(someone(), id));
    return drain(*must(store_->references().letters(found, begin, end)), 1000);
  }
};

TEST_F(FastaStore, SamtoolsReadsWithOurIndexesAsWithItsOwn) {
  const std::string text = to_fasta(three(), 60);
  const std::vector<std::string> region = {"chr1:60-12345", "chr2", "chrM:600-600"};
  for (const std::string& bytes : {text, to_fasta(three(), 61, "\r\n"),
                                   text.substr(0, text.size() - 1), test::bgzip(text, 1000)}) {
    const bool blocked = bytes.starts_with("\x1f\x8b");
    const FileRow row = must(upload(bytes)).file;
    EXPECT_EQ(row.format, "fasta");
    EXPECT_EQ(row.index_kind, "fai");
    EXPECT_EQ(content(row), bytes);
    const std::string ours = dir_ / (blocked ? "ours.fa.gz" : "ours.fa");
    const std::string theirs = dir_ / (blocked ? "theirs.fa.gz" : "theirs.fa");
    test::write_file(ours, bytes);
    test::write_file(theirs, bytes);
    test::run_tool({"samtools", "faidx", theirs});
    test::write_file(ours + ".fai", index_of(row));
    EXPECT_EQ(index_of(row), test::read_file(theirs + ".fai"));
    if (blocked) {
      test::write_file(ours + ".gzi", attached(row, "gzi"));
      EXPECT_EQ(attached(row, "gzi"), test::read_file(theirs + ".gzi"));
    }
    for (const std::string& r : region) {
      EXPECT_EQ(test::run_tool({"samtools", "faidx", ours, r}),
                test::run_tool({"samtools", "faidx", theirs, r}));
    }
    must(store_->remove(someone(), row.id));
  }
}

TEST_F(FastaStore, PartsAreReadFromEveryWrappingAndLayout) {
  const MadeSequence one{"one", test::make_letters(5, 200'000)},
      two{"two", test::make_letters(6, 7)};
  std::string uneven;
  for (const MadeSequence& s : {one, two}) {
    uneven += ">" + s.name + "\n";
    for (size_t at = 0, step = 1; at < s.letters.size(); at += step, step = step % 97 + 1) {
      uneven += s.letters.substr(at, step) + (step % 2 == 0 ? "\r\n" : "\n");
    }
  }
  const std::string even = to_fasta({one, two}, 70);
  int files = 0;
  for (const std::string& bytes :
       {even, to_fasta({one, two}, 0), uneven, test::gzip(even, 3), test::gzip(uneven),
        test::bgzip(even), test::bgzip(uneven, 333)}) {
    const auto stored = upload(bytes);
    ASSERT_TRUE(stored.has_value()) << stored.error().text;
    ++files;
    const std::string whole = one.upper();
    EXPECT_EQ(letters(one.md5_hex(), 0, whole.size()), whole) << files;
    for (const auto& [begin, end] : std::vector<std::pair<uint64_t, uint64_t>>{{0, 0},
                                                                               {0, 1},
                                                                               {69, 71},
                                                                               {65'535, 65'537},
                                                                               {131'072, 131'073},
                                                                               {199'999, 200'000},
                                                                               {200'000, 200'000},
                                                                               {12'345, 99'999}}) {
      EXPECT_EQ(letters(one.ga4gh(), begin, end), whole.substr(begin, end - begin)) << files;
    }
    EXPECT_EQ(letters(two.md5_hex(), 0, 7), two.upper());
    must(store_->remove(someone(), stored->file.id));
    EXPECT_TRUE(store_->references().find(someone(), one.md5_hex()).has_error());
  }
}

TEST_F(FastaStore, WhatCannotBeRegisteredIsStoredAndSaysSo) {
  Limits limits;
  limits.registered_sequences_max = 2;
  open(limits);
  const FileRow many = must(upload(to_fasta(three()))).file;
  EXPECT_EQ(many.identities, std::vector{plain_identity(many.blob)}) << "no sequence's";
  EXPECT_NE(many.statistics_json.find(R"("notRegistered":"more than 2 sequences)"),
            std::string::npos);
  EXPECT_EQ(many.index_kind, "fai");
  const FileRow protein = must(upload(">p\nMK*\n")).file;
  EXPECT_EQ(protein.identities, std::vector{plain_identity(protein.blob)}) << "no sequence's";
  EXPECT_NE(protein.statistics_json.find("no letters"), std::string::npos);
  const FileRow packed = must(upload(test::gzip(">a\nACGT\n"))).file;
  EXPECT_EQ(packed.index_kind, "");
  EXPECT_NE(packed.statistics_json.find(R"("samtoolsIndex":false)"), std::string::npos);
  EXPECT_EQ(attached(packed, "plain"), ">a\nACGT\n");
  const FileRow uneven = must(upload(">a\nA\nACG\n")).file;
  EXPECT_NE(
      uneven.statistics_json.find(R"("noIndex":"lines of a sequence have different lengths")"),
      std::string::npos);
}

TEST_F(FastaStore, DamageIsRefusedWithItsPlace) {
  const std::string text = to_fasta(three());
  const auto refused = [&](const std::string& bytes) {
    const auto done = upload(bytes);
    return done.has_error() ? done.error().text : "accepted";
  };
  EXPECT_NE(refused(test::gzip(text).substr(0, 9000)).find("truncated"), std::string::npos);
  EXPECT_NE(refused(test::bgzip(text, 1000, false)).find("after FASTA line"), std::string::npos);
  EXPECT_NE(refused(text + "AC!GT\n").find("FASTA line"), std::string::npos);
  UploadStart start;
  start.circular = "chrM nowhere";
  const auto unknown = upload(text, start);
  ASSERT_TRUE(unknown.has_error());
  EXPECT_EQ(unknown.error().code, Code::invalid_argument);
  start.circular = "chr1";
  EXPECT_TRUE(upload(test::make_bam().bytes, start).has_error())
      << "a BAM has no circular sequences";
}

}  // namespace
}  // namespace medarc::genomics
