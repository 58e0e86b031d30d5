// The same reads found in other files, and what does not fit the patient.
#include "genomics/findings.h"

#include <algorithm>
#include <boost/json.hpp>

#include "archive/hash.h"
#include "genomics/read_sums.h"
#include "tests/genomics/random_sam.h"
#include "tests/genomics/store_fixture.h"
#include "tests/support/variant_maker.h"

namespace medarc::genomics {
namespace {

namespace json = boost::json;
using Ids = std::vector<std::string>;

class FindingsTest : public StoreTest {
 protected:
  Findings findings(const std::string& id) {
    return must(store_->findings(someone(), *must(index_->view()->file(FileId(id)))));
  }
  std::string tool(std::vector<std::string> words, const std::string& out) {
    words.insert(words.begin(), "samtools");
    words.insert(words.end(), {"-o", dir_ / out});
    words.push_back(dir_ / "in.bam");
    test::run_tool(words);
    return test::read_file(dir_ / out);
  }
  std::vector<std::string> codes(const std::string& id) {
    std::vector<std::string> out;
    for (const Alert& a : findings(id).alerts) out.push_back(a.code);
    return out;
  }
  void put_patient(const std::string& key, const std::string& patient_id, const std::string& sex) {
    index::PatientRow row;
    row.key = index::PatientKey(key);
    row.identifiers = {{"HOSPITAL", patient_id}};
    row.attributes.set(index::Tag{0x00100020}, "LO", {patient_id});
    row.attributes.set(index::Tag{0x00100040}, "CS", {sex});
    index::Facts facts;
    facts.time = now();
    facts.ops.emplace_back(index::PutPatient{row, {}});
    ASSERT_EQ(must(index_->commit({}, std::move(facts))).outcomes.at(0).state, index::State::done);
  }
  size_t audited(const std::string& detail) {
    size_t n = 0;
    for (const auto& e : must(index_->view()->audit(0, 10'000))) n += e.detail == detail;
    return n;
  }
};

// Pairs as a sequencer gives them, aligned: either strand, odd and even lengths, some not placed,
// some with a second alignment.
std::string paired_sam(uint64_t seed, size_t templates) {
  std::mt19937_64 random(seed);
  std::vector<test::SamLine> lines;
  for (size_t i = 0; i < templates; ++i) {
    for (const int half : {64, 128}) {
      const size_t bases = 60 + random() % 90;
      int flag = 1 + half + (random() % 2 == 0 ? 16 : 0);
      const bool placed = random() % 10 > 0;
      if (!placed) flag = 1 + 4 + 8 + half;
      test::SamLine line;
      line.reference = placed ? 0 : 9;
      line.position = placed ? 1 + random() % 50'000 : 0;
      const std::string rest = placed ? "chr1\t" + std::to_string(line.position) + "\t60\t" +
                                            std::to_string(bases) + "M\t*\t0\t0\t"
                                      : "*\t0\t0\t*\t*\t0\t0\t";
      const std::string read = test::random_letters(random, bases, "ACGTN") + "\t" +
                               test::random_qualities(random, bases);
      line.text = "t" + std::to_string(i) + "\t" + std::to_string(flag) + "\t" + rest + read;
      lines.push_back(line);
      if (placed && i % 9 == 0) {
        line.text =
            "t" + std::to_string(i) + "\t" + std::to_string(flag + 256) + "\t" + rest + "*\t*";
        lines.push_back(line);
      }
    }
  }
  return test::joined_lines(test::sam_header({{"chr1", 60'000}}), lines, true);
}

TEST_F(FindingsTest, ReheadedAndRecompressedFilesHaveTheSameReads) {
  const std::string bam = test::to_bam(dir_, paired_sam(1, 400));
  test::write_file(dir_ / "in.bam", bam);
  must(upload(bam, {.id = "plain"}));
  must(upload(tool({"view", "-b", "--no-PG", "--output-fmt-option", "level=1"}, "packed.bam"),
              {.id = "packed"}));
  std::string plain = test::gunzip(bam);
  must(upload(test::bgzip(plain, 1'000), {.id = "straddling"}));
  test::write_file(dir_ / "header.sam",
                   test::sam_header({{"chr1", 60'000}}, "@CO\tanother header\n@RG\tID:a\tSM:b\n"));
  test::run_tool({"sh", "-c",
                  "samtools reheader -P '" + (dir_ / "header.sam") + "' '" + (dir_ / "in.bam") +
                      "' > '" + (dir_ / "re.bam") + "'"});
  must(upload(test::read_file(dir_ / "re.bam"), {.id = "reheaded"}));
  test::write_file(dir_ / "header2.sam", test::sam_header({{"1", 60'000}}));
  test::run_tool({"sh", "-c",
                  "samtools reheader -P '" + (dir_ / "header2.sam") + "' '" + (dir_ / "in.bam") +
                      "' > '" + (dir_ / "re2.bam") + "'"});
  must(upload(test::read_file(dir_ / "re2.bam"), {.id = "renamed"}));
  must(upload(tool({"sort", "-n", "--no-PG"}, "byname.bam"), {.id = "byname"}));
  must(upload(test::to_bam(dir_, paired_sam(2, 400)), {.id = "another"}));
  EXPECT_EQ(findings("plain").same_reads, (Ids{"packed", "reheaded", "straddling"}));
  EXPECT_EQ(findings("plain").same_read_set,
            (Ids{"byname", "packed", "reheaded", "renamed", "straddling"}));
  EXPECT_EQ(findings("plain").same_content, (Ids{"packed", "straddling"}));
  EXPECT_EQ(findings("renamed").same_reads, Ids{}) << "other references";
  EXPECT_EQ(findings("another").same_read_set, Ids{});
  EXPECT_EQ(findings("another").same_mates, Ids{});
}

TEST_F(FindingsTest, AFastqPairIsRecognisedInItsBam) {
  const std::string bam = test::to_bam(dir_, paired_sam(3, 500));
  test::write_file(dir_ / "in.bam", bam);
  must(upload(bam, {.id = "bam"}));
  test::run_tool({"sh", "-c",
                  "samtools sort -n '" + (dir_ / "in.bam") + "' | samtools fastq -N -1 '" +
                      (dir_ / "r1.fq") + "' -2 '" + (dir_ / "r2.fq") +
                      "' -0 /dev/null -s /dev/null -"});
  const std::string first = test::read_file(dir_ / "r1.fq"),
                    second = test::read_file(dir_ / "r2.fq");
  must(upload(test::gzip(second), {.id = "r2"}));
  EXPECT_EQ(findings("r2").same_mates, Ids{"bam"}) << "even alone, as one half";
  EXPECT_EQ(findings("r2").same_read_set, Ids{});
  must(upload(test::bgzip(first), {.id = "r1", .mate = "r2"}));
  EXPECT_EQ(findings("bam").same_read_set, (Ids{"r1", "r2"}));
  EXPECT_EQ(findings("bam").same_mates, (Ids{"r1", "r2"}));
  EXPECT_EQ(findings("r1").same_read_set, (Ids{"bam", "r2"}));
  // Both halves in one file, and the sums of both files add up to the BAM's.
  test::run_tool({"sh", "-c",
                  "samtools sort -n '" + (dir_ / "in.bam") + "' | samtools fastq -N - > '" +
                      (dir_ / "both.fq") + "'"});
  must(upload(test::read_file(dir_ / "both.fq"), {.id = "both"}));
  EXPECT_EQ(findings("both").same_read_set, (Ids{"bam", "r1", "r2"}));
  const auto sums = [&](const char* id) {
    return *read_sums_of(must(index_->view()->file(FileId(id)))->statistics_json);
  };
  EXPECT_EQ(sums("bam")[1], sums("r1")[0]);
  EXPECT_EQ(sums("bam")[2], sums("r2")[0]);
  // One base more or less is another set.
  std::string changed = first;
  char& base = changed[changed.find('\n') + 5];
  base = base == 'A' ? 'C' : 'A';
  must(upload(changed, {.id = "changed", .mate = "r2"}));
  EXPECT_EQ(findings("changed").same_read_set, Ids{"r2"}) << "its own mate, and no more";
  EXPECT_EQ(findings("changed").same_mates, Ids{});
}

TEST_F(FindingsTest, TheDigestOfTheInflatedBytesIsKeptWhateverTheyArePackedIn) {
  const std::string reads = test::make_fastq({.seed = 5}), letters = ">a\nACGT\nAC\n",
                    calls = test::make_vcf({.records = 50});
  for (const auto& [kind, text] : {std::pair{"fastq", reads}, {"fasta", letters}, {"vcf", calls}}) {
    const std::string sha256 = archive::Sha256::of(text).hex(), id = kind;
    for (const auto& [form, bytes] : {std::pair{"text", text},
                                      {"gzip", test::gzip(text)},
                                      {"bgzf", test::bgzip(text, 9'000)}}) {
      EXPECT_EQ(plain_sha256_hex(must(upload(bytes, {.id = id + form})).file), sha256)
          << id << form;
    }
    EXPECT_EQ(findings((id + "text").c_str()).same_content, (Ids{id + "bgzf", id + "gzip"}));
  }
  const std::string bam = test::make_bam().bytes;
  EXPECT_EQ(plain_sha256_hex(must(upload(bam)).file), archive::Sha256::of(test::gunzip(bam)).hex());
}

TEST_F(FindingsTest, SumsAddUpWithoutRegardToOrderAndCarry) {
  ReadSum a{3, UINT64_MAX, 7};
  a += {1, 1, 1};
  EXPECT_EQ(a, (ReadSum{4, 0, 9}));
  const ReadSums sums{a, ReadSum{}, ReadSum{5, 1, 2}};
  EXPECT_EQ(read_sums_of("{\"readSums\":" + json_of(sums) + "}"), sums);
  EXPECT_EQ(read_sums_of("{}"), std::nullopt);
  EXPECT_EQ(read_sums_of(R"({"readSums":{"first":{"reads":1,"sum":"zz"}}})"), std::nullopt);
  EXPECT_NE(read_set_identity(sums), read_set_identity({ReadSum{}, a, sums[2]}));
}

TEST_F(FindingsTest, OnlyThoseWhoMaySeeFilesAreToldOfThem) {
  const std::string bam = test::make_bam({.records = 50}).bytes;
  must(upload(bam, {.id = "one"}));
  must(upload(bam, {.id = "two"}));
  const FileRow row = *must(index_->view()->file(FileId("one")));
  EXPECT_EQ(must(store_->findings(someone(), row)).same_reads, Ids{"two"});
  security::Principal clinician = someone();
  clinician.roles = {security::Role::clinician};
  EXPECT_EQ(must(store_->findings(clinician, row)).same_reads, Ids{});
}

// Depth 1.5 on the autosome; `x` and `y` as shares of it.
std::string sexed_sam(const std::string& prefix, double x, double y, const std::string& sample) {
  const test::References references = {
      {prefix + "1", 100'000}, {prefix + "X", 50'000}, {prefix + "Y", 20'000}};
  std::mt19937_64 random(9);
  std::vector<test::SamLine> lines;
  for (size_t r = 0; r < references.size(); ++r) {
    const double share = r == 0 ? 1 : r == 1 ? x : y;
    const auto count = static_cast<size_t>(1.5 * share * references[r].second / 100);
    for (size_t i = 0; i < count; ++i) {
      const uint64_t at = 1 + random() % (references[r].second - 100);
      lines.push_back({r, at,
                       "r" + std::to_string(lines.size()) + "\t0\t" + references[r].first + "\t" +
                           std::to_string(at) + "\t60\t100M\t*\t0\t0\t*\t*"});
    }
  }
  return test::joined_lines(test::sam_header(references, "@RG\tID:a\tSM:" + sample + "\n"), lines,
                            true);
}

TEST_F(FindingsTest, TheSexByDepthIsComparedWithThePatientsRecord) {
  put_patient("pm", "M-1", "M");
  put_patient("pf", "F-1", "F");
  put_patient("po", "O-1", "O");
  const std::string female = test::to_bam(dir_, sexed_sam("chr", 1.0, 0.0, "s1"));
  const std::string male = test::to_bam(dir_, sexed_sam("", 0.5, 0.4, "s2"));
  const std::string unclear = test::to_bam(dir_, sexed_sam("chr", 0.95, 0.4, "s3"));
  const auto estimate = [&](const std::string& bytes, const std::string& patient,
                            const std::string& id) {
    const FileRow row = must(upload(bytes, {.patient = "Patient/" + patient, .id = id})).file;
    return std::string(json::parse(row.statistics_json).at("sex").at("estimate").as_string());
  };
  EXPECT_EQ(estimate(female, "pf", "f-f"), "female");
  EXPECT_EQ(codes("f-f"), Ids{});
  EXPECT_EQ(audited("alert: sex-mismatch"), 0u);
  EXPECT_EQ(estimate(male, "pf", "m-f"), "male");
  EXPECT_EQ(codes("m-f"), Ids{"sex-mismatch"});
  EXPECT_EQ(audited("alert: sex-mismatch"), 1u);
  EXPECT_EQ(estimate(male, "po", "m-o"), "male");
  EXPECT_EQ(codes("m-o"), (Ids{"sample-of-another-patient"})) << "the record says neither";
  EXPECT_EQ(estimate(unclear, "pm", "u-m"), "undetermined");
  EXPECT_EQ(codes("u-m"), Ids{});
  const std::string text = findings("m-f").alerts.at(0).text;
  for (const char* value : {"male", "M-1", "F-1"})
    EXPECT_EQ(text.find(value), std::string::npos) << text;
}

TEST_F(FindingsTest, ASampleOfAnotherPatientIsAnAlertAndNeverARefusal) {
  put_patient("p1", "ID-1", "O");
  put_patient("p2", "ID-2", "O");
  const auto bam = [&](const std::string& sample) {
    return test::make_bam(
               {.seed = std::hash<std::string>()(sample), .records = 20, .samples = {sample}})
        .bytes;
  };
  must(upload(bam("ID-1"), {.patient = "Patient/p1", .id = "own"}));
  EXPECT_EQ(codes("own"), Ids{});
  must(upload(bam("ID-2"), {.patient = "Patient/p1", .id = "swapped"}));
  EXPECT_EQ(codes("swapped"), Ids{"sample-names-another-patient"});
  EXPECT_EQ(audited("alert: sample-names-another-patient"), 1u);
  EXPECT_NE(findings("swapped").alerts.at(0).text.find("Patient/p2"), std::string::npos);
  security::Principal geneticist = someone();
  geneticist.roles = {security::Role::bioinformatician};
  const FileRow swapped = *must(index_->view()->file(FileId("swapped")));
  EXPECT_EQ(must(store_->findings(geneticist, swapped)).alerts.at(0).text.find("p2"),
            std::string::npos)
      << "who may not see records is told no patient";
  must(upload(bam("lab-7"), {.patient = "Patient/p1", .id = "a"}));
  must(upload(bam("lab-7"), {.patient = "Patient/p2", .id = "b"}));
  EXPECT_EQ(codes("b"), Ids{"sample-of-another-patient"});
  EXPECT_EQ(codes("a"), Ids{"sample-of-another-patient"})
      << "the earlier file shows it from then on";
  must(upload(bam("lab-9"), {.id = "unlinked"}));
  EXPECT_EQ(codes("unlinked"), Ids{});
}

}  // namespace
}  // namespace medarc::genomics
