#include "tools/server_call.h"

#include <boost/json/parse.hpp>

#include "web/client/http_client.h"

namespace medarc::tools {

namespace json = boost::json;

std::string text_at(const json::value& value, const char* key) {
  const json::object* object = value.if_object();
  const json::value* found = object == nullptr ? nullptr : object->if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

Error no_medarc_answer() {
  return make_error(Code::unavailable, "the answer is not that of a Medarc server");
}

Result<ServerCall> ServerCall::to(const Common& common, const std::string& url,
                                  const std::string& token_file) {
  MEDARC_ASSIGN(Config config, common.config());
  Config::Table table{{"name", "server"}, {"url", url}};
  if (!token_file.empty()) table["token_file"] = token_file;
  MEDARC_ASSIGN(dicom::WebDestination to, dicom::WebDestinations::read(config, table));
  return ServerCall(std::move(to));
}

Result<Bytes> ServerCall::exchange(const std::string& method, const std::string& target,
                                   const Body& body,
                                   const std::pair<const char*, std::string>& condition) const {
  web::ClientRequest request{
      method, to_.path + target, {{"Accept", "application/json"}}, body.bytes.size()};
  if (!body.bytes.empty()) request.headers.emplace_back("Content-Type", body.type);
  if (!condition.second.empty()) request.headers.emplace_back(condition.first, condition.second);
  MEDARC_ASSIGN(std::string authorization, web::authorization_of(to_));
  if (!authorization.empty()) {
    request.headers.emplace_back("Authorization", std::move(authorization));
  }
  dicom::ul::Signal stop;
  MEDARC_ASSIGN(const auto connection, web::HttpConnection::open(to_, stop));
  StringSource source(body.bytes);
  MEDARC_ASSIGN(web::ClientAnswer came, connection->exchange(request, source));
  if (came.status / 100 == 2) return std::move(came.body);
  boost::system::error_code failed;
  const json::value said = json::parse(came.body, failed);
  std::string detail = failed ? std::string() : text_at(said, "detail");
  if (detail.empty()) detail = "the server answered " + std::to_string(came.status);
  return make_error(came.status == 404   ? Code::not_found
                    : came.status == 400 ? Code::invalid_argument
                                         : Code::conflict,
                    std::move(detail));
}

Result<json::value> ServerCall::ask(const std::string& method, const std::string& target,
                                    const Body& body,
                                    const std::pair<const char*, std::string>& condition) const {
  MEDARC_ASSIGN(const Bytes came, exchange(method, target, body, condition));
  if (came.empty()) return json::value();
  boost::system::error_code failed;
  json::value out = json::parse(came, failed);
  if (failed) return no_medarc_answer();
  return out;
}

Result<Bytes> ServerCall::fetch(const std::string& target) const {
  return exchange("GET", target, {}, {});
}

}  // namespace medarc::tools
