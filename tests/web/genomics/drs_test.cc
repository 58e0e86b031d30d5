// DRS 1.5 end to end, statement by statement.
#include "archive/hash.h"
#include "tests/support/fasta_maker.h"
#include "tests/support/variant_maker.h"
#include "tests/web/genomics/genome_fixture.h"
#include "web/genomics/drs_id.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;

const std::string kDrs = "/ga4gh/drs/v1";

class DrsTest : public GenomeTest {
 protected:
  DrsTest() {
    bam_ = test::make_bam({.records = 800}).bytes;
    other_ = test::make_bam({.seed = 9, .records = 300}).bytes;
  }
  // The id that a name leads to.
  std::string id_of(const std::string& name) {
    const HttpAnswer led = get(kDrs + "/objects/" + percent_encode(name));
    EXPECT_EQ(led.status, 307) << led.body;
    const std::string location = led.header("Location");
    const size_t at = location.find(kDrs + "/objects/");
    EXPECT_NE(at, std::string::npos) << location;
    return at == std::string::npos ? "" : location.substr(at + kDrs.size() + 9);
  }
  json::object object(const std::string& id, const std::string& query = "") {
    const HttpAnswer answer = get(kDrs + "/objects/" + id + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body).as_object();
  }
  static std::string text(const json::value& value) { return std::string(value.as_string()); }
  static std::string path_of(const std::string& url) {
    EXPECT_TRUE(url.starts_with("http://127.0.0.1/")) << url;
    return url.substr(std::min(url.find('/', 8), url.size()));
  }
  std::string link_to(const std::string& id, const std::string& access = "https") {
    const HttpAnswer answer = get(kDrs + "/objects/" + id + "/access/" + access);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    return path_of(text(json::parse(answer.body).at("url")));
  }
  void expect_error(const HttpAnswer& answer, int status) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    const json::value body = json::parse(answer.body);
    EXPECT_EQ(body.at("status_code").as_int64(), status);
    EXPECT_FALSE(body.at("msg").as_string().empty());
  }
  std::string bam_, other_;
};

TEST(DrsId, D08IdsHaveCharactersThatUrlsTakeAsTheyAre) {
  const Digest digest = archive::Sha256::of("x");
  for (const auto& [kind, name] :
       {std::pair(DrsId::Kind::file, "study/one/reads"), std::pair(DrsId::Kind::patient, "p7"),
        std::pair(DrsId::Kind::sample, "a b~c%41/\xc3\xa4"),
        std::pair(DrsId::Kind::patient_sample, "p7/S 1")}) {
    const DrsId id{kind, name, digest};
    const std::string text = to_text(id);
    EXPECT_EQ(percent_encode(text), text);
    EXPECT_EQ(parse_drs_id(text), id);
    const DrsId named{kind, name, std::nullopt};
    EXPECT_EQ(parse_drs_id(to_text(named)), named);
  }
  EXPECT_EQ(parse_drs_id("study/one"), (DrsId{DrsId::Kind::file, "study/one", std::nullopt}));
  const std::string hex = digest.hex();
  std::string upper = hex;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  for (const std::string& bad :
       std::vector<std::string>{"", "~" + hex, "file~~" + hex, "thing~a~" + hex, "file~a b~" + hex,
                                "file~a~zz", "file~a~7", "file~a~" + upper}) {
    EXPECT_FALSE(parse_drs_id(bad).has_value()) << bad;
  }
}

TEST_F(DrsTest, D01D02ServiceInfoTellsTypeAndLimits) {
  GenomicsOptions options;
  options.drs_bulk_max = 17;
  serve(options);
  const HttpAnswer answer = get(kDrs + "/service-info");
  ASSERT_EQ(answer.status, 200);
  const json::value info = json::parse(answer.body);
  EXPECT_EQ(text(info.at("type").at("group")), "org.ga4gh");
  EXPECT_EQ(text(info.at("type").at("artifact")), "drs");
  EXPECT_EQ(info.at("maxBulkRequestLength").as_int64(), 17);
  EXPECT_EQ(info.at("drs").at("maxBulkRequestLength").as_int64(), 17);
}

TEST_F(DrsTest, D03D04AnObjectHasWhatIsRequired) {
  serve();
  upload("study/reads", bam_, "&name=my%20reads.bam");
  const std::string id = id_of("study/reads");
  const json::object made = object(id);
  EXPECT_EQ(text(made.at("id")), id);
  EXPECT_EQ(text(made.at("name")), "my_reads.bam");
  EXPECT_EQ(made.at("size").as_int64(), static_cast<int64_t>(bam_.size()));
  EXPECT_TRUE(text(made.at("created_time")).ends_with("Z"));
  EXPECT_EQ(text(made.at("mime_type")), "application/vnd.ga4gh.bam");
  archive::Md5 md5;
  md5.update(bam_);
  std::map<std::string, std::string> sums;
  for (const json::value& one : made.at("checksums").as_array()) {
    sums[text(one.at("type"))] = text(one.at("checksum"));
  }
  EXPECT_EQ(sums["sha-256"], archive::Sha256::of(bam_).hex());
  EXPECT_EQ(sums["md5"], md5.finish_hex());
  const std::string link(
      json::parse(get("/genomics/files/study/reads").body).at("links").at("drs").as_string());
  EXPECT_EQ(path_of(link), kDrs + "/objects/" + id);
  // POST with a body: passports open nothing, and cost nothing.
  for (const char* body :
       {"", "{}", R"({"passports":[]})", R"({"passports":["a.b.c"],"expand":true})"}) {
    const HttpAnswer posted = post(kDrs + "/objects/" + id, body);
    EXPECT_EQ(posted.status, 200) << posted.body;
    EXPECT_EQ(json::parse(posted.body), made) << body;
  }
  for (const char* body : {"[", "[]", R"({"passports":"x"})", R"({"expand":1})"}) {
    expect_error(post(kDrs + "/objects/" + id, body), 400);
  }
  expect_error(get(kDrs + "/objects/nothing"), 404);
  expect_error(get(kDrs + "/objects/file~nothing~" + std::string(64, 'a')), 404);
  expect_error(get(kDrs + "/objects/file~study~2freads~" + std::string(64, 'a')), 404);
  expect_error(get(kDrs + "/objects/nonsense~x"), 404);
  expect_error(get(kDrs + "/objects/" + id + "?expand=perhaps"), 400);
  expect_error(get(kDrs + "/objects/" + id + "?expanded=true"), 400);
}

TEST_F(DrsTest, D05D06WholeFilesComeByALinkThatNeedsNoCredential) {
  serve();
  upload("reads", bam_, "&name=reads.bam");
  const std::string id = id_of("reads");
  const json::array methods = object(id).at("access_methods").as_array();
  ASSERT_EQ(methods.size(), 2u);
  EXPECT_EQ(text(methods[0].at("type")), "https");
  EXPECT_EQ(text(methods[0].at("access_id")), "https");
  EXPECT_EQ(text(methods[0].at("authorizations").at("supported_types").at(0)), "BearerAuth");
  const std::string link = link_to(id);
  const HttpAnswer whole = get(link, {{"Authorization", "Bearer nonsense"}});
  EXPECT_EQ(whole.status, 200);
  EXPECT_TRUE(whole.body == bam_);
  EXPECT_EQ(whole.header("ETag"), '"' + archive::Sha256::of(bam_).hex() + '"');
  EXPECT_FALSE(whole.header("Repr-Digest").empty());
  EXPECT_NE(whole.header("Content-Disposition").find("reads.bam"), std::string::npos);
  EXPECT_EQ(get(link, {{"Range", "bytes=100-199"}}).body, bam_.substr(100, 100));
  EXPECT_EQ(test::http(port(), "HEAD", link).header("Content-Length"), std::to_string(bam_.size()));
  std::string altered = link;
  altered[altered.size() - 9] = altered[altered.size() - 9] == 'A' ? 'B' : 'A';
  expect_error(get(altered), 403);
  expect_error(get(kDrs + "/objects/" + id + "/access/s3"), 404);
  EXPECT_EQ(post(kDrs + "/objects/" + id + "/access/https", R"({"passports":["x"]})").status, 200);
  // htsget's links are not DRS's, and the other way round.
  const json::array urls = urls_of(get("/htsget/reads/reads"));
  for (const json::value& one : urls) {
    const std::string url = text(one.at("url"));
    if (url.starts_with("http")) {
      expect_error(get(kDrs + "/data/" + url.substr(url.rfind('/') + 1)), 404);
    }
  }
  EXPECT_EQ(get("/htsget/data/" + link.substr(link.rfind('/') + 1)).status, 404);
}

TEST_F(DrsTest, D05D06SlicesComeByHtsget) {
  serve();
  upload("reads", bam_);
  upload("calls", test::bgzip(test::make_vcf()));
  upload("letters", test::make_fastq());
  for (const auto& [name, kind] : {std::pair("reads", "reads"), std::pair("calls", "variants")}) {
    const std::string id = id_of(name);
    const json::value method = object(id).at("access_methods").at(1);
    EXPECT_EQ(text(method.at("type")), "htsget");
    EXPECT_TRUE(method.at("available").as_bool());
    const std::string url = path_of(text(method.at("access_url").at("url")));
    EXPECT_TRUE(url.starts_with(std::string("/htsget/") + kind + "/")) << url;
    EXPECT_EQ(link_to(id, "htsget"), url);
    EXPECT_EQ(get(url + "?referenceName=chr2").body.substr(0, 30),
              get(std::string("/htsget/") + kind + "/" + name + "?referenceName=chr2")
                  .body.substr(0, 30));
  }
  EXPECT_EQ(object(id_of("letters")).at("access_methods").as_array().size(), 1u);
  expect_error(get(kDrs + "/objects/" + id_of("letters") + "/access/htsget"), 404);
}

TEST_F(DrsTest, D06ALinkExpires) {
  GenomicsOptions options;
  options.ticket_ttl_ms = 1;  // seconds are what a link holds: over at once
  serve(options);
  upload("reads", bam_);
  expect_error(get(link_to(id_of("reads"))), 403);
}

TEST_F(DrsTest, D07AnIdNeverMeansOtherBytes) {
  serve();
  upload("reads", bam_);
  const std::string id = id_of("reads"), link = link_to(id);
  const std::string ticket =
      path_of(text(object(id).at("access_methods").at(1).at("access_url").at("url")));
  EXPECT_EQ(test::http(port(), "DELETE", "/genomics/files/reads").status, 204);
  expect_error(get(kDrs + "/objects/" + id), 404);
  expect_error(get(link), 404);
  upload("reads", other_);
  EXPECT_NE(id_of("reads"), id);
  expect_error(get(kDrs + "/objects/" + id), 404);
  expect_error(get(kDrs + "/objects/" + id + "/access/https"), 404);
  expect_error(get(link), 404);
  EXPECT_EQ(get(ticket).status, 404) << "slices neither";
  EXPECT_TRUE(get(link_to(id_of("reads"))).body == other_);
  EXPECT_EQ(test::http(port(), "DELETE", "/genomics/files/reads").status, 204);
  upload("reads", bam_);
  EXPECT_EQ(id_of("reads"), id) << "the same bytes under the same name";
  EXPECT_TRUE(get(link_to(id)).body == bam_);
  // A name gives nothing by itself.
  expect_error(get(kDrs + "/objects/reads/access/https"), 404);
}

TEST_F(DrsTest, D09ABundleOfAPatientHoldsSamplesWithTheirFilesAndIndexes) {
  serve();
  upload("one", bam_, "&patient=P1&name=reads.bam");
  upload("two", other_, "&patient=P1&name=reads.bam");
  upload("letters", test::make_fastq(), "&patient=P1&name=letters.fastq");
  upload("stranger", test::bgzip(test::make_vcf()), "&patient=P2&name=calls.vcf.gz");
  const std::string patient =
      text(json::parse(get("/genomics/files/one").body).at("patient")).substr(8);
  const std::string id = id_of("patient~" + patient);
  const json::object bundle = object(id), expanded = object(id, "?expand=true");
  const json::array contents = bundle.at("contents").as_array();
  ASSERT_EQ(contents.size(), 2u) << "the FASTQ names no sample, the BAMs one";
  EXPECT_EQ(text(contents[0].at("name")), "letters.fastq");
  EXPECT_EQ(text(contents[1].at("name")), "S1");
  EXPECT_FALSE(contents[1].as_object().contains("contents"));
  const json::array inside = expanded.at("contents").at(1).at("contents").as_array();
  std::vector<std::string> names;
  uint64_t bytes = 0;
  std::vector<std::string> sums;
  for (const json::value& one : inside) {
    names.push_back(text(one.at("name")));
    const json::object part = object(text(one.at("id")));
    bytes += part.at("size").to_number<uint64_t>();
    sums.push_back(text(part.at("checksums").at(0).at("checksum")));
    EXPECT_TRUE(text(one.at("drs_uri").at(0)).starts_with("drs://127.0.0.1/"));
  }
  EXPECT_EQ(names, (std::vector<std::string>{"reads.bam", "reads.bam.bai", "2.reads.bam",
                                             "2.reads.bam.bai"}));
  // The nested bundle is an object of its own: the same contents, and DRS's rule for its checksum.
  const json::object nested = object(text(contents[1].at("id")));
  EXPECT_EQ(nested.at("contents"), json::value(inside));
  EXPECT_EQ(nested.at("size").to_number<uint64_t>(), bytes);
  std::sort(sums.begin(), sums.end());
  std::string all;
  for (const std::string& one : sums) all += one;
  const std::string checksum = archive::Sha256::of(all).hex();
  EXPECT_EQ(text(nested.at("checksums").at(0).at("checksum")), checksum);
  sums = {checksum, archive::Sha256::of(test::make_fastq()).hex()};
  std::sort(sums.begin(), sums.end());
  EXPECT_EQ(text(bundle.at("checksums").at(0).at("checksum")),
            archive::Sha256::of(sums[0] + sums[1]).hex());
  // Index bytes by an object of their own.
  EXPECT_EQ(get(link_to(text(inside[1].at("id")))).body, get("/genomics/files/one/index").body);
  EXPECT_EQ(bundle.contains("access_methods"), false);
  expect_error(get(kDrs + "/objects/" + id + "/access/https"), 404);
  EXPECT_EQ(object(id_of("sample~S1")).at("contents").as_array().size(), 6u)
      << "of both patients: three files, three indexes";
  expect_error(get(kDrs + "/objects/patient~nobody"), 404);
  expect_error(get(kDrs + "/objects/sample~nobody"), 404);
}

TEST_F(DrsTest, D07ABundlesIdStaysWhatItWasWhenFilesCome) {
  serve();
  upload("one", bam_, "&patient=P1");
  const std::string patient =
      text(json::parse(get("/genomics/files/one").body).at("patient")).substr(8);
  const std::string before = id_of("patient~" + patient);
  const json::object made = object(before, "?expand=true");
  upload("two", other_, "&patient=P1");
  const std::string after = id_of("patient~" + patient);
  EXPECT_NE(after, before);
  EXPECT_EQ(object(before, "?expand=true"), made);
  EXPECT_GT(object(after).at("size").to_number<uint64_t>(), made.at("size").to_number<uint64_t>());
  EXPECT_EQ(test::http(port(), "DELETE", "/genomics/files/one").status, 204);
  expect_error(get(kDrs + "/objects/" + before), 404);
  expect_error(get(kDrs + "/objects/" + after), 404);
}

TEST_F(DrsTest, D09ABundleOverTheLimitIsRefused) {
  GenomicsOptions options;
  options.drs_bundle_files_max = 1;
  options.page_max = 1;
  serve(options);
  upload("one", bam_, "&sample=T1");
  EXPECT_EQ(object(id_of("sample~T1")).at("contents").as_array().size(), 2u);
  upload("two", other_, "&sample=T1");
  expect_error(get(kDrs + "/objects/sample~T1"), 413);
}

TEST_F(DrsTest, D10BulkRequestsTellWhatIsThereAndWhatIsNot) {
  GenomicsOptions options;
  options.drs_bulk_max = 3;
  serve(options);
  upload("one", bam_);
  upload("two", other_);
  const std::string one = id_of("one"), two = id_of("two");
  const std::string gone = "file~one~" + std::string(64, '0');
  const auto list = [](const std::vector<std::string>& ids) {
    json::array out;
    for (const std::string& id : ids) out.emplace_back(id);
    return json::serialize(
        json::object{{"passports", json::array{"x.y.z"}}, {"bulk_object_ids", out}});
  };
  const HttpAnswer answer = post(kDrs + "/objects", list({one, gone, two}));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::value body = json::parse(answer.body);
  EXPECT_EQ(json::serialize(body.at("summary")), R"({"requested":3,"resolved":2,"unresolved":1})");
  EXPECT_EQ(body.at("resolved_drs_object").at(1), json::value(object(two)));
  EXPECT_EQ(body.at("unresolved_drs_objects").at(0).at("error_code").as_int64(), 404);
  EXPECT_EQ(text(body.at("unresolved_drs_objects").at(0).at("object_ids").at(0)), gone);
  expect_error(post(kDrs + "/objects", list({one, one, one, one})), 413);
  expect_error(post(kDrs + "/objects", "{}"), 400);
  expect_error(post(kDrs + "/objects", R"({"bulk_object_ids":[1]})"), 400);

  const auto pair = [](const std::string& id, const std::string& accesses) {
    return R"({"bulk_object_id":")" + id + R"(","bulk_access_ids":[)" + accesses + "]}";
  };
  const HttpAnswer urls =
      post(kDrs + "/objects/access", R"({"bulk_object_access_ids":[)" + pair(one, R"("https")") +
                                         "," + pair(two, R"("https","s3")") + "]}");
  ASSERT_EQ(urls.status, 200) << urls.body;
  const json::value found = json::parse(urls.body);
  EXPECT_EQ(json::serialize(found.at("summary")), R"({"requested":3,"resolved":2,"unresolved":1})");
  const json::value second = found.at("resolved_drs_object_access_urls").at(1);
  EXPECT_EQ(text(second.at("drs_object_id")), two);
  EXPECT_EQ(text(second.at("drs_access_id")), "https");
  EXPECT_TRUE(get(path_of(text(second.at("url")))).body == other_);
  EXPECT_EQ(found.at("unresolved_drs_objects").at(0).at("error_code").as_int64(), 404);
  expect_error(post(kDrs + "/objects/access",
                    R"({"bulk_object_access_ids":[)" + pair(one, R"("a","b","c","d")") + "]}"),
               413);
  expect_error(post(kDrs + "/objects/access", R"({"bulk_object_access_ids":[7]})"), 400);
}

TEST_F(DrsTest, D11OptionsTellHowToComeIn) {
  serve();
  upload("one", bam_);
  const std::string id = id_of("one");
  const auto options = [&](const std::string& path, const test::HttpClient::Headers& headers,
                           const std::string& body = "") {
    return test::http(port(), "OPTIONS", kDrs + path, headers, body);
  };
  const HttpAnswer known = options("/objects/" + id, {{"Authorization", "Bearer good"}});
  EXPECT_EQ(known.status, 200);
  EXPECT_EQ(known.body, R"({"drs_object_id":")" + id + R"(","supported_types":["BearerAuth"]})");
  EXPECT_EQ(options("/objects/" + id, {}).body,
            R"({"drs_object_id":")" + id + R"(","supported_types":["None"]})");
  expect_error(options("/objects/nothing", {{"Authorization", "Bearer good"}}), 404);
  const test::HttpClient::Headers stranger = {{"Authorization", "Bearer nonsense"}};
  EXPECT_EQ(options("/objects/nothing", stranger).status, 200) << "strangers learn nothing";
  const std::string body = R"({"bulk_object_ids":[")" + id + R"(","nothing~x"]})";
  EXPECT_EQ(json::parse(options("/objects", {}, body).body).at("summary").at("resolved").as_int64(),
            1);
  EXPECT_EQ(
      json::parse(options("/objects", stranger, body).body).at("summary").at("resolved").as_int64(),
      2);
  // A page's preflight is another question.
  const HttpAnswer preflight = options(
      "/objects/" + id, {{"Origin", "http://viewer"}, {"Access-Control-Request-Method", "GET"}});
  EXPECT_EQ(preflight.header("Access-Control-Max-Age"), "2592000");
}

TEST_F(DrsTest, D03StrangersAreRefusedInDrssOwnForm) {
  serve();
  upload("one", bam_);
  const test::HttpClient::Headers bad = {{"Authorization", "Bearer nonsense"}};
  for (const std::string path : {"/objects/one", "/service-info", "/objects/one/access/https"}) {
    const HttpAnswer refused = get(kDrs + path, bad);
    expect_error(refused, 401);
    EXPECT_FALSE(refused.header("WWW-Authenticate").empty());
  }
  const HttpAnswer refused = post(kDrs + "/objects/one", R"({"passports":["a.b.c"]})", bad);
  expect_error(refused, 401);
  EXPECT_NE(refused.body.find("Passports are not read"), std::string::npos);
  EXPECT_EQ(refused.body.find("a.b.c"), std::string::npos);
}

TEST_F(DrsTest, D12TheUriNamesTheHostAndResolves) {
  serve();
  upload("study/one", bam_);
  const json::object made = object(id_of("study/one"));
  const std::string uri = text(made.at("self_uri"));
  ASSERT_TRUE(uri.starts_with("drs://127.0.0.1/")) << uri;
  const std::string id = uri.substr(uri.rfind('/') + 1);
  EXPECT_EQ(object(id), made);
}

TEST_F(DrsTest, D12TheHostMayBeConfigured) {
  GenomicsOptions options;
  options.drs_host = "drs.example.org";
  serve(options);
  upload("one", bam_);
  EXPECT_TRUE(text(object(id_of("one")).at("self_uri")).starts_with("drs://drs.example.org/file~"));
}

TEST_F(DrsTest, ReadsAreAudited) {
  serve();
  upload("one", bam_);
  link_to(id_of("one"));
  std::string seen;
  for (const auto& entry : index_->view()->audit(0, 100).value()) {
    if (entry.action == "read" && entry.object == "file/one") seen += entry.detail + ";";
  }
  EXPECT_NE(seen.find("description;"), std::string::npos) << seen;
  EXPECT_NE(seen.find("content;"), std::string::npos) << seen;
}

}  // namespace
}  // namespace medarc::web
