// refget 2.0 end to end. The tables are the cases of the GA4GH refget compliance suite, put to
// generated sequences of the same lengths, and to its own ones where MEDARC_SAMPLE_DATA has them.
#include <cstdlib>
#include <filesystem>
#include <map>

#include "tests/support/fasta_maker.h"
#include "tests/web/genomics/genome_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;
using test::MadeSequence;

constexpr const char* kSequenceType = "text/vnd.ga4gh.refget.v2.0.0+plain; charset=us-ascii";

std::vector<MadeSequence> sequences_of(const std::string& fasta) {
  std::vector<MadeSequence> out;
  for (size_t at = 0; at < fasta.size();) {
    const size_t end = std::min(fasta.find('\n', at), fasta.size());
    const std::string line = fasta.substr(at, end - at);
    at = end + 1;
    if (line.starts_with('>')) {
      out.push_back({line.substr(1, line.find(' ') - 1), ""});
    } else {
      out.back().letters += line;
    }
  }
  return out;
}

class RefgetTest : public GenomeTest {
 protected:
  // The suite's "I" and its circular "NC", or what stands for them.
  void store_suite() {
    serve();
    linear_ = {"I", test::make_letters(1, 230'218)};
    ring_ = {"NC", test::make_letters(2, 5'386)};
    std::string first = test::to_fasta({linear_}, 60), second = test::to_fasta({ring_}, 70);
    if (const char* root = std::getenv("MEDARC_SAMPLE_DATA"); root != nullptr) {
      const std::string folder = std::string(root) + "/genomics/reference/";
      if (std::filesystem::exists(folder + "NC.faa")) {
        first = test::read_file(folder + "I.faa");
        second = test::read_file(folder + "NC.faa");
        linear_ = sequences_of(first).at(0);
        ring_ = sequences_of(second).at(0);
      }
    }
    upload("linear", first);
    upload("ring", second, "&circular=" + percent_encode(ring_.name));
  }
  std::string path(const MadeSequence& s) const { return "/refget/sequence/" + s.md5_hex(); }

  MadeSequence linear_, ring_;
};

TEST_F(RefgetTest, R03TheDefaultTypeAndNegotiation) {
  store_suite();
  const HttpAnswer whole = get(path(linear_));
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, linear_.upper());
  EXPECT_EQ(whole.header("Content-Type"), kSequenceType);
  const auto typed = [&](const std::string& accept) {
    const HttpAnswer answer = get(path(linear_) + "?end=3", {{"Accept", accept}});
    return answer.status == 200 ? answer.header("Content-Type") : std::to_string(answer.status);
  };
  EXPECT_EQ(typed("*/*"), kSequenceType);
  EXPECT_EQ(typed("text/*"), kSequenceType);
  EXPECT_EQ(typed("text/plain"), "text/plain; charset=us-ascii");
  EXPECT_EQ(typed("text/vnd.ga4gh.refget.v1.0.0+plain"),
            "text/vnd.ga4gh.refget.v1.0.0+plain; charset=us-ascii");
  EXPECT_EQ(typed("embl/some_json, text/plain;q=0.5"), "text/plain; charset=us-ascii");
  EXPECT_EQ(typed("embl/some_json"), "406");
  EXPECT_EQ(get(path(linear_) + "/metadata", {{"Accept", "embl/some_json"}}).status, 406);
}

TEST_F(RefgetTest, R04StartAndEndOfTheSuite) {
  store_suite();
  const std::string upper = linear_.upper();
  const struct {
    const char* query;
    size_t begin, end;
  } cases[] = {{"?start=10&end=10", 10, 10},
               {"?start=10&end=20", 10, 20},
               {"?start=10&end=11", 10, 11},
               {"?start=230208", 230'208, 230'218},
               {"?end=5", 0, 5},
               {"?start=230217&end=230218", 230'217, 230'218},
               {"?start=0", 0, 230'218},
               {"?&end=230218", 0, 230'218},
               {"?start=0&end=230218", 0, 230'218},
               {"?start=1&end=230218", 1, 230'218},
               {"?start=230217", 230'217, 230'218},
               {"?end=0", 0, 0}};
  for (const auto& one : cases) {
    const HttpAnswer answer = get(path(linear_) + one.query, {{"Accept-Encoding", "gzip"}});
    EXPECT_EQ(answer.status, 200) << one.query;
    EXPECT_EQ(answer.body, upper.substr(one.begin, one.end - one.begin)) << one.query;
    EXPECT_EQ(answer.header("Content-Length"), std::to_string(one.end - one.begin)) << one.query;
    EXPECT_EQ(answer.header("Accept-Ranges"), "none") << "R06";
  }
}

TEST_F(RefgetTest, R04RangeOfTheSuite) {
  store_suite();
  const std::string upper = linear_.upper();
  const struct {
    const char* range;
    size_t first, count;
  } cases[] = {{"bytes=10-19", 10, 10},
               {"bytes=10-230217", 10, 230'208},
               {"bytes=10-999999", 10, 230'208},
               {"bytes=0-230217", 0, 230'218},
               {"bytes=0-999999", 0, 230'218},
               {"bytes=0-0", 0, 1},
               {"bytes=230217-230217", 230'217, 1},
               {"bytes=230200-", 230'200, 18}};
  for (const auto& one : cases) {
    const HttpAnswer answer = get(path(linear_), {{"Range", one.range}});
    EXPECT_EQ(answer.status, 206) << one.range;
    EXPECT_EQ(answer.body, upper.substr(one.first, one.count)) << one.range;
    EXPECT_EQ(answer.header("Accept-Ranges"), "bytes");
  }
  EXPECT_EQ(get(path(linear_) + "?start=1", {{"Range", "bytes=0-1"}}).status, 400) << "R04";
  EXPECT_EQ(get(path(linear_), {{"Range", "bytes=0-1,5-6"}}).status, 400) << "R04: no multi-range";
}

TEST_F(RefgetTest, R05CircularSequencesRunOverTheirEnd) {
  store_suite();
  const std::string ring = ring_.upper();
  const auto across = [&](size_t begin, size_t end) {
    return ring.substr(begin) + ring.substr(0, end);
  };
  EXPECT_EQ(get(path(ring_) + "?start=5374&end=5").body, across(5374, 5));
  EXPECT_EQ(get(path(ring_) + "?start=5374&end=0").body, across(5374, 0));
  const HttpAnswer answer = get(path(ring_) + "?start=5380&end=25");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, across(5380, 25));
  EXPECT_EQ(answer.header("Content-Length"), "31");
  EXPECT_EQ(get(path(linear_) + "?start=20&end=10").status, 416);
}

TEST_F(RefgetTest, R06AnEmptyPartIsAnAnswerAndPartsHaveNoRanges) {
  store_suite();
  for (const char* query : {"?start=10&end=10", "?end=0", "?start=0&end=0"}) {
    const HttpAnswer empty = get(path(linear_) + query);
    EXPECT_EQ(empty.status, 200) << query;
    EXPECT_TRUE(empty.body.empty()) << query;
    EXPECT_EQ(empty.header("Content-Length"), "0") << query;
    EXPECT_EQ(empty.header("Accept-Ranges"), "none") << query;
  }
  EXPECT_EQ(get(path(linear_) + "?start=10&end=20").header("Accept-Ranges"), "none");
  EXPECT_EQ(get(path(linear_)).header("Accept-Ranges"), "bytes");
}

TEST_F(RefgetTest, R07WrongNumbersAndUnknownDigests) {
  store_suite();
  for (const char* query : {"?start=abc&end=20", "?start=-10&end=-29", "?start=abc", "?from=1"}) {
    EXPECT_EQ(get(path(linear_) + query).status, 400) << query;
  }
  for (const char* query : {"?start=67&end=5387", "?start=5386&end=5375", "?start=5386&end=5386",
                            "?start=5386&end=5"}) {
    EXPECT_EQ(get(path(ring_) + query).status, 416) << query;
  }
  for (const char* range : {"units=20-30", "bytes=ab-19", "bytes=-10--19", "bytes=10--19",
                            "bytes=-10-", "bytes==10-19"}) {
    EXPECT_EQ(get(path(linear_), {{"Range", range}}).status, 400) << range;
  }
  for (const char* range : {"bytes=5200-19", "bytes=59-50", "bytes=5385-5382", "bytes=5387-5391",
                            "bytes=5386-5387", "bytes=9999-99999"}) {
    EXPECT_EQ(get(path(ring_), {{"Range", range}}).status, 416) << range;
  }
  EXPECT_EQ(get("/refget/sequence/Garbagechecksum").status, 404);
  EXPECT_EQ(get("/refget/sequence/some1111garbage1111ID/metadata").status, 404);
}

TEST_F(RefgetTest, R08MetadataByEveryDigest) {
  store_suite();
  for (const std::string& id :
       {linear_.md5_hex(), linear_.trunc512(), linear_.ga4gh(), "ga4gh:" + linear_.ga4gh()}) {
    const HttpAnswer answer = get("/refget/sequence/" + id + "/metadata",
                                  {{"Accept", "application/vnd.ga4gh.refget.v1.0.0+json"}});
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(
        answer.header("Content-Type").starts_with("application/vnd.ga4gh.refget.v1.0.0+json"));
    const json::value metadata = json::parse(answer.body).at("metadata");
    EXPECT_EQ(metadata.at("md5").as_string(), linear_.md5_hex());
    EXPECT_EQ(metadata.at("trunc512").as_string(), linear_.trunc512());
    EXPECT_EQ(metadata.at("ga4gh").as_string(), linear_.ga4gh());
    EXPECT_EQ(metadata.at("length").as_int64(), 230'218);
    EXPECT_EQ(metadata.at("aliases").at(0).at("alias").as_string(), linear_.name);
  }
  EXPECT_EQ(get(path(ring_) + "/metadata").status, 200);
}

TEST_F(RefgetTest, R09ServiceInfo) {
  serve();
  const HttpAnswer answer = get("/refget/sequence/service-info");
  ASSERT_EQ(answer.status, 200);
  const json::value info = json::parse(answer.body);
  EXPECT_EQ(info.at("type").at("artifact").as_string(), "refget");
  for (const char* where : {"refget", "service"}) {
    const json::value can = info.at(where);
    EXPECT_TRUE(can.at("circular_supported").as_bool());
    EXPECT_EQ(json::serialize(can.at("algorithms")), R"(["md5","ga4gh","trunc512"])");
    EXPECT_TRUE(can.at("identifier_types").is_array());
    EXPECT_TRUE(can.at("subsequence_limit").is_null());
  }
  EXPECT_TRUE(info.at("service").as_object().contains("supported_api_versions"));
}

TEST_F(RefgetTest, R10WhatIsKeptNeverChanges) {
  store_suite();
  const HttpAnswer whole = get(path(linear_));
  EXPECT_EQ(whole.header("ETag"), '"' + linear_.md5_hex() + '"');
  EXPECT_NE(whole.header("Cache-Control").find("immutable"), std::string::npos);
  EXPECT_EQ(get(path(linear_), {{"If-None-Match", whole.header("ETag")}}).status, 304);
  const HttpAnswer part = get(path(linear_) + "?start=3&end=9");
  EXPECT_NE(part.header("ETag"), whole.header("ETag"));
  EXPECT_EQ(test::http(port(), "HEAD", path(linear_)).header("Content-Length"), "230218");
}

TEST_F(RefgetTest, AttachmentsOfAFastaFileAreServed) {
  serve();
  const std::string text = test::to_fasta({{"a", test::make_letters(4, 300'000)}}, 80);
  const auto file = upload("set/one", test::bgzip(text));
  std::map<std::string, int64_t> sizes;
  for (const json::value& one : file.at("derivatives").as_array()) {
    sizes[std::string(one.at("role").as_string())] = one.at("bytes").as_int64();
  }
  ASSERT_TRUE(sizes.contains("gzi"));
  ASSERT_TRUE(sizes.contains("sequences"));
  const HttpAnswer gzi = get("/genomics/files/set%2Fone/attachments/gzi");
  ASSERT_EQ(gzi.status, 200);
  EXPECT_EQ(static_cast<int64_t>(gzi.body.size()), sizes.at("gzi"));
  EXPECT_EQ(get("/genomics/files/set/one/attachments/nothing").status, 404);
  EXPECT_EQ(post("/genomics/files?id=x%2Fattachments%2Fy", text).status, 400);
  EXPECT_EQ(post("/genomics/files?circular=b", text).status, 400);
}

TEST_F(RefgetTest, SamtoolsAndViewersReadAFastaByItsName) {
  serve();
  const std::string letters = test::make_letters(4, 30'000);
  const std::string text = test::to_fasta({{"a", letters}}, 80);
  upload("plain", text);
  upload("blocks", test::bgzip(text));
  const std::string base = "http://127.0.0.1:" + std::to_string(port()) + "/genomics/files/";
  for (const char* name : {"plain/plain.fa", "blocks/blocks.fa.gz"}) {
    const std::string found = test::run_tool(
        {"env", "-C", dir_.path(), "samtools", "faidx", base + name, "a:10001-10050"});
    EXPECT_EQ(found, ">a:10001-10050\n" + letters.substr(10'000, 50) + "\n");
  }
  EXPECT_EQ(get("/genomics/files/blocks/blocks.fa").status, 404) << "it is compressed";
  EXPECT_EQ(get("/genomics/files/plain/plain.fa.gz").status, 404);
  EXPECT_EQ(get("/genomics/files/plain/plain.fa.gz.gzi").status, 404);
}

TEST_F(RefgetTest, ACramIsReadBySamtoolsWithReferencesFromHere) {
  serve();
  const auto bam = test::make_bam({.records = 200, .references = {{"chr1", 20'000}}});
  test::write_file(dir_ / "ref.fa", test::to_fasta({{"chr1", test::make_letters(7, 20'000)}}));
  test::write_file(dir_ / "x.bam", bam.bytes);
  test::run_tool(
      {"samtools", "view", "-C", "-T", dir_ / "ref.fa", "-o", dir_ / "x.cram", dir_ / "x.bam"});
  upload("reference", test::read_file(dir_ / "ref.fa"));
  const std::string expected =
      test::run_tool({"samtools", "view", "-T", dir_ / "ref.fa", dir_ / "x.cram"});
  std::filesystem::remove(dir_ / "ref.fa");
  std::filesystem::remove(dir_ / "ref.fa.fai");
  const std::string url = "http://127.0.0.1:" + std::to_string(port()) + "/refget/sequence/%s";
  EXPECT_EQ(
      test::run_tool({"env", "REF_PATH=" + url, "REF_CACHE=", "samtools", "view", dir_ / "x.cram"}),
      expected);
}

}  // namespace
}  // namespace medarc::web
