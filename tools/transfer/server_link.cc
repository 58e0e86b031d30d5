#include "tools/transfer/server_link.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <thread>

namespace medarc::tools {
namespace {

constexpr auto kFirstWait = std::chrono::milliseconds(250);
constexpr uint32_t kDoublingsMax = 7;  // to half a minute

}  // namespace

Result<dicom::WebDestination> server_at(const Common& common, const std::string& url,
                                        const std::string& token_file) {
  MEDARC_ASSIGN(Config config, common.config());
  Config::Table table{{"name", "server"}, {"url", url}};
  if (!token_file.empty()) table["token_file"] = token_file;
  return dicom::WebDestinations::read(config, table);
}

Result<web::ClientAnswer> ServerLink::exchange(web::ClientRequest request, ByteSource& body,
                                               const web::BodyTaker& taker) {
  request.target = to_.path + request.target;
  MEDARC_ASSIGN(std::string authorization, web::authorization_of(to_));
  if (!authorization.empty()) {
    request.headers.emplace_back("Authorization", std::move(authorization));
  }
  if (!connection_) {
    MEDARC_ASSIGN(connection_, web::HttpConnection::open(to_, stop_));
  }
  auto answer = connection_->exchange(request, body, taker);
  if (answer.has_error() || !connection_->reusable()) connection_.reset();
  return answer;
}

Result<web::ClientAnswer> ServerLink::exchange(const std::string& method, const std::string& target,
                                               const web::BodyTaker& taker) {
  StringSource nothing{Bytes()};
  return exchange({method, target, {{"Accept", "application/json"}}, 0}, nothing, taker);
}

Result<boost::json::object> ServerLink::ask(const std::string& target) {
  MEDARC_ASSIGN(const web::ClientAnswer answer, exchange("GET", target));
  if (answer.status != 200) return refusal(answer);
  boost::system::error_code failed;
  boost::json::value read = boost::json::parse(answer.body, failed);
  if (failed || !read.is_object()) {
    return make_error(Code::unsupported, "what answers at this URL is no Medarc server");
  }
  return std::move(read.get_object());
}

Error refusal(const web::ClientAnswer& answer) {
  boost::system::error_code failed;
  const boost::json::value read = boost::json::parse(answer.body, failed);
  std::string said = "the server answered " + std::to_string(answer.status);
  if (!failed && read.is_object()) {
    if (const std::string detail = text_in(read.get_object(), "detail"); !detail.empty()) {
      said += ": " + detail;
    }
  }
  switch (answer.status) {
    case 401:
      return make_error(Code::permission_denied,
                        said + "; name a file with a token of it by --token-file");
    case 403:
      return make_error(Code::permission_denied,
                        said + "; a token of another role is needed (--token-file)");
    case 404: return make_error(Code::not_found, std::move(said));
    case 409: return make_error(Code::conflict, std::move(said));
    case 410: return make_error(Code::gone, std::move(said));
    case 412: return make_error(Code::precondition_failed, std::move(said));
    case 413: return make_error(Code::too_large, std::move(said));
    case 408:
    case 425:
    case 429:
    case 502:
    case 503:
    case 504: return make_error(Code::unavailable, std::move(said));
    default: return make_error(Code::unsupported, std::move(said));
  }
}

bool is_passing(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::deadline ||
         error.code == Code::cancelled || error.code == Code::io;
}

void Patience::moved() {
  since_ = Clock::now();
  failures_ = 0;
}

Status Patience::wait(Error why) {
  if (!is_passing(why)) return why;
  if (failures_++ == 0) return {};  // a connection that was closed while it was idle
  if (Clock::now() - since_ > limit_) {
    why.text += "; gave up. The same command goes on where this one stopped";
    return why;
  }
  std::this_thread::sleep_for(kFirstWait * (1u << std::min(failures_ - 2, kDoublingsMax)));
  return {};
}

std::string text_in(const boost::json::object& object, std::string_view name) {
  const boost::json::value* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

}  // namespace medarc::tools
