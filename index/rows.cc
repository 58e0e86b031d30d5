#include "index/rows.h"

#include <algorithm>

#include "index/row_codec.h"

namespace medarc::index {
namespace {

constexpr uint8_t kFileRowWithAttachments = 2, kFileRowWithConsent = 3;

void optional_digest(Encoder& out, const std::optional<Digest>& d) {
  put_flag(out, d.has_value());
  if (d) out.raw(d->view());
}

std::optional<Digest> optional_digest(StrictDecoder& in) {
  if (!in.flag()) return std::nullopt;
  return in.digest();
}

}  // namespace

Bytes study_id(const StudyUid& study) { return study.value; }
Bytes series_id(const StudyUid& study, const SeriesUid& series) {
  return join({study.value, series.value});
}
Bytes instance_id(const StudyUid& study, const SeriesUid& series, const SopInstanceUid& instance) {
  return join({study.value, series.value, instance.value});
}
Bytes job_id(std::string_view queue, std::string_view name) { return join({queue, name}); }

Bytes encode(const PatientRow& r) {
  Encoder out = start_row();
  out.bytes(r.key.value);
  out.varint(r.identifiers.size());
  for (const Identifier& i : r.identifiers) {
    out.bytes(i.issuer);
    out.bytes(i.id);
  }
  r.attributes.encode(out);
  out.bytes(r.resource);
  out.varint(r.version);
  put_flag(out, r.removed);
  out.zigzag(r.changed.us);
  return out.take();
}

Result<PatientRow> decode_patient(ByteView value) {
  return decode_row<PatientRow>(value, "patient", [](PatientRow& r, Decoder& in, StrictDecoder& s) {
    r.key.value = s.text();
    for (uint64_t n = s.count(2); n > 0 && s.ok(); --n) {
      std::string issuer = s.text();
      r.identifiers.push_back({std::move(issuer), s.text()});
    }
    r.attributes = AttributeSet::decode(in);
    r.resource = s.text();
    r.version = s.varint();
    r.removed = s.flag();
    r.changed.us = s.zigzag();
  });
}

Bytes encode(const StudyRow& r) {
  Encoder out = start_row();
  out.bytes(r.uid.value);
  out.bytes(r.patient.value);
  r.attributes.encode(out);
  out.varint(r.bytes);
  out.zigzag(r.received.us);
  out.zigzag(r.changed.us);
  return out.take();
}

Result<StudyRow> decode_study(ByteView value) {
  return decode_row<StudyRow>(value, "study", [](StudyRow& r, Decoder& in, StrictDecoder& s) {
    r.uid.value = s.text();
    r.patient.value = s.text();
    r.attributes = AttributeSet::decode(in);
    r.bytes = s.varint();
    r.received.us = s.zigzag();
    r.changed.us = s.zigzag();
  });
}

Bytes encode(const SeriesRow& r) {
  Encoder out = start_row();
  out.bytes(r.study.value);
  out.bytes(r.uid.value);
  r.attributes.encode(out);
  out.varint(r.bytes);
  out.zigzag(r.received.us);
  out.zigzag(r.changed.us);
  return out.take();
}

Result<SeriesRow> decode_series(ByteView value) {
  return decode_row<SeriesRow>(value, "series", [](SeriesRow& r, Decoder& in, StrictDecoder& s) {
    r.study.value = s.text();
    r.uid.value = s.text();
    r.attributes = AttributeSet::decode(in);
    r.bytes = s.varint();
    r.received.us = s.zigzag();
    r.changed.us = s.zigzag();
  });
}

Bytes encode(const InstanceRow& r) {
  Encoder out = start_row();
  out.bytes(r.study.value);
  out.bytes(r.series.value);
  out.bytes(r.uid.value);
  out.bytes(r.sop_class.value);
  out.bytes(r.transfer_syntax.value);
  r.attributes.encode(out);
  out.raw(r.dataset.view());
  out.varint(r.dataset_bytes);
  out.bytes(r.envelope);
  put_flag(out, r.envelope_received);
  out.bytes(r.frame_table);
  out.varint(r.version);
  out.zigzag(r.received.us);
  return out.take();
}

Result<InstanceRow> decode_instance(ByteView value) {
  return decode_row<InstanceRow>(value, "instance",
                                 [](InstanceRow& r, Decoder& in, StrictDecoder& s) {
                                   r.study.value = s.text();
                                   r.series.value = s.text();
                                   r.uid.value = s.text();
                                   r.sop_class.value = s.text();
                                   r.transfer_syntax.value = s.text();
                                   r.attributes = AttributeSet::decode(in);
                                   r.dataset = s.digest();
                                   r.dataset_bytes = s.varint();
                                   r.envelope = s.text();
                                   r.envelope_received = s.flag();
                                   r.frame_table = s.text();
                                   r.version = s.u32();
                                   r.received.us = s.zigzag();
                                 });
}

void put_beside(Encoder& out, const std::vector<Attachment>& attachments,
                const std::vector<std::string>& identities) {
  out.varint(attachments.size());
  for (const Attachment& a : attachments) {
    out.bytes(a.role);
    out.raw(a.blob.view());
    out.varint(a.bytes);
  }
  out.varint(identities.size());
  for (const std::string& identity : identities) out.bytes(identity);
}

void take_beside(StrictDecoder& in, std::vector<Attachment>& attachments,
                 std::vector<std::string>& identities) {
  for (uint64_t n = in.count(34); n > 0 && in.ok(); --n) {
    Attachment a;
    a.role = in.text();
    a.blob = in.digest();
    a.bytes = in.varint();
    attachments.push_back(std::move(a));
  }
  for (uint64_t n = in.count(); n > 0 && in.ok(); --n) identities.push_back(in.text());
}

namespace {

void put_terms(Encoder& out, const std::vector<DuoTerm>& terms) {
  out.varint(terms.size());
  for (const DuoTerm& term : terms) {
    out.bytes(term.id);
    out.bytes(term.qualifier);
  }
}

void take_terms(StrictDecoder& in, std::vector<DuoTerm>& terms) {
  for (uint64_t n = in.count(2); n > 0 && in.ok(); --n) {
    DuoTerm term;
    term.id = in.text();
    term.qualifier = in.text();
    terms.push_back(std::move(term));
  }
}

}  // namespace

void put_consent(Encoder& out, const Consent& consent) {
  put_terms(out, consent.terms);
  out.varint(consent.regions.size());
  for (const ConsentRegion& region : consent.regions) {
    out.bytes(region.reference);
    out.varint(region.begin);
    out.varint(region.end);
    put_terms(out, region.terms);
  }
}

void take_consent(StrictDecoder& in, Consent& consent) {
  take_terms(in, consent.terms);
  for (uint64_t n = in.count(4); n > 0 && in.ok(); --n) {
    ConsentRegion region;
    region.reference = in.text();
    region.begin = in.u32();
    region.end = in.u32();
    take_terms(in, region.terms);
    consent.regions.push_back(std::move(region));
  }
}

const Attachment* attachment(const FileRow& file, std::string_view role) {
  const auto at = std::find_if(file.attachments.begin(), file.attachments.end(),
                               [&](const Attachment& a) { return a.role == role; });
  return at == file.attachments.end() ? nullptr : &*at;
}

Bytes encode(const FileRow& r) {
  const bool beside = !r.attachments.empty() || !r.identities.empty();
  const bool consent = r.consent.version != 0;
  Encoder out = start_row(consent  ? kFileRowWithConsent
                          : beside ? kFileRowWithAttachments
                                   : kRowVersion);
  out.bytes(r.id.value);
  out.bytes(r.patient.value);
  out.bytes(r.name);
  out.bytes(r.format);
  out.varint(r.samples.size());
  for (const std::string& sample : r.samples) out.bytes(sample);
  out.raw(r.blob.view());
  out.varint(r.bytes);
  out.bytes(r.md5_hex);
  optional_digest(out, r.index_blob);
  out.bytes(r.index_kind);
  optional_digest(out, r.block_map_blob);
  out.bytes(r.statistics_json);
  out.zigzag(r.received.us);
  if (beside || consent) put_beside(out, r.attachments, r.identities);
  if (consent) {
    put_consent(out, r.consent);
    out.varint(r.consent.version);
    out.zigzag(r.consent.changed.us);
  }
  return out.take();
}

Result<FileRow> decode_file(ByteView value) {
  const auto read = [value](FileRow& r, Decoder&, StrictDecoder& s) {
    r.id.value = s.text();
    r.patient.value = s.text();
    r.name = s.text();
    r.format = s.text();
    for (uint64_t n = s.count(); n > 0 && s.ok(); --n) r.samples.push_back(s.text());
    r.blob = s.digest();
    r.bytes = s.varint();
    r.md5_hex = s.text();
    r.index_blob = optional_digest(s);
    r.index_kind = s.text();
    r.block_map_blob = optional_digest(s);
    r.statistics_json = s.text();
    r.received.us = s.zigzag();
    const uint8_t version = value.empty() ? 0 : static_cast<uint8_t>(value[0]);
    if (version < kFileRowWithAttachments) return;
    take_beside(s, r.attachments, r.identities);
    if (version == kFileRowWithAttachments) {
      if (r.attachments.empty() && r.identities.empty()) s.fail();
      return;
    }
    take_consent(s, r.consent);
    r.consent.version = s.varint();
    r.consent.changed.us = s.zigzag();
    if (r.consent.version == 0) s.fail();
  };
  return decode_row<FileRow>(value, "file", read, kFileRowWithConsent);
}

Bytes encode(const AuditEntry& r) {
  Encoder out = start_row();
  out.zigzag(r.time.us);
  out.bytes(r.principal);
  out.bytes(r.door);
  out.bytes(r.action);
  out.bytes(r.object);
  out.bytes(r.detail);
  out.varint(r.count);
  put_flag(out, r.allowed);
  return out.take();
}

Result<AuditEntry> decode_audit(ByteView value) {
  return decode_row<AuditEntry>(value, "audit", [](AuditEntry& r, Decoder&, StrictDecoder& s) {
    r.time.us = s.zigzag();
    r.principal = s.text();
    r.door = s.text();
    r.action = s.text();
    r.object = s.text();
    r.detail = s.text();
    r.count = s.u32();
    r.allowed = s.flag();
  });
}

Bytes encode(const JobRow& r) {
  Encoder out = start_row();
  out.bytes(r.queue);
  out.bytes(r.name);
  out.bytes(r.kind);
  out.bytes(r.payload);
  out.fixed(static_cast<uint8_t>(r.state));
  out.varint(r.attempts);
  out.varint(r.version);
  out.zigzag(r.created.us);
  out.zigzag(r.due.us);
  out.bytes(r.problem);
  return out.take();
}

Result<JobRow> decode_job(ByteView value) {
  return decode_row<JobRow>(value, "job", [](JobRow& r, Decoder&, StrictDecoder& s) {
    r.queue = s.text();
    r.name = s.text();
    r.kind = s.text();
    r.payload = s.text();
    r.state = s.either(JobRow::State::waiting, JobRow::State::failed);
    r.attempts = s.u32();
    r.version = s.varint();
    r.created.us = s.zigzag();
    r.due.us = s.zigzag();
    r.problem = s.text();
  });
}

Bytes encode(const Tombstone& t) {
  Encoder out = start_row();
  out.zigzag(t.removed.us);
  out.varint(t.instances);
  out.bytes(t.reason);
  return out.take();
}

Result<Tombstone> decode_tombstone(ByteView value) {
  return decode_row<Tombstone>(value, "tombstone", [](Tombstone& t, Decoder&, StrictDecoder& s) {
    t.removed.us = s.zigzag();
    t.instances = s.varint();
    t.reason = s.text();
  });
}

}  // namespace medarc::index
