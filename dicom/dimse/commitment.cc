#include "dicom/dimse/commitment.h"

#include <algorithm>

#include "archive/hash.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/metrics.h"

namespace medarc::dicom::dimse {
namespace {

using security::Action;
using security::Domain;

constexpr uint8_t kPayloadVersion = 1;
constexpr size_t kReadBytes = 1u << 20;
constexpr index::Tag kSopInstance{0x00080018};

bool same_instances(const CommitmentDataset& a, const CommitmentDataset& b) {
  return std::equal(a.references.begin(), a.references.end(), b.references.begin(),
                    b.references.end(), [](const Reference& x, const Reference& y) {
                      return x.sop_class == y.sop_class && x.instance == y.instance;
                    });
}

// Who may store may ask whether it is kept.
security::Object asked_object() { return {Domain::images, "studies", "storage commitment"}; }

}  // namespace

CommitmentOptions CommitmentOptions::from(Config& config) {
  CommitmentOptions o;
  o.references_max = static_cast<uint32_t>(
      config.size("commitment.references_max", o.references_max,
                  "Instances of one storage commitment request.", 1, 100'000));
  o.dataset_bytes_max =
      config.size("commitment.dataset_bytes_max", o.dataset_bytes_max,
                  "The dataset of one storage commitment request.", 1024, 1u << 30);
  o.same_association_ms = static_cast<uint32_t>(
      config.size("commitment.same_association_ms", o.same_association_ms,
                  "How long a storage commitment report may go over the requestor's association.",
                  0, 3'600'000));
  o.answer_timeout_ms = static_cast<uint32_t>(
      config.size("commitment.answer_timeout_ms", o.answer_timeout_ms,
                  "Wait for a peer's answer to a storage commitment report.", 100, 3'600'000));
  o.report_timeout_ms = static_cast<uint32_t>(
      config.size("commitment.report_timeout_ms", o.report_timeout_ms,
                  "Until a peer's report on what routing sent to it; then it is sent again.", 100,
                  604'800'000));
  o.report_same_association_ms = static_cast<uint32_t>(
      config.size("commitment.report_same_association_ms", o.report_same_association_ms,
                  "How much of that a delivery stays on its association for, so that the report "
                  "may come there.",
                  0, 3'600'000));
  return o;
}

Bytes encode(const CommitmentRequest& request) {
  Encoder out;
  out.fixed(kPayloadVersion);
  out.bytes(request.peer);
  out.fixed(static_cast<uint8_t>(request.duplicate ? 1 : 0));
  out.bytes(request.asked.transaction);
  out.varint(request.asked.references.size());
  for (const Reference& r : request.asked.references) {
    out.bytes(r.sop_class);
    out.bytes(r.instance);
  }
  return out.take();
}

Result<CommitmentRequest> decode_commitment(ByteView payload) {
  Decoder in(payload);
  CommitmentRequest out;
  const bool known = in.fixed<uint8_t>() == kPayloadVersion;
  out.peer = in.bytes();
  out.duplicate = in.fixed<uint8_t>() != 0;
  out.asked.transaction = in.bytes();
  for (uint64_t n = in.varint(); n > 0 && in.ok(); --n) {
    Reference r;
    r.sop_class = in.bytes();
    r.instance = in.bytes();
    out.asked.references.push_back(std::move(r));
  }
  if (!known || !in.at_end()) {
    return make_error(Code::corrupt, "a storage commitment job cannot be decoded");
  }
  return out;
}

Result<std::optional<CommitmentJob>> Commitments::accept(const security::Principal& principal,
                                                         CommitmentRequest& request) {
  static Counter& requests =
      counter("medarc_dimse_commitments_total", "Storage commitment requests taken.");
  const security::Object object = asked_object();
  MEDARC_TRY(guard_.authorise(principal, Action::store, object));
  if (request.asked.references.empty()) {
    return make_error(Code::invalid_argument, "no instances are named");
  }
  CommitmentJob job{"commitment:" + request.peer, request.asked.transaction};
  MEDARC_ASSIGN(const auto there, index_.view()->job(job.queue, job.name));
  if (there) {
    MEDARC_ASSIGN(const CommitmentRequest running, decode_commitment(there->payload));
    if (same_instances(running.asked, request.asked)) return std::optional<CommitmentJob>();
    request.duplicate = true;
    job.name += ":duplicate";
  }
  index::JobRow row;
  row.queue = job.queue;
  row.name = job.name;
  row.kind = kCommitmentJob;
  row.payload = encode(request);
  row.due = now();
  const Status put =
      jobs_.put(std::move(row), {guard_.audit_op(principal, Action::store, object)}, true);
  if (put.has_error() && put.error().code == Code::already_exists) {
    return std::optional<CommitmentJob>();
  }
  if (put.has_error()) return put.error();
  requests.add();
  return std::optional<CommitmentJob>(std::move(job));
}

Status Commitments::admit(const security::Principal& principal) {
  return guard_.admit(principal, Action::store, asked_object());
}

uint16_t Commitments::check(const Reference& reference, const std::string& asker,
                            CommitmentTally& tally) {
  index::Query query;
  query.kind = index::Kind::instance;
  // As it wrote it, or as it was filed.
  std::vector<std::string> names{reference.instance};
  if (options_.quirks) {
    std::string filed = options_.quirks->filed_uid(asker, reference.instance);
    if (filed != reference.instance) names.push_back(std::move(filed));
  }
  query.all_of_any = {{{kSopInstance, index::TermOp::equal, std::move(names)}}};
  auto page = index_.view()->query(query);
  if (page.has_error()) return kReasonProcessing;
  if (page->matches.empty()) {
    tally.missing(reference.instance);
    return kReasonNoSuchInstance;
  }
  // One UID may be in two series of a careless sender: all of them must be sound.
  uint16_t reason = kReasonClassConflict;
  std::string study;
  for (const index::Match& match : page->matches) {
    auto row = index::decode_instance(match.row.value);
    if (row.has_error()) return kReasonProcessing;
    study = row->study.value;
    if (row->sop_class.value != reference.sop_class) continue;
    reason = check_bytes(*row);
    if (reason != 0) break;
  }
  if (reason == 0) {
    tally.committed(study, reference.instance);
  } else {
    tally.failed(study, reference.instance);
  }
  return reason;
}

uint16_t Commitments::check_bytes(const index::InstanceRow& row) {
  const auto broken = [&](std::string_view why) {
    log(medarc::Level::error, "commitment.broken",
        {{"instance", row.uid.value}, {"dataset", row.dataset.hex()}, {"error", why}});
    return kReasonProcessing;
  };
  auto reader = index_.blobs().open(row.dataset);
  if (reader.has_error()) return broken(reader.error().text);
  archive::Sha256 hash;
  Bytes buffer(kReadBytes, '\0');
  for (uint64_t at = 0; at < (*reader)->size();) {
    const uint64_t n = std::min<uint64_t>(buffer.size(), (*reader)->size() - at);
    if (auto read = (*reader)->read({at, n}, buffer.data()); read.has_error()) {
      return broken(read.error().text);
    }
    hash.update(ByteView(buffer).substr(0, n));
    at += n;
  }
  if (hash.finish() != row.dataset) return broken("the bytes are not those that were stored");
  return 0;
}

void Verification::step() {
  Reference& reference = request_.asked.references[next_++];
  if (request_.duplicate) {
    reference.failure = kReasonDuplicateTransaction;
    return;
  }
  reference.failure = commitments_.check(reference, "ae:" + request_.peer, tally_);
  if (done()) commitments_.note("ae:" + request_.peer, tally_);
}

CommitmentDataset Verification::report(const std::string& retrieve_aet) const {
  CommitmentDataset out = request_.asked;
  out.retrieve_aet = retrieve_aet;
  return out;
}

}  // namespace medarc::dicom::dimse
