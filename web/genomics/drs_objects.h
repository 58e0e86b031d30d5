// DRS objects (DRS 1.5) made from what is stored: a file, its index and its sorted derivative are
// objects of their own, the files of a patient and of a sample are bundles (drs_bundle.h).
#pragma once

#include <string>

#include "web/genomics/doors.h"
#include "web/genomics/drs_id.h"

namespace medarc::web {

inline constexpr std::string_view kDrsPath = "/ga4gh/drs/v1";

// One of a file's blobs that is a DRS object.
struct DrsBlob {
  enum class Role { own, index, sorted, sorted_index } role = Role::own;
  Digest digest;
  uint64_t bytes = 0;
  std::string name, media_type;
  Timestamp created;
};
// Errors: not_found: the digest is of none of them.
Result<DrsBlob> drs_blob_of(const GenomicsContext& context, const genomics::FileRow& row,
                            const Digest& digest);

// Letters, digits, '.', '-' and '_' stay: what DRS names may hold.
std::string drs_name(std::string_view name);

// Of one request: as its principal sees them. Reads are admitted and audited by the store.
class DrsObjects {
 public:
  DrsObjects(const GenomicsContext& context, const Request& request);

  // The id that a name stands for now. Errors: not_found, too_large (drs_bundle_files_max).
  Result<DrsId> identify(const DrsId& name) const;
  // A DrsObject as JSON. `expand`: with what nested bundles hold. Errors: likewise; not_found also
  // for a name.
  Result<std::string> object(const DrsId& id, bool expand) const;
  // Where the bytes are. Of "https": a link that is signed and expires, and needs no credential.
  // Errors: not_found; unavailable: not yet.
  Result<std::string> access_url(const DrsId& id, std::string_view access_id) const;

 private:
  Result<std::string> file_object(const DrsId& id) const;
  Result<bool> sliceable_now(const genomics::FileRow& row) const;
  std::string htsget_url(const genomics::FileRow& row, const DrsBlob& blob) const;  // "": none
  Status admit(const genomics::FileRow& row, const DrsBlob& blob) const;

  const GenomicsContext& c_;
  const std::string base_url_;
  const genomics::Asker who_;
};

// "drs://host/id" (D12). The host is genomics.drs_host, or the one the request was sent to.
std::string drs_uri(const GenomicsContext& context, const std::string& base_url, const DrsId& id);

}  // namespace medarc::web
