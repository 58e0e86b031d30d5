#include "dicom/senders/served.h"

#include "dicom/convert.h"
#include "dicom/senders/corrections.h"

namespace medarc::dicom {

Result<std::unique_ptr<Scanner>> scan_served(archive::BlobReader& blob,
                                             const index::InstanceRow& row, const Limits& limits) {
  const TransferSyntax syntax = transfer_syntax_or_default(row.transfer_syntax.value);
  MEDARC_ASSIGN(auto scanner, scan_stored(blob, syntax, limits));
  MEDARC_TRY(senders::correct(row, *scanner));
  return scanner;
}

Result<std::unique_ptr<Scanner>> scan_served_header(archive::BlobReader& blob,
                                                    const index::InstanceRow& row,
                                                    const Limits& limits) {
  const TransferSyntax syntax = transfer_syntax_or_default(row.transfer_syntax.value);
  MEDARC_ASSIGN(auto scanner, scan_stored_header(blob, syntax, limits));
  MEDARC_TRY(senders::correct(row, *scanner));
  return scanner;
}

}  // namespace medarc::dicom
