// htsget for CRAM files: what their tickets are made of, and the data those point to.
#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "web/genomics/doors.h"
#include "web/genomics/htsget_request.h"

namespace medarc::web {

// One url of a ticket: bytes that it holds, or what its link stands for (file, content and expiry
// are the ticket's to fill in).
struct TicketPart {
  std::string_view part;  // "header" or "body"
  std::variant<Bytes, DataLink> what;
};

struct CramTicket {
  std::shared_ptr<const genomics::CramSet> set;
  std::vector<TicketPart> parts;
  std::vector<genomics::Region> withheld;  // of what was asked for
};

// Of a CRAM file as CRAM or BAM. Whole containers go out as they are where every read of them is
// wanted. Admits and audits. Errors: not_found (a reference), permission_denied, unsupported,
// too_large.
Result<CramTicket> cram_ticket(const GenomicsContext& context, const genomics::Asker& who,
                               const genomics::FileRow& row, const HtsgetRequest& asked,
                               genomics::CramReads::Form form);

// What such a link stands for.
Result<Response> cram_data(const GenomicsContext& context, const Request& request,
                           const genomics::FileRow& row, const DataLink& link);

}  // namespace medarc::web
