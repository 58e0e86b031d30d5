// Answers encrypted for a recipient (Crypt4GH): who it is, and the bytes.
//
// What is stored is given as one Crypt4GH file that is the same whenever the same recipient asks,
// so it has a strong tag and ranges. What is made for an answer (slices) is encrypted under keys
// made for that answer, so it has neither.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "web/genomics/doors.h"
#include "web/genomics/htsget_request.h"

namespace medarc::web {

using Recipient = genomics::Crypt4gh::Recipient;

// Of the parameters `encryption`, `recipient` (a name) and `key` (base64 of a public key); nullopt:
// nothing is asked for. Errors: invalid_argument; not_found (no such name); unsupported (no keys
// here).
Result<std::optional<Recipient>> recipient_asked(const GenomicsContext& c, const Request& request);

// The request as the same route answers it without encryption and whole: without those parameters,
// ranges and conditions.
Request without_encryption(const Request& request);

// A stored blob of the file, which was admitted before. The recipient comes into the audit.
Result<Response> sealed_blob(const GenomicsContext& c, const Request& request,
                             const genomics::FileRow& row, const Digest& blob,
                             std::unique_ptr<archive::BlobReader> plain, const Recipient& recipient,
                             std::string filename);

// An answer to without_encryption(), of a file that was admitted before. Others than 200 stay as
// they are.
Result<Response> sealed_answer(const GenomicsContext& c, const Request& request,
                               const genomics::FileId& file, Response plain,
                               const Recipient& recipient);

// What is made for this answer, of `bytes` where that is known; encrypted under keys of its own.
Result<Response> sealed_stream(const Request& request, std::unique_ptr<ByteSource> plain,
                               std::optional<uint64_t> bytes,
                               const genomics::crypt4gh::PublicKey& key);

// htsget with encryptionScheme: a ticket of one data URL, whose bytes are a Crypt4GH file.
Result<std::string> sealed_ticket(const GenomicsContext& c, const Request& request,
                                  const genomics::FileRow& row, std::string_view format,
                                  const HtsgetRequest& asked);
// What it points to (DataLink::sealed).
Result<Response> sealed_data(const GenomicsContext& c, const Request& request,
                             const genomics::FileRow& row, const DataLink& link);

}  // namespace medarc::web
