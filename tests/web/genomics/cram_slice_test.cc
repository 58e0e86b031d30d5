// CRAM files at the genomics door.
#include "tests/support/fasta_maker.h"
#include "tests/web/genomics/genome_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;

TEST_F(GenomeTest, ACramIsUploadedAndSlicedInBothForms) {
  serve();
  const std::string fasta = dir_ / "ref.fa", cram = dir_ / "reads.cram";
  test::write_file(fasta, test::to_fasta({{"chr1", test::make_letters(7, 20'000)}}));
  test::write_file(dir_ / "x.bam",
                   test::make_bam({.records = 500, .references = {{"chr1", 20'000}}}).bytes);
  test::run_tool({"samtools", "view", "-C", "-T", fasta, "--output-fmt-option", "seqs_per_slice=50",
                  "-o", cram, dir_ / "x.bam"});
  upload("reference", test::read_file(fasta));
  const auto file = upload("one", test::read_file(cram), "&name=one.cram");
  EXPECT_EQ(file.at("format").as_string(), "cram");
  EXPECT_EQ(file.at("index").as_string(), "crai");
  EXPECT_TRUE(file.at("links").as_object().contains("slice"));
  test::write_file(cram + ".crai", get("/genomics/files/one/index").body);
  const auto viewed = [&](const std::string& bytes) {
    test::write_file(dir_ / "slice", bytes);
    return test::run_tool(
        {"samtools", "view", "-T", fasta, "--input-fmt-option", "decode_md=0", dir_ / "slice"});
  };
  const std::string expected =
      test::run_tool({"samtools", "view", "-T", fasta, "--input-fmt-option", "decode_md=0", cram,
                      "chr1:5000-6000"});
  const std::string path = "/genomics/files/one/slice?region=chr1:5000-6000";
  const HttpAnswer as_cram = get(path), as_bam = get(path + "&format=bam");
  ASSERT_EQ(as_cram.status, 200) << as_cram.body;
  EXPECT_EQ(as_cram.header("Content-Type"), "application/vnd.ga4gh.cram");
  EXPECT_EQ(viewed(as_cram.body), expected);
  ASSERT_EQ(as_bam.status, 200) << as_bam.body;
  EXPECT_EQ(as_bam.header("Content-Type"), "application/vnd.ga4gh.bam");
  EXPECT_EQ(viewed(as_bam.body), expected);
  EXPECT_EQ(get(path + "&format=bam", {{"Range", "bytes=100-199"}}).body,
            as_bam.body.substr(100, 100));
  EXPECT_EQ(get(path + "&strict=false").status, 200);
  EXPECT_EQ(get(path + "&strict=perhaps").status, 400);
  EXPECT_EQ(get(path + "&format=sam").status, 501);
  EXPECT_EQ(get("/genomics/files/one/slice?region=chr9").status, 404);
  EXPECT_EQ(get("/genomics/files/one/slice").body, test::read_file(cram));
}

TEST_F(GenomeTest, H30APlanOfACramTellsWhatGoesOutAsItIs) {
  serve();
  const std::string fasta = dir_ / "ref.fa", cram = dir_ / "reads.cram";
  test::write_file(fasta, test::to_fasta({{"chr1", test::make_letters(7, 20'000)}}));
  test::write_file(dir_ / "x.bam",
                   test::make_bam({.records = 2'000, .references = {{"chr1", 20'000}}}).bytes);
  test::run_tool({"samtools", "view", "-C", "-T", fasta, "--output-fmt-option",
                  "seqs_per_slice=100", "-o", cram, dir_ / "x.bam"});
  upload("reference", test::read_file(fasta));
  upload("one", test::read_file(cram));
  const std::string query = "?region=chr1:3000-16000";
  const auto answer = get("/genomics/files/one/plan" + query);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto plan = json::parse(answer.body).as_object();
  const auto number = [&](const char* name) { return plan.at(name).to_number<uint64_t>(); };
  const std::string slice = get("/genomics/files/one/slice" + query).body;
  EXPECT_EQ(number("headerBytes") + number("bodyBytes") + 38, slice.size());
  EXPECT_EQ(number("verbatimBytes") + number("recodedBytes"), number("bodyBytes"));
  EXPECT_EQ(number("containersVerbatim") + number("containersRecoded"), number("containers"));
  EXPECT_GT(number("containersVerbatim"), 5u);
  EXPECT_GE(number("containersRecoded"), 2u);
  EXPECT_TRUE(plan.at("strict").as_bool());
  const auto loose =
      json::parse(get("/genomics/files/one/plan" + query + "&strict=false").body).as_object();
  EXPECT_EQ(loose.at("recodedBytes").to_number<uint64_t>(), 0u);
  EXPECT_EQ(loose.at("verbatimBytes").to_number<uint64_t>(), number("floorBytes"));
  EXPECT_FALSE(loose.at("strict").as_bool());
}

TEST_F(GenomeTest, APlanOfACramThatTakesTooLongIsRefused) {
  genomics::Limits limits;
  limits.recode_eager_bytes_max = 1;
  serve({}, limits);
  const std::string fasta = dir_ / "ref.fa", cram = dir_ / "reads.cram";
  test::write_file(fasta, test::to_fasta({{"chr1", test::make_letters(7, 20'000)}}));
  test::write_file(dir_ / "x.bam",
                   test::make_bam({.records = 300, .references = {{"chr1", 20'000}}}).bytes);
  test::run_tool({"samtools", "view", "-C", "-T", fasta, "-o", cram, dir_ / "x.bam"});
  upload("one", test::read_file(cram));
  EXPECT_EQ(get("/genomics/files/one/plan?region=chr1:3000-3100").status, 413);
}

}  // namespace
}  // namespace medarc::web
