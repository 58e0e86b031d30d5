// Patients over a real archive: who is who, versions, many senders at once, audit.
#include "records/patient_service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "tests/records/store.h"

namespace medarc::records {
namespace {

using security::Role;
using test::must;
using test::RecordsStore;
using What = PatientWritten::What;

const index::Identifier kMrn1{"http://hospital.example/mrn", "1"};

PatientQuery query_of(std::initializer_list<std::pair<std::string, std::string>> parameters) {
  PatientQuery query;
  for (const auto& [key, value] : parameters) {
    EXPECT_TRUE(query.add(key, value)) << key << "=" << value;
  }
  return query;
}

class PatientServiceTest : public testing::Test {
 protected:
  PatientWritten create(const std::string& text) {
    return must(store_.patients->create(RecordsStore::clinician(), store_.resource(text)));
  }
  std::vector<std::string> found(std::initializer_list<std::pair<std::string, std::string>> p) {
    const PatientPage page =
        must(store_.patients->search(RecordsStore::clinician(), query_of(p), "test"));
    std::vector<std::string> out;
    for (const auto& row : page.rows) out.push_back(row.key.value);
    EXPECT_EQ(page.total, out.size());
    std::sort(out.begin(), out.end());
    return out;
  }
  std::string make(const std::string& members) {
    return create(R"({"resourceType":"Patient",)" + members + "}").row.key.value;
  }
  uint64_t patients_count() { return must(store_.index->stats()).patients; }
  std::vector<index::AuditEntry> audit() { return must(store_.index->view()->audit(0, 100'000)); }

  RecordsStore store_;
};

TEST_F(PatientServiceTest, CreatedPatientsAreReadBackAsWritten) {
  const auto made = create(
      R"({"resourceType":"Patient","id":"mine","meta":{"versionId":"9","profile":["http://p"]},
      "extension":[{"url":"http://e","valueDecimal":1.00}],"name":[{"text":"𠮷野"}]})");
  EXPECT_EQ(made.what, What::created);
  EXPECT_NE(made.row.key.value, "mine");
  EXPECT_EQ(made.row.version, 1u);
  const auto row = must(store_.patients->read(RecordsStore::clinician(), made.row.key));
  const Json json = must(patient_json(row, store_.issuers()));
  EXPECT_EQ(json.text_at("id"), made.row.key.value);
  EXPECT_EQ(json.find("meta")->text_at("versionId"), "1");
  EXPECT_NE(json.find("meta")->find("profile"), nullptr);
  EXPECT_NE(to_text(json).find("\"valueDecimal\":1.00"), std::string::npos);
  EXPECT_EQ(json.find("name")->items()[0].text_at("text"), "𠮷野");
}

TEST_F(PatientServiceTest, OneIdentifierIsOnePatient) {
  const auto first = create(RecordsStore::patient_text("1"));
  const auto again = create(RecordsStore::patient_text("1"));
  EXPECT_EQ(again.what, What::unchanged);
  EXPECT_EQ(again.row.key, first.row.key);
  const auto other = store_.patients->create(
      RecordsStore::clinician(), store_.resource(RecordsStore::patient_text("1", "Roe")));
  EXPECT_EQ(other.error().code, Code::conflict);
  EXPECT_EQ(create(RecordsStore::patient_text("1", "Doe", "http://other.example")).what,
            What::created);
  EXPECT_EQ(patients_count(), 2u);
}

TEST_F(PatientServiceTest, Fhir_14_ThirtyTwoEqualConditionalCreatesMakeOne) {
  const PatientQuery condition = query_of({{"identifier", "http://hospital.example/mrn|7"}});
  std::atomic<int> created{0}, unchanged{0};
  std::vector<std::thread> senders;
  for (int i = 0; i < 32; ++i) {
    senders.emplace_back([&, i] {
      // Their content differs: the condition alone decides.
      auto text = RecordsStore::patient_text("7", "Doe" + std::to_string(i));
      auto done =
          store_.patients->create(RecordsStore::clinician(), store_.resource(text), condition);
      ASSERT_TRUE(done) << done.error().text;
      ++(done->what == What::created ? created : unchanged);
    });
  }
  for (auto& sender : senders) sender.join();
  EXPECT_EQ(created, 1);
  EXPECT_EQ(unchanged, 31);
  EXPECT_EQ(patients_count(), 1u);
}

TEST_F(PatientServiceTest, SixtyFourSendersOfOneNewPatientMakeOne) {
  std::atomic<int> failed{0};
  std::vector<std::thread> senders;
  std::vector<std::string> keys(64);
  for (int i = 0; i < 64; ++i) {
    senders.emplace_back([&, i] {
      if (i % 2 == 0) {  // images from 32 senders, records from as many
        keys[i] = store_.store_image(kMrn1, "1.2." + std::to_string(i)).patient.value;
        return;
      }
      auto done = store_.patients->create(RecordsStore::clinician(),
                                          store_.resource(RecordsStore::patient_text("1")));
      if (done) keys[i] = done->row.key.value;
      if (!done) ++failed;
    });
  }
  for (auto& sender : senders) sender.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(patients_count(), 1u);
  for (const std::string& key : keys) EXPECT_EQ(key, keys[0]);
  const auto all = must(store_.linked->everything(RecordsStore::who({Role::administrator}),
                                                  index::PatientKey(keys[0])));
  EXPECT_EQ(all.studies.size(), 32u);
}

TEST_F(PatientServiceTest, DicomFirstThenFhirMeetByIdentifier) {
  const auto key = store_.store_image(kMrn1, "1.2.3").patient;
  const auto made = create(RecordsStore::patient_text("1", "Roe"));
  EXPECT_EQ(made.what, What::created);
  EXPECT_EQ(made.row.key, key);
  EXPECT_EQ(made.row.version, 2u);
  EXPECT_EQ(patients_count(), 1u);
}

TEST_F(PatientServiceTest, FhirFirstThenDicomMeetByIdentifier) {
  const auto made = create(RecordsStore::patient_text("1", "Roe"));
  EXPECT_EQ(store_.store_image(kMrn1, "1.2.3").patient, made.row.key);
  EXPECT_EQ(patients_count(), 1u);
  const Json json = must(patient_json(
      must(store_.patients->read(RecordsStore::clinician(), made.row.key)), store_.issuers()));
  EXPECT_EQ(json.find("name")->items()[0].text_at("family"), "Roe");
}

TEST_F(PatientServiceTest, PatientsBornFromDicomAreRendered) {
  const auto key = store_.store_image({"HOSP", "77"}, "1.2.3", "Yamada^Tarou=山田^太郎").patient;
  const Json json = must(
      patient_json(must(store_.patients->read(RecordsStore::clinician(), key)), store_.issuers()));
  EXPECT_EQ(json.text_at("birthDate"), "1980-02-03");
  EXPECT_EQ(json.text_at("gender"), "female");
  const Json& identifier = json.find("identifier")->items()[0];
  EXPECT_EQ(identifier.text_at("system"), "urn:medarc:issuer:HOSP");
  EXPECT_EQ(identifier.text_at("value"), "77");
  ASSERT_EQ(json.find("name")->items().size(), 2u);
  EXPECT_EQ(json.find("name")->items()[1].text_at("family"), "山田");
  Json sent = json;
  EXPECT_TRUE(validate(sent, "Patient").empty());
  // What was rendered can be written back, and is the same patient.
  auto put = must(
      store_.patients->update(RecordsStore::clinician(), key, store_.resource(to_text(json)), 1));
  EXPECT_EQ(put.row.identifiers, (std::vector<index::Identifier>{{"HOSP", "77"}}));
  EXPECT_EQ(found({{"identifier", "HOSP|77"}}), std::vector<std::string>{key.value});
}

TEST_F(PatientServiceTest, Fhir_12_UpdatesMakeVersionsOnlyWhenSomethingChanged) {
  const index::PatientKey key("chosen-id");
  auto put = [&](const std::string& text, std::optional<uint64_t> match = {}) {
    return store_.patients->update(RecordsStore::clinician(), key, store_.resource(text), match);
  };
  EXPECT_EQ(must(put(RecordsStore::patient_text("1"))).what, What::created);
  EXPECT_EQ(must(put(RecordsStore::patient_text("1"))).what, What::unchanged);
  const auto second = must(put(RecordsStore::patient_text("1", "Roe"), 1));
  EXPECT_EQ(second.what, What::updated);
  EXPECT_EQ(second.row.version, 2u);
  EXPECT_EQ(put(RecordsStore::patient_text("1"), 1).error().code, Code::precondition_failed);
  EXPECT_EQ(put(RecordsStore::patient_text("1"), 0).error().code, Code::precondition_failed);
  create(RecordsStore::patient_text("2"));
  EXPECT_EQ(put(RecordsStore::patient_text("2")).error().code, Code::conflict);
}

TEST_F(PatientServiceTest, Fhir_12_OfThirtyTwoParallelIfMatchExactlyOneWins) {
  const auto made = create(RecordsStore::patient_text("1"));
  std::atomic<int> won{0}, lost{0};
  std::vector<std::thread> writers;
  for (int i = 0; i < 32; ++i) {
    writers.emplace_back([&, i] {
      auto text = RecordsStore::patient_text("1", "Name" + std::to_string(i));
      auto done = store_.patients->update(RecordsStore::clinician(), made.row.key,
                                          store_.resource(text), 1);
      if (done) ++won;
      if (!done && done.error().code == Code::precondition_failed) ++lost;
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 31);
}

TEST_F(PatientServiceTest, UnconditionalUpdatesAllSucceed) {
  const auto made = create(RecordsStore::patient_text("1"));
  std::vector<std::thread> writers;
  for (int i = 0; i < 16; ++i) {
    writers.emplace_back([&, i] {
      auto text = RecordsStore::patient_text("1", "Name" + std::to_string(i));
      EXPECT_TRUE(
          store_.patients->update(RecordsStore::clinician(), made.row.key, store_.resource(text)));
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(must(store_.patients->read(RecordsStore::clinician(), made.row.key)).version, 17u);
}

TEST_F(PatientServiceTest, Fhir_28_NamesAreFoundByTheirStart) {
  const auto mueller = make(R"("name":[{"family":"Müller","given":["Anna","Maria"]}])");
  const auto wang =
      make(R"("name":[{"family":"王","given":["小明"]},{"family":"Wang","given":["Xiaoming"]}])");
  const auto dicom = store_.store_image({"H", "5"}, "1.5", "Muller^Bert").patient.value;
  using V = std::vector<std::string>;
  auto both = V{mueller, dicom};
  std::sort(both.begin(), both.end());
  EXPECT_EQ(found({{"family", "muller"}}), both);
  EXPECT_EQ(found({{"family", "MÜLL"}}), both);
  EXPECT_EQ(found({{"given", "mar"}}), V{mueller});
  EXPECT_EQ(found({{"family", "anna"}}), V{});
  EXPECT_EQ(found({{"name", "anna"}}), V{mueller});
  EXPECT_EQ(found({{"name", "王小明"}}), V{wang});
  EXPECT_EQ(found({{"name", "小明"}}), V{wang});
  EXPECT_EQ(found({{"name", "XiaomingWang"}}), V{wang});
  EXPECT_EQ(found({{"name", "wang xiao"}}), V{wang});
  EXPECT_EQ(found({{"name:exact", "Müller"}}), V{mueller});
  EXPECT_EQ(found({{"name:exact", "müller"}}), V{});
  EXPECT_EQ(found({{"family:contains", "LLE"}}), both);
  EXPECT_EQ(found({{"family", "muller"}, {"given", "bert"}}), V{dicom});
  EXPECT_EQ(found({{"given", "bert,maria"}}), both);
}

// What the index narrows must hold all that the comparison of whole resources finds.
TEST_F(PatientServiceTest, Fhir_28_KeysOfNamesLoseNobody) {
  std::mt19937 random(7);
  auto one_of = [&](const std::vector<std::string>& from) { return from[random() % from.size()]; };
  const std::vector<std::string> kFamily = {"Müller", "Van der Berg", "'t Hooft",
                                            "王",     "O'Brien",      ""};
  const std::vector<std::string> kGiven = {"Anna Maria", "Jean-Luc", "小明", "Jan", "-Luc", ""};
  for (int i = 0; i < 48; ++i) {
    const std::string family = one_of(kFamily), given = one_of(kGiven), more = one_of(kGiven);
    if (i % 2 == 0) {
      store_.store_image({"HOSP", "D" + std::to_string(i)}, "1.2." + std::to_string(i),
                         family + "^" + given + "^" + more);
    } else {
      std::string name;
      if (!family.empty()) name += R"("family":")" + family + R"(",)";
      if (!given.empty()) name += R"("given":[")" + given + R"("],)";
      make(R"("name":[{)" + name + R"("text":"Dr. )" + more + " " + family + R"("}])");
    }
  }
  std::vector<std::string> wanted = {"dr",    "Dr. Jan", "berg",  "der b",
                                     "t hoo", "'thoo",   "brien", "obrien"};
  for (const auto& family : kFamily) {
    for (const auto& given : kGiven) {
      for (const std::string& text : {family, given, family + given, given + " " + family}) {
        if (text.size() > 2) wanted.push_back(text.substr(0, text.size() / 2));
        wanted.push_back(text);
      }
    }
  }
  PatientQuery all;
  all.count = 1000;
  const auto everyone = must(store_.patients->search(RecordsStore::clinician(), all, "")).rows;
  for (std::string want : wanted) {
    if (want.empty() || want.find_first_not_of(' ') == std::string::npos) continue;
    for (const char* parameter : {"name", "family", "given", "name:exact", "family:exact"}) {
      const PatientQuery query = query_of({{parameter, want}});
      std::vector<std::string> expected;
      for (const index::PatientRow& row : everyone) {
        const Json content = must(patient_content(row, {}));
        if (matches(query, row, content, {})) expected.push_back(row.key.value);
      }
      EXPECT_EQ(found({{parameter, want}}), expected) << parameter << "=" << want;
    }
  }
}

TEST_F(PatientServiceTest, Fhir_29_IdentifiersAreTokens) {
  const auto a = make(R"("identifier":[{"system":"http://a","value":"1"},{"value":"x,y"}])");
  const auto b = make(R"("identifier":[{"system":"http://b","value":"1"},{"value":"2"}])");
  using V = std::vector<std::string>;
  V both{a, b};
  std::sort(both.begin(), both.end());
  EXPECT_EQ(found({{"identifier", "1"}}), both);
  EXPECT_EQ(found({{"identifier", "http://a|1"}}), V{a});
  EXPECT_EQ(found({{"identifier", "|1"}}), V{});
  EXPECT_EQ(found({{"identifier", "|2"}}), V{b});
  EXPECT_EQ(found({{"identifier", "http://b|"}}), V{b});
  EXPECT_EQ(found({{"identifier", "http://a|1,http://b|1"}}), both);
  EXPECT_EQ(found({{"identifier", "1"}, {"identifier", "2"}}), V{b});
  EXPECT_EQ(found({{"identifier", "x\\,y"}}), V{a});
  EXPECT_EQ(found({{"identifier", "nobody"}}), V{});
}

TEST_F(PatientServiceTest, Fhir_31_BirthDatesOfAnyPrecision) {
  const auto day = make(R"("birthDate":"1980-02-03")");
  const auto month = make(R"("birthDate":"1980-02")");
  const auto year = make(R"("birthDate":"1980")");
  const auto later = make(R"("birthDate":"1999-12-31")");
  make(R"("active":true)");
  auto sorted = [](std::vector<std::string> v) {
    std::sort(v.begin(), v.end());
    return v;
  };
  using V = std::vector<std::string>;
  EXPECT_EQ(found({{"birthdate", "1980-02-03"}}), V{day});
  EXPECT_EQ(found({{"birthdate", "1980-02"}}), sorted({day, month}));
  EXPECT_EQ(found({{"birthdate", "eq1980"}}), sorted({day, month, year}));
  EXPECT_EQ(found({{"birthdate", "gt1980-12-31"}}), V{later});
  EXPECT_EQ(found({{"birthdate", "ge1980-06"}}), sorted({year, later}));
  EXPECT_EQ(found({{"birthdate", "lt1980-02-03"}}), sorted({month, year}));
  EXPECT_EQ(found({{"birthdate", "le1980-02-03"}}), sorted({day, month, year}));
  EXPECT_EQ(found({{"birthdate", "sa1980"}}), V{later});
  EXPECT_EQ(found({{"birthdate", "eb1990"}}), sorted({day, month, year}));
  EXPECT_EQ(found({{"birthdate", "ne1980"}}), V{later});
  EXPECT_EQ(
      found(
          {{"birthdate", "ge1980-02-01"}, {"birthdate", "le1980-02-28"}, {"birthdate", "1980-02"}}),
      sorted({day, month}));
}

TEST_F(PatientServiceTest, OtherParametersAndTheirCombination) {
  const auto f = make(R"("gender":"female","name":[{"family":"A"}])");
  const auto m = make(R"("gender":"male","name":[{"family":"A"}])");
  using V = std::vector<std::string>;
  EXPECT_EQ(found({{"gender", "female"}}), V{f});
  EXPECT_EQ(found({{"gender", "http://hl7.org/fhir/administrative-gender|male"}}), V{m});
  EXPECT_EQ(found({{"_id", f + "," + m}, {"gender", "male"}}), V{m});
  EXPECT_EQ(found({{"_id", "none"}}), V{});
}

TEST_F(PatientServiceTest, Fhir_37_PagesHoldEveryoneOnceAndTotalsAreExact) {
  for (int i = 0; i < 25; ++i) create(RecordsStore::patient_text(std::to_string(i)));
  for (const bool all : {true, false}) {
    PatientQuery query = all ? PatientQuery{} : query_of({{"family", "doe"}});
    query.count = 10;
    std::set<std::string> seen;
    std::vector<size_t> sizes;
    do {
      PatientPage page = must(store_.patients->search(RecordsStore::clinician(), query, ""));
      EXPECT_EQ(page.total, 25u);
      sizes.push_back(page.rows.size());
      for (const auto& row : page.rows) EXPECT_TRUE(seen.insert(row.key.value).second);
      query.after = page.next;
    } while (!query.after.empty() && sizes.size() < 10);
    EXPECT_EQ(sizes, (std::vector<size_t>{10, 10, 5}));
    EXPECT_EQ(seen.size(), 25u);
  }
  PatientQuery none;
  none.count = 0;
  EXPECT_EQ(must(store_.patients->search(RecordsStore::clinician(), none, "")).total, 25u);
}

TEST_F(PatientServiceTest, EveryUseCaseIsAuditedBeforeItAnswersAndSurvivesAReopen) {
  const auto made = create(RecordsStore::patient_text("1"));
  must(store_.patients->read(RecordsStore::clinician(), made.row.key));
  must(store_.patients->search(RecordsStore::clinician(), query_of({{"family", "secretname"}}),
                               "family"));
  ASSERT_EQ(audit().size(), 3u);
  store_.close();
  store_.open();
  const auto entries = audit();
  ASSERT_GE(entries.size(), 3u);
  EXPECT_EQ(entries[0].action, "store");
  EXPECT_EQ(entries[0].object, "patient/" + made.row.key.value);
  EXPECT_EQ(entries[1].action, "read");
  EXPECT_EQ(entries[1].principal, "token:tester");
  EXPECT_EQ(entries[2].action, "find");
  EXPECT_EQ(entries[2].detail, "family");
  for (const auto& entry : entries) EXPECT_EQ(entry.detail.find("secret"), std::string::npos);
}

TEST_F(PatientServiceTest, ThePolicyIsAsked) {
  const auto made = create(RecordsStore::patient_text("1"));
  const auto modality = RecordsStore::who({Role::modality});
  const auto reader = RecordsStore::who({Role::radiologist});
  EXPECT_EQ(store_.patients->read(modality, made.row.key).error().code, Code::permission_denied);
  EXPECT_EQ(store_.patients->search(modality, {}, "").error().code, Code::permission_denied);
  EXPECT_TRUE(store_.patients->read(reader, made.row.key));
  auto text = RecordsStore::patient_text("2");
  EXPECT_EQ(store_.patients->create(reader, store_.resource(text)).error().code,
            Code::permission_denied);
  EXPECT_EQ(store_.patients->update(reader, made.row.key, store_.resource(text)).error().code,
            Code::permission_denied);
  EXPECT_EQ(audit().back().allowed, false);
}

TEST_F(PatientServiceTest, EverythingHoldsWhatTheCallerMayRead) {
  store_.store_image(kMrn1, "1.2.3");
  const auto key = store_.store_image(kMrn1, "1.2.4").patient;
  EXPECT_EQ(store_.store_file("reads1", kMrn1).patient, key);
  store_.store_image({"X", "9"}, "1.2.5");
  const auto all = must(store_.linked->everything(RecordsStore::who({Role::administrator}), key));
  EXPECT_EQ(all.studies.size(), 2u);
  ASSERT_EQ(all.studies[0].series.size(), 1u);
  ASSERT_EQ(all.files.size(), 1u);
  const auto clinical = must(store_.linked->everything(RecordsStore::clinician(), key));
  EXPECT_EQ(clinical.studies.size(), 2u);
  EXPECT_TRUE(clinical.files.empty());
  EXPECT_EQ(
      store_.linked->everything(RecordsStore::clinician(), index::PatientKey("no")).error().code,
      Code::not_found);
}

TEST(PatientLimits, TooCostlySearchesAreRefused) {
  RecordsOptions options;
  options.rows_examined_max = 10;
  RecordsStore store(options);
  for (int i = 0; i < 30; ++i) {
    must(store.patients->create(RecordsStore::clinician(),
                                store.resource(RecordsStore::patient_text(std::to_string(i)))));
  }
  auto search = [&](const char* parameter, const char* value) {
    return store.patients->search(RecordsStore::clinician(), query_of({{parameter, value}}), "");
  };
  EXPECT_EQ(search("family:contains", "x").error().code, Code::too_large);
  EXPECT_EQ(search("family", "doe").error().code, Code::too_large);
  // Who does not match costs nothing.
  EXPECT_EQ(must(search("family", "x")).total, 0u);
}

}  // namespace
}  // namespace medarc::records
