// The tour of README.md, run as written: every block after a line "<!-- tour -->", in order, in one
// shell. Only the two ports are exchanged for free ones.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "tests/support/http_client.h"
#include "tests/support/server_process.h"

namespace medarc::test {
namespace {

std::string tour_of(const std::string& readme) {
  std::istringstream in(readme);
  std::string line, script;
  bool announced = false, inside = false;
  while (std::getline(in, line)) {
    if (inside && line == "```") inside = false;
    if (inside) script += line + "\n";
    if (announced && line == "```bash") inside = true;
    announced = line == "<!-- tour -->";
  }
  return script;
}

std::string free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  close(fd);
  return std::to_string(ntohs(address.sin_port));
}

TEST(Tour, TheReadmesTourRunsAsWritten) {
  std::ifstream in(std::string(MEDARC_SOURCE_DIR) + "/README.md");
  const std::string readme((std::istreambuf_iterator<char>(in)), {});
  std::string script = tour_of(readme);
  ASSERT_GT(std::count(script.begin(), script.end(), '\n'), 15) << "the tour was not found";
  ASSERT_NE(script.find("8042"), std::string::npos);
  const std::string http = free_port(), dicom = free_port();
  script = std::regex_replace(script, std::regex("8042"), http);
  script = std::regex_replace(script, std::regex("4242"), dicom);
  script = std::regex_replace(script, std::regex("serve --data"),
                              "serve --http-port " + http + " --dicom-port " + dicom + " --data");

  TempDir dir;
  const std::string bin = std::filesystem::path(medarc_binary()).parent_path().string();
  std::ofstream(dir / "tour.sh") << "set -euo pipefail\ncd " << dir.path() << "\nPATH=" << bin
                                 << ":$PATH\ntrap 'jobs -p | xargs -r kill' EXIT\n"
                                 << script;
  const auto tour = run_command({"timeout", "300", "bash", "-x", dir / "tour.sh"});
  EXPECT_EQ(tour.exit_code, 0) << tour.err.substr(tour.err.size() > 3000 ? tour.err.size() - 3000 : 0);
  EXPECT_NE(tour.out.find("MED-0001"), std::string::npos);
  EXPECT_NE(tour.out.find("DocumentReference"), std::string::npos);
  EXPECT_NE(tour.out.find("dangling           0"), std::string::npos) << tour.out;
}

// docs/conformance.md is what the server says of itself; MEDARC_WRITE_DOCS=1 renews it.
TEST(Tour, TheConformanceStatementIsTheServers) {
  TempDir dir;
  ServerProcess server(dir / "data");
  ASSERT_TRUE(server.ready());
  const HttpAnswer said = HttpClient(server.http_port()).get("/conformance");
  ASSERT_EQ(said.status, 200);
  EXPECT_EQ(said.header("Content-Type"), "text/markdown; charset=utf-8");
  const std::string path = std::string(MEDARC_SOURCE_DIR) + "/docs/conformance.md";
  if (getenv("MEDARC_WRITE_DOCS") != nullptr) std::ofstream(path) << said.body;
  std::ifstream in(path);
  const std::string written((std::istreambuf_iterator<char>(in)), {});
  EXPECT_TRUE(written == said.body)
      << "run MEDARC_WRITE_DOCS=1 scenario_test --gtest_filter=Tour.TheConformance* and commit it";
}

}  // namespace
}  // namespace medarc::test
