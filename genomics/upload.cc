#include "genomics/upload.h"

#include <algorithm>
#include <set>

#include "base/metrics.h"
#include "records/identity.h"

namespace medarc::genomics {

StoreUpload::StoreUpload(index::Index& index, security::Guard& guard, const Limits& limits,
                         Principal principal, UploadStart start, FileRow row,
                         std::optional<index::Identifier> patient)
    : index_(index),
      guard_(guard),
      limits_(limits),
      principal_(std::move(principal)),
      start_(std::move(start)),
      row_(std::move(row)),
      patient_(std::move(patient)) {}

Status StoreUpload::write(ByteView bytes) {
  if (failed_.has_error()) return failed_;
  failed_ = take(bytes);
  if (failed_.has_error()) ingest_.reset();
  return failed_;
}

Status StoreUpload::take(ByteView bytes) {
  bytes_ += bytes.size();
  if (bytes_ > limits_.file_bytes_max) {
    return make_error(Code::too_large, "the file is over genomics.file_bytes_max");
  }
  md5_.update(bytes);
  if (ingest_) return ingest_->write(bytes);
  head_.append(bytes);
  return sniff_head(false);
}

Status StoreUpload::sniff_head(bool complete) {
  MEDARC_ASSIGN(const auto format, sniff(head_, complete));
  if (!format) return {};
  row_.format = to_string(*format);
  MEDARC_ASSIGN(ingest_, open_ingest(*format, index_.blobs(), limits_));
  const Bytes head = std::move(head_);
  head_.clear();
  return ingest_->write(head);
}

Status StoreUpload::check_declared(const Digest& sha256) const {
  const bool differs = (start_.sha256 && *start_.sha256 != sha256) ||
                       (start_.md5_hex && *start_.md5_hex != row_.md5_hex);
  if (!differs) return {};
  return make_error(Code::precondition_failed,
                    "the bytes that arrived do not have the declared digest: nothing was stored");
}

void StoreUpload::add_samples(const std::vector<std::string>& samples) {
  for (const std::string& sample : samples) {
    if (std::find(row_.samples.begin(), row_.samples.end(), sample) == row_.samples.end()) {
      row_.samples.push_back(sample);
    }
  }
}

Result<UploadResult> StoreUpload::finish() {
  static Counter& stored = counter("medarc_genome_files_total", "Genome files stored.");
  static Counter& refused =
      counter("medarc_genome_files_refused_total", "Genome files refused for what they hold.");
  if (failed_.has_value() && !ingest_) failed_ = sniff_head(true);
  if (failed_.has_error()) {
    refused.add();
    return failed_.error();
  }
  auto ingested = ingest_->finish();
  ingest_.reset();
  if (ingested.has_error()) {
    refused.add();
    failed_ = ingested.error();
    return failed_.error();
  }
  auto result = commit(std::move(*ingested));
  if (result.has_value() && !result->existed) stored.add();
  if (result.has_error()) failed_ = result.error();
  return result;
}

Result<UploadResult> StoreUpload::commit(Ingested ingested) {
  row_.blob = ingested.content.digest;
  row_.bytes = ingested.content.size;
  row_.md5_hex = md5_.finish_hex();
  MEDARC_TRY(check_declared(row_.blob));
  add_samples(ingested.samples);
  row_.index_kind = ingested.index_kind;
  row_.statistics_json = std::move(ingested.statistics_json);
  index::Facts facts;
  facts.time = now();
  std::vector<archive::StagedBlob> blobs;
  blobs.push_back(std::move(ingested.content));
  if (ingested.index) {
    row_.index_blob = ingested.index->digest;
    blobs.push_back(std::move(*ingested.index));
  }
  if (ingested.block_map) {
    row_.block_map_blob = ingested.block_map->digest;
    blobs.push_back(std::move(*ingested.block_map));
  }
  for (Ingested::Beside& beside : ingested.attachments) {
    row_.attachments.push_back({std::move(beside.role), beside.blob.digest, beside.blob.size});
    blobs.push_back(std::move(beside.blob));
  }
  std::sort(row_.attachments.begin(), row_.attachments.end(),
            [](const auto& a, const auto& b) { return a.role < b.role; });
  const std::set<std::string> identities(ingested.identities.begin(), ingested.identities.end());
  row_.identities.assign(identities.begin(), identities.end());
  const auto taken = make_error(Code::already_exists, "the id is taken by a file of other bytes");
  MEDARC_ASSIGN(const auto held, index_.view()->file(row_.id));
  if (held && held->blob != row_.blob) return taken;
  index::StoreFile op{row_, patient_, {}};
  if (patient_) op.patient_if_new = records::patient_key(*patient_, "");
  facts.ops.emplace_back(std::move(op));
  facts.ops.push_back(guard_.audit_op(principal_, security::Action::store,
                                      {security::Domain::genomes, "file/" + row_.id.value, ""}));
  MEDARC_ASSIGN(const index::CommitResult done, index_.commit(std::move(blobs), std::move(facts)));
  const index::OpOutcome& outcome = done.outcomes.at(0);
  switch (outcome.state) {
    case index::State::conflict: return taken;
    case index::State::not_found:
      return make_error(Code::not_found, "patient: there is no such patient");
    default: break;
  }
  MEDARC_ASSIGN(const auto row, index_.view()->file(row_.id));
  if (!row) return make_error(Code::gone, "the file was removed while it was stored");
  return UploadResult{*row, outcome.state == index::State::duplicate};
}

}  // namespace medarc::genomics
