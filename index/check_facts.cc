#include <algorithm>

#include "index/apply.h"

namespace medarc::index {
namespace {

Status id_part(std::string_view value, std::string_view what) {
  if (value.empty() || value.size() > kIdBytesMax || value.find('\0') != std::string_view::npos) {
    return make_error(
        Code::invalid_argument,
        std::string(what) + " must have 1 to " + std::to_string(kIdBytesMax) + " bytes and no NUL");
  }
  return {};
}

Status staged(const Digest& blob, const std::vector<archive::StagedBlob>& blobs) {
  const bool there =
      std::any_of(blobs.begin(), blobs.end(), [&](const auto& b) { return b.digest == blob; });
  if (there) return {};
  return make_error(Code::invalid_argument,
                    "facts name blob sha256-" + blob.hex() + ", which was not staged with them");
}

using Blobs = std::vector<archive::StagedBlob>;

Status check(const StoreInstance& op, const Blobs& blobs) {
  MEDARC_TRY(id_part(op.instance.study.value, "Study Instance UID"));
  MEDARC_TRY(id_part(op.instance.series.value, "Series Instance UID"));
  MEDARC_TRY(id_part(op.instance.uid.value, "SOP Instance UID"));
  MEDARC_TRY(id_part(op.patient_if_new.value, "patient key"));
  return staged(op.instance.dataset, blobs);
}

constexpr size_t kRoleBytesMax = 64;

Status check_attachments(const std::vector<Attachment>& attachments,
                         const std::vector<std::string>& identities, const Blobs& blobs) {
  for (const Attachment& a : attachments) {
    if (a.role.empty() || a.role.size() > kRoleBytesMax) {
      return make_error(Code::invalid_argument, "a role has 1 to 64 bytes");
    }
    MEDARC_TRY(staged(a.blob, blobs));
  }
  const auto role = [](const Attachment& a, const Attachment& b) { return a.role >= b.role; };
  if (std::adjacent_find(attachments.begin(), attachments.end(), role) != attachments.end() ||
      std::adjacent_find(identities.begin(), identities.end(), std::greater_equal<>()) !=
          identities.end()) {
    return make_error(Code::invalid_argument,
                      "attachments and identities are in ascending order, each once");
  }
  return {};
}

Status check(const StoreFile& op, const Blobs& blobs) {
  MEDARC_TRY(id_part(op.file.id.value, "file id"));
  if (op.patient && !op.patient->id.empty()) {
    MEDARC_TRY(id_part(op.patient_if_new.value, "patient key"));
  }
  MEDARC_TRY(staged(op.file.blob, blobs));
  if (op.file.index_blob) MEDARC_TRY(staged(*op.file.index_blob, blobs));
  if (op.file.block_map_blob) MEDARC_TRY(staged(*op.file.block_map_blob, blobs));
  return check_attachments(op.file.attachments, op.file.identities, blobs);
}

Status check(const AmendFile& op, const Blobs& blobs) {
  MEDARC_TRY(id_part(op.id.value, "file id"));
  return check_attachments(op.attachments, op.identities, blobs);
}

constexpr size_t kConsentTextBytesMax = 1024;

Status check_terms(const std::vector<DuoTerm>& terms) {
  for (const DuoTerm& term : terms) {
    if (term.id.empty() || term.id.size() > kConsentTextBytesMax ||
        term.qualifier.size() > kConsentTextBytesMax) {
      return make_error(Code::invalid_argument, "a consent term has at most 1024 bytes");
    }
  }
  return {};
}

Status check(const SetConsent& op, const Blobs&) {
  MEDARC_TRY(id_part(op.id.value, "file id"));
  MEDARC_TRY(check_terms(op.consent.terms));
  for (const ConsentRegion& region : op.consent.regions) {
    MEDARC_TRY(check_terms(region.terms));
    if (region.reference.empty() || region.reference.size() > kConsentTextBytesMax ||
        region.begin >= region.end) {
      return make_error(Code::invalid_argument, "a region of consent has a name and a length");
    }
  }
  return {};
}

Status check(const RemoveFile& op, const Blobs&) { return id_part(op.id.value, "file id"); }
Status check(const PutPatient& op, const Blobs&) {
  return id_part(op.patient.key.value, "patient key");
}
Status check(const RecordAudit&, const Blobs&) { return {}; }

constexpr size_t kReasonBytesMax = 1024;

Status check(const RemoveImages& op, const Blobs&) {
  MEDARC_TRY(id_part(op.study.value, "Study Instance UID"));
  if (op.series) MEDARC_TRY(id_part(op.series->value, "Series Instance UID"));
  if (op.instance) MEDARC_TRY(id_part(op.instance->value, "SOP Instance UID"));
  if (op.instance && !op.series) {
    return make_error(Code::invalid_argument, "an instance is removed from a series");
  }
  if (op.reason.size() > kReasonBytesMax) {
    return make_error(Code::invalid_argument, "a reason has at most 1024 bytes");
  }
  return {};
}

Status check_job(const std::string& queue, const std::string& name) {
  MEDARC_TRY(id_part(queue, "queue of a job"));
  return id_part(name, "name of a job");
}
Status check(const PutJob& op, const Blobs&) { return check_job(op.job.queue, op.job.name); }
Status check(const ChangeJob& op, const Blobs&) { return check_job(op.queue, op.name); }
Status check(const RemoveJob& op, const Blobs&) { return check_job(op.queue, op.name); }

constexpr size_t kAetBytesMax = 16;

Status check(const PutWorkItem& op, const Blobs&) {
  return id_part(op.item.uid.value, "UID of a work item");
}
Status check(const RemoveWorkItem& op, const Blobs&) {
  return id_part(op.uid.value, "UID of a work item");
}
Status check_subscription(const SopInstanceUid& target, const std::string& aet) {
  MEDARC_TRY(id_part(target.value, "UID of a work item"));
  if (aet.size() > kAetBytesMax) {
    return make_error(Code::invalid_argument, "an AE title has at most 16 characters");
  }
  return id_part(aet, "AE title");
}
Status check(const PutSubscription& op, const Blobs&) {
  return check_subscription(op.subscription.target, op.subscription.aet);
}
Status check(const RemoveSubscription& op, const Blobs&) {
  return check_subscription(op.target, op.aet);
}

}  // namespace

Status check_facts(const Facts& facts, const Blobs& blobs) {
  for (const Op& op : facts.ops) {
    MEDARC_TRY(std::visit([&](const auto& o) { return check(o, blobs); }, op));
  }
  return {};
}

}  // namespace medarc::index
