#include "tests/web/client/scripted_server.h"

#include <poll.h>

#include <optional>

namespace medarc::web {
namespace {

constexpr uint32_t kPatience_ms = 20'000;

}  // namespace

ScriptedServer::ScriptedServer(Script script, std::shared_ptr<security::TlsContext> tls)
    : script_(std::move(script)),
      tls_(std::move(tls)),
      listener_(*dicom::ul::listen_on("127.0.0.1", 0)),
      thread_([this] { work(); }) {}

ScriptedServer::ScriptedServer(Script script,
                               std::function<std::string(const std::string& head)> early)
    : script_(std::move(script)),
      early_(std::move(early)),
      listener_(*dicom::ul::listen_on("127.0.0.1", 0)),
      thread_([this] { work(); }) {}

ScriptedServer::~ScriptedServer() {
  stop_.raise();
  thread_.join();
}

std::vector<ScriptedRequest> ScriptedServer::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

void ScriptedServer::work() {
  while (!stop_.raised()) {
    if (!dicom::ul::wait_for(listener_.socket, POLLIN, kPatience_ms, stop_)) continue;
    std::string peer;
    dicom::ul::Descriptor socket = dicom::ul::accept_from(listener_.socket, peer);
    if (!socket) continue;
    ++connections_;
    dicom::ul::Channel channel(std::move(socket), tls_);
    serve(channel);
    channel.close_sending();
  }
}

void ScriptedServer::serve(dicom::ul::Channel& channel) {
  std::string in;
  const auto more = [&] {
    char piece[4096];
    const auto n = channel.read_some(piece, sizeof piece, kPatience_ms, stop_);
    if (!n || *n == 0) return false;
    in.append(piece, *n);
    return true;
  };
  for (;;) {
    size_t end = 0;
    while ((end = in.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return;
    }
    ScriptedRequest request{in.substr(0, end + 4), "", connections_};
    in.erase(0, end + 4);
    if (const std::string early = early_ ? early_(request.head) : ""; !early.empty()) {
      if (!channel.write_all(early, kPatience_ms, stop_)) return;
      if (early.find("Connection: close") != std::string::npos) {
        while (more()) in.clear();
        return;
      }
    }
    const size_t length_at = request.head.find("Content-Length: ");
    if (length_at != std::string::npos) {
      const size_t length = std::stoull(request.head.substr(length_at + 16));
      while (in.size() < length) {
        if (!more()) return;
      }
      request.body = in.substr(0, length);
      in.erase(0, length);
    } else if (request.head.find("chunked") != std::string::npos) {
      for (size_t chunk = 1; chunk > 0;) {
        while ((end = in.find("\r\n")) == std::string::npos) {
          if (!more()) return;
        }
        chunk = std::stoull(in.substr(0, end), nullptr, 16);
        while (in.size() < end + 2 + chunk + 2) {
          if (!more()) return;
        }
        request.body += in.substr(end + 2, chunk);
        in.erase(0, end + 2 + chunk + 2);
      }
    }
    const std::string answer = script_(request);
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
    }
    if (answer.empty() || !channel.write_all(answer, kPatience_ms, stop_)) return;
    if (answer.find("Connection: close") != std::string::npos) return;
  }
}

std::string stow_answer(int status, const std::string& json, const std::string& more_headers) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Said\r\nContent-Type: application/dicom+json\r\nContent-Length: " +
         std::to_string(json.size()) + "\r\n" + more_headers + "\r\n" + json;
}

}  // namespace medarc::web
