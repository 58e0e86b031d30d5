#include "dicom/sop_class.h"

#include <algorithm>

namespace medarc::dicom {
namespace {

constexpr std::string_view kStandardRoot = "1.2.840.10008.";
constexpr std::string_view kStorageArc = "1.2.840.10008.5.1.4.1.1.";
// Query and retrieve services that the standard placed among the storage classes.
constexpr std::string_view kServicesInStorageArc[] = {
    "1.2.840.10008.5.1.4.1.1.200.4",  // Protocol Approval FIND, MOVE, GET
    "1.2.840.10008.5.1.4.1.1.200.5", "1.2.840.10008.5.1.4.1.1.200.6",
    "1.2.840.10008.5.1.4.1.1.201.2",  // Inventory FIND, MOVE, GET
    "1.2.840.10008.5.1.4.1.1.201.3", "1.2.840.10008.5.1.4.1.1.201.4",
    "1.2.840.10008.5.1.4.1.1.201.5",  // Inventory Creation, Repository Query
    "1.2.840.10008.5.1.4.1.1.201.6",
};

// Patient Root, Study Root, Patient/Study Only (retired, still asked for): FIND, MOVE, GET.
constexpr std::string_view kQueryArc = "1.2.840.10008.5.1.4.1.2.";

}  // namespace

std::optional<QueryModel> query_model_of(std::string_view sop_class) {
  if (!sop_class.starts_with(kQueryArc) || sop_class.size() != kQueryArc.size() + 3) {
    return std::nullopt;
  }
  const char root = sop_class[kQueryArc.size()], service = sop_class.back();
  if (sop_class[kQueryArc.size() + 1] != '.' || root < '1' || root > '3' || service < '1' ||
      service > '3') {
    return std::nullopt;
  }
  return QueryModel{static_cast<Root>(root - '1'), static_cast<Retrieval>(service - '1')};
}

bool is_worklist(std::string_view sop_class) {
  return sop_class == kUpsPush || sop_class == kUpsWatch || sop_class == kUpsPull ||
         sop_class == kUpsQuery;
}

bool plausible_uid(std::string_view uid) {
  return !uid.empty() && uid.size() <= 64 && std::all_of(uid.begin(), uid.end(), [](char c) {
    return c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

SopClassKind kind_of(std::string_view sop_class) {
  if (sop_class == kVerificationSopClass) return SopClassKind::verification;
  if (query_model_of(sop_class)) return SopClassKind::query_retrieve;
  if (sop_class == kCommitmentSopClass) return SopClassKind::commitment;
  if (is_worklist(sop_class)) return SopClassKind::worklist;
  const auto known = storage_sop_classes();
  const auto at =
      std::lower_bound(known.begin(), known.end(), sop_class,
                       [](const StorageSopClass& c, std::string_view uid) { return c.uid < uid; });
  if (at != known.end() && at->uid == sop_class) return SopClassKind::storage;
  if (!plausible_uid(sop_class)) return SopClassKind::other;
  if (std::find(std::begin(kServicesInStorageArc), std::end(kServicesInStorageArc), sop_class) !=
      std::end(kServicesInStorageArc)) {
    return SopClassKind::other;
  }
  if (sop_class.starts_with(kStorageArc)) return SopClassKind::storage_unknown;
  return sop_class.starts_with(kStandardRoot) ? SopClassKind::other : SopClassKind::storage_unknown;
}

bool acceptable_sop_class(std::string_view sop_class, bool unknown_storage) {
  switch (kind_of(sop_class)) {
    case SopClassKind::verification:
    case SopClassKind::query_retrieve:
    case SopClassKind::commitment:
    case SopClassKind::worklist:
    case SopClassKind::storage: return true;
    case SopClassKind::storage_unknown: return unknown_storage;
    case SopClassKind::other: return false;
  }
  return false;
}

}  // namespace medarc::dicom
