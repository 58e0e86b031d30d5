#include "genomics/upload.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/metrics.h"
#include "genomics/file_id.h"
#include "genomics/read_sums.h"
#include "genomics/statistics.h"
#include "records/identity.h"
#include "records/json.h"

namespace medarc::genomics {
namespace {

// Adds "mate" to an object that has members, unless it has it already.
void add_mate(Bytes& object, const FileId& mate) {
  if (object.find(R"(,"mate":)") != Bytes::npos) return;
  Bytes member = R"("mate":)";
  records::append_quoted(member, mate.value);
  object = with_member(object, member);
}

std::vector<std::string> names_in(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return out;
    const std::string_view name = text.substr(0, text.find(' '));
    out.emplace_back(name);
    text.remove_prefix(name.size());
  }
}

}  // namespace

StoreUpload::StoreUpload(index::Index& index, security::Guard& guard, References& references,
                         CramReads& crams, const Limits& limits, Principal principal,
                         UploadStart start, FileRow row, std::optional<index::Identifier> patient)
    : index_(index),
      guard_(guard),
      references_(references),
      crams_(crams),
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
  IngestOptions options;
  options.circular = names_in(start_.circular);
  if (!options.circular.empty() && row_.format != "fasta") {
    return make_error(Code::invalid_argument, "circular: only a FASTA file has such sequences");
  }
  MEDARC_ASSIGN(ingest_, open_ingest(*format, index_.blobs(), limits_, options));
  if (!start_.mate.empty()) MEDARC_TRY(pair());
  const Bytes head = std::move(head_);
  head_.clear();
  return ingest_->write(head);
}

// The records are compared with the mate's as they come.
Status StoreUpload::pair() {
  MEDARC_ASSIGN(mate_, index_.view()->file(FileId(start_.mate)));
  if (!mate_) return make_error(Code::not_found, "mate: there is no genome file of this id");
  MEDARC_ASSIGN(auto reader, index_.blobs().open(mate_->blob));
  return ingest_->pair_with(std::move(reader));
}

// Adds what the registry knows of the header's sequences to the file's statistics.
Status StoreUpload::check_references(const std::string& sam_header) {
  const auto claims = claims_of(sam_header);
  if (claims.empty()) return {};
  MEDARC_ASSIGN(const ReferenceReport report, references_.check(claims));
  Bytes member = R"("referenceCheck":)";
  member += report.json();
  row_.statistics_json = with_member(row_.statistics_json, member);
  return {};
}

// Of an encrypted file, what is declared may be of the encrypted bytes.
Status StoreUpload::check_declared(const Digest& sha256) const {
  const bool differs = (start_.sha256 && *start_.sha256 != sha256 &&
                        !(encrypted_ && *start_.sha256 == encrypted_->sha256)) ||
                       (start_.md5_hex && *start_.md5_hex != row_.md5_hex &&
                        !(encrypted_ && *start_.md5_hex == encrypted_->md5_hex));
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

void StoreUpload::tell_how_it_came() {
  if (!encrypted_) return;
  row_.statistics_json =
      with_member(row_.statistics_json, R"("receivedAs":{"encryption":"crypt4gh","bytes":)" +
                                            std::to_string(encrypted_->bytes) + R"(,"sha256":")" +
                                            encrypted_->sha256.hex() + R"("})");
}

Counter& StoreUpload::refused() {
  static Counter& refused =
      counter("medarc_genome_files_refused_total", "Genome files refused for what they hold.");
  return refused;
}

Result<UploadResult> StoreUpload::finish() {
  static Counter& stored = counter("medarc_genome_files_total", "Genome files stored.");
  if (failed_.has_value() && !ingest_) failed_ = sniff_head(true);
  if (failed_.has_error()) {
    refused().add();
    return failed_.error();
  }
  auto ingested = ingest_->finish();
  ingest_.reset();
  if (ingested.has_value() && start_.id.empty() && start_.id_of_content) {
    row_.id = FileId(file_id_of(ingested->content.digest, row_.name));
  }
  if (ingested.has_value() && ingested->cram) {
    if (const Status examined = crams_.examine(principal_, row_.id, *ingested);
        examined.has_error()) {
      ingested = examined.error();
    }
  }
  if (ingested.has_error()) {
    refused().add();
    failed_ = ingested.error();
    return failed_.error();
  }
  auto result = commit(std::move(*ingested));
  if (result.has_value() && !result->existed) {
    stored.add();
    if (follow_up(result->file).has_error()) log(Level::warn, "genomics.follow_up_failed");
  }
  if (result.has_error()) failed_ = result.error();
  return result;
}

// The pair bears the name of the set of reads that both files are together, as the BAM made of them
// does. The mate is the first half unless the reads say otherwise.
void StoreUpload::name_the_pair(std::vector<std::string>& identities) {
  const auto own = read_sums_of(row_.statistics_json), other = read_sums_of(mate_->statistics_json);
  const bool first =
      read_number_of(row_.statistics_json) == 1 ||
      (read_number_of(row_.statistics_json) == 0 && read_number_of(mate_->statistics_json) == 2);
  add_mate(row_.statistics_json, mate_->id);
  if (!own || !other || (*own)[0].reads == 0 || (*other)[0].reads == 0) return;
  pair_identity_ = read_set_identity(first ? ReadSums{ReadSum{}, (*own)[0], (*other)[0]}
                                           : ReadSums{ReadSum{}, (*other)[0], (*own)[0]});
  identities.push_back(pair_identity_);
}

// What follows from a file that is stored: its mate learns of it; alerts are counted and audited,
// which never refuses and never undoes it. Should this fail, the next look at the file says the
// same.
Status StoreUpload::follow_up(const FileRow& file) {
  static Counter& raised =
      counter("medarc_genome_alerts_total", "Alerts on genome files that were stored.");
  index::Facts facts;
  facts.time = now();
  if (mate_) {
    index::AmendFile amend{mate_->id, mate_->blob, {}, {}, mate_->statistics_json};
    if (!pair_identity_.empty()) amend.identities.push_back(pair_identity_);
    add_mate(amend.statistics_json, file.id);
    facts.ops.emplace_back(std::move(amend));
  }
  MEDARC_ASSIGN(const Findings findings, findings_of(*index_.view(), principal_, file));
  for (const Alert& alert : findings.alerts) {
    raised.add();
    facts.ops.push_back(guard_.audit_op(
        principal_, security::Action::store,
        {security::Domain::genomes, "file/" + file.id.value, "alert: " + alert.code}));
  }
  if (facts.ops.empty()) return {};
  const auto done = index_.commit({}, std::move(facts));
  return done.has_error() ? Status(done.error()) : Status();
}

Result<UploadResult> StoreUpload::commit(Ingested ingested) {
  row_.blob = ingested.content.digest;
  row_.bytes = ingested.content.size;
  row_.md5_hex = md5_.finish_hex();
  MEDARC_TRY(check_declared(row_.blob));
  add_samples(ingested.samples);
  row_.index_kind = ingested.index_kind;
  row_.statistics_json = std::move(ingested.statistics_json);
  tell_how_it_came();
  MEDARC_TRY(check_references(ingested.sam_header));
  index::Facts facts;
  facts.time = now();
  if (mate_) name_the_pair(ingested.identities);
  if (ingested.plain) ingested.identities.push_back(plain_identity(*ingested.plain));
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
