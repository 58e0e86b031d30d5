// The front of the upper layer: one thread that listens, holds every connection that has not yet
// sent a whole A-ASSOCIATE-RQ, and lets refused and finished ones drain. Such a connection costs a
// descriptor and the bytes it really sent, so ten thousand silent ones disturb nobody.
//
// Limits kept here: connections_max (the connection that has waited longest makes room),
// connections_per_peer_max (the new one is closed), first_pdu_bytes_max, first_pdus_bytes_max (all
// together), artim_timeout_ms.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dicom/limits.h"
#include "dicom/ul/connection.h"
#include "dicom/ul/pdu.h"

namespace medarc::dicom::ul {

class Acceptor {
 public:
  // Called in the acceptor's thread with each well-formed request; must not block. Takes the
  // connection and answers nothing, or leaves it and answers the rejection to send.
  using Offer = std::function<std::optional<AssociateRj>(Connection& connection, AssociateRq& rq)>;

  // Listens and accepts until stop(). Errors: as listen_on.
  // `tls` not null: every connection is TLS.
  static Result<std::unique_ptr<Acceptor>> start(const std::string& address, uint16_t port,
                                                 const Limits& limits,
                                                 std::shared_ptr<security::TlsContext> tls,
                                                 Offer offer);
  virtual ~Acceptor() = default;  // as stop()
  virtual uint16_t port() const = 0;
  // Takes a connection that has said its last word: discards what still arrives until the peer
  // closes or ARTIM ends, so that the last word is not lost to a reset. Thread-safe, does not
  // block; after stop() the connection is closed at once.
  virtual void drain(Connection connection) = 0;
  // Closes the listening socket and every connection held; afterwards no offer is made.
  virtual void stop() = 0;
};

}  // namespace medarc::dicom::ul
