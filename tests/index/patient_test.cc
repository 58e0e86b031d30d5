// Patients from images, genomes and FHIR; files and their patients; the audit chain; the feed.
#include "index/fields.h"
#include "tests/index/maker.h"

namespace medarc::index::test {
namespace {

class PatientTest : public ::testing::Test {
 protected:
  void SetUp() override { index_ = must(open_index(posix_fs(), dir_ / "data", quick_options())); }

  OpOutcome put(PatientRow row, std::optional<uint64_t> expect = {}) {
    return run(*index_, PutPatient{std::move(row), expect});
  }
  OpOutcome store_file(const std::string& id, const std::string& content,
                       std::vector<std::string> samples, std::optional<Identifier> patient = {},
                       const std::string& patient_key = "") {
    archive::StagedBlob blob = stage(*index_, content);
    StoreFile op;
    op.file.id.value = id;
    op.file.format = "bam";
    op.file.samples = std::move(samples);
    op.file.blob = blob.digest;
    op.file.bytes = blob.size;
    op.file.patient.value = patient_key;
    op.patient = std::move(patient);
    op.patient_if_new.value = "new-" + id;
    return run(*index_, std::move(op), {7}, {blob});
  }
  static PatientRow row(const std::string& key, std::vector<Identifier> identifiers,
                        const std::string& name = "Doe^Jane") {
    PatientRow r;
    r.key.value = key;
    r.identifiers = std::move(identifiers);
    r.attributes.set(kPatientName, "PN", {name});
    r.attributes.set(kBirthDate, "DA", {"19700102"});
    r.resource = "{}";
    return r;
  }
  std::vector<Bytes> find(Kind kind, Term term) {
    return ids(must(index_->view()->query(where(kind, {std::move(term)}))));
  }

  TempDir dir_;
  std::unique_ptr<Index> index_;
};

TEST_F(PatientTest, FilesGetWhatIsMadeOfThemLater) {
  store_file("f", "reads", {"s"});
  const Digest content = must(index_->view()->file(FileId("f")))->blob;
  archive::StagedBlob first = stage(*index_, "depth 1"), second = stage(*index_, "depth 2");
  const Digest one = first.digest, two = second.digest;
  const auto amend = [&](archive::StagedBlob blob, Digest of, std::string id = "f") {
    AmendFile op{FileId(std::move(id)), of, {{"depth", blob.digest, blob.size}}, {"md5seq:ab"}, {}};
    return run(*index_, std::move(op), {9}, {std::move(blob)}).state;
  };
  EXPECT_EQ(amend(first, content, "other"), State::not_found);
  EXPECT_EQ(amend(first, one), State::precondition_failed);
  EXPECT_TRUE(find(Kind::file, equal(kFieldIdentity, {"md5seq:ab"})).empty());
  EXPECT_EQ(amend(first, content), State::done);
  EXPECT_EQ(amend(first, content), State::duplicate);
  EXPECT_EQ(amend(second, content), State::done);
  const FileRow row = *must(index_->view()->file(FileId("f")));
  ASSERT_EQ(row.attachments.size(), 1u);
  EXPECT_EQ(attachment(row, "depth")->blob, two);
  EXPECT_EQ(attachment(row, "sorted"), nullptr);
  EXPECT_EQ(find(Kind::file, equal(kFieldIdentity, {"md5seq:ab"})), std::vector<Bytes>{"f"});
  EXPECT_TRUE(find(Kind::file, equal(kFieldIdentity, {"md5seq:a"})).empty());
  run(*index_, RemoveFile{FileId("f")});
  EXPECT_TRUE(find(Kind::file, equal(kFieldIdentity, {"md5seq:ab"})).empty());
}

TEST_F(PatientTest, ConsentOfAFileIsSetByVersion) {
  store_file("f", "reads", {"s"});
  const auto row = [&] { return *must(index_->view()->file(FileId("f"))); };
  const auto set = [&](Consent consent, std::optional<uint64_t> expected, std::string id = "f") {
    return run(*index_, SetConsent{FileId(std::move(id)), std::move(consent), expected}, {9});
  };
  Consent one;
  one.terms = {{"DUO:0000007", "MONDO:0005015"}};
  one.regions = {{"chr1", 10, 20, {{"DUO:0000006", ""}}}};
  EXPECT_EQ(row().consent, Consent());
  EXPECT_EQ(set(one, 0, "other").state, State::not_found);
  EXPECT_EQ(set(one, 7).state, State::precondition_failed);
  const OpOutcome done = set(one, 0);
  EXPECT_EQ(done.state, State::done);
  EXPECT_NE(done.version, 0u);
  EXPECT_EQ(row().consent.version, done.version);
  EXPECT_EQ(row().consent.terms, one.terms);
  EXPECT_EQ(row().consent.regions, one.regions);
  EXPECT_EQ(row().consent.changed.us, 9);
  EXPECT_EQ(set(one, done.version).state, State::duplicate);
  EXPECT_EQ(set({}, 0).state, State::precondition_failed);
  const OpOutcome emptied = set({}, done.version);
  EXPECT_EQ(emptied.state, State::done);
  EXPECT_GT(emptied.version, done.version);
  // Removed and stored anew, nothing of it is left, and no version comes twice.
  run(*index_, RemoveFile{FileId("f")});
  store_file("f", "reads", {"s"});
  EXPECT_EQ(row().consent, Consent());
  EXPECT_GT(set(one, {}).version, emptied.version);
}

TEST_F(PatientTest, WrittenAndFoundByIdentifierNameAndBirthDate) {
  EXPECT_EQ(put(row("a", {{"HOSP", "1"}, {"", "x"}}), 0).version, 1u);
  EXPECT_EQ(find(Kind::patient, equal(kFieldIdentifier, {"HOSP|1"})), std::vector<Bytes>{"a"});
  EXPECT_EQ(find(Kind::patient, equal(kFieldIdentifier, {"|x"})), std::vector<Bytes>{"a"});
  EXPECT_EQ(find(Kind::patient, equal(kPatientId, {"1"})), std::vector<Bytes>{"a"});
  EXPECT_EQ(find(Kind::patient, {kFieldIdentifier, TermOp::wildcard, {"HOSP|*"}}),
            std::vector<Bytes>{"a"});
  EXPECT_EQ(find(Kind::patient, {kPatientName, TermOp::wildcard, {"doe*"}}),
            std::vector<Bytes>{"a"});
  EXPECT_EQ(find(Kind::patient, {kBirthDate, TermOp::range, {"19700101", "19701231"}}),
            std::vector<Bytes>{"a"});
  EXPECT_TRUE(find(Kind::patient, equal(kPatientId, {"2"})).empty());
}

TEST_F(PatientTest, VersionsAndPreconditions) {
  EXPECT_EQ(put(row("a", {{"", "1"}}), 3).state, State::precondition_failed);
  EXPECT_EQ(put(row("a", {{"", "1"}}), 0).state, State::done);
  EXPECT_EQ(put(row("a", {{"", "1"}}), 0).state, State::precondition_failed);
  EXPECT_EQ(put(row("a", {{"", "1"}})).state, State::duplicate);
  EXPECT_EQ(put(row("a", {{"", "2"}}, "Roe^Ann"), 1).version, 2u);
  EXPECT_TRUE(find(Kind::patient, equal(kPatientId, {"1"})).empty());
  EXPECT_TRUE(find(Kind::patient, {kPatientName, TermOp::wildcard, {"doe*"}}).empty());
  EXPECT_FALSE(must(index_->view()->patient(Identifier{"", "1"})));
  EXPECT_EQ(must(index_->view()->patient(Identifier{"", "2"}))->version, 2u);
}

TEST_F(PatientTest, AnIdentifierBelongsToOnePatient) {
  put(row("a", {{"HOSP", "1"}}));
  const OpOutcome second = put(row("b", {{"HOSP", "1"}}));
  EXPECT_EQ(second.state, State::conflict);
  EXPECT_EQ(second.patient.value, "a");
  EXPECT_EQ(put(row("b", {{"OTHER", "1"}})).state, State::done);
  EXPECT_EQ(must(index_->stats()).patients, 2u);
}

TEST_F(PatientTest, RemovedPatientsAreGoneFromSearchAndComeBackWithAnImage) {
  InstanceSpec spec;
  const OpOutcome stored = store(*index_, spec);
  PatientRow gone = *must(index_->view()->patient(stored.patient));
  gone.removed = true;
  EXPECT_EQ(put(gone).state, State::done);
  EXPECT_EQ(put(gone).state, State::not_found);
  EXPECT_TRUE(must(index_->view()->patient(stored.patient))->removed);
  EXPECT_FALSE(must(index_->view()->patient(Identifier{"HOSP", "P1"})));
  EXPECT_TRUE(find(Kind::patient, equal(kPatientId, {"P1"})).empty());
  EXPECT_TRUE(ids(must(index_->view()->query(where(Kind::patient, {})))).empty());
  EXPECT_EQ(must(index_->stats()).patients, 0u);
  spec.study = "9.9";
  EXPECT_EQ(store(*index_, spec).patient, stored.patient);
  EXPECT_FALSE(must(index_->view()->patient(Identifier{"HOSP", "P1"}))->removed);
  EXPECT_EQ(must(index_->stats()).patients, 1u);
}

TEST_F(PatientTest, ImagesFillWhatFhirLeftOut) {
  PatientRow fhir = row("p", {{"HOSP", "P1"}});
  fhir.attributes = {};
  put(fhir);
  const OpOutcome stored = store(*index_, InstanceSpec{});
  EXPECT_EQ(stored.patient.value, "p");
  auto now = must(index_->view()->patient(PatientKey("p")));
  EXPECT_EQ(now->attributes.first(kPatientName), "Doe^Jane");
  EXPECT_EQ(now->version, 2u);
  EXPECT_EQ(now->resource, "{}");
}

TEST_F(PatientTest, AStudyWithoutPatientIdTakesTheFirstThatArrives) {
  InstanceSpec spec;
  spec.patient_id = "";
  const PatientKey anonymous = store(*index_, spec).patient;
  InstanceSpec other = spec;
  other.study = "7.7";
  EXPECT_NE(store(*index_, other).patient, anonymous);  // never joined
  spec.instance += ".2";
  spec.patient_id = "P9";
  EXPECT_EQ(store(*index_, spec).patient, anonymous);
  EXPECT_EQ(must(index_->view()->patient(Identifier{"HOSP", "P9"}))->key, anonymous);
  // The other study learns that it is the same patient.
  other.instance += ".2";
  other.patient_id = "P9";
  EXPECT_EQ(store(*index_, other).patient, anonymous);
  EXPECT_EQ(find(Kind::study, equal(kFieldPatientKey, {anonymous.value})).size(), 2u);
  EXPECT_EQ(must(index_->stats()).patients, 1u);
  // A third id inside an identified study changes nothing.
  spec.instance += ".3";
  spec.patient_id = "P10";
  EXPECT_EQ(store(*index_, spec).patient, anonymous);
  EXPECT_FALSE(must(index_->view()->patient(Identifier{"HOSP", "P10"})));
}

TEST_F(PatientTest, FilesLinkByPatientOrBySample) {
  put(row("a", {{"HOSP", "S1"}}));
  EXPECT_EQ(store_file("f1", "1", {"S1"}).patient.value, "a");
  EXPECT_EQ(store_file("f2", "2", {"S2"}).patient.value, "");
  EXPECT_EQ(store_file("f3", "3", {}, Identifier{"", "N"}).patient.value, "new-f3");
  EXPECT_EQ(store_file("f4", "4", {}, {}, "a").patient.value, "a");
  EXPECT_EQ(store_file("f5", "5", {}, {}, "nobody").state, State::not_found);
  // A patient that appears later is linked then, unless two could be meant.
  put(row("b", {{"HOSP", "S2"}}));
  EXPECT_EQ(must(index_->view()->file(FileId("f2")))->patient.value, "b");
  put(row("c", {{"OTHER", "S1"}}));
  EXPECT_EQ(store_file("f6", "6", {"S1"}).patient.value, "");
  EXPECT_EQ(find(Kind::file, equal(kFieldPatientKey, {"a"})), (std::vector<Bytes>{"f1", "f4"}));
  EXPECT_EQ(find(Kind::file, equal(kFieldSample, {"S1"})), (std::vector<Bytes>{"f1", "f6"}));
  EXPECT_EQ(find(Kind::file, {kFieldSample, TermOp::wildcard, {"S*"}}).size(), 3u);
  EXPECT_EQ(find(Kind::file, equal(kFieldFormat, {"bam"})).size(), 5u);
}

TEST_F(PatientTest, FilesConflictRepeatAndGo) {
  EXPECT_EQ(store_file("f", "one", {}).state, State::done);
  EXPECT_EQ(store_file("f", "one", {}).state, State::duplicate);
  EXPECT_EQ(store_file("f", "two", {}).state, State::conflict);
  EXPECT_EQ(must(index_->stats()).files, 1u);
  auto references = [&] {
    size_t n = 0;
    for (auto& [k, v] : dump(*index_)) n += k.starts_with("refs/b");
    return n;
  };
  EXPECT_EQ(references(), 1u);
  EXPECT_EQ(run(*index_, RemoveFile{FileId("f")}).state, State::done);
  EXPECT_EQ(run(*index_, RemoveFile{FileId("f")}).state, State::not_found);
  EXPECT_EQ(references(), 0u);
  EXPECT_FALSE(must(index_->view()->file(FileId("f"))));
  EXPECT_TRUE(find(Kind::file, equal(kFieldFormat, {"bam"})).empty());
  EXPECT_EQ(must(index_->stats()).files, 0u);
  // Its bytes, and those that conflicted, can be collected now.
  EXPECT_EQ(must(index_->blobs().plan_gc()).blobs, 2u);
  EXPECT_EQ(store_file("f", "two", {}).state, State::done);
}

TEST_F(PatientTest, TheFeedTellsChangesOnceAndNeverSplitsACommit) {
  store_file("f1", "1", {});
  put(row("a", {{"", "1"}}));
  run(*index_, RemoveFile{FileId("f1")});
  run(*index_, RemoveFile{FileId("f1")});
  auto view = index_->view();
  const auto all = must(view->feed({0}, 100));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].kind, Kind::file);
  EXPECT_EQ(all[0].state, State::done);
  EXPECT_EQ(all[1].kind, Kind::patient);
  EXPECT_EQ(all[2].state, State::not_found);
  EXPECT_EQ(all[2].id, "f1");
  EXPECT_EQ(must(view->feed(all[0].number, 100)).size(), 2u);
  EXPECT_EQ(must(view->feed(all[2].number, 100)).size(), 0u);
  Facts facts{{1}, {}};
  for (const char* key : {"x", "y", "z"}) facts.ops.emplace_back(PutPatient{row(key, {}), {}});
  must(index_->commit({}, std::move(facts)));
  EXPECT_EQ(must(index_->view()->feed(all[2].number, 2)).size(), 3u);
}

TEST_F(PatientTest, TheAuditChainVerifies) {
  for (int i = 0; i < 50; ++i) {
    run(*index_, RecordAudit{{{i}, "dr", "dicomweb", "read", "study/1", "", 1, true}});
  }
  auto view = index_->view();
  const AuditCheck check = must(view->check_audit());
  EXPECT_EQ(check.entries, 50u);
  EXPECT_FALSE(check.first_wrong);
  ASSERT_TRUE(check.head);
  const auto some = must(view->audit(10, 5));
  ASSERT_EQ(some.size(), 5u);
  EXPECT_EQ(some[0].time.us, 10);
  EXPECT_EQ(must(view->audit(50, 5)).size(), 0u);
  EXPECT_EQ(must(index_->stats()).audit_entries, 50u);
  EXPECT_EQ(must(index_->view()->check_audit()).head, check.head);
  Query q;
  q.kind = Kind::audit;
  EXPECT_EQ(view->query(q).error().code, Code::unsupported);
}

}  // namespace
}  // namespace medarc::index::test
