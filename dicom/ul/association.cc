#include "dicom/ul/association.h"

#include <algorithm>
#include <cstring>

namespace medarc::dicom::ul {
namespace {

// One read takes what a fast peer has sent meanwhile; untouched pages cost nothing.
constexpr size_t kBufferBytes = 256u << 10;

}  // namespace

Association::Association(Connection connection, Agreement agreement, const Limits& limits,
                         const StopSignals& signals)
    : connection_(std::move(connection)),
      agreement_(std::move(agreement)),
      limits_(limits),
      signals_(signals),
      buffer_(new char[kBufferBytes]) {}

Status Association::accept() { return send(encode(agreement_.answer)); }

Result<std::optional<Piece>> Association::next(Expect expect) {
  if (!pdv_) {
    while (pdu_left_bytes_ == 0) {
      MEDARC_ASSIGN(const bool data, next_pdu(expect));
      if (!data) return std::optional<Piece>();
    }
    if (pdu_left_bytes_ < kPdvHeaderBytes) return violation(kAbortInvalidParameter, "short PDV");
    MEDARC_TRY(ensure(kPdvHeaderBytes, Expect::more));
    pdv_ = parse_pdv_header(buffer_.get() + begin_);
    if (!pdv_ || pdv_->fragment_bytes + kPdvHeaderBytes > pdu_left_bytes_) {
      return violation(kAbortInvalidParameter, "PDV length");
    }
    if (!agreement_.contexts.contains(pdv_->context_id)) {
      return violation(kAbortInvalidParameter, "presentation context not accepted");
    }
    begin_ += kPdvHeaderBytes;
    pdv_left_bytes_ = pdv_->fragment_bytes;
    pdu_left_bytes_ -= kPdvHeaderBytes + pdv_left_bytes_;
  }
  if (pdv_left_bytes_ > 0) MEDARC_TRY(ensure(1, Expect::more));

  const size_t n = static_cast<size_t>(std::min<uint64_t>(pdv_left_bytes_, end_ - begin_));
  Piece out{pdv_->context_id, pdv_->command, false, {buffer_.get() + begin_, n}};
  begin_ += n;
  pdv_left_bytes_ -= n;
  if (pdv_left_bytes_ == 0) {
    out.last = pdv_->last;
    pdv_.reset();
  }
  return std::optional<Piece>(out);
}

Result<bool> Association::next_pdu(Expect expect) {
  if (expect == Expect::message && signals_.drain.raised()) {
    abort(2, kAbortNoReason);
    return make_error(Code::unavailable, "stopping");
  }
  MEDARC_TRY(ensure(1, expect));
  MEDARC_TRY(ensure(kPduHeaderBytes, Expect::more));
  const PduHeader header = parse_pdu_header(buffer_.get() + begin_);
  begin_ += kPduHeaderBytes;
  switch (static_cast<PduType>(header.type)) {
    case PduType::p_data_tf:
      if (limits_.pdu_bytes_max != 0 && header.length > limits_.pdu_bytes_max) {
        return violation(kAbortInvalidParameter, "P-DATA-TF longer than offered");
      }
      if (header.length == 0) return violation(kAbortInvalidParameter, "empty P-DATA-TF");
      pdu_left_bytes_ = header.length;
      return true;
    case PduType::release_rq:
      if (header.length != 4) return violation(kAbortInvalidParameter, "A-RELEASE-RQ length");
      MEDARC_TRY(ensure(4, Expect::more));
      begin_ += 4;
      return false;
    case PduType::abort:
      aborted_ = true;  // nothing is answered to an abort
      return make_error(Code::cancelled, "aborted by the peer");
    case PduType::associate_rq:
    case PduType::associate_ac:
    case PduType::associate_rj:
    case PduType::release_rp: return violation(kAbortUnexpectedPdu, "unexpected PDU");
  }
  return violation(kAbortUnrecognizedPdu, "unrecognised PDU");
}

Status Association::ensure(size_t bytes, Expect expect) {
  while (end_ - begin_ < bytes) MEDARC_TRY(fill(end_ > begin_ ? Expect::more : expect));
  return {};
}

Status Association::fill(Expect expect) {
  if (begin_ > 0) {
    // At most a header's few bytes are moved: bodies are handed on before more is read.
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const bool idle = expect == Expect::message;
  auto got = connection_.channel.read_some(buffer_.get() + end_, kBufferBytes - end_,
                                           idle ? limits_.idle_timeout_ms : limits_.pdu_timeout_ms,
                                           idle ? signals_.drain : signals_.kill);
  if (got.has_error()) {
    const Code code = got.error().code;
    if (code == Code::deadline || code == Code::unavailable) abort(2, kAbortNoReason);
    return std::move(got).error();
  }
  if (*got == 0) return make_error(Code::cancelled, "closed by the peer");
  end_ += *got;
  return {};
}

bool Association::more_waiting() const {
  return end_ > begin_ || connection_.channel.bytes_waiting();
}

Result<bool> Association::readable_within(uint32_t timeout_ms) const {
  if (end_ > begin_) return true;
  return connection_.channel.readable_within(timeout_ms, signals_.drain);
}

Status Association::send(ByteView pdus) {
  return connection_.channel.write_all(pdus, limits_.pdu_timeout_ms, signals_.kill);
}

Status Association::answer_release() { return send(encode_release_rp()); }

Status Association::release() {
  MEDARC_TRY(send(encode_release_rq()));
  MEDARC_TRY(ensure(kPduHeaderBytes + 4, Expect::more));
  const PduHeader header = parse_pdu_header(buffer_.get() + begin_);
  if (static_cast<PduType>(header.type) == PduType::release_rp) return {};
  return violation(kAbortUnexpectedPdu, "no answer to A-RELEASE-RQ");
}

void Association::abort(uint8_t source, uint8_t reason) {
  if (aborted_) return;
  aborted_ = true;
  (void)connection_.channel.send(encode(Abort{source, reason}));
}

Error Association::violation(uint8_t reason, std::string_view what) {
  abort(2, reason);
  return make_error(Code::invalid_argument, std::string(what));
}

}  // namespace medarc::dicom::ul
