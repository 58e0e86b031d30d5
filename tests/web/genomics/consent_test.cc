// Consent at the genomics door: set, asked for, and kept by every route that gives bytes of a file.
// samtools and bcftools are the judges.
#include <algorithm>
#include <filesystem>
#include <set>

#include "archive/hash.h"
#include "tests/support/fasta_maker.h"
#include "tests/support/variant_maker.h"
#include "tests/web/genomics/genome_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;

constexpr const char* kWithheld = "chr1:50001-60000";

class ConsentTest : public GenomeTest {
 protected:
  HttpAnswer put(const std::string& id, const std::string& body,
                 const test::HttpClient::Headers& headers = {{"If-Match", "*"}}) {
    return test::http(port(), "PUT", "/genomics/files/" + id + "/consent", headers, body);
  }
  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      out.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return out;
  }
  // A file of reads with every shape that hurts, and one region of it withheld from all.
  void reads() {
    serve();
    made_ = test::make_bam({.records = 3'000,
                            .straddle = true,
                            .long_deletion_every = 97,
                            .long_read_straddles = true});
    upload("reads", made_.bytes);
    test::write_file(dir_ / "original.bam", made_.bytes);
    const auto all = lines_of(test::run_tool({"samtools", "view", dir_ / "original.bam"}));
    ASSERT_EQ(all.size(), made_.records.size());
    for (size_t i = 0; i < all.size(); ++i) {
      const auto& r = made_.records[i];
      const bool in = r.tid == 0 && r.begin < 60'000 && r.end > 50'000;
      (in ? hidden_ : kept_).push_back(all[i]);
    }
    ASSERT_GT(hidden_.size(), 50u);
    const auto set = put("reads", R"({"regions":[{"region":"chr1:50001-60000"}]})");
    ASSERT_EQ(set.status, 200) << set.body;
  }
  void expect_kept(const std::string& bam, const std::string& what) {
    EXPECT_EQ(lines_of(records(bam)), kept_) << what;
  }
  static std::string name_of(const std::string& line) { return line.substr(0, line.find('\t')); }

  test::MadeBam made_;
  std::vector<std::string> kept_, hidden_;
};

TEST_F(ConsentTest, ItIsSetByVersionAndShown) {
  serve();
  upload("f", test::make_bam({.records = 50}).bytes);
  const auto none = get("/genomics/files/f/consent");
  EXPECT_EQ(none.header("ETag"), "\"0\"");
  const std::string body = R"({"terms":["HMB",{"id":"DUO:0000022","qualifier":"NO"}],)"
                           R"("regions":[{"region":"{HLA:DRB1*1}:5-9","terms":["CC"]}]})";
  EXPECT_EQ(put("f", body, {}).status, 428);
  EXPECT_EQ(put("f", body, {{"If-Match", "\"7\""}}).status, 412);
  EXPECT_EQ(put("f", body, {{"If-Match", "perhaps"}}).status, 412);
  const auto set = put("f", body, {{"If-Match", "\"0\""}});
  ASSERT_EQ(set.status, 200) << set.body;
  const auto shown = get("/genomics/files/f/consent");
  EXPECT_EQ(shown.body, set.body);
  EXPECT_EQ(shown.header("ETag"), set.header("ETag"));
  const json::value parsed = json::parse(shown.body);
  EXPECT_EQ(parsed.at("terms").at(0).at("label").as_string(),
            "health or medical or biomedical research");
  EXPECT_EQ(parsed.at("terms").at(0).at("kind").as_string(), "permission");
  EXPECT_EQ(parsed.at("terms").at(1).at("qualifier").as_string(), "NO");
  EXPECT_EQ(parsed.at("regions").at(0).at("region").as_string(), "{HLA:DRB1*1}:5-9");
  // What was read can be written; nothing of it is new.
  EXPECT_EQ(put("f", shown.body, {{"If-Match", shown.header("ETag")}}).body, shown.body);
  EXPECT_EQ(put("f", body, {{"If-None-Match", "*"}}).status, 412);
  for (const char* wrong :
       {"", "[]", R"({"terms":"HMB"})", R"({"terms":["XYZ"]})", R"({"terms":["DS"]})",
        R"({"terms":["IRB"]})", R"({"terms":[{"label":"HMB"}]})", R"({"regions":[{}]})",
        R"({"regions":[{"region":"chr9:1-2"}]})", R"({"regions":[{"region":"*"}]})"}) {
    EXPECT_EQ(put("f", wrong).status, 400) << wrong;
  }
  EXPECT_EQ(put("g", body).status, 404);
  EXPECT_EQ(test::http(port(), "PUT", "/genomics/files/f", {{"If-Match", "*"}}, body).status, 404);
  upload("fastq", test::make_fastq({.records = 5}));
  EXPECT_EQ(put("fastq", R"({"regions":[{"region":"chr1:1-2"}]})").status, 400);
  EXPECT_EQ(put("fastq", R"({"terms":["GRU"]})").status, 200);
}

TEST_F(ConsentTest, AFileIsReadForWhatItIsGivenForAndNothingElse) {
  serve();
  upload("f", test::make_bam({.records = 50}).bytes);
  const auto vcf = test::bgzip(test::make_vcf({.seed = 9, .records = 50, .samples = {"S"}}));
  upload("v", vcf);
  const std::string body = R"({"terms":["DS=MONDO:0005015","IRB"]})";
  ASSERT_EQ(put("f", body).status, 200);
  ASSERT_EQ(put("v", body).status, 200);
  const std::string f = "/genomics/files/f", v = "/genomics/files/v";
  for (const std::string& path : {f + "/content",
                                  f + "/index",
                                  f + "/f.bam",
                                  f + "/f.bam.bai",
                                  f + "/slice",
                                  f + "/slice?region=chr1",
                                  f + "/slice?format=sam",
                                  f + "/slice?format=json",
                                  f + "/slice?class=header",
                                  f + "/plan?region=chr1",
                                  f + "/depth?region=chr1:1-100",
                                  f + "/depth?region=chr1&bins=10",
                                  f + "/pileup?region=chr1:1-100",
                                  f + "/quality",
                                  f + "/attachments/depth",
                                  f + "/attachments/quality",
                                  v + "/variants?region=chr1",
                                  v + "/content",
                                  std::string("/htsget/reads/f"),
                                  std::string("/htsget/variants/v"),
                                  std::string("/htsget/reads/f?class=header")}) {
    const auto refused = get(path);
    EXPECT_EQ(refused.status, 403) << path;
    EXPECT_NE(refused.body.find("MONDO:0005015"), std::string::npos) << path << refused.body;
    const std::string with = path + (path.find('?') == std::string::npos ? "?" : "&") + "purpose=";
    const auto unpromised = get(with + "DS=MONDO:0005015");
    EXPECT_EQ(unpromised.status, 403) << path;
    EXPECT_NE(unpromised.body.find("IRB"), std::string::npos) << path << unpromised.body;
    EXPECT_EQ(get(with + "HMB,IRB").status, 403) << path;
    const auto given = get(path, {{"Medarc-Purpose", "DS=MONDO:0005015, IRB"}});
    EXPECT_EQ(given.status, 200) << path << given.body;
  }
  EXPECT_EQ(get(f + "/slice?purpose=DS=MONDO:0005015,IRB").status, 200);
  EXPECT_EQ(get(f + "/slice?purpose=DS=MONDO:0005015&purpose=IRB").status, 200);
  EXPECT_EQ(get(f + "/slice?purpose=what").status, 400);
  EXPECT_EQ(get(f).status, 200);  // what there is, and on which terms, is no secret
  // A ticket is for what it was asked for; its links die with the consent they were made under.
  const auto ticket = get("/htsget/reads/f?referenceName=chr1&start=100&end=9000",
                          {{"Medarc-Purpose", "DS=MONDO:0005015,IRB"}});
  EXPECT_FALSE(joined(ticket).empty());
  const auto entries = index_->view()->audit(0, 10'000);
  const bool audited =
      std::any_of(entries->begin(), entries->end(), [](const index::AuditEntry& entry) {
        return entry.action == "refuse" && entry.object == "file/f" && !entry.allowed &&
               entry.detail.find("IRB") != std::string::npos;
      });
  EXPECT_TRUE(audited);
}

TEST_F(ConsentTest, NoRouteGivesARecordOfAWithheldRegion) {
  reads();
  const std::string f = "/genomics/files/reads";
  const auto whole = get(f + "/slice");
  ASSERT_EQ(whole.status, 200) << whole.body;
  EXPECT_EQ(whole.header("Medarc-Withheld"), "regions=1");
  expect_kept(whole.body, "slice");
  // Regions around, over and inside the withheld one.
  for (const char* region : {"chr1:49000-61000", "chr1:1-50000", "chr1:50001-60000",
                             "chr1:60001-70000", "chr1:55000-55010", "chr2", "chr1"}) {
    const auto part = get(f + "/slice?region=" + region);
    std::vector<std::string> expected;
    const auto asked = lines_of(test::run_tool([&] {
      if (!std::filesystem::exists(dir_ / "original.bam.bai")) {
        test::run_tool({"samtools", "index", dir_ / "original.bam"});
      }
      return std::vector<std::string>{"samtools", "view", dir_ / "original.bam", region};
    }()));
    const std::set<std::string> kept(kept_.begin(), kept_.end());
    for (const std::string& line : asked) {
      if (kept.contains(line)) expected.push_back(line);
    }
    EXPECT_EQ(lines_of(records(part.body)), expected) << region;
    const bool met = std::string(region).starts_with("chr1") &&
                     region != std::string("chr1:1-50000") &&
                     region != std::string("chr1:60001-70000");
    EXPECT_EQ(part.header("Medarc-Withheld"), met ? "regions=1" : "") << region;
  }
  EXPECT_EQ(lines_of(get(f + "/slice?format=sam&header=false").body), kept_);
  for (const char* form : {"json", "ndjson"}) {
    const auto answer = get(f + "/slice?format=" + std::string(form));
    EXPECT_EQ(answer.header("Medarc-Withheld"), "regions=1");
    for (const std::string& line : hidden_) {
      EXPECT_EQ(answer.body.find("\"" + name_of(line) + "\""), std::string::npos) << form << line;
    }
    EXPECT_NE(answer.body.find("\"" + name_of(kept_[5]) + "\""), std::string::npos);
  }
  EXPECT_EQ(lines_of(records(get(f + "/slice?notags=NM").body)).size(), kept_.size());
  // Tickets: blocks as they are stored only where nothing of them is withheld; and they say so.
  const auto ticket = get("/htsget/reads/reads");
  EXPECT_EQ(ticket.header("Medarc-Withheld"), "regions=1");
  EXPECT_EQ(json::parse(ticket.body).at("htsget").at("withheld").at("named").at(0).as_string(),
            kWithheld);
  expect_kept(joined(ticket), "htsget");
  expect_kept(joined(post("/htsget/reads/reads",
                          R"({"regions":[{"referenceName":"chr1"},{"referenceName":"chr2"},)"
                          R"({"referenceName":"HLA:DRB1*1"},{"referenceName":"*"}]})")),
              "htsget, regions");
  const auto plan = get(f + "/plan?region=chr1:49000-61000");
  EXPECT_EQ(json::parse(plan.body).at("withheld").at("regions").as_int64(), 1);
  // Depth and pileup: as if these reads were not there.
  const auto depth = json::parse(get(f + "/depth?region=chr1:50001-60000").body);
  for (const json::value& one : depth.at("depths").as_array()) EXPECT_EQ(one.as_int64(), 0);
  EXPECT_EQ(depth.at("withheld").at("regions").as_int64(), 1);
  const auto pileup = json::parse(get(f + "/pileup?region=chr1:50001-60000").body);
  EXPECT_TRUE(pileup.at("positions").as_array().empty());
  const auto bins = get(f + "/depth?region=chr1:1-200000&bins=1000");
  const json::value track = json::parse(bins.body);
  EXPECT_EQ(bins.header("Medarc-Withheld"), "regions=1");
  const auto base = static_cast<uint64_t>(track.at("binBases").as_int64());
  const auto& means = track.at("depth").as_array();
  for (size_t i = 0; i < means.size(); ++i) {
    if (i * base < 60'000 && (i + 1) * base > 50'000) {
      EXPECT_TRUE(means[i].is_null()) << i;
    }
  }
  // What cannot leave them out does not answer.
  for (const char* path : {"/content", "/content?derivative=sorted", "/index", "/reads.bam",
                           "/reads.bam.bai", "/attachments/depth", "/manifest"}) {
    const auto refused = get(f + path);
    EXPECT_EQ(refused.status, 403) << path << refused.body;
    EXPECT_NE(refused.body.find("slices"), std::string::npos);
  }
  EXPECT_EQ(get(f + "/content", {{"Range", "bytes=0-99"}}).status, 403);
  EXPECT_EQ(get(f + "/quality").status, 200);
  const std::string drs =
      "/ga4gh/drs/v1/objects/file~reads~" + archive::Sha256::of(made_.bytes).hex() + "/access/";
  EXPECT_EQ(get(drs + "https").status, 403);
  const std::string slices(json::parse(get(drs + "htsget").body).at("url").as_string());
  expect_kept(joined(get(slices.substr(slices.find("/htsget/")))), "htsget by DRS");
}

TEST_F(ConsentTest, ATicketsLinksDieWithTheConsentTheyWereMadeUnder) {
  GenomicsOptions options;
  options.inline_bytes_max = 0;  // everything by link
  serve(options);
  upload("reads", test::make_bam({.records = 2'000}).bytes);
  const auto before = get("/htsget/reads/reads?referenceName=chr1&start=1000&end=90000");
  std::string link;
  for (const json::value& one : urls_of(before)) {
    const std::string url(one.at("url").as_string());
    if (url.find("/htsget/data/") != std::string::npos)
      link = url.substr(url.find("/htsget/data/"));
  }
  ASSERT_FALSE(link.empty());
  EXPECT_EQ(get(link).status, 200);
  ASSERT_EQ(put("reads", R"({"regions":[{"region":"chr1:50001-60000"}]})").status, 200);
  EXPECT_EQ(get(link).status, 404);  // NotFound, as htsget names what is gone
  const auto after = get("/htsget/reads/reads?referenceName=chr1&start=1000&end=90000");
  const std::string names = records(joined(after));
  EXPECT_FALSE(names.empty());
}

TEST_F(ConsentTest, VariantsOfAWithheldRegionStay) {
  serve();
  const auto vcf =
      test::bgzip(test::make_vcf({.seed = 9, .records = 2'000, .samples = {"S1", "S2"}}), 8'192);
  upload("calls", vcf);
  test::write_file(dir_ / "x.vcf.gz", vcf);
  test::run_tool({"bcftools", "index", dir_ / "x.vcf.gz"});
  const auto count = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"bcftools", "view", "-H", "-I"});
    return lines_of(test::run_tool(words)).size();
  };
  const std::string some =
      test::run_tool({"bcftools", "query", "-f", "%POS\n", dir_ / "x.vcf.gz", "-r", "chr1"});
  const auto positions = lines_of(some);
  const std::string from = positions[positions.size() / 3], to = positions[positions.size() / 2];
  const std::string region = "chr1:" + from + "-" + to;
  ASSERT_EQ(put("calls", R"({"regions":[{"region":")" + region + R"("}]})").status, 200);
  const size_t all = count({dir_ / "x.vcf.gz"}), hidden = count({"-r", region, dir_ / "x.vcf.gz"});
  ASSERT_GT(hidden, 10u);
  const auto slice = get("/genomics/files/calls/slice");
  ASSERT_EQ(slice.status, 200);
  test::write_file(dir_ / "slice.vcf.gz", slice.body);
  test::run_tool({"bcftools", "index", dir_ / "slice.vcf.gz"});
  EXPECT_EQ(count({dir_ / "slice.vcf.gz"}), all - hidden);
  EXPECT_EQ(count({"-r", region, dir_ / "slice.vcf.gz"}), 0u);
  const auto asked = get("/genomics/files/calls/variants?region=" + region);
  EXPECT_TRUE(json::parse(asked.body).at("variants").as_array().empty());
  EXPECT_EQ(asked.header("Medarc-Withheld"), "regions=1");
  EXPECT_EQ(
      json::parse(get("/genomics/files/calls/variants").body).at("variants").as_array().size(),
      all - hidden);
  test::write_file(dir_ / "ticket.vcf.gz", joined(get("/htsget/variants/calls")));
  EXPECT_EQ(count({dir_ / "ticket.vcf.gz"}), all - hidden);
  EXPECT_EQ(get("/genomics/files/calls/content").status, 403);
}

TEST_F(ConsentTest, CramSlicesLeaveWithheldReadsOut) {
  serve();
  const std::string fasta = dir_ / "ref.fa", cram = dir_ / "reads.cram";
  test::write_file(fasta, test::to_fasta({{"chr1", test::make_letters(7, 20'000)}}));
  const auto bam = test::make_bam({.records = 500, .references = {{"chr1", 20'000}}});
  test::write_file(dir_ / "x.bam", bam.bytes);
  test::run_tool({"samtools", "view", "-C", "-T", fasta, "--output-fmt-option", "seqs_per_slice=50",
                  "-o", cram, dir_ / "x.bam"});
  upload("reference", test::read_file(fasta));
  upload("one", test::read_file(cram));
  ASSERT_EQ(put("one", R"({"regions":[{"region":"chr1:5001-6000"}]})").status, 200);
  size_t kept = 0;
  for (const auto& r : bam.records) kept += r.tid == 0 && r.begin < 6'000 && r.end > 5'000 ? 0 : 1;
  ASSERT_LT(kept, bam.records.size());
  const auto viewed = [&](const HttpAnswer& answer) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    test::write_file(dir_ / "slice", answer.body);
    return lines_of(test::run_tool({"samtools", "view", "-T", fasta, dir_ / "slice"}));
  };
  const std::string path = "/genomics/files/one/slice";
  const auto whole = get(path);
  EXPECT_EQ(whole.header("Medarc-Withheld"), "regions=1");
  EXPECT_EQ(viewed(whole).size(), kept);
  EXPECT_EQ(viewed(get(path + "?format=bam")).size(), kept);
  for (const char* more : {"", "&format=bam", "&strict=false"}) {
    const auto asked = get(path + "?region=chr1:4500-6500" + more);
    for (const std::string& line : viewed(asked)) {
      const auto name = line.substr(0, line.find('\t'));
      for (const auto& r : bam.records) {
        if (r.name == name) {
          EXPECT_FALSE(r.begin < 6'000 && r.end > 5'000) << more << line;
        }
      }
    }
  }
  EXPECT_EQ(get("/genomics/files/one/content").status, 403);
  EXPECT_EQ(get("/genomics/files/one/index").status, 403);
  for (const char* form : {"CRAM", "BAM"}) {
    const std::string reads = "/htsget/reads/one?format=" + std::string(form);
    const auto all = get(reads);
    EXPECT_EQ(all.header("Medarc-Withheld"), "regions=1") << form;
    HttpAnswer file = all;
    file.body = joined(all);
    EXPECT_EQ(viewed(file).size(), kept) << form;
    file.body = joined(get(reads + "&referenceName=chr1&start=5000&end=6000"));
    EXPECT_TRUE(viewed(file).empty()) << form;
  }
  const json::value plan = json::parse(get("/genomics/files/one/plan?region=chr1").body);
  EXPECT_EQ(plan.at("withheld").at("regions").as_int64(), 1);
  EXPECT_GT(plan.at("containersRecoded").as_int64(), 0);
  EXPECT_GT(plan.at("containersVerbatim").as_int64(), 0);
}

}  // namespace
}  // namespace medarc::web
