// Associations that we open over TLS: to our own door, to DCMTK's storescp, to servers that offer
// less than BCP 195 asks for.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "dicom/dimse/call.h"
#include "dicom/dimse/user.h"
#include "tests/dicom/net/query_fixture.h"
#include "tests/support/certificates.h"

namespace medarc::dicom::test {
namespace {

using medarc::test::CertificateAuthority;
using medarc::test::CertificateFiles;

// Another programme for as long as this lives, which listens at `port`.
class Listening {
 public:
  Listening(std::vector<std::string> words, uint16_t port) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      const int nothing = ::open("/dev/null", O_RDWR);
      for (const int fd : {0, 1, 2}) ::dup2(nothing, fd);
      execvp(argv[0], argv.data());
      _exit(127);
    }
    EXPECT_TRUE(eventually([&] { return RawSocket(port).open(); }, 10'000)) << words[0];
  }
  ~Listening() {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
};

uint16_t free_port() { return ul::listen_on("127.0.0.1", 0)->port; }

class TlsCalls : public QueryNet {
 protected:
  void SetUp() override {
    QueryNet::SetUp();
    set_log_level(medarc::Level::off);
    authority = std::make_unique<CertificateAuthority>(dir);
    archive_files = authority->make("archive.example");
    there_files = authority->make("ws1.example");
  }
  void TearDown() override {
    there.reset();
    QueryNet::TearDown();
  }
  // WS1, over TLS only.
  void start_there(const CertificateFiles& files) {
    ServerOptions o;
    o.port = 0;
    o.tls_port = 0;
    o.aet = "WS1";
    auto tls = security::TlsContext::server({files.certificate, files.key, authority->file()});
    ASSERT_TRUE(tls.has_value());
    o.tls = *tls;
    auto started = Server::start(o, limits, elsewhere, all);
    ASSERT_TRUE(started.has_value());
    there = std::move(*started);
  }
  // The destination WS1 with these settings, beside the files of [tls].
  Result<Destinations> know(uint16_t port, const std::string& more, const std::string& tls = {}) {
    Config config = *Config::parse(
        (tls.empty() ? "[tls]\ncertificate = \"" + archive_files.certificate + "\"\nkey = \"" +
                           archive_files.key + "\"\nauthorities = \"" + authority->file() + "\"\n"
                     : tls) +
        "[[dicom.peer]]\naet = \"WS1\"\nport = " + std::to_string(port) + "\ntls = true\n" + more);
    return Destinations::from(config);
  }
  // nullopt: an echo was answered.
  std::optional<Error> echo(const Result<Destinations>& known) {
    if (known.has_error()) return known.error();
    auto association =
        dimse::call(*known->find("WS1"), "MEDARC", {{kVerification, kImplicit}}, limits, signals);
    if (association.has_error()) return association.error();
    const auto status = dimse::echo(**association, limits);
    EXPECT_TRUE(status.has_value() && *status == 0);
    EXPECT_TRUE((*association)->release().has_value());
    return std::nullopt;
  }
  int move_to_ws1(const std::string& study) {
    return run("movescu -S -aem WS1 -k 0008,0052=STUDY -k 0020,000D=" + study + at()).exit_code;
  }

  std::unique_ptr<CertificateAuthority> authority;
  CertificateFiles archive_files, there_files;
  MemoryImaging elsewhere;
  TestAuthenticator all;
  std::unique_ptr<Server> there;
  ul::StopSignals signals;
};

TEST_F(TlsCalls, CMoveReachesADestinationOverTlsAndShowsOurCertificate) {
  start_there(there_files);
  options.destinations = *know(there->tls_port(), "certificate = \"ws1.example\"\n");
  store_some();
  listen();
  EXPECT_EQ(move_to_ws1("2.25.2"), 0);
  EXPECT_EQ(elsewhere.kept().size(), 4u);
  EXPECT_EQ(all.callers().back().certificate_names, std::set<std::string>{"archive.example"});
}

TEST_F(TlsCalls, CMoveReachesStorescpOverTls) {
  const uint16_t at_port = free_port();
  const auto taken = dir / "taken";
  std::filesystem::create_directory(taken);
  Listening storescp({"storescp", "+tls", there_files.key, there_files.certificate, "+cf",
                      authority->file(), "-od", taken, std::to_string(at_port)},
                     at_port);
  options.destinations = *know(at_port, "certificate = \"ws1.example\"\n");
  store_some();
  listen();
  EXPECT_EQ(move_to_ws1("2.25.1"), 0);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(taken),
                          std::filesystem::directory_iterator()),
            4);
  EXPECT_FALSE(echo(know(at_port, "")));
}

TEST_F(TlsCalls, WhomWeCallIsCheckedAsThePeersTableSays) {
  start_there(there_files);
  const uint16_t at_port = there->tls_port();
  EXPECT_FALSE(echo(know(at_port, "")));
  EXPECT_FALSE(echo(know(at_port, "certificate = \"ws1.example\"\n")));
  const auto refused = [&](const std::string& more) {
    const auto error = echo(know(at_port, more));
    return error && error->code == Code::permission_denied;
  };
  EXPECT_TRUE(refused("certificate = \"ws2.example\"\n"));
  EXPECT_TRUE(refused("tls_host_check = true\nhost = \"127.0.0.1\"\n"));
  EXPECT_TRUE(refused("tls_host_check = true\nhost = \"localhost\"\n"));
  start_there(authority->make("localhost"));
  EXPECT_FALSE(echo(know(there->tls_port(), "tls_host_check = true\nhost = \"localhost\"\n")));
}

TEST_F(TlsCalls, APeerMayHaveFilesOfItsOwn) {
  start_there(there_files);
  const uint16_t at_port = there->tls_port();
  CertificateAuthority other(dir, "Other-CA");
  const auto refused = [&](const Result<Destinations>& known) {
    const auto error = echo(known);
    return error && (error->code == Code::permission_denied || error->code == Code::io);
  };
  EXPECT_TRUE(refused(know(at_port, "tls_authorities = \"" + other.file() + "\"\n")));
  // With [tls] of another authority, the peer's own files make it right.
  const std::string elsewhere_tls = "[tls]\nauthorities = \"" + other.file() + "\"\n";
  EXPECT_TRUE(refused(know(at_port, "", elsewhere_tls)));
  const std::string own = "tls_authorities = \"" + authority->file() + "\"\ntls_certificate = \"" +
                          archive_files.certificate + "\"\ntls_key = \"" + archive_files.key +
                          "\"\n";
  EXPECT_FALSE(echo(know(at_port, own, elsewhere_tls)));
  for (const std::string& wrong :
       {std::string("tls_certificate = \"a.pem\"\n"), std::string("tls_host_check = \"perhaps\"\n"),
        std::string("tls_authorities = \"nowhere.pem\"\n")}) {
    EXPECT_EQ(know(at_port, wrong).error().code, Code::invalid_argument) << wrong;
  }
}

// BCP 195: a peer that offers less is not met half-way, nor in plain.
TEST_F(TlsCalls, PeersThatOfferLessAreNotMetHalfway) {
  for (const std::vector<std::string>& offer :
       {std::vector<std::string>{"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"},
        {"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"},
        {"-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384"}}) {
    const uint16_t at_port = free_port();
    std::vector<std::string> words = {"openssl", "s_server",
                                      "-accept", std::to_string(at_port),
                                      "-cert",   there_files.certificate,
                                      "-key",    there_files.key,
                                      "-quiet"};
    words.insert(words.end(), offer.begin(), offer.end());
    Listening server_there(words, at_port);
    const auto error = echo(know(at_port, ""));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, Code::permission_denied) << error->text;
  }
  listen();  // our plain door
  EXPECT_TRUE(echo(know(port(), "")));
}

}  // namespace
}  // namespace medarc::dicom::test
