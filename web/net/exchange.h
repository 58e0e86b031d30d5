// One request and its answer, as steps that run on the worker pool. A step moves bytes while the
// peer keeps up and returns when it does not, so that no worker ever waits for a peer: the session
// waits on an io thread and then runs the next step.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "security/guard.h"
#include "web/answer.h"
#include "web/net/connection.h"
#include "web/net/head.h"
#include "web/net/piece.h"
#include "web/router.h"
#include "web/server.h"
#include "web/url.h"

namespace medarc::web {

// What all exchanges of a server share.
struct Shared {
  ServerOptions options;
  Router router;
  security::Authenticator* authenticator = nullptr;
  std::string authority;  // "127.0.0.1:8042"
  std::atomic<bool> stopping{false};
};

enum class Next {
  readable,  // wait until the peer has sent something, then step again
  writable,  // wait until the peer has taken something, then step again
  again,     // others' turn, then step again
  upgrade,   // the connection is a WebSocket from now on: feed(), request()
  keep,      // answered; the connection may carry another request
  linger,    // answered while the peer still sends: let it read the answer, then close
  close,     // over
};

// Not thread-safe; steps may run on different threads one after the other.
class Exchange {
 public:
  // `rest` is what arrived behind the head.
  Exchange(Shared& shared, Connection& connection, MessageParser parser, ByteView rest,
           std::string peer);
  // Answers `error` instead of a route and closes; for requests that never became one.
  static std::unique_ptr<Exchange> refusal(Shared& shared, Connection& connection, int status,
                                           const Error& error);
  ~Exchange();

  Next step();
  // What arrived behind this request.
  ByteView rest() const { return in_.view(); }
  uint64_t received_bytes() const { return received_; }
  const Request& request() const { return request_; }
  const std::shared_ptr<MessageFeed>& feed() const { return feed_; }

 private:
  enum class Phase { begin, receive, send };
  Next begin();
  Next receive();
  Next send();
  Status consume();  // parses what `in_` holds
  Answer route();
  void respond(Response response);  // from here on the phase is `send`
  bool load(Response response);     // with its first piece; false: the source failed
  void fail(const Error& error, bool in_body);
  bool fill();  // next piece of the body into out_; false: the source failed
  Next finished();

  Shared& shared_;
  Connection& connection_;
  MessageParser parser_;
  const std::string peer_;
  Request request_;
  std::shared_ptr<MessageFeed> feed_;  // of an upgrade
  std::string request_id_;
  const Router::Entry* entry_ = nullptr;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  Phase phase_ = Phase::begin;
  bool close_ = false;        // after the answer
  bool body_unread_ = false;  // the peer may still be sending

  std::unique_ptr<BodyHandler> handler_;
  uint64_t body_max_ = 0, received_ = 0, piece_bytes_;
  Piece in_;  // received, not yet parsed

  Prepared answer_;
  Error source_error_;  // of a source that failed before its first byte was sent
  bool chunked_ = false, source_ended_ = false, last_chunk_ = false;
  uint64_t to_send_ = 0;  // of a declared length
  Piece head_, out_;      // to be written, one after the other
};

}  // namespace medarc::web
