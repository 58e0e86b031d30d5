#include "tests/index/maker.h"

#include <unistd.h>
#include <zstd.h>

#include "archive/hash.h"
#include "index/fields.h"

namespace medarc::index::test {

IndexOptions quick_options() {
  IndexOptions o;
  o.archive.sync = false;
  o.archive.segment_bytes = 4u << 20;
  o.cache_bytes = 8u << 20;
  o.write_buffer_bytes = 8u << 20;
  return o;
}

archive::StagedBlob stage(Index& index, ByteView bytes) {
  auto writer = must(index.blobs().writer(archive::Cuts::given));
  must(writer->write(bytes));
  return must(writer->finish());
}

Bytes zstd(ByteView plain) {
  Bytes out(ZSTD_compressBound(plain.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 3));
  return out;
}

Bytes unzstd(ByteView frame) {
  const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  EXPECT_LT(size, 1ull << 30);
  Bytes out(size, '\0');
  EXPECT_EQ(ZSTD_decompress(out.data(), out.size(), frame.data(), frame.size()), size);
  return out;
}

StoreInstance make_store(const InstanceSpec& s, const archive::StagedBlob& blob) {
  StoreInstance op;
  op.patient = {s.issuer, s.patient_id};
  op.patient_if_new =
      PatientKey("p" + archive::Sha256::of(s.patient_id.empty() ? s.study : op.patient.joined())
                           .hex()
                           .substr(0, 24));
  op.patient_attributes.set(kPatientId, "LO", {s.patient_id});
  op.patient_attributes.set(kPatientName, "PN", {s.name});
  op.study_attributes.set(kStudyUid, "UI", {s.study});
  op.study_attributes.set(kStudyDate, "DA", {s.date});
  op.study_attributes.set(kAccessionNumber, "SH", {s.accession});
  op.series_attributes.set(kSeriesUid, "UI", {s.series});
  op.series_attributes.set(kModality, "CS", {s.modality});
  InstanceRow& i = op.instance;
  i.study.value = s.study;
  i.series.value = s.series;
  i.uid.value = s.instance;
  i.sop_class.value = s.sop_class;
  i.transfer_syntax.value = "1.2.840.10008.1.2.1";
  i.attributes.set({0x00200013}, "IS", {std::to_string(s.number)});
  i.dataset = blob.digest;
  i.dataset_bytes = blob.size;
  i.envelope = s.envelope;
  i.envelope_received = !s.envelope.empty();
  op.metadata_zstd = zstd(s.metadata);
  return op;
}

OpOutcome run(Index& index, Op op, Timestamp time, std::vector<archive::StagedBlob> blobs) {
  Facts facts{time, {}};
  facts.ops.push_back(std::move(op));
  CommitResult result = must(index.commit(std::move(blobs), std::move(facts)));
  EXPECT_EQ(result.outcomes.size(), 1u);
  return result.outcomes.at(0);
}

OpOutcome store(Index& index, const InstanceSpec& spec, Timestamp time) {
  archive::StagedBlob blob = stage(index, spec.content);
  StoreInstance op = make_store(spec, blob);
  std::vector<archive::StagedBlob> blobs;
  blobs.push_back(std::move(blob));
  return run(index, std::move(op), time, std::move(blobs));
}

Term equal(Tag tag, std::vector<std::string> values) {
  return {tag, TermOp::equal, std::move(values)};
}

Query where(Kind kind, std::vector<Term> all_of) {
  Query q;
  q.kind = kind;
  for (Term& term : all_of) q.all_of_any.push_back({std::move(term)});
  return q;
}

std::vector<Bytes> ids(const Page& page) {
  std::vector<Bytes> out;
  for (const Match& m : page.matches) out.push_back(m.row.id);
  return out;
}

std::vector<Bytes> all_ids(View& view, Query query, uint32_t limit) {
  std::vector<Bytes> out;
  query.limit = limit;
  for (;;) {
    Page page = must(view.query(query));
    EXPECT_LE(page.matches.size(), limit);
    for (const Match& m : page.matches) out.push_back(m.row.id);
    if (page.next.empty()) return out;
    EXPECT_EQ(page.matches.size(), limit);
    query.after = page.next;
    query.offset = 0;
  }
}

std::vector<std::pair<Bytes, Bytes>> dump(Index& index) {
  std::vector<std::pair<Bytes, Bytes>> out;
  must(index.for_each_row([&](ByteView k, ByteView v) {
    out.emplace_back(k, v);
    return true;
  }));
  return out;
}

}  // namespace medarc::index::test
