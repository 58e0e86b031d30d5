// Associations over TLS: DCMTK's tools against our door, and our door against itself.
#include <gtest/gtest.h>

#include <fstream>

#include "dicom/ul/requestor.h"
#include "tests/dicom/net/net_fixture.h"
#include "tests/support/certificates.h"

namespace medarc::dicom::test {
namespace {

using medarc::test::CertificateAuthority;
using medarc::test::CertificateFiles;
using security::PeerCertificates;
using security::TlsContext;
using security::TlsOptions;

class TlsTest : public NetTest {
 protected:
  void SetUp() override {
    NetTest::SetUp();
    authority = std::make_unique<CertificateAuthority>(dir);
    own = authority->make("archive.example");
    scanner = authority->make("ct1.example");
  }

  TlsOptions files() const { return {own.certificate, own.key, authority->file()}; }
  void start_tls(TlsOptions tls) {
    auto made = TlsContext::server(std::move(tls));
    ASSERT_TRUE(made.has_value()) << made.error().text;
    options.tls = *made;
    options.tls_port = 0;
    start();
  }
  std::string at() const { return " -aec MEDARC 127.0.0.1 " + std::to_string(server->tls_port()); }
  std::string with(const CertificateFiles& c) const {
    return " +tls " + c.key + " " + c.certificate + " +cf " + authority->file();
  }
  // An association of our own client; `certificate` null: without one.
  Result<std::unique_ptr<ul::Association>> call(const CertificateFiles* certificate,
                                                const std::string& name = {}) {
    TlsOptions tls;
    tls.authorities = authority->file();
    if (certificate != nullptr) {
      tls.certificate = certificate->certificate;
      tls.key = certificate->key;
    }
    auto context = TlsContext::client(tls);
    EXPECT_TRUE(context.has_value());
    ul::Call to{"127.0.0.1", server->tls_port(),           "MEDARC",
                "RAW",       {{kVerification, kImplicit}}, *context,
                name};
    return ul::call(to, limits, signals);
  }

  std::unique_ptr<CertificateAuthority> authority;
  CertificateFiles own, scanner;
  ul::StopSignals signals;
};

TEST_F(TlsTest, StockToolsEchoAndStore) {
  start_tls(files());
  EXPECT_EQ(run("echoscu --repeat 3" + with(scanner) + at()).exit_code, 0);
  const std::string small = ct_file(dir, "1.2.826.0.1.999.1.1.1", 1000);
  const std::string large = ct_file(dir, "1.2.826.0.1.999.1.1.2", 20'000'000);
  const Ran stored = run("storescu" + with(scanner) + at() + " " + small + " " + large);
  EXPECT_EQ(stored.exit_code, 0) << stored.output;
  EXPECT_EQ(imaging.kept().size(), 2u);
  // The plain door is open beside it.
  EXPECT_EQ(run("echoscu -aec MEDARC 127.0.0.1 " + std::to_string(port())).exit_code, 0);
}

TEST_F(TlsTest, CertificatesNameTheirOwner) {
  start_tls(files());
  EXPECT_TRUE(call(&scanner).has_value());
  ASSERT_FALSE(authenticator.callers().empty());
  EXPECT_EQ(authenticator.callers().back().certificate_names, std::set<std::string>{"ct1.example"});
  EXPECT_EQ(run("echoscu -aec MEDARC 127.0.0.1 " + std::to_string(port())).exit_code, 0);
  EXPECT_TRUE(authenticator.callers().back().certificate_names.empty());
}

TEST_F(TlsTest, WhoHasNoTrustedCertificateIsRefused) {
  start_tls(files());
  EXPECT_FALSE(call(nullptr).has_value());
  const CertificateFiles stranger = CertificateAuthority(dir, "Third-CA").make("stranger.example");
  EXPECT_FALSE(call(&stranger).has_value());
  EXPECT_NE(run("echoscu" + with(stranger) + at()).exit_code, 0);
  EXPECT_TRUE(authenticator.callers().empty());
  EXPECT_TRUE(call(&scanner).has_value());
}

TEST_F(TlsTest, CertificatesOfCallersCanBeOptional) {
  TlsOptions tls = files();
  tls.peers = PeerCertificates::asked;
  start_tls(tls);
  EXPECT_TRUE(call(nullptr).has_value());
  EXPECT_TRUE(authenticator.callers().back().certificate_names.empty());
  EXPECT_TRUE(call(&scanner).has_value());
  EXPECT_EQ(run("echoscu --anonymous-tls +cf " + authority->file() + at()).exit_code, 0);
}

TEST_F(TlsTest, WeCheckWhomWeCall) {
  start_tls(files());
  EXPECT_TRUE(call(&scanner, "archive.example").has_value());
  const auto wrong = call(&scanner, "elsewhere.example");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, Code::permission_denied);
}

// BCP 195: nothing below TLS 1.2, and no weak cipher, whatever is offered.
TEST_F(TlsTest, OldProtocolsAreRefusedNotMetHalfway) {
  start_tls(files());
  const std::string port = std::to_string(server->tls_port());
  auto shakes = [&](const std::string& how) {
    return run("openssl s_client -connect 127.0.0.1:" + port + " -cert " + scanner.certificate +
               " -key " + scanner.key + " -CAfile " + authority->file() + " " + how +
               " </dev/null 2>&1")
        .output;
  };
  for (const char* good : {"-tls1_3", "-tls1_2", "-tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384"}) {
    EXPECT_NE(shakes(good).find("Verify return code: 0"), std::string::npos) << good;
    EXPECT_EQ(shakes(good).find("Cipher is (NONE)"), std::string::npos) << good;
  }
  for (const char* bad : {"-tls1_1 -cipher ALL:@SECLEVEL=0", "-tls1 -cipher ALL:@SECLEVEL=0",
                          "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA",
                          "-tls1_2 -cipher ALL:@SECLEVEL=0:!AESGCM:!CHACHA20"}) {
    EXPECT_NE(shakes(bad).find("Cipher is (NONE)"), std::string::npos) << bad;
  }
}

TEST_F(TlsTest, SilenceAndNonsenseDisturbNobody) {
  limits.artim_timeout_ms = 1000;
  start_tls(files());
  std::vector<RawSocket> silent(200), plain(20);
  for (RawSocket& socket : silent) socket = RawSocket(server->tls_port());
  for (RawSocket& socket : plain) {
    socket = RawSocket(server->tls_port());
    socket.send(medarc::test::associate_rq(ct_request()));
  }
  EXPECT_TRUE(call(&scanner).has_value());
  for (RawSocket& socket : plain) EXPECT_TRUE(socket.closed_within(5000));
  EXPECT_TRUE(silent.front().closed_within(5000));
}

TEST_F(TlsTest, NewCertificatesAreUsedWithoutDroppingAnybody) {
  TlsOptions tls = files();
  tls.reload_check_ms = 0;
  start_tls(tls);
  auto before = call(&scanner, "archive.example");
  ASSERT_TRUE(before.has_value()) << before.error().text;
  const CertificateFiles renewed = authority->make("renewed.example");
  auto replace = [](const std::string& from, const std::string& to) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::last_write_time(
        to, std::filesystem::file_time_type::clock::now() + std::chrono::seconds(5));
  };
  std::ofstream(own.certificate) << "no certificate";
  std::filesystem::last_write_time(
      own.certificate, std::filesystem::file_time_type::clock::now() + std::chrono::seconds(2));
  EXPECT_TRUE(call(&scanner, "archive.example").has_value()) << "a wrong file changes nothing";
  replace(renewed.key, own.key);
  replace(renewed.certificate, own.certificate);
  EXPECT_TRUE(call(&scanner, "renewed.example").has_value());
  EXPECT_FALSE(call(&scanner, "archive.example").has_value());
  EXPECT_TRUE((*before)->release().has_value());
}

TEST(TlsFiles, WhatIsWrongIsNamed) {
  for (const auto& [options, what] : std::vector<std::pair<TlsOptions, std::string>>{
           {{"/nowhere/a.pem", "/nowhere/a.key", "/nowhere/ca.pem"}, "/nowhere/a.pem"}}) {
    const auto made = TlsContext::server(options);
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code, Code::invalid_argument);
    EXPECT_NE(made.error().text.find(what), std::string::npos) << made.error().text;
  }
  EXPECT_FALSE(TlsContext::client({}).has_value());
  auto config = Config::parse("[tls]\npeers = \"maybe\"\n");
  ASSERT_TRUE(config.has_value());
  EXPECT_FALSE(TlsOptions::from(*config).has_value());
}

}  // namespace
}  // namespace medarc::dicom::test
