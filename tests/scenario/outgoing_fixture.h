// Servers that send, their peers, and what both are asked by tests.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "tests/scenario/clients.h"

namespace medarc::test {

inline uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ::bind(fd, reinterpret_cast<sockaddr*>(&at), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  ::close(fd);
  return ntohs(at.sin_port);
}

// Another programme for as long as this lives.
class Child {
 public:
  explicit Child(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    execvp(argv[0], argv.data());
    _exit(127);
  }
  ~Child() {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
};

template <class F>
bool eventually(F&& holds, int seconds = 120) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

class Outgoing : public ::testing::Test {
 protected:
  std::string peer(const std::string& aet, uint16_t port = 0) {
    return "[[dicom.peer]]\naet = \"" + aet +
           "\"\nhost = \"127.0.0.1\"\nrole = \"technologist\"\n" +
           (port == 0 ? "" : "port = " + std::to_string(port) + "\n");
  }
  // A configuration in which jobs are tried again soon.
  std::string config(const std::string& name, const std::string& text) {
    const std::string path = dir_ / (name + ".toml");
    std::ofstream(path) << "[jobs]\nfirst_delay_ms = 200\nlongest_delay_ms = 400\n" << text;
    return path;
  }
  static std::string jobs(const ServerProcess& server, const std::string& query = "") {
    const HttpAnswer answer = http(server.http_port(), "GET", "/admin/jobs" + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.body;
  }
  static bool has(const ServerProcess& server, const SmallObject& object) {
    const HttpAnswer answer = http(server.http_port(), "GET", object.url());
    return answer.status == 200 && dataset_of(answer.body) == object.dataset;
  }
  static uint64_t metric(const ServerProcess& server, const std::string& name) {
    const std::string text = http(server.http_port(), "GET", "/metrics").body;
    const size_t at = text.find("\n" + name + " ");
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + name.size() + 2));
  }
  std::vector<SmallObject> objects(uint64_t from, size_t count) {
    std::vector<SmallObject> out;
    for (size_t i = 0; i < count; ++i) out.push_back(make_object(from + i, 2000));
    return out;
  }
  void store(const ServerProcess& server, const std::vector<SmallObject>& all) {
    RawAssociation a(server.dicom_port(), store_request("CT1"));
    ASSERT_TRUE(a.established());
    for (const SmallObject& object : all) ASSERT_TRUE(c_store(a, object));
    a.release();
  }

  TempDir dir_;
};

}  // namespace medarc::test
