#include "tests/index/random_facts.h"

namespace medarc::index::test {

Bytes RandomFacts::text(uint32_t length_max) {
  Bytes out;
  for (uint32_t n = pick(length_max + 1); n > 0; --n) {
    out += pick(10) == 0 ? static_cast<char>(pick(256)) : static_cast<char>('a' + pick(26));
  }
  return out;
}

Digest RandomFacts::digest() {
  Digest d;
  for (auto& b : d.value) b = static_cast<uint8_t>(pick(256));
  return d;
}

AttributeSet RandomFacts::attributes() {
  AttributeSet set;
  for (uint32_t n = pick(5); n > 0; --n) {
    std::vector<std::string> values;
    for (uint32_t v = pick(4); v > 0; --v) values.push_back(text(pick(8) == 0 ? 200 : 8));
    set.set({pick(2) == 0 ? pick(0xFFFF) : static_cast<uint32_t>(random_())}, "LO",
            std::move(values));
  }
  return set;
}

PatientRow RandomFacts::patient() {
  PatientRow r;
  r.key.value = text();
  for (uint32_t n = pick(3); n > 0; --n) r.identifiers.push_back(identifier());
  r.attributes = attributes();
  r.resource = text(40);
  r.version = random_();
  r.removed = pick(2) == 0;
  r.changed = time();
  return r;
}

StudyRow RandomFacts::study() {
  return {StudyUid(text()), PatientKey(text()), attributes(), random_(), time(), time()};
}

SeriesRow RandomFacts::series() {
  return {StudyUid(text()), SeriesUid(text()), attributes(), random_(), time(), time()};
}

InstanceRow RandomFacts::instance() {
  InstanceRow r;
  r.study.value = text();
  r.series.value = text();
  r.uid.value = text();
  r.sop_class.value = text();
  r.transfer_syntax.value = text();
  r.attributes = attributes();
  r.dataset = digest();
  r.dataset_bytes = random_();
  r.envelope = text(100);
  r.envelope_received = pick(2) == 0;
  r.frame_table = text(30);
  r.version = pick(1000);
  r.received = time();
  return r;
}

FileRow RandomFacts::file() {
  FileRow r;
  r.id.value = text();
  r.patient.value = text();
  r.name = text();
  r.format = text();
  for (uint32_t n = pick(3); n > 0; --n) r.samples.push_back(text());
  r.blob = digest();
  r.bytes = random_();
  r.md5_hex = text();
  if (pick(2) == 0) r.index_blob = digest();
  r.index_kind = text();
  if (pick(2) == 0) r.block_map_blob = digest();
  r.statistics_json = text(50);
  r.received = time();
  for (uint32_t n = pick(3); n > 0; --n) r.attachments.push_back({text(), digest(), random_()});
  for (uint32_t n = pick(3); n > 0; --n) r.identities.push_back(text());
  if (pick(2) == 0) {
    r.consent = consent();
    r.consent.version = 1 + pick(1000);
    r.consent.changed = time();
  }
  return r;
}

Consent RandomFacts::consent() {
  const auto terms = [&] {
    std::vector<DuoTerm> out;
    for (uint32_t n = pick(3); n > 0; --n) out.push_back({text(), text()});
    return out;
  };
  Consent out;
  out.terms = terms();
  for (uint32_t n = pick(3); n > 0; --n)
    out.regions.push_back({text(), pick(100), pick(1000), terms()});
  return out;
}

AuditEntry RandomFacts::audit() {
  return {time(), text(), text(), text(), text(), text(), pick(1000), pick(2) == 0};
}

JobRow RandomFacts::job() {
  JobRow r;
  r.queue = text();
  r.name = text();
  r.kind = text();
  r.payload = text(40);
  r.state = pick(2) == 0 ? JobRow::State::waiting : JobRow::State::failed;
  r.attempts = pick(1000);
  r.version = random_();
  r.created = time();
  r.due = time();
  r.problem = text();
  return r;
}

WorkItemRow RandomFacts::work_item() {
  WorkItemRow r;
  r.uid.value = text();
  r.state = static_cast<WorkItemRow::State>(1 + pick(4));
  r.transaction = text();
  r.attributes = attributes();
  r.dataset = text(60);
  r.version = random_();
  r.created = time();
  r.changed = time();
  return r;
}

SubscriptionRow RandomFacts::subscription() {
  SubscriptionRow r;
  r.target.value = text();
  r.aet = text();
  r.scope = static_cast<SubscriptionRow::Scope>(1 + pick(3));
  r.deletion_lock = pick(2) == 0;
  r.over_web = pick(2) == 0;
  r.filter = text(40);
  r.since = time();
  return r;
}

Op RandomFacts::op() {
  switch (pick(15)) {
    case 14: {
      SetConsent o{FileId(text()), consent(), {}};
      if (pick(2) == 0) o.expect_version = random_();
      return o;
    }
    case 13: {
      FileRow row = file();
      return AmendFile{row.id, row.blob, row.attachments, row.identities, row.statistics_json};
    }
    case 9: return PutWorkItem{work_item(), random_()};
    case 10: return RemoveWorkItem{SopInstanceUid(text()), random_()};
    case 11: return PutSubscription{subscription(), pick(2) == 0};
    case 12: return RemoveSubscription{SopInstanceUid(text()), text()};
    case 8: {
      RemoveImages o;
      o.study.value = text();
      if (pick(2) == 0) o.series = SeriesUid(text());
      if (pick(2) == 0) o.instance = SopInstanceUid(text());
      o.reason = text();
      return o;
    }
    case 0: {
      StoreInstance o;
      o.patient = identifier();
      o.patient_if_new.value = text();
      o.patient_attributes = attributes();
      o.study_attributes = attributes();
      o.series_attributes = attributes();
      o.instance = instance();
      o.metadata_zstd = text(60);
      return o;
    }
    case 1: {
      StoreFile o{file(), {}, PatientKey(text())};
      if (pick(2) == 0) o.patient = identifier();
      return o;
    }
    case 2: return RemoveFile{FileId(text())};
    case 3: {
      PutPatient o{patient(), {}};
      if (pick(2) == 0) o.expect_version = random_();
      return o;
    }
    case 4: return PutJob{job(), pick(2) == 0};
    case 5: {
      const JobRow j = job();
      return ChangeJob{j.queue, j.name, j.version, j.state, j.attempts, j.due, j.problem};
    }
    case 6: {
      RemoveJob o{text(), text(), {}};
      if (pick(2) == 0) o.expect_version = random_();
      return o;
    }
    default: return RecordAudit{audit()};
  }
}

Facts RandomFacts::facts() {
  Facts f{time(), {}};
  for (uint32_t n = pick(4); n > 0; --n) f.ops.push_back(op());
  return f;
}

}  // namespace medarc::index::test
