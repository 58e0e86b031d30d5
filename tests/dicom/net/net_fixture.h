// A running association service over MemoryImaging, and objects to send to it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "dicom/server.h"
#include "tests/dicom/net/memory_imaging.h"
#include "tests/support/raw_association.h"

namespace medarc::dicom::test {

using medarc::test::async_window;
using medarc::test::be16;
using medarc::test::be32;
using medarc::test::command_set;
using medarc::test::le16;
using medarc::test::le32;
using medarc::test::RawAssociation;
using medarc::test::RawContext;
using medarc::test::RawPdu;
using medarc::test::RawRequest;
using medarc::test::RawResponse;
using medarc::test::RawSocket;
using medarc::test::ui;
using medarc::test::ul_item;
using medarc::test::ul_pdu;

inline constexpr const char* kVerification = "1.2.840.10008.1.1";
inline constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";
inline constexpr const char* kImplicit = "1.2.840.10008.1.2";
inline constexpr const char* kExplicit = "1.2.840.10008.1.2.1";

inline RawRequest ct_request() {
  RawRequest out;
  out.contexts = {{1, kVerification, {kImplicit}}, {3, kCt, {kExplicit}}};
  return out;
}

inline constexpr const char* kStudy = "1.2.826.0.1.999.1";
inline constexpr const char* kSeries = "1.2.826.0.1.999.1.1";

// An explicit VR little endian CT dataset of an invented patient, with `pixel_bytes` of pixels.
// `extra`: encoded elements of group 0008 above (0008,0060).
std::string ct_dataset(const std::string& instance, size_t pixel_bytes,
                       const std::string& extra = {});
// The same as a Part 10 file in `dir`; answers its path.
std::string ct_file(const std::filesystem::path& dir, const std::string& instance,
                    size_t pixel_bytes);

// Exit code and output of a program; DCMTK's TCP_NODELAY is taken out of its environment.
struct Ran {
  int exit_code = -1;
  std::string output;
};
Ran run(const std::string& command_line);

template <class F>
bool eventually(F&& condition, int timeout_ms = 5000) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

class NetTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  void start() {
    auto made = Server::start(options, limits, imaging, authenticator);
    ASSERT_TRUE(made.has_value()) << made.error().text;
    server = std::move(*made);
  }
  uint16_t port() const { return server->port(); }

  ServerOptions options;
  Limits limits;
  MemoryImaging imaging;
  TestAuthenticator authenticator;
  std::unique_ptr<Server> server;
  std::filesystem::path dir;
};

}  // namespace medarc::dicom::test
