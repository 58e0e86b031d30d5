// The FHIR door over the real server: numbered statements of FHIR R4's HTTP rules.
#include <gtest/gtest.h>

#include <thread>

#include "records/json.h"
#include "tests/records/store.h"
#include "tests/support/http_client.h"
#include "web/fhir/routes.h"
#include "web/server.h"

namespace medarc::web {
namespace {

using records::Json;
using test::HttpAnswer;
using test::must;
using test::RecordsStore;
using Headers = test::HttpClient::Headers;

const Headers kJson = {{"Content-Type", "application/fhir+json"}};
const index::Identifier kMrn1{"http://hospital.example/mrn", "1"};

Headers with(Headers base, std::string name, std::string value) {
  base.emplace_back(std::move(name), std::move(value));
  return base;
}

class FhirTest : public testing::Test {
 protected:
  void SetUp() override {
    Config config;
    authenticator_ = must(security::Authenticator::create(config));
    ServerOptions options;
    options.port = 0;
    server_ = must(
        Server::start(options, fhir_routes(*store_.patients, *store_.linked), *authenticator_));
  }
  void TearDown() override { server_.reset(); }

  HttpAnswer call(std::string_view method, std::string_view target, const Headers& headers = {},
                  std::string_view body = {}) {
    return test::http(server_->port(), method, target, headers, body);
  }
  HttpAnswer get(std::string_view target, const Headers& headers = {}) {
    return call("GET", target, headers);
  }
  HttpAnswer post(std::string_view body, const Headers& headers = kJson) {
    return call("POST", "/fhir/Patient", headers, body);
  }
  static Json json(const HttpAnswer& answer) {
    auto parsed = records::parse_json(answer.body, {16u << 20, 100});
    EXPECT_TRUE(parsed) << answer.body;
    return parsed ? *parsed : Json();
  }
  // As the client's Host header names us; the test client leaves the port out.
  std::string base() const { return "http://127.0.0.1"; }
  std::string create(const std::string& text) {
    return std::string(json(post(text)).text_at("id"));
  }
  void expect_outcome(const HttpAnswer& answer, int status, std::string_view path = "") {
    EXPECT_EQ(answer.status, status) << answer.body;
    const Json outcome = json(answer);
    EXPECT_EQ(outcome.text_at("resourceType"), "OperationOutcome") << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/fhir+json;charset=utf-8");
    if (path.empty() || outcome.find("issue") == nullptr) return;
    const Json* expression = outcome.find("issue")->items()[0].find("expression");
    ASSERT_NE(expression, nullptr) << answer.body;
    EXPECT_EQ(expression->items()[0].text(), path);
  }
  static uint64_t total(const Json& bundle) { return std::stoull(bundle.find("total")->text()); }
  static size_t entries(const Json& bundle) {
    return bundle.find("entry") == nullptr ? 0 : bundle.find("entry")->items().size();
  }
  static std::string link(const Json& bundle, std::string_view relation) {
    for (const Json& one : bundle.find("link")->items()) {
      if (one.text_at("relation") == relation) return std::string(one.text_at("url"));
    }
    return {};
  }

  RecordsStore store_;
  std::unique_ptr<security::Authenticator> authenticator_;
  std::unique_ptr<Server> server_;
};

TEST_F(FhirTest, Fhir_01_MetadataListsWhatWorks) {
  const HttpAnswer answer = get("/fhir/metadata");
  ASSERT_EQ(answer.status, 200);
  const Json statement = json(answer);
  EXPECT_EQ(statement.text_at("fhirVersion"), "4.0.1");
  EXPECT_EQ(statement.text_at("kind"), "instance");
  for (const Json& resource : statement.find("rest")->items()[0].find("resource")->items()) {
    const std::string type(resource.text_at("type"));
    for (const Json& p : resource.find("searchParam")->items()) {
      // Listed parameters are known; a value that suits each type is accepted.
      const std::string_view kind = p.text_at("type"), name = p.text_at("name");
      const std::string value = kind == "date" ? "2001" : name == "gender" ? "male" : "x";
      EXPECT_EQ(get("/fhir/" + type + "?" + std::string(name) + "=" + value).status, 200) << name;
    }
  }
  const std::string etag = answer.header("ETag");
  EXPECT_EQ(get("/fhir/metadata", {{"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(get("/fhir/metadata", {{"If-None-Match", "W/\"0\""}}).status, 200);
}

TEST_F(FhirTest, Fhir_02_FormatsTakenAndRefused) {
  for (const char* accept :
       {"application/fhir+json", "application/json", "*/*", "application/*",
        "application/fhir+json; fhirVersion=4.0", "text/html, application/fhir+json;q=0.5"}) {
    EXPECT_EQ(get("/fhir/metadata", {{"Accept", accept}}).status, 200) << accept;
  }
  for (const char* accept : {"application/fhir+xml", "text/html",
                             "application/fhir+json; fhirVersion=3.0", "application/json;q=0"}) {
    expect_outcome(get("/fhir/metadata", {{"Accept", accept}}), 406);
  }
  for (const char* format :
       {"json", "application/json", "application/fhir%2Bjson", "application/fhir+json"}) {
    EXPECT_EQ(
        get("/fhir/metadata?_format=" + std::string(format), {{"Accept", "text/html"}}).status, 200)
        << format;
  }
  expect_outcome(get("/fhir/metadata?_format=xml"), 406);
  const std::string text = RecordsStore::patient_text("1");
  for (const char* type :
       {"application/fhir+xml", "text/plain", "application/x-www-form-urlencoded",
        "application/fhir+json; fhirVersion=3.0", "application/fhir+json; charset=latin1",
        "nonsense"}) {
    expect_outcome(post(text, {{"Content-Type", type}}), 415);
  }
  EXPECT_EQ(post(text, {{"Content-Type", "application/json; charset=UTF-8"}}).status, 201);
}

TEST_F(FhirTest, Fhir_03_RepliesAreUtf8JsonAndKeepRareCharacters) {
  const HttpAnswer made = post(R"({"resourceType":"Patient","name":[{"family":"𠮷野"}]})");
  EXPECT_EQ(made.header("Content-Type"), "application/fhir+json;charset=utf-8");
  EXPECT_NE(get("/fhir/Patient/" + std::string(json(made).text_at("id"))).body.find("𠮷野"),
            std::string::npos);
}

TEST_F(FhirTest, Fhir_04_PrettySummaryAndElementsOnReads) {
  const std::string id = create(
      R"({"resourceType":"Patient","name":[{"family":"A"}],"communication":[{"language":{"text":"x"}}],"gender":"male"})");
  const std::string at = "/fhir/Patient/" + id;
  EXPECT_NE(get(at + "?_pretty=true").body.find("\n  \"id\""), std::string::npos);
  EXPECT_EQ(get(at).body.find('\n'), std::string::npos);
  const Json summary = json(get(at + "?_summary=true"));
  EXPECT_EQ(summary.find("communication"), nullptr);
  EXPECT_NE(summary.find("name"), nullptr);
  EXPECT_EQ(summary.find("meta")->find("tag")->items()[0].text_at("code"), "SUBSETTED");
  const Json elements = json(get(at + "?_elements=gender"));
  EXPECT_EQ(elements.find("name"), nullptr);
  EXPECT_NE(elements.find("gender"), nullptr);
  EXPECT_EQ(elements.find("meta")->find("tag")->items()[0].text_at("code"), "SUBSETTED");
  EXPECT_EQ(json(get(at)).find("meta")->find("tag"), nullptr);
  expect_outcome(get(at + "?_summary=most"), 400);
}

TEST_F(FhirTest, Fhir_05_BrokenBodiesAreOutcomes) {
  expect_outcome(post("{"), 400);
  expect_outcome(post(""), 400);
  expect_outcome(post(R"({"resourceType":"Patient","gender":"male","gender":"male"})"), 400,
                 "Patient.gender");
  expect_outcome(post(std::string(200'000, '[')), 400);
  expect_outcome(post(std::string(5000, '[') + std::string(5000, ']')), 413);
  std::string deep = R"({"resourceType":"Patient","extension":)";
  for (int i = 0; i < 5000; ++i) deep += R"([{"url":"u","extension":)";
  expect_outcome(post(deep + "[]"), 400);
  expect_outcome(post(std::string(2u << 20, ' ')), 413);
  EXPECT_EQ(get("/fhir/Patient").status, 200);
}

TEST_F(FhirTest, Fhir_06_UnknownTypesAndIds) {
  expect_outcome(get("/fhir/Nonsense"), 404);
  expect_outcome(get("/fhir/Observation/1"), 404);
  expect_outcome(get("/fhir/Patient/none"), 404);
  expect_outcome(get("/fhir/Patient/under_score"), 400);
  expect_outcome(get("/fhir/Patient/" + std::string(65, 'a')), 400);
  expect_outcome(get("/fhir/ImagingStudy/1.2.3"), 404);
  expect_outcome(get("/fhir/DocumentReference/x"), 404);
  expect_outcome(post(R"({"resourceType":"Observation","status":"final"})"), 400);
  expect_outcome(
      call("PUT", "/fhir/Patient/a", kJson, R"({"resourceType":"Patient","active":true})"), 400);
  expect_outcome(
      call("PUT", "/fhir/Patient/a", kJson, R"({"resourceType":"Patient","id":"b","active":true})"),
      400);
}

TEST_F(FhirTest, Fhir_07_InvalidContentIsNamedByPath) {
  expect_outcome(post(R"({"resourceType":"Patient","nmae":[]})"), 400, "Patient.nmae");
  expect_outcome(post(R"({"resourceType":"Patient","name":[{"given":["A",""]}]})"), 400,
                 "Patient.name[0].given[1]");
}

TEST_F(FhirTest, Fhir_09_CreateAnswersWhereAndWhichVersion) {
  const HttpAnswer made = post(
      R"({"resourceType":"Patient","id":"mine","meta":{"versionId":"7","lastUpdated":"2001-01-01T00:00:00Z","source":"urn:s"},"active":true})");
  ASSERT_EQ(made.status, 201);
  const Json patient = json(made);
  const std::string id(patient.text_at("id"));
  EXPECT_NE(id, "mine");
  EXPECT_EQ(made.header("Location"), base() + "/fhir/Patient/" + id + "/_history/1");
  EXPECT_EQ(made.header("ETag"), "W/\"1\"");
  EXPECT_FALSE(made.header("Last-Modified").empty());
  EXPECT_EQ(patient.find("meta")->text_at("versionId"), "1");
  EXPECT_EQ(patient.find("meta")->text_at("source"), "urn:s");
  EXPECT_NE(patient.find("meta")->text_at("lastUpdated").substr(0, 4), "2001");
  const std::string path = made.header("Location").substr(base().size());
  EXPECT_EQ(get(path).status, 200);
  expect_outcome(get("/fhir/Patient/" + id + "/_history/2"), 404);
}

TEST_F(FhirTest, Fhir_10_PreferDecidesWhatComesBack) {
  const auto minimal =
      post(RecordsStore::patient_text("1"), with(kJson, "Prefer", "return=minimal"));
  EXPECT_EQ(minimal.status, 201);
  EXPECT_TRUE(minimal.body.empty());
  EXPECT_FALSE(minimal.header("Location").empty());
  const auto outcome =
      post(RecordsStore::patient_text("2"), with(kJson, "Prefer", "return=OperationOutcome"));
  EXPECT_EQ(json(outcome).text_at("resourceType"), "OperationOutcome");
  EXPECT_EQ(outcome.status, 201);
}

TEST_F(FhirTest, Fhir_11_ReadsAreConditional) {
  const std::string at = "/fhir/Patient/" + create(RecordsStore::patient_text("1"));
  const HttpAnswer first = get(at);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.header("ETag"), "W/\"1\"");
  EXPECT_EQ(get(at, {{"If-None-Match", "W/\"1\""}}).status, 304);
  EXPECT_EQ(get(at, {{"If-None-Match", "W/\"2\""}}).status, 200);
  EXPECT_EQ(get(at, {{"If-Modified-Since", first.header("Last-Modified")}}).status, 304);
  EXPECT_EQ(get(at, {{"If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"}}).status, 200);
}

TEST_F(FhirTest, Fhir_11_WhatWasRemovedIsGone) {
  // A study without a patient id gets one later: its nameless patient goes.
  const auto first = store_.store_image({"", ""}, "1.2.9").patient;
  store_.store_image(kMrn1, "1.2.8");
  store_.store_image(kMrn1, "1.2.9", "Doe^Jane", 2);
  expect_outcome(get("/fhir/Patient/" + first.value), 410);
}

TEST_F(FhirTest, Fhir_12_UpdatesFollowIfMatch) {
  const std::string text = R"({"resourceType":"Patient","id":"a","active":true})";
  const std::string other = R"({"resourceType":"Patient","id":"a","active":false})";
  auto put = [&](const std::string& body, const std::string& match) {
    return call("PUT", "/fhir/Patient/a", match.empty() ? kJson : with(kJson, "If-Match", match),
                body);
  };
  EXPECT_EQ(put(text, "W/\"1\"").status, 412);
  EXPECT_EQ(put(text, "").status, 201);
  const auto same = put(text, "W/\"1\"");
  EXPECT_EQ(same.status, 200);
  EXPECT_EQ(same.header("ETag"), "W/\"1\"");
  const auto changed = put(other, "W/\"1\"");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.header("ETag"), "W/\"2\"");
  expect_outcome(put(text, "W/\"1\""), 412);
  expect_outcome(put(text, "1"), 400);
  expect_outcome(put(text, "W/\"x\""), 400);
  expect_outcome(call("PUT", "/fhir/Patient/a", with(kJson, "If-None-Match", "*"), text), 412);
}

TEST_F(FhirTest, Fhir_14_ConditionalCreate) {
  const Headers condition =
      with(kJson, "If-None-Exist", "identifier=http://hospital.example/mrn|1");
  const auto first = post(RecordsStore::patient_text("1"), condition);
  EXPECT_EQ(first.status, 201);
  const auto second = post(RecordsStore::patient_text("1", "Roe"), condition);
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.header("Location"), first.header("Location"));
  create(RecordsStore::patient_text("2"));
  expect_outcome(post(RecordsStore::patient_text("3"), with(kJson, "If-None-Exist", "family=doe")),
                 412);
  expect_outcome(post(RecordsStore::patient_text("3"), with(kJson, "If-None-Exist", "nope=1")),
                 400);
  expect_outcome(post(RecordsStore::patient_text("1", "Roe")), 409);
}

TEST_F(FhirTest, Fhir_14_SixtyFourParallelSendersMakeOne) {
  std::atomic<int> created{0}, known{0};
  std::vector<std::thread> senders;
  for (int i = 0; i < 64; ++i) {
    senders.emplace_back([&, i] {
      const Headers headers =
          i % 2 == 0 ? kJson
                     : with(kJson, "If-None-Exist", "identifier=http://hospital.example/mrn|1");
      const int status = post(RecordsStore::patient_text("1"), headers).status;
      if (status == 201) ++created;
      if (status == 200) ++known;
    });
  }
  for (auto& sender : senders) sender.join();
  EXPECT_EQ(created, 1);
  EXPECT_EQ(known, 63);
  EXPECT_EQ(total(json(get("/fhir/Patient"))), 1u);
}

TEST_F(FhirTest, Fhir_19_AnswersAreNotStored) {
  const auto answer = get("/fhir/Patient", {{"X-Request-Id", "abc-1"}});
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  EXPECT_EQ(answer.header("X-Request-Id"), "abc-1");
}

TEST_F(FhirTest, Fhir_34_PostSearchIsGetWithAForm) {
  const std::string id = create(RecordsStore::patient_text("1", "Müller"));
  create(RecordsStore::patient_text("2", "Roe"));
  const Headers form = {{"Content-Type", "application/x-www-form-urlencoded"}};
  const Json found =
      json(call("POST", "/fhir/Patient/_search", form, "family=m%C3%BCll&given=jane"));
  EXPECT_EQ(total(found), 1u);
  EXPECT_EQ(found.find("entry")->items()[0].find("resource")->text_at("id"), id);
  // Both count.
  EXPECT_EQ(total(json(call("POST", "/fhir/Patient/_search?family=roe", form, "given=jane"))), 1u);
  expect_outcome(call("POST", "/fhir/Patient/_search", kJson, "{}"), 415);
}

TEST_F(FhirTest, Fhir_37_CountsPagesAndLinks) {
  for (int i = 0; i < 7; ++i) create(RecordsStore::patient_text(std::to_string(i)));
  EXPECT_EQ(entries(json(get("/fhir/Patient?_count=0"))), 0u);
  const Json counted = json(get("/fhir/Patient?_summary=count"));
  EXPECT_EQ(total(counted), 7u);
  EXPECT_EQ(entries(counted), 0u);
  EXPECT_EQ(link(json(get("/fhir/Patient?_count=5000000")), "self"),
            base() + "/fhir/Patient?_count=1000");
  std::set<std::string> seen;
  std::string next = "/fhir/Patient?family=doe&_count=3";
  int pages = 0;
  for (; !next.empty() && pages < 10; ++pages) {
    const Json page = json(get(next));
    EXPECT_EQ(total(page), 7u);
    for (const Json& entry : page.find("entry")->items()) {
      seen.insert(std::string(entry.text_at("fullUrl")));
      EXPECT_EQ(entry.find("search")->text_at("mode"), "match");
    }
    next = link(page, "next");
    if (!next.empty()) next = next.substr(base().size());
  }
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(seen.size(), 7u);
  expect_outcome(get("/fhir/Patient?_count=x"), 400);
  expect_outcome(get("/fhir/Patient?_cursor=zz"), 400);
}

TEST_F(FhirTest, Fhir_41_UnknownParametersAreRefusedUnlessLenient) {
  create(RecordsStore::patient_text("1"));
  expect_outcome(get("/fhir/Patient?shoesize=44"), 400);
  expect_outcome(get("/fhir/Patient?name:soundex=x"), 400);
  expect_outcome(get("/fhir/ImagingStudy?bodysite=x"), 400);
  const Json lenient =
      json(get("/fhir/Patient?shoesize=44&family=doe", {{"Prefer", "handling=lenient"}}));
  EXPECT_EQ(total(lenient), 1u);
  EXPECT_EQ(link(lenient, "self"), base() + "/fhir/Patient?family=doe");
  const Json& last = lenient.find("entry")->items().back();
  EXPECT_EQ(last.find("search")->text_at("mode"), "outcome");
  EXPECT_EQ(last.find("resource")->text_at("resourceType"), "OperationOutcome");
}

TEST_F(FhirTest, Fhir_44_EverythingShowsScansAndGenomesWithLiveLinks) {
  const std::string id = create(RecordsStore::patient_text("1"));
  store_.store_image(kMrn1, "1.2.3");
  store_.store_image(kMrn1, "1.2.3", "Doe^Jane", 2);
  store_.store_file("reads1", kMrn1);
  const Json all = json(get("/fhir/Patient/" + id + "/$everything"));
  EXPECT_EQ(total(all), 3u);
  const auto& list = all.find("entry")->items();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].find("resource")->text_at("resourceType"), "Patient");
  for (const Json& entry : list) {
    const std::string url(entry.text_at("fullUrl"));
    ASSERT_TRUE(url.starts_with(base()));
    const HttpAnswer one = get(url.substr(base().size()));
    EXPECT_EQ(one.status, 200) << url;
    EXPECT_EQ(json(one), *entry.find("resource"));
  }
  const Json& study = *list[1].find("resource");
  EXPECT_EQ(study.text_at("id"), "1.2.3");
  EXPECT_EQ(study.find("subject")->text_at("reference"), "Patient/" + id);
  EXPECT_EQ(study.text_at("started"), "2025-01-02T08:15:30+08:00");
  EXPECT_EQ(study.find("numberOfInstances")->text(), "2");
  EXPECT_EQ(study.find("series")->items()[0].find("modality")->text_at("code"), "CT");
  EXPECT_EQ(study.find("contained")->items()[0].text_at("address"), base() + "/dicom-web");
  EXPECT_NE(study.find("text")->text_at("div").find(base() + "/dicom-web/studies/1.2.3"),
            std::string::npos);
  const Json& file = *list[2].find("resource");
  EXPECT_EQ(file.find("content")->items()[0].find("attachment")->text_at("url"),
            base() + "/genomics/files/reads1/content");
  EXPECT_EQ(file.find("content")->items()[1].find("attachment")->text_at("url"),
            base() + "/htsget/reads/reads1");
  EXPECT_EQ(file.find("content")->items()[0].find("attachment")->find("size")->text(), "20");
  expect_outcome(get("/fhir/Patient/none/$everything"), 404);
  expect_outcome(get("/fhir/Patient/" + id + "/$everything?_since=2001"), 400);
}

TEST_F(FhirTest, ImagingStudyAndDocumentReferenceSearches) {
  const auto key = store_.store_image(kMrn1, "1.2.3", "Doe^Jane", 1, "A7").patient.value;
  store_.store_image(kMrn1, "1.2.4", "Doe^Jane", 1, "A8");
  store_.store_image({"X", "2"}, "1.2.5", "Roe^Max", 1, "A9");
  store_.store_file("reads1", kMrn1);
  store_.store_file("reads2", std::nullopt);
  auto studies = [&](const std::string& query) {
    return total(json(get("/fhir/ImagingStudy" + query)));
  };
  EXPECT_EQ(studies(""), 3u);
  EXPECT_EQ(studies("?patient=" + key), 2u);
  EXPECT_EQ(studies("?patient=Patient/" + key), 2u);
  EXPECT_EQ(studies("?subject=" + base() + "/fhir/Patient/" + key), 2u);
  EXPECT_EQ(studies("?patient=nobody"), 0u);
  EXPECT_EQ(studies("?identifier=urn:dicom:uid%7Curn:oid:1.2.4"), 1u);
  EXPECT_EQ(studies("?identifier=urn:oid:1.2.4"), 1u);
  EXPECT_EQ(studies("?identifier=A9"), 1u);
  EXPECT_EQ(studies("?identifier=A9&patient=" + key), 0u);
  EXPECT_EQ(studies("?_id=1.2.3,1.2.5"), 2u);
  auto files = [&](const std::string& query) {
    return total(json(get("/fhir/DocumentReference" + query)));
  };
  EXPECT_EQ(files(""), 2u);
  EXPECT_EQ(files("?patient=" + key), 1u);
  EXPECT_EQ(files("?_id=reads2"), 1u);
  expect_outcome(get("/fhir/ImagingStudy?patient=a%20b"), 400);
  const Json page = json(get("/fhir/ImagingStudy?_count=2"));
  EXPECT_EQ(entries(page), 2u);
  EXPECT_EQ(entries(json(get(link(page, "next").substr(base().size())))), 1u);
}

TEST_F(FhirTest, AuditHoldsKeyNamesAndNoValues) {
  get("/fhir/Patient?family=Secretname&birthdate=1980");
  bool found = false;
  for (const auto& entry : must(store_.index->view()->audit(0, 1000))) {
    EXPECT_EQ(entry.detail.find("Secret"), std::string::npos);
    EXPECT_EQ(entry.door, "fhir");
    found |= entry.detail == "family,birthdate";
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace medarc::web
