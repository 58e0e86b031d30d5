// An HTTP server that answers as it is told, with or without TLS: one connection after the other.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "dicom/ul/channel.h"

namespace medarc::web {

struct ScriptedRequest {
  std::string head, body;  // chunks joined
  int connection = 0;      // the first is 1
};

class ScriptedServer {
 public:
  // The whole answer, head included; "" closes without one. A "Connection: close" in it is kept.
  using Script = std::function<std::string(const ScriptedRequest&)>;
  explicit ScriptedServer(Script script, std::shared_ptr<security::TlsContext> tls = nullptr);
  // Says first what `early` answers to a head, if that is anything. A "Connection: close" in it:
  // the body is read and dropped, and nothing else said.
  ScriptedServer(Script script, std::function<std::string(const std::string& head)> early);
  ~ScriptedServer();
  uint16_t port() const { return listener_.port; }
  std::vector<ScriptedRequest> requests() const;

 private:
  void work();
  void serve(dicom::ul::Channel& channel);

  const Script script_;
  const std::function<std::string(const std::string& head)> early_;
  const std::shared_ptr<security::TlsContext> tls_;
  dicom::ul::Listener listener_;
  dicom::ul::Signal stop_;
  mutable std::mutex mutex_;
  std::vector<ScriptedRequest> requests_;
  int connections_ = 0;
  std::thread thread_;
};

// "HTTP/1.1 200 OK" with this DICOM JSON.
std::string stow_answer(int status, const std::string& json, const std::string& more_headers = {});

}  // namespace medarc::web
