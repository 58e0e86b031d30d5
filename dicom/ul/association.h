// One established association (PS3.8), seen by its provider: pieces of messages come in as they
// arrive, whole PDUs go out. Nothing is buffered but one receive buffer: a PDU may be of any
// length, a piece is a view into that buffer and is gone at the next call.
//
// An association is used by one thread. It speaks for itself where PS3.8 leaves no choice: protocol
// violations, silence and a stopping server are answered with A-ABORT before the error is returned.
#pragma once

#include <memory>
#include <optional>

#include "dicom/limits.h"
#include "dicom/ul/connection.h"
#include "dicom/ul/negotiation.h"
#include "dicom/ul/socket.h"

namespace medarc::dicom::ul {

// Tells associations that the server stops.
struct StopSignals {
  Signal drain;  // begin no further message
  Signal kill;   // end the running one as well
};

struct Piece {
  uint8_t context_id = 0;
  bool command = false;
  bool last = false;  // the command or dataset ends with this piece
  ByteView bytes;     // may be empty
};

enum class Expect {
  message,  // between messages: idle_timeout_ms, and StopSignals::drain counts
  more,     // inside one: pdu_timeout_ms
};

class Association {
 public:
  Association(Connection connection, Agreement agreement, const Limits& limits,
              const StopSignals& signals);

  const Agreement& agreement() const { return agreement_; }
  const std::string& peer() const { return connection_.peer; }
  bool draining() const { return signals_.drain.raised(); }

  // Sends the A-ASSOCIATE-AC. First call.
  Status accept();

  // The next piece; nullopt when the peer asks for release. Errors, after which only into_drain()
  // is allowed: cancelled (peer aborted or went away), deadline, invalid_argument (protocol
  // violation), unavailable (stopping), io.
  Result<std::optional<Piece>> next(Expect expect);

  // True when bytes of a further message are here already: the peer pipelines.
  bool more_waiting() const;

  // Waits for them, timeout_ms at most; true also when the peer is gone, which next() then tells.
  // unavailable: stopping.
  Result<bool> readable_within(uint32_t timeout_ms) const;

  Status send(ByteView pdus);
  Status answer_release();
  // For associations we opened: asks for release and waits for the answer, pdu_timeout_ms at most.
  Status release();
  // Sends an A-ABORT without waiting. Harmless when one has been sent.
  void abort(uint8_t source, uint8_t reason);
  // Gives the connection up, to Acceptor::drain.
  Connection into_drain() { return std::move(connection_); }

 private:
  Status ensure(size_t bytes, Expect expect);  // that many unread bytes are in the buffer
  Status fill(Expect expect);
  Result<bool> next_pdu(Expect expect);  // false: release; true: inside a P-DATA-TF
  Error violation(uint8_t reason, std::string_view what);

  Connection connection_;
  Agreement agreement_;
  const Limits limits_;
  const StopSignals& signals_;
  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0, end_ = 0;   // unread bytes of buffer_
  uint64_t pdu_left_bytes_ = 0;  // of the P-DATA-TF being read
  uint64_t pdv_left_bytes_ = 0;  // of the PDV being read
  std::optional<PdvHeader> pdv_;
  bool aborted_ = false;
};

}  // namespace medarc::dicom::ul
