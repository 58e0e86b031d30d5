// push and pull of genome files: killed clients, a killed server, lines that change bytes. What was
// there is never sent again but for one piece a kill, counted on the line. Short here;
// MEDARC_TRANSFER_BYTES (tools/long/transfer) is the long form.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "tests/scenario/broken_line.h"
#include "tests/scenario/bulk_reads.h"
#include "tests/scenario/outgoing_fixture.h"
#include "tools/transfer/genome_pull.h"
#include "tools/transfer/local_file.h"
#include "tools/transfer/resume_file.h"

namespace medarc::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct FileSink final : public ByteSink {
  explicit FileSink(const std::string& path) : out(path, std::ios::binary) {}
  Status write(ByteView bytes) override {
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return {};
  }
  std::ofstream out;
};

// A verb that runs until it ends or is killed.
class Running {
 public:
  Running(std::vector<std::string> words, std::string out) : out_(std::move(out)) {
    words.insert(words.begin(), medarc_binary());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int fd = ::open(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(fd, STDOUT_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    ::close(fd);
  }
  ~Running() { kill(); }
  bool running() {
    if (pid_ > 0 && waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = -1;
    return pid_ > 0;
  }
  void kill() {
    if (!running()) return;
    ::kill(pid_, SIGKILL);
    wait();
  }
  int wait() {
    if (pid_ > 0) waitpid(pid_, &status_, 0);
    pid_ = -1;
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
  }
  json::object result() {
    std::ifstream in(out_);
    std::string line;
    std::getline(in, line);
    return json::parse(line).as_object();
  }

 private:
  const std::string out_;
  pid_t pid_ = -1;
  int status_ = 0;
};

uint64_t number(const json::object& object, const char* name) {
  return object.at(name).to_number<uint64_t>();
}

class Transfer : public ::testing::Test {
 protected:
  Transfer() {
    setenv("XDG_STATE_HOME", (dir_ / "state").c_str(), 1);
    const char* text = getenv("MEDARC_TRANSFER_BYTES");
    long_ = text != nullptr;
    wanted_ = long_ ? std::stoull(text) : 5'000'000;
  }

  // FASTQ of about the wanted size.
  std::string make_file() {
    const std::string path = dir_ / "reads.fastq.gz";
    FileSink sink(path);
    EXPECT_TRUE(write_bulk_reads(wanted_, sink).has_value());
    sink.out.close();
    bytes_ = fs::file_size(path);
    digest_ = digest_of(path);
    return path;
  }
  static std::string digest_of(const std::string& path) {
    const auto file = tools::open_local(path);
    return tools::sha256_of(**file, {0, fs::file_size(path)})->hex();
  }
  std::string url(uint16_t port) const { return "http://127.0.0.1:" + std::to_string(port); }
  // So slow in the short form that a kill meets it.
  std::vector<std::string> slowly(std::vector<std::string> words, uint64_t seconds) const {
    if (long_) return words;
    words.insert(words.end(), {"--bytes-per-second", std::to_string(bytes_ / seconds)});
    return words;
  }
  // The only upload that is gone on with: its path, and where it stands.
  std::string upload_path() const {
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(dir_ / "state/medarc/push", failed)) {
      const auto id = tools::ResumeFile(entry.path().string()).upload();
      if (id) return "/uploads/" + *id;
    }
    return {};
  }
  uint64_t offset(uint16_t port) const {
    const std::string path = upload_path();
    if (path.empty()) return 0;
    const HttpAnswer answer = http(port, "HEAD", path, {{"Tus-Resumable", "1.0.0"}});
    return answer.status == 200 ? std::stoull(answer.header("Upload-Offset")) : 0;
  }
  bool until(Running& client, const std::function<bool()>& holds) const {
    while (!holds()) {
      if (!client.running()) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }
  // Of the chunks that are whole in a local file: their bytes; the second of them into `*second`.
  uint64_t held(uint16_t port, const std::string& id, const std::string& path,
                ByteRange* second = nullptr) {
    const auto file = tools::open_local(path);
    const HttpAnswer answer = http(port, "GET", "/genomics/files/" + id + "/manifest");
    const json::value manifest = json::parse(answer.body);
    uint64_t bytes = 0, chunks = 0;
    for (const json::value& chunk : manifest.at("chunks").as_array()) {
      const ByteRange range{chunk.at("offset").to_number<uint64_t>(),
                            chunk.at("length").to_number<uint64_t>()};
      chunk_max_ = std::max(chunk_max_, range.length);
      if (range.end() > fs::file_size(path)) continue;
      if (tools::sha256_of(**file, range)->hex() != chunk.at("sha256").as_string()) continue;
      bytes += range.length;
      if (++chunks == 2 && second != nullptr) *second = range;
    }
    return bytes;
  }

  TempDir dir_;
  bool long_ = false;
  uint64_t wanted_ = 0, bytes_ = 0;
  uint64_t chunk_max_ = 0;  // of the manifests seen
  std::string digest_;
};

TEST_F(Transfer, KilledClientsAndAKilledServerSendOnlyThePieceUnderWayAgain) {
  const std::string file = make_file();
  const uint64_t piece = long_ ? 8u << 20 : 128u << 10;
  constexpr uint64_t kKills = 3, kHeadBytes = 512, kOtherRequests = 64;
  const uint16_t port = free_port();
  const std::vector<std::string> at = {"--http-port", std::to_string(port)};
  auto server = std::make_unique<ServerProcess>(dir_ / "data", at);
  ASSERT_TRUE(server->ready());
  const BrokenLine line(port, BrokenLine::Fault::none, true, 0);
  const auto push = slowly({"push", file, "--to", url(line.port()), "--patient", "P1",
                            "--piece-bytes", std::to_string(piece), "--json"},
                           2);
  // Two clients killed, the third sees its server killed and come back.
  uint64_t stood = 0;
  for (const uint64_t part : {5u, 3u}) {
    Running client(push, dir_ / "out");
    ASSERT_TRUE(until(client, [&] { return offset(port) > bytes_ / part; })) << "it was too fast";
    stood = offset(port);
    client.kill();
  }
  Running client(push, dir_ / "out");
  ASSERT_TRUE(until(client, [&] { return offset(port) > bytes_ / 2; })) << "it was too fast";
  server->kill();
  EXPECT_TRUE(client.running()) << "it was too fast";
  server = std::make_unique<ServerProcess>(dir_ / "data", at);
  ASSERT_TRUE(server->ready());
  ASSERT_EQ(client.wait(), 0);
  const json::object pushed = client.result();
  EXPECT_GE(number(pushed, "bytes_resumed"), stood) << "what was acknowledged came again";
  const uint64_t again = number(pushed, "bytes_sent") + number(pushed, "bytes_resumed") - bytes_;
  EXPECT_LE(again, piece) << "the server was killed once";
  // Those who were killed cannot say what they sent: all that reached the line, heads included.
  const uint64_t heads = (bytes_ / piece + kOtherRequests) * kHeadBytes;
  EXPECT_LE(line.counted(), bytes_ + kKills * piece + heads);
  EXPECT_EQ(pushed.at("sha256").as_string(), digest_);
  EXPECT_TRUE(fs::is_empty(dir_ / "state/medarc/push"));

  // The server has it: nothing is sent, unless it is to be another patient's.
  const CommandResult twice = run_medarc({"push", file, "--to", url(port), "--json"});
  EXPECT_EQ(twice.exit_code, 0) << twice.err;
  const json::object known = json::parse(twice.last_line()).as_object();
  EXPECT_EQ(known.at("id"), pushed.at("id"));
  EXPECT_TRUE(known.at("existed").as_bool());
  EXPECT_EQ(number(known, "bytes_sent"), 0u);

  // And back.
  const std::string id(pushed.at("id").as_string()), out = dir_ / "back.fastq.gz";
  const auto pull =
      slowly({"pull", id, "--from", url(port), "-o", out, "--connections", "2", "--json"}, 4);
  uint64_t right = 0;
  {
    Running killed(pull, dir_ / "out");
    ASSERT_TRUE(until(killed, [&] {
      std::error_code failed;
      const uintmax_t size = fs::file_size(out + ".part", failed);
      return !failed && size > bytes_ / 3;
    })) << "it was too fast";
    killed.kill();
    // One byte of what had come is lost on top.
    ByteRange second;
    right = held(port, id, out + ".part", &second);
    ASSERT_GT(second.length, 0u);
    std::fstream part(out + ".part", std::ios::in | std::ios::out | std::ios::binary);
    part.seekg(static_cast<std::streamoff>(second.begin));
    const char byte = static_cast<char>(part.get() ^ 1);
    part.seekp(static_cast<std::streamoff>(second.begin));
    part.put(byte);
    right -= second.length;
  }
  Running last(pull, dir_ / "out");
  ASSERT_TRUE(until(last, [&] {
    const uint64_t held_now = held(port, id, out + ".part");
    return held_now > right + (bytes_ - right) / 4;
  })) << "it was too fast";
  server->kill();
  EXPECT_TRUE(last.running()) << "it was too fast";
  server = std::make_unique<ServerProcess>(dir_ / "data", at);
  ASSERT_TRUE(server->ready());
  ASSERT_EQ(last.wait(), 0);
  const json::object pulled = last.result();
  EXPECT_EQ(number(pulled, "bytes_resumed"), right);
  const uint64_t refetched =
      number(pulled, "bytes_received") + number(pulled, "bytes_resumed") - bytes_;
  EXPECT_LE(refetched, 2 * chunk_max_) << "a chunk for each connection at most";
  EXPECT_EQ(pulled.at("sha256").as_string(), digest_);
  EXPECT_EQ(digest_of(out), digest_);
  EXPECT_FALSE(fs::exists(out + ".part"));
  const CommandResult there = run_medarc(pull);
  EXPECT_EQ(there.exit_code, 0) << there.err;
  EXPECT_EQ(number(json::parse(there.last_line()).as_object(), "bytes_received"), 0u);
  std::printf(
      "figure transfer bytes=%llu push_seconds=%.1f sent_again=%llu sent_over=%lld "
      "pull_seconds=%.1f fetched_again=%llu\n",
      (unsigned long long)bytes_, pushed.at("seconds").to_number<double>(),
      (unsigned long long)again, (long long)(line.counted() - bytes_),
      pulled.at("seconds").to_number<double>(), (unsigned long long)refetched);
}

TEST_F(Transfer, WhileAnotherPieceIsUnderWayNothingIsSent) {
  if (long_) GTEST_SKIP() << "has no long form";
  wanted_ = 3'000'000;
  const std::string file = make_file();
  ServerProcess server(dir_ / "data");
  ASSERT_TRUE(server.ready());
  const BrokenLine line(server.http_port(), BrokenLine::Fault::none, true, 0);
  const std::vector<std::string> push = {"push",          file,     "--to",  url(line.port()),
                                         "--piece-bytes", "500000", "--json"};
  {
    Running client(slowly(push, 3), dir_ / "out");
    ASSERT_TRUE(until(client, [&] { return offset(server.http_port()) > 0; }));
  }
  // Somebody's piece that does not come to its end, as that of a client that was cut off.
  std::optional<HttpClient> somebody;
  for (int status = 0, i = 0; status != 100; ++i) {
    ASSERT_LT(i, 200);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    somebody.emplace(server.http_port());
    somebody->send("PATCH " + upload_path() +
                   " HTTP/1.1\r\nHost: a\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: " +
                   std::to_string(offset(server.http_port())) +
                   "\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 500000"
                   "\r\nExpect: 100-continue\r\n\r\n");
    status = somebody->receive(false, true).status;
  }
  const uint64_t before = line.counted();
  Running client(push, dir_ / "out");
  std::this_thread::sleep_for(std::chrono::seconds(2));
  EXPECT_TRUE(client.running()) << "it gave up";
  const uint64_t asked = line.counted() - before;
  EXPECT_GT(asked, 0u);
  EXPECT_LT(asked, 20'000u) << "it asks, and keeps its piece";
  somebody.reset();
  ASSERT_EQ(client.wait(), 0);
  const json::object pushed = client.result();
  EXPECT_EQ(number(pushed, "bytes_sent") + number(pushed, "bytes_resumed"), bytes_);
  EXPECT_EQ(pushed.at("sha256").as_string(), digest_);
}

TEST_F(Transfer, LinesThatChangeBytesOrBreakCostAPieceAndNoMore) {
  if (long_) GTEST_SKIP() << "has no long form";
  wanted_ = 3'000'000;
  const std::string file = make_file();
  ServerProcess server(dir_ / "data");
  ASSERT_TRUE(server.ready());
  using Fault = BrokenLine::Fault;
  std::string id;
  for (const auto fault : {Fault::flip, Fault::cut}) {
    BrokenLine line(server.http_port(), fault, true, 700'000);
    const CommandResult ran =
        run_medarc({"push", file, "--to", url(line.port()), "--piece-bytes", "500000", "--patient",
                    fault == Fault::flip ? "P1" : "P2", "--json"});
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_TRUE(line.faulted());
    const json::object pushed = json::parse(ran.last_line()).as_object();
    EXPECT_FALSE(pushed.at("existed").as_bool());
    EXPECT_GT(number(pushed, "bytes_sent"), bytes_);
    EXPECT_LE(number(pushed, "bytes_sent"), bytes_ + 500'000);
    id = pushed.at("id").as_string();
  }
  // Pieces that are too large for it are made smaller.
  {
    BrokenLine line(server.http_port(), Fault::cut_each, true, 700'000);
    const CommandResult ran = run_medarc({"push", file, "--to", url(line.port()), "--piece-bytes",
                                          "2000000", "--patient", "P3", "--json"});
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(json::parse(ran.last_line()).at("sha256").as_string(), digest_);
  }
  for (const auto fault : {Fault::flip, Fault::cut}) {
    BrokenLine line(server.http_port(), fault, false, 1'000'000);
    const std::string out = dir_ / (fault == Fault::flip ? "flip" : "cut");
    const CommandResult ran = run_medarc(
        {"pull", id, "--from", url(line.port()), "-o", out, "--connections", "1", "--json"});
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_TRUE(line.faulted());
    EXPECT_EQ(digest_of(out), digest_);
    const json::object pulled = json::parse(ran.last_line()).as_object();
    EXPECT_GE(number(pulled, "bytes_received"), bytes_);
  }
}

TEST_F(Transfer, RefusalsSayWhatToDoNext) {
  if (long_) GTEST_SKIP() << "has no long form";
  ServerProcess server(dir_ / "data");
  ASSERT_TRUE(server.ready());
  const std::string to = url(server.http_port());
  const auto says = [&](const std::vector<std::string>& words, const std::string& text, int code) {
    const CommandResult ran = run_medarc(words);
    EXPECT_EQ(ran.exit_code, code) << ran.err;
    EXPECT_NE(ran.err.find(text), std::string::npos) << ran.err;
  };
  std::ofstream(dir_ / "empty.bam").flush();
  std::ofstream(dir_ / "letter.txt") << "Dear Sir or Madam,\n";
  says({"push", dir_ / "none.bam", "--to", to}, "there is no such file", 3);
  says({"push", dir_ / "empty.bam", "--to", to}, "it is empty", 2);
  says({"push", dir_.path(), "--to", to}, "only regular files", 2);
  says({"push", dir_ / "letter.txt", "--to", to}, "neither BAM", 3);
  says({"push", dir_ / "letter.txt", "--to", "ftp://here"}, "url must be", 2);
  says({"push", dir_ / "letter.txt", "--to", url(free_port())}, "cannot be reached", 3);
  says({"push", dir_ / "letter.txt", dir_ / "empty.bam", "--name", "a", "--to", to}, "--name", 2);
  says({"pull", "none", "--from", to}, "no genome file of this id", 3);
  says({"pull", "none", "--from", to, "--move-to", "A"}, "--study", 2);
  EXPECT_TRUE(fs::is_empty(dir_ / "state/medarc/push")) << "refused uploads are not gone on with";

  std::ofstream(dir_ / "a.fastq") << "@r1\nACGT\n+\nIIII\n";
  const CommandResult pushed =
      run_medarc({"push", dir_ / "a.fastq", "--name", "../b c.fastq", "--to", to, "--json"});
  ASSERT_EQ(pushed.exit_code, 0) << pushed.err;
  const std::string id = json_values(pushed.out, "id").at(0);
  std::ofstream(dir_ / "other") << "something";
  says({"pull", id, "--from", to, "-o", dir_ / "other"}, "is another file", 3);
  EXPECT_EQ(tools::plain_name("../b c.fastq"), "_b_c.fastq");
  EXPECT_EQ(tools::plain_name(".-."), "");
  EXPECT_EQ(tools::plain_name(std::string(300, 'a')).size(), 200u);
}

}  // namespace
}  // namespace medarc::test
