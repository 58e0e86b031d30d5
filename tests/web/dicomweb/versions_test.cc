// Earlier versions over the web: `asOf`, `version`, the list of versions, differences.
#include "web/dicomweb/versions.h"

#include <boost/json.hpp>

#include "archive/hash.h"
#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {
namespace {

namespace json = boost::json;
using test::HttpAnswer;
using test::ImageRecipe;

class Versions : public ArchiveTest {
 protected:
  void SetUp() override {
    history_ = std::make_unique<dicom::History>(*index_, *guard_, dicom::Limits(),
                                                dicom::DifferenceLimits());
    std::vector<Route> routes = dicomweb_routes(*imaging_, {});
    for (Route& route : version_routes(*history_)) routes.push_back(std::move(route));
    ServerOptions options;
    options.port = 0;
    auto server = Server::start(std::move(options), std::move(routes), authenticator_);
    ASSERT_TRUE(server.has_value()) << server.error().text;
    server_ = std::move(*server);
  }
  void TearDown() override { server_.reset(); }

  // Later than all that is stored, and earlier than what will be; as a query parameter.
  static std::string moment() {
    const Timestamp begun = now();
    Timestamp at = now();
    while (at <= begun) at = now();
    while (now() <= at) {
    }
    return "asOf=" + to_rfc3339(at);
  }
  static std::string study(const ImageRecipe& r) { return "/dicom-web/studies/" + r.study_uid; }
  static std::string series(const ImageRecipe& r) { return study(r) + "/series/" + r.series_uid; }
  static std::string instance(const ImageRecipe& r) {
    return series(r) + "/instances/" + r.sop_uid;
  }
  json::value json_at(const std::string& target) {
    const HttpAnswer answer = get(target);
    EXPECT_EQ(answer.status, 200) << target << " " << answer.body;
    boost::system::error_code error;
    json::value out = json::parse(answer.body, error);
    EXPECT_FALSE(error.failed()) << answer.body;
    return out;
  }
  // SOP Instance UIDs of metadata or results.
  std::vector<std::string> uids(const std::string& target, const char* tag = "00080018") {
    std::vector<std::string> out;
    const json::value all = json_at(target);
    for (const json::value& object : all.as_array()) {
      out.emplace_back(object.at(tag).at("Value").at(0).as_string());
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  void remove(const std::string& path) {
    ASSERT_EQ(test::http(port(), "DELETE", path + "?reason=wrong%20patient").status, 204);
  }

  std::unique_ptr<dicom::History> history_;
};

TEST_F(Versions, AnInstanceAsItWas) {
  ImageRecipe r;
  const std::string before = moment();
  store(r);
  const Bytes first = test::make_file(r);
  const std::string at_first = moment();
  r.seed = 2;
  r.patient_name = "Muster^Erika^Maria";
  store(r);
  const Bytes second = test::make_file(r);
  const std::string at_second = moment();

  const auto original = [&](const std::string& when) {
    return get(instance(r) + "/original?" + when);
  };
  EXPECT_EQ(original(before).status, 404);
  EXPECT_TRUE(original(at_first).body == first);
  EXPECT_TRUE(original(at_second).body == second);
  EXPECT_EQ(original("asOf=20200101").status, 404);
  EXPECT_EQ(original("asOf=29990101").status, 400);
  EXPECT_EQ(original("asOf=yesterday").status, 400);
  EXPECT_EQ(original("asOf=").status, 400);
  EXPECT_EQ(original(at_first + "&version=1").status, 400);
  // Parts of it, and it rendered.
  const Bytes pixels = test::make_pixels(ImageRecipe{});
  const test::HttpClient::Headers octets{{"Accept", "application/octet-stream"}};
  EXPECT_TRUE(get(instance(r) + "/frames/1?" + at_first, octets).body == pixels);
  EXPECT_FALSE(get(instance(r) + "/frames/1", octets).body == pixels);
  EXPECT_TRUE(get(instance(r) + "/bulkdata/7FE00010?" + at_first).body == pixels);
  EXPECT_EQ(get(instance(r) + "/rendered?" + at_first, {{"Accept", "image/png"}}).status, 200);
  EXPECT_EQ(get(instance(r) + "/rendered?" + before, {{"Accept", "image/png"}}).status, 404);
  // By WADO-URI.
  const std::string uri = "/wado?requestType=WADO&studyUID=" + r.study_uid +
                          "&seriesUID=" + r.series_uid + "&objectUID=" + r.sop_uid +
                          "&contentType=application/dicom&";
  EXPECT_TRUE(get(uri + at_first).body ==
              get(instance(r) + "?version=1", {{"Accept", "application/dicom"}}).body);
  EXPECT_EQ(get(uri + before).status, 404);
  // Writing is done now only.
  EXPECT_EQ(test::http(port(), "DELETE", instance(r) + "?" + at_first).status, 400);
}

TEST_F(Versions, StudiesAndSeriesAsTheyWere) {
  ImageRecipe a, b;
  b.sop_uid = "2.25.1004";
  const std::string before = moment();
  store(a);
  const std::string with_a = moment();
  store(b);
  const std::string with_both = moment();
  const Bytes first = test::make_file(a);
  a.seed = 7;
  store(a);

  const test::HttpClient::Headers any{
      {"Accept", "multipart/related; type=\"application/dicom\"; transfer-syntax=*"}};
  for (const std::string& path : {study(a), series(a)}) {
    EXPECT_EQ(get(path + "?" + before, any).status, 404);
    const auto one = parts_of(get(path + "?" + with_a, any));
    ASSERT_EQ(one.size(), 1u);
    EXPECT_TRUE(one[0].data == first);
    const HttpAnswer both = get(path + "?" + with_both, any);
    ASSERT_EQ(parts_of(both).size(), 2u);
    EXPECT_TRUE(parts_of(both)[0].data == first);
    EXPECT_EQ(both.header("Content-Length"), std::to_string(both.body.size()));
    EXPECT_EQ(get(path + "/metadata?" + before).status, 404);
    EXPECT_EQ(uids(path + "/metadata?" + with_a), (std::vector<std::string>{a.sop_uid}));
    EXPECT_EQ(uids(path + "/metadata?" + with_both),
              (std::vector<std::string>{a.sop_uid, b.sop_uid}));
    EXPECT_EQ(
        get(path + "/rendered?" + with_a, {{"Accept", "multipart/related; type=image/png"}}).status,
        200);
    EXPECT_EQ(get(path + "/thumbnail?" + with_a).status, 400);
  }
  EXPECT_EQ(get(study(a) + "/metadata?version=1").status, 400);
  const auto xml = parts_of(get(study(a) + "/metadata?" + with_both,
                                {{"Accept", "multipart/related; type=\"application/dicom+xml\""}}));
  EXPECT_EQ(xml.size(), 2u);

  // What was removed since is not made up.
  remove(instance(b));
  for (const std::string& path : {study(a), series(a)}) {
    for (const char* below : {"", "/metadata", "/rendered"}) {
      EXPECT_EQ(get(path + below + "?" + with_both, {{"Accept", "*/*"}}).status, 410) << below;
    }
  }
  const std::string gone = moment();
  EXPECT_EQ(uids(study(a) + "/metadata?" + gone), (std::vector<std::string>{a.sop_uid}));
  remove(study(a));
  EXPECT_EQ(get(study(a) + "?" + moment(), any).status, 410);
  EXPECT_EQ(get(study(a) + "/metadata?" + gone).status, 410);
}

TEST_F(Versions, MetadataOfAVersionAndItsBulkData) {
  ImageRecipe r;
  store(r);
  const json::value then = json_at(instance(r) + "/metadata");
  const std::string at_first = moment();
  r.seed = 2;
  r.accession = "OTHER";
  store(r);
  EXPECT_NE(json_at(instance(r) + "/metadata"), then);
  for (const std::string& which : {std::string("version=1"), at_first}) {
    json::value now = json_at(instance(r) + "/metadata?" + which);
    const std::string uri(now.at(0).at("7FE00010").at("BulkDataURI").as_string());
    EXPECT_EQ(uri, base_url() + instance(r) + "/bulkdata/7FE00010?version=1");
    EXPECT_TRUE(get(uri.substr(base_url().size())).body == test::make_pixels(ImageRecipe{}));
    now.at(0).at("7FE00010").as_object()["BulkDataURI"] =
        then.at(0).at("7FE00010").at("BulkDataURI");
    EXPECT_EQ(now, then);
  }
  EXPECT_EQ(get(instance(r) + "/metadata?version=3").status, 404);
}

TEST_F(Versions, SearchesAreExactOrRefused) {
  ImageRecipe a, b, other;
  b.sop_uid = "2.25.1004";
  b.instance_number = 2;
  other.series_uid = "2.25.1010";
  other.sop_uid = "2.25.1011";
  const std::string before = moment();
  store(a);
  const std::string with_a = moment();
  store(b);
  const std::string with_b = moment();
  store(other);
  const std::string with_all = moment();

  const std::string in_series = series(a) + "/instances?", in_study = study(a) + "/instances?",
                    of_study = study(a) + "/series?";
  using Uids = std::vector<std::string>;
  // Instances are what they were; those that came later are left out.
  EXPECT_EQ(uids(in_series + before), Uids());
  EXPECT_EQ(uids(in_series + with_a), (Uids{a.sop_uid}));
  EXPECT_EQ(uids(in_series + with_b), (Uids{a.sop_uid, b.sop_uid}));
  EXPECT_EQ(uids(in_series + "InstanceNumber=2&" + with_b), (Uids{b.sop_uid}));
  EXPECT_EQ(uids(in_series + "InstanceNumber=2&" + with_a), Uids());
  EXPECT_EQ(uids(in_series + "limit=1&offset=1&" + with_b).size(), 1u);
  EXPECT_EQ(uids(in_series + with_all), (Uids{a.sop_uid, b.sop_uid}));
  // A series that grew was something else then; one that did not is told.
  EXPECT_EQ(get(of_study + with_a).status, 409);
  EXPECT_EQ(get(in_study + with_a).status, 409);
  EXPECT_EQ(uids(of_study + with_b, "0020000E"), (Uids{a.series_uid}));
  EXPECT_EQ(uids(in_study + with_b), (Uids{a.sop_uid, b.sop_uid}));
  EXPECT_EQ(uids(of_study + with_all, "0020000E"), (Uids{a.series_uid, other.series_uid}));
  EXPECT_EQ(uids(of_study + before, "0020000E"), Uids());
  EXPECT_EQ(uids("/dicom-web/studies/2.25.9/series?" + before, "0020000E"), Uids());
  // What is above the rows may have changed, once something has.
  EXPECT_EQ(get(in_series + "PatientName=Muster*&" + with_b).status, 409);
  EXPECT_EQ(get(in_series + "includefield=AccessionNumber&" + with_b).status, 409);
  EXPECT_EQ(uids(in_series + "PatientName=Muster*&" + with_all), (Uids{a.sop_uid, b.sop_uid}));
  // Over the archive nothing is known of then.
  for (const char* level : {"/studies?", "/series?", "/instances?"}) {
    EXPECT_EQ(get(std::string("/dicom-web") + level + with_all).status, 400);
  }
  EXPECT_EQ(get(in_series + "asOf=soon").status, 400);
  // A replaced instance has rows of its own no more.
  a.seed = 5;
  store(a);
  EXPECT_EQ(get(in_series + with_all).status, 409);
  remove(instance(b));
  EXPECT_EQ(get(in_series + with_all).status, 410);
}

TEST_F(Versions, TheListAndTheDifferences) {
  ImageRecipe r;
  store(r);
  r.seed = 2;
  r.accession = "OTHER";
  store(r);
  const json::value list = json_at(instance(r) + "/versions");
  const json::array& versions = list.at("versions").as_array();
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_EQ(versions[0].at("version").to_number<int>(), 2);
  EXPECT_EQ(versions[0].at("cause").as_string(), "dataset");
  EXPECT_EQ(versions[1].at("cause").as_string(), "first");
  EXPECT_EQ(versions[0].at("door").as_string(), "dicomweb");
  EXPECT_FALSE(versions[0].at("stored_by").as_string().empty());
  EXPECT_EQ(versions[0].at("bytes").to_number<size_t>(), test::make_dataset(r).size());
  EXPECT_EQ(std::string(versions[0].at("digest").as_string()),
            "sha256-" + archive::Sha256::of(test::make_dataset(r)).hex());
  EXPECT_EQ(std::string(versions[1].at("url").as_string()),
            base_url() + instance(r) + "?version=1");
  const json::value page = json_at(instance(r) + "/versions?limit=1");
  EXPECT_EQ(page.at("next").to_number<int>(), 2);
  const json::value last = json_at(instance(r) + "/versions?limit=1&below=2");
  EXPECT_EQ(last.at("versions").at(0).at("version").to_number<int>(), 1);
  EXPECT_FALSE(last.as_object().contains("next"));

  const json::value found = json_at(instance(r) + "/differences?before=1&after=2");
  EXPECT_EQ(found.at("count").to_number<int>(), 2);
  const json::value& accession = found.at("differences").at(0);
  EXPECT_EQ(accession.at("path").as_string(), "00080050");
  EXPECT_EQ(accession.at("keyword").as_string(), "AccessionNumber");
  EXPECT_EQ(accession.at("vr").as_string(), "SH");
  EXPECT_EQ(accession.at("before").at("Value").at(0).as_string(), "ACC1");
  EXPECT_EQ(accession.at("after").at("Value").at(0).as_string(), "OTHER");
  EXPECT_TRUE(found.at("differences").at(1).at("after").as_object().contains("digest"));

  for (const char* wrong :
       {"/versions?limit=0", "/versions?limit=1001", "/versions?below=x", "/differences",
        "/differences?before=1", "/differences?before=0&after=1"}) {
    EXPECT_EQ(get(instance(r) + wrong).status, 400) << wrong;
  }
  EXPECT_EQ(get(instance(r) + "/differences?before=1&after=3").status, 404);
  // Nothing of ours shows among the attributes of DICOM.
  EXPECT_EQ(get("/dicom-web/instances?includefield=all").body.find("FFFE"), std::string::npos);

  remove(instance(r));
  const HttpAnswer gone = get(instance(r) + "/versions");
  EXPECT_EQ(gone.status, 410);
  EXPECT_EQ(json::parse(gone.body).at("removed").at("reason").as_string(), "wrong patient");
  store(r);
  EXPECT_EQ(json_at(instance(r) + "/versions").at("removed").at("instances").to_number<int>(), 1);
  r.sop_uid = "2.25.999";
  EXPECT_EQ(get(instance(r) + "/versions").status, 404);
}

}  // namespace
}  // namespace medarc::web
