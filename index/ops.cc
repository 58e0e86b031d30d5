#include "index/ops.h"

#include <algorithm>

#include "index/row_codec.h"

namespace medarc::index {
namespace {

// Facts are written in the least version that can hold them, so that an archive without jobs stays
// readable by a Medarc that knows none.
constexpr uint8_t kFirstFactsVersion = 1;
constexpr uint8_t kFactsVersionWithJobs = 2;
constexpr uint8_t kFactsVersionWithRemovals = 3;
constexpr uint8_t kFactsVersionWithWorkItems = 4;
constexpr uint8_t kFactsVersionWithAttachments = 5;
constexpr uint8_t kFactsVersionWithConsent = 6;
enum class OpKind : uint8_t {
  store_instance = 1,
  store_file = 2,
  remove_file = 3,
  put_patient = 4,
  record_audit = 5,
  put_job = 6,  // from version 2 on
  change_job = 7,
  remove_job = 8,
  remove_images = 9,   // from version 3 on
  put_work_item = 10,  // from version 4 on
  remove_work_item = 11,
  put_subscription = 12,
  remove_subscription = 13,
  amend_file = 14,   // from version 5 on
  set_consent = 15,  // from version 6 on
};

void put(Encoder& out, OpKind kind) { out.fixed(static_cast<uint8_t>(kind)); }

void put(Encoder& out, const Identifier& i) {
  out.bytes(i.issuer);
  out.bytes(i.id);
}

Identifier identifier(StrictDecoder& in) {
  Identifier i;
  i.issuer = in.text();
  i.id = in.text();
  return i;
}

void encode_op(Encoder& out, const StoreInstance& op) {
  put(out, OpKind::store_instance);
  put(out, op.patient);
  out.bytes(op.patient_if_new.value);
  op.patient_attributes.encode(out);
  op.study_attributes.encode(out);
  op.series_attributes.encode(out);
  out.bytes(encode(op.instance));
  out.bytes(op.metadata_zstd);
}

void encode_op(Encoder& out, const StoreFile& op) {
  put(out, OpKind::store_file);
  out.bytes(encode(op.file));
  out.fixed(static_cast<uint8_t>(op.patient ? 1 : 0));
  if (op.patient) put(out, *op.patient);
  out.bytes(op.patient_if_new.value);
}

void encode_op(Encoder& out, const RemoveFile& op) {
  put(out, OpKind::remove_file);
  out.bytes(op.id.value);
}

void encode_op(Encoder& out, const PutPatient& op) {
  put(out, OpKind::put_patient);
  out.bytes(encode(op.patient));
  out.fixed(static_cast<uint8_t>(op.expect_version ? 1 : 0));
  if (op.expect_version) out.varint(*op.expect_version);
}

void encode_op(Encoder& out, const RecordAudit& op) {
  put(out, OpKind::record_audit);
  out.bytes(encode(op.entry));
}

void encode_op(Encoder& out, const PutJob& op) {
  put(out, OpKind::put_job);
  out.bytes(encode(op.job));
  out.fixed(static_cast<uint8_t>(op.with_instance ? 1 : 0));
}

void encode_op(Encoder& out, const ChangeJob& op) {
  put(out, OpKind::change_job);
  out.bytes(op.queue);
  out.bytes(op.name);
  out.varint(op.expect_version);
  out.fixed(static_cast<uint8_t>(op.state));
  out.varint(op.attempts);
  out.zigzag(op.due.us);
  out.bytes(op.problem);
}

void encode_op(Encoder& out, const RemoveJob& op) {
  put(out, OpKind::remove_job);
  out.bytes(op.queue);
  out.bytes(op.name);
  out.fixed(static_cast<uint8_t>(op.expect_version ? 1 : 0));
  if (op.expect_version) out.varint(*op.expect_version);
}

void encode_op(Encoder& out, const RemoveImages& op) {
  put(out, OpKind::remove_images);
  out.bytes(op.study.value);
  out.fixed(static_cast<uint8_t>(op.series ? 1 : 0));
  if (op.series) out.bytes(op.series->value);
  out.fixed(static_cast<uint8_t>(op.instance ? 1 : 0));
  if (op.instance) out.bytes(op.instance->value);
  out.bytes(op.reason);
}

void encode_op(Encoder& out, const PutWorkItem& op) {
  put(out, OpKind::put_work_item);
  out.bytes(encode(op.item));
  out.varint(op.expect_version);
}

void encode_op(Encoder& out, const RemoveWorkItem& op) {
  put(out, OpKind::remove_work_item);
  out.bytes(op.uid.value);
  out.varint(op.expect_version);
}

void encode_op(Encoder& out, const PutSubscription& op) {
  put(out, OpKind::put_subscription);
  out.bytes(encode(op.subscription));
  out.fixed(static_cast<uint8_t>(op.with_item ? 1 : 0));
}

void encode_op(Encoder& out, const RemoveSubscription& op) {
  put(out, OpKind::remove_subscription);
  out.bytes(op.target.value);
  out.bytes(op.aet);
}

void encode_op(Encoder& out, const AmendFile& op) {
  put(out, OpKind::amend_file);
  out.bytes(op.id.value);
  out.raw(op.blob.view());
  put_beside(out, op.attachments, op.identities);
  out.bytes(op.statistics_json);
}

void encode_op(Encoder& out, const SetConsent& op) {
  put(out, OpKind::set_consent);
  out.bytes(op.id.value);
  put_consent(out, op.consent);
  out.fixed(static_cast<uint8_t>(op.expect_version ? 1 : 0));
  if (op.expect_version) out.varint(*op.expect_version);
}

uint8_t version_of(const Op& op) {
  if (std::holds_alternative<SetConsent>(op)) return kFactsVersionWithConsent;
  if (std::holds_alternative<AmendFile>(op)) return kFactsVersionWithAttachments;
  if (const auto* store = std::get_if<StoreFile>(&op)) {
    if (store->file.consent.version != 0) return kFactsVersionWithConsent;
    const bool beside = !store->file.attachments.empty() || !store->file.identities.empty();
    return beside ? kFactsVersionWithAttachments : kFirstFactsVersion;
  }
  const bool work =
      std::holds_alternative<PutWorkItem>(op) || std::holds_alternative<RemoveWorkItem>(op) ||
      std::holds_alternative<PutSubscription>(op) || std::holds_alternative<RemoveSubscription>(op);
  if (work) return kFactsVersionWithWorkItems;
  if (std::holds_alternative<RemoveImages>(op)) return kFactsVersionWithRemovals;
  const bool job = std::holds_alternative<PutJob>(op) || std::holds_alternative<ChangeJob>(op) ||
                   std::holds_alternative<RemoveJob>(op);
  return job ? kFactsVersionWithJobs : kFirstFactsVersion;
}

uint8_t version_of(const Facts& facts) {
  uint8_t version = kFirstFactsVersion;
  for (const Op& op : facts.ops) version = std::max(version, version_of(op));
  return version;
}

// Takes a decoded row, or fails the whole decoding.
template <class Row>
Row row_or_fail(StrictDecoder& in, Result<Row> row) {
  if (row.has_error()) {
    in.fail();
    return {};
  }
  return std::move(*row);
}

Op decode_op(Decoder& in, StrictDecoder& strict) {
  switch (static_cast<OpKind>(in.fixed<uint8_t>())) {
    case OpKind::store_instance: {
      StoreInstance op;
      op.patient = identifier(strict);
      op.patient_if_new.value = strict.text();
      op.patient_attributes = AttributeSet::decode(in);
      op.study_attributes = AttributeSet::decode(in);
      op.series_attributes = AttributeSet::decode(in);
      op.instance = row_or_fail(strict, decode_instance(strict.bytes()));
      op.metadata_zstd = strict.text();
      return op;
    }
    case OpKind::store_file: {
      StoreFile op;
      op.file = row_or_fail(strict, decode_file(strict.bytes()));
      if (strict.flag()) op.patient = identifier(strict);
      op.patient_if_new.value = strict.text();
      return op;
    }
    case OpKind::remove_file: {
      RemoveFile op;
      op.id.value = strict.text();
      return op;
    }
    case OpKind::put_patient: {
      PutPatient op;
      op.patient = row_or_fail(strict, decode_patient(strict.bytes()));
      if (strict.flag()) op.expect_version = strict.varint();
      return op;
    }
    case OpKind::record_audit:
      return RecordAudit{row_or_fail(strict, decode_audit(strict.bytes()))};
    case OpKind::put_job: {
      PutJob op;
      op.job = row_or_fail(strict, decode_job(strict.bytes()));
      op.with_instance = strict.flag();
      return op;
    }
    case OpKind::change_job: {
      ChangeJob op;
      op.queue = strict.text();
      op.name = strict.text();
      op.expect_version = strict.varint();
      op.state = strict.either(JobRow::State::waiting, JobRow::State::failed);
      op.attempts = strict.u32();
      op.due.us = strict.zigzag();
      op.problem = strict.text();
      return op;
    }
    case OpKind::remove_job: {
      RemoveJob op;
      op.queue = strict.text();
      op.name = strict.text();
      if (strict.flag()) op.expect_version = strict.varint();
      return op;
    }
    case OpKind::remove_images: {
      RemoveImages op;
      op.study.value = strict.text();
      if (strict.flag()) op.series = SeriesUid(strict.text());
      if (strict.flag()) op.instance = SopInstanceUid(strict.text());
      op.reason = strict.text();
      return op;
    }
    case OpKind::put_work_item: {
      PutWorkItem op;
      op.item = row_or_fail(strict, decode_work_item(strict.bytes()));
      op.expect_version = strict.varint();
      return op;
    }
    case OpKind::remove_work_item: {
      RemoveWorkItem op;
      op.uid.value = strict.text();
      op.expect_version = strict.varint();
      return op;
    }
    case OpKind::put_subscription: {
      PutSubscription op;
      op.subscription = row_or_fail(strict, decode_subscription(strict.bytes()));
      op.with_item = strict.flag();
      return op;
    }
    case OpKind::remove_subscription: {
      RemoveSubscription op;
      op.target.value = strict.text();
      op.aet = strict.text();
      return op;
    }
    case OpKind::amend_file: {
      AmendFile op;
      op.id.value = strict.text();
      op.blob = strict.digest();
      take_beside(strict, op.attachments, op.identities);
      op.statistics_json = strict.text();
      return op;
    }
    case OpKind::set_consent: {
      SetConsent op;
      op.id.value = strict.text();
      take_consent(strict, op.consent);
      if (strict.flag()) op.expect_version = strict.varint();
      return op;
    }
  }
  strict.fail();
  return RecordAudit{};
}

}  // namespace

Bytes encode(const Facts& facts) {
  Encoder out;
  out.fixed(version_of(facts));
  out.zigzag(facts.time.us);
  out.varint(facts.ops.size());
  for (const Op& op : facts.ops) {
    std::visit([&](const auto& o) { encode_op(out, o); }, op);
  }
  return out.take();
}

Result<Facts> decode_facts(ByteView payload) {
  Decoder in(payload);
  StrictDecoder strict(in);
  const uint8_t version = in.fixed<uint8_t>();
  if (in.ok() && version > kFactsVersionWithConsent) {
    return make_error(Code::unsupported, "facts of version " + std::to_string(version) +
                                             ": written by a newer Medarc");
  }
  if (version == 0) strict.fail();
  Facts facts;
  facts.time.us = strict.zigzag();
  const uint64_t count = strict.count();
  for (uint64_t i = 0; i < count && in.ok(); ++i) facts.ops.push_back(decode_op(in, strict));
  if (!in.at_end() || version != version_of(facts)) {
    return make_error(Code::corrupt, "facts cannot be decoded");
  }
  return facts;
}

}  // namespace medarc::index
