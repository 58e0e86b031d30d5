// Medarc as HTTP client: one connection to a configured server, one exchange after the other
// (RFC 9112), blocking. A request's body is a stream, in constant memory; an answer is held whole,
// or given to a sink as it comes.
//
// Errors of both calls: unavailable (no connection, or stopping), deadline, permission_denied (TLS
// refused, or its name is another), cancelled (the server is gone), invalid_argument (what it says
// is no HTTP), too_large (its answer), io. After an error only destruction is allowed. Not
// thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/io.h"
#include "dicom/ul/channel.h"
#include "dicom/web_destinations.h"

namespace medarc::web {

struct ClientRequest {
  std::string method, target;                                // target: path with query
  std::vector<std::pair<std::string, std::string>> headers;  // beside Host and the body's length
  std::optional<uint64_t> body_bytes;                        // nullopt: sent in chunks
  // Expect: 100-continue (RFC 9110, section 10.1.1): the body goes out once the server wants it, or
  // has said nothing for kAskFirstMs. A refusal costs no body then, and else one round trip.
  bool ask_first = false;
};

struct ClientAnswer {
  int status = 0;
  std::string content_type;
  Bytes body;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string_view header(std::string_view name) const;  // any case; "" when absent
};

// Asked once the head of the final answer is there (its body is still empty): who takes the body
// piece by piece; null: it is held. An error of the sink ends the exchange with it.
using BodyTaker = std::function<ByteSink*(const ClientAnswer& head)>;

// The value of Authorization, from the file that the destination names; "": it names none.
// invalid_argument: a file that is not one line of text.
Result<std::string> authorization_of(const dicom::WebDestination& to);

class HttpConnection {
 public:
  static constexpr size_t kHeadBytesMax = 64u << 10;  // of an answer
  static constexpr uint64_t kBodyBytesMax = 16u << 20;
  static constexpr uint32_t kAskFirstMs = 3'000;  // for servers and proxies that do not know it

  static Result<std::unique_ptr<HttpConnection>> open(const dicom::WebDestination& to,
                                                      const dicom::ul::Signal& stop);
  // `body` has exactly body_bytes, if that is said. A server may answer before it has read all:
  // then no more of it is read or sent. Bodies that are taken may be of any length, and
  // answer_timeout_ms is the time between pieces.
  Result<ClientAnswer> exchange(const ClientRequest& request, ByteSource& body,
                                const BodyTaker& taker = {});
  // Whether a further exchange may follow the last.
  bool reusable() const { return reusable_; }

 private:
  HttpConnection(const dicom::WebDestination& to, dicom::ul::Channel channel,
                 const dicom::ul::Signal& stop)
      : to_(to), channel_(std::move(channel)), stop_(stop) {}
  Status send(ByteView bytes);
  // False: the server has answered before all was sent.
  Result<bool> send_body(const ClientRequest& request, ByteSource& body);
  // `interim`: a 100 is an answer too.
  Result<ClientAnswer> read_answer(bool head_only, const BodyTaker& taker, bool interim = false);
  Result<bool> hears_within(uint32_t milliseconds);
  // Whether an answer that is final has begun, without waiting.
  Result<bool> answered();
  // More bytes into unread_, until the moment; false: the server has closed.
  Result<bool> read_more(std::chrono::steady_clock::time_point until);

  const dicom::WebDestination to_;
  dicom::ul::Channel channel_;
  const dicom::ul::Signal& stop_;
  Bytes unread_;
  bool reusable_ = true;
};

}  // namespace medarc::web
