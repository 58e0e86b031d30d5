// A real archive in a temporary directory with the services of records over it, and invented
// patients, studies and files to put into it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>
#include <zstd.h>

#include <filesystem>

#include "archive/hash.h"
#include "base/fs.h"
#include "records/identity.h"
#include "records/linked_service.h"
#include "records/patient_service.h"
#include "security/policy.h"

namespace medarc::test {

template <class T>
T must(Result<T> result) {
  EXPECT_TRUE(result.has_value()) << (result.has_error() ? result.error().text : "");
  if (result.has_error()) throw std::runtime_error(result.error().text);
  return std::move(*result);
}

class RecordsStore {
 public:
  explicit RecordsStore(records::RecordsOptions options = {}, records::Issuers issuers = {})
      : options_(options), issuers_(std::move(issuers)) {
    std::string made = (std::filesystem::temp_directory_path() / "medarc_records_XXXXXX").string();
    dir_ = ::mkdtemp(made.data());
    open();
  }
  ~RecordsStore() {
    close();
    std::filesystem::remove_all(dir_);
  }
  RecordsStore(const RecordsStore&) = delete;
  RecordsStore& operator=(const RecordsStore&) = delete;

  void open() {
    index::IndexOptions o;
    o.archive.sync = false;
    o.archive.segment_bytes = 4u << 20;
    o.cache_bytes = 8u << 20;
    o.write_buffer_bytes = 8u << 20;
    index = must(index::open_index(posix_fs(), dir_, o));
    guard = security::Guard::create(*index, {});
    patients = std::make_unique<records::PatientService>(*index, *guard, issuers_, options_);
    linked = std::make_unique<records::LinkedService>(*index, *guard, options_);
  }
  void close() {
    linked.reset();
    patients.reset();
    guard.reset();
    index.reset();
  }

  records::PatientResource resource(const std::string& json) {
    records::PatientReading reading = records::read_patient(json, options_);
    EXPECT_TRUE(reading.resource) << (reading.issues.empty()
                                          ? ""
                                          : reading.issues[0].text + " " + reading.issues[0].path);
    return std::move(*reading.resource);
  }
  static std::string patient_text(const std::string& id_value, const std::string& family = "Doe",
                                  const std::string& system = "http://hospital.example/mrn") {
    return R"({"resourceType":"Patient","identifier":[{"system":")" + system + R"(","value":")" +
           id_value + R"("}],"name":[{"family":")" + family + R"(","given":["Jane"]}]})";
  }

  archive::StagedBlob stage(ByteView bytes) {
    auto writer = must(index->blobs().writer(archive::Cuts::given));
    EXPECT_TRUE(writer->write(bytes));
    return must(writer->finish());
  }

  // One instance of a study, as the image doors commit it.
  index::OpOutcome store_image(const index::Identifier& patient, const std::string& study,
                               const std::string& name = "Doe^Jane", int number = 1,
                               const std::string& accession = "ACC1") {
    const std::string series = study + ".1", uid = series + "." + std::to_string(number);
    archive::StagedBlob blob = stage("pixels of " + uid);
    index::StoreInstance op;
    op.patient = patient;
    op.patient_if_new = records::patient_key(patient, study);
    op.patient_attributes.set({0x00100010}, "PN", {name});
    op.patient_attributes.set({0x00100030}, "DA", {"19800203"});
    op.patient_attributes.set({0x00100040}, "CS", {"F"});
    op.study_attributes = op.patient_attributes;
    op.study_attributes.set({0x0020000D}, "UI", {study});
    op.study_attributes.set({0x00080020}, "DA", {"20250102"});
    op.study_attributes.set({0x00080030}, "TM", {"081530"});
    op.study_attributes.set({0x00080201}, "SH", {"+0800"});
    op.study_attributes.set({0x00080050}, "SH", {accession});
    op.study_attributes.set({0x00081030}, "LO", {"Head"});
    op.series_attributes.set({0x0020000E}, "UI", {series});
    op.series_attributes.set({0x00080060}, "CS", {"CT"});
    op.series_attributes.set({0x00200011}, "IS", {"3"});
    op.instance.study = index::StudyUid(study);
    op.instance.series = index::SeriesUid(series);
    op.instance.uid = index::SopInstanceUid(uid);
    op.instance.sop_class = index::SopClassUid("1.2.840.10008.5.1.4.1.1.2");
    op.instance.transfer_syntax = index::TransferSyntaxUid("1.2.840.10008.1.2.1");
    op.instance.dataset = blob.digest;
    op.instance.dataset_bytes = 10;
    op.metadata_zstd.resize(ZSTD_compressBound(2));
    op.metadata_zstd.resize(
        ZSTD_compress(op.metadata_zstd.data(), op.metadata_zstd.size(), "{}", 2, 1));
    return commit(std::move(op), std::move(blob));
  }

  index::OpOutcome store_file(const std::string& id,
                              const std::optional<index::Identifier>& patient,
                              const std::string& format = "bam") {
    archive::StagedBlob blob = stage("reads of " + id);
    index::StoreFile op;
    op.file.id = index::FileId(id);
    op.file.name = id + "." + format;
    op.file.format = format;
    op.file.samples = {"S-" + id};
    op.file.blob = blob.digest;
    op.file.bytes = 20;
    op.file.md5_hex = "0123456789abcdef0123456789abcdef";
    op.patient = patient;
    if (patient) op.patient_if_new = records::patient_key(*patient, "");
    return commit(std::move(op), std::move(blob));
  }

  index::OpOutcome commit(index::Op op, archive::StagedBlob blob) {
    index::Facts facts;
    facts.time = now();
    facts.ops.push_back(std::move(op));
    std::vector<archive::StagedBlob> blobs;
    blobs.push_back(std::move(blob));
    return must(index->commit(std::move(blobs), std::move(facts))).outcomes.at(0);
  }

  static security::Principal who(std::set<security::Role> roles) {
    return {"token:tester", std::move(roles), "fhir", "127.0.0.1"};
  }
  static security::Principal clinician() { return who({security::Role::clinician}); }

  const records::Issuers& issuers() const { return issuers_; }

  std::unique_ptr<index::Index> index;
  std::unique_ptr<security::Guard> guard;
  std::unique_ptr<records::PatientService> patients;
  std::unique_ptr<records::LinkedService> linked;

 private:
  records::RecordsOptions options_;
  records::Issuers issuers_;
  std::string dir_;
};

}  // namespace medarc::test
