#include "tools/running_server.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <cerrno>
#include <cstdio>
#include <fstream>

#include "dicom/ul/socket.h"
#include "web/client/http_client.h"

namespace medarc::tools {
namespace {

std::string path_in(const std::string& data) { return data + "/serving"; }

// Every address of this machine is one of them from here.
std::string reached_as(const std::string& host) {
  if (host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

}  // namespace

ServingMark::ServingMark(std::string data, const Address& http) : path_(path_in(data)) {
  const std::string part = path_ + ".new";
  {
    std::ofstream out(part, std::ios::trunc);
    out << getpid() << " " << to_text({reached_as(http.host), http.port}) << "\n";
  }
  std::rename(part.c_str(), path_.c_str());
}

ServingMark::~ServingMark() { ::unlink(path_.c_str()); }

std::optional<Address> serving_at(const std::string& data) {
  std::ifstream in(path_in(data));
  pid_t pid = 0;
  std::string address;
  if (!(in >> pid >> address) || pid <= 0) return std::nullopt;
  if (::kill(pid, 0) != 0 && errno == ESRCH) return std::nullopt;
  const auto at = parse_address(address);
  return at.has_value() ? std::optional<Address>(*at) : std::nullopt;
}

Result<boost::json::object> ask_server(const Address& server, const std::string& target,
                                       const std::string& token_file) {
  web::ClientRequest request{"GET", target, {{"Accept", "application/json"}}, 0};
  if (!token_file.empty()) {
    std::ifstream in(token_file);
    std::string token;
    if (!std::getline(in, token)) return make_error(Code::io, "no token in " + token_file);
    request.headers.emplace_back("Authorization", "Bearer " + token);
  }
  dicom::WebDestination to;
  to.host = server.host;
  to.port = server.port;
  dicom::ul::Signal stop;
  MEDARC_ASSIGN(const auto connection, web::HttpConnection::open(to, stop));
  StringSource nothing{Bytes()};
  MEDARC_ASSIGN(const web::ClientAnswer answer, connection->exchange(request, nothing));
  if (answer.status == 401 || answer.status == 403) {
    return make_error(
        Code::permission_denied,
        fmt::format("the archive is in use by the server at {}, which answers this to "
                    "administrators only: name a file with a token by --token-file",
                    to_text(server)));
  }
  boost::system::error_code failed;
  const boost::json::value read = boost::json::parse(answer.body, failed);
  if (answer.status != 200 || failed || !read.is_object()) {
    return make_error(Code::unavailable,
                      fmt::format("the server at {} answered {}", to_text(server), answer.status));
  }
  return read.as_object();
}

}  // namespace medarc::tools
