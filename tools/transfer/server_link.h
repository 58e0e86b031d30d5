// A Medarc server over HTTP, as long transfers speak to it: connections that may break and are made
// anew, answers that say what to do next.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "tools/verb.h"
#include "web/client/http_client.h"

namespace medarc::tools {

// `url`: "http://127.0.0.1:8042", or https with who must have signed its certificate as in [tls] of
// the configuration. `token_file`: a file with the token to show; "": none. Errors:
// invalid_argument.
Result<dicom::WebDestination> server_at(const Common& common, const std::string& url,
                                        const std::string& token_file);

// One connection at a time, made when it is needed. Not thread-safe.
class ServerLink {
 public:
  explicit ServerLink(dicom::WebDestination to) : to_(std::move(to)) {}

  // `request.target` is below the path of the server's URL; credentials are added. Errors as
  // HttpConnection; the next call makes another connection then.
  Result<web::ClientAnswer> exchange(web::ClientRequest request, ByteSource& body,
                                     const web::BodyTaker& taker = {});
  // Without a body.
  Result<web::ClientAnswer> exchange(const std::string& method, const std::string& target,
                                     const web::BodyTaker& taker = {});
  // GET of a JSON object. Errors: those above and refusal().
  Result<boost::json::object> ask(const std::string& target);

 private:
  const dicom::WebDestination to_;
  dicom::ul::Signal stop_;
  std::unique_ptr<web::HttpConnection> connection_;
};

// What an answer that is no success means, in the server's words where it has some. unavailable: it
// may be otherwise soon.
Error refusal(const web::ClientAnswer& answer);

// Whether the same may succeed when it is tried again: the network or the server was not there.
bool is_passing(const Error& error);

// How long a transfer goes on trying while nothing moves.
class Patience {
 public:
  explicit Patience(uint32_t seconds) : limit_(std::chrono::seconds(seconds)) {}
  void moved();
  // After a failure: at once the first time, then a wait that grows. `why`, with what to do next,
  // when it is not passing or nothing moved for too long.
  Status wait(Error why);

 private:
  using Clock = std::chrono::steady_clock;
  const Clock::duration limit_;
  Clock::time_point since_ = Clock::now();
  uint32_t failures_ = 0;
};

// Text of a member, "" when there is none.
std::string text_in(const boost::json::object& object, std::string_view name);

}  // namespace medarc::tools
