#include "dicom/dimse/message.h"

namespace medarc::dicom::dimse {
namespace {

Error abort_with(ul::Association& association, uint8_t reason, Error error) {
  association.abort(2, reason);
  return error;
}

Error violation(ul::Association& association, std::string_view what) {
  return abort_with(association, ul::kAbortUnexpectedPdu,
                    make_error(Code::invalid_argument, std::string(what)));
}

}  // namespace

Result<std::optional<Request>> read_request(ul::Association& association,
                                            uint32_t command_bytes_max) {
  Request out;
  Bytes bytes;
  bool first = true;
  for (;;) {
    MEDARC_ASSIGN(const std::optional<ul::Piece> piece,
                  association.next(first ? ul::Expect::message : ul::Expect::more));
    if (!piece) return std::optional<Request>();  // a half command goes with the association
    if (!piece->command) return violation(association, "dataset without a command");
    if (!first && piece->context_id != out.context_id) {
      return violation(association, "presentation context changes inside a command");
    }
    if (bytes.size() + piece->bytes.size() > command_bytes_max) {
      return violation(association, "command set over command_bytes_max");
    }
    out.context_id = piece->context_id;
    bytes.append(piece->bytes);
    first = false;
    if (piece->last) break;
  }
  auto command = parse_command(bytes);
  if (command.has_error()) {
    return abort_with(association, ul::kAbortInvalidParameter, std::move(command).error());
  }
  out.command = std::move(*command);
  out.context = association.agreement().contexts.at(out.context_id);
  return std::optional<Request>(std::move(out));
}

Status read_dataset(ul::Association& association, uint8_t context_id,
                    const std::function<Status(ByteView)>& take) {
  for (;;) {
    MEDARC_ASSIGN(const std::optional<ul::Piece> piece, association.next(ul::Expect::more));
    if (!piece) {
      // Release in the middle of a dataset: the peer has given the object up.
      (void)association.answer_release();
      return make_error(Code::cancelled, "released inside a dataset");
    }
    if (piece->command) return violation(association, "command inside a dataset");
    if (piece->context_id != context_id) {
      return violation(association, "presentation context changes inside a message");
    }
    if (!piece->bytes.empty()) MEDARC_TRY(take(piece->bytes));
    if (piece->last) return {};
  }
}

Status write_dataset(ul::Association& association, uint8_t context_id, ByteSource& dataset) {
  constexpr size_t kPieceBytes = 256u << 10;
  const uint32_t pdu_bytes_max = association.agreement().peer_pdu_bytes_max;
  const auto read_full = [&](Bytes& out) -> Status {
    out.resize(kPieceBytes);
    size_t n = 0;
    while (n < out.size()) {
      MEDARC_ASSIGN(const size_t got, dataset.read(out.data() + n, out.size() - n));
      if (got == 0) break;
      n += got;
    }
    out.resize(n);
    return {};
  };
  Bytes piece, following, pdus;
  MEDARC_TRY(read_full(piece));
  for (;;) {
    // Only the last fragment says so, hence one piece is read ahead.
    MEDARC_TRY(read_full(following));
    const bool last = following.empty();
    pdus.clear();
    ul::append_p_data(pdus, context_id, false, piece, pdu_bytes_max, last);
    MEDARC_TRY(association.send(pdus));
    if (last) return {};
    piece.swap(following);
  }
}

}  // namespace medarc::dicom::dimse
