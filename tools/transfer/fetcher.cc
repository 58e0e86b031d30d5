#include "tools/transfer/fetcher.h"

#include <algorithm>

#include "archive/hash.h"

namespace medarc::tools {
namespace {

constexpr size_t kWaitingMax = 64;  // chunks

}  // namespace

// Some neighbouring chunks, as one answer brings them.
class Fetcher::Run final : public ByteSink {
 public:
  Run(Fetcher& owner, std::vector<Chunk> chunks) : owner_(owner), chunks_(std::move(chunks)) {}

  bool done() const { return at_ == chunks_.size(); }
  // From the first chunk that is not there to the last.
  ByteRange wanted() const {
    const uint64_t begin = chunks_[at_].range.begin;
    return {begin, chunks_.back().range.end() - begin};
  }
  void begin() {
    within_ = 0;
    hash_ = archive::Sha256();
  }
  bool moved() { return std::exchange(moved_, false); }
  uint32_t damaged() const { return damaged_; }

  Status write(ByteView bytes) override {
    owner_.receive(bytes.size());
    while (!bytes.empty()) {
      if (done()) return make_error(Code::unsupported, "the server sent more than was asked for");
      const Chunk& chunk = chunks_[at_];
      const ByteView piece = bytes.substr(0, chunk.range.length - within_);
      hash_.update(piece);
      MEDARC_TRY(owner_.into_.write_at(chunk.range.begin + within_, {piece}));
      within_ += piece.size();
      bytes.remove_prefix(piece.size());
      if (within_ < chunk.range.length) return {};
      if (hash_.finish() != chunk.sha256) {
        ++damaged_;
        return make_error(Code::unavailable, "a chunk came damaged");
      }
      damaged_ = 0;
      within_ = 0;
      moved_ = true;
      ++at_;
      std::lock_guard lock(owner_.mutex_);
      owner_.moved_(chunk.range.length);
    }
    return {};
  }

 private:
  Fetcher& owner_;
  const std::vector<Chunk> chunks_;
  size_t at_ = 0;        // the chunk that comes
  uint64_t within_ = 0;  // bytes of it
  archive::Sha256 hash_;
  uint32_t damaged_ = 0;
  bool moved_ = false;
};

Fetcher::Fetcher(const dicom::WebDestination& server, std::string target, std::string etag,
                 File& into, const FetchOptions& options, std::function<void(uint64_t)> moved)
    : server_(server),
      target_(std::move(target)),
      etag_(std::move(etag)),
      into_(into),
      options_(options),
      moved_(std::move(moved)),
      pace_(options.bytes_per_second) {
  for (uint32_t i = 0; i < options_.connections; ++i) threads_.emplace_back([this] { work(); });
}

Fetcher::~Fetcher() {
  fail(make_error(Code::cancelled, "given up"));
  end();
}

Status Fetcher::add(const Chunk& chunk) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return failed_.has_error() || waiting_.size() < kWaitingMax; });
  if (failed_.has_error()) return failed_;
  waiting_.push_back(chunk);
  changed_.notify_all();
  return {};
}

Status Fetcher::finish() {
  end();
  std::lock_guard lock(mutex_);
  return failed_;
}

void Fetcher::end() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

uint64_t Fetcher::bytes_received() const {
  std::lock_guard lock(mutex_);
  return received_;
}

void Fetcher::receive(uint64_t bytes) {
  {
    std::lock_guard lock(mutex_);
    received_ += bytes;
  }
  std::lock_guard lock(pace_mutex_);
  pace_.spend(bytes);
}

void Fetcher::fail(const Error& error) {
  std::lock_guard lock(mutex_);
  if (!failed_.has_error()) failed_ = error;
  waiting_.clear();
  changed_.notify_all();
}

std::vector<Chunk> Fetcher::next_run() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return failed_.has_error() || ending_ || !waiting_.empty(); });
  std::vector<Chunk> out;
  uint64_t bytes = 0;
  while (!failed_.has_error() && !waiting_.empty()) {
    const Chunk& next = waiting_.front();
    const bool neighbour = out.empty() || out.back().range.end() == next.range.begin;
    if (!neighbour || (!out.empty() && bytes + next.range.length > kRequestBytes)) break;
    bytes += next.range.length;
    out.push_back(next);
    waiting_.pop_front();
  }
  changed_.notify_all();
  return out;
}

void Fetcher::work() {
  ServerLink link(server_);
  for (std::vector<Chunk> chunks = next_run(); !chunks.empty(); chunks = next_run()) {
    Run run(*this, std::move(chunks));
    Patience patience(options_.retry_for_s);
    while (!run.done()) {
      run.begin();
      const ByteRange wanted = run.wanted();
      const std::string span =
          std::to_string(wanted.begin) + "-" + std::to_string(wanted.end() - 1);
      StringSource nothing{Bytes()};
      const auto answer = link.exchange(
          {"GET", target_, {{"Range", "bytes=" + span}, {"If-Match", etag_}}, 0}, nothing,
          [&](const web::ClientAnswer& head) -> ByteSink* {
            const bool part = head.status == 206 &&
                              head.header("Content-Range").starts_with("bytes " + span + "/") &&
                              head.header("Content-Encoding").empty();
            return part ? &run : nullptr;
          });
      if (run.moved()) patience.moved();
      if (run.done()) break;
      Error why = make_error(Code::cancelled, "the server closed without a whole answer");
      if (answer.has_error()) {
        why = answer.error();
      } else if (answer->status == 412) {
        why = make_error(Code::precondition_failed,
                         "the file on the server is another now: run the same command again, "
                         "what both have in common is kept");
      } else if (answer->status == 200 || answer->status == 206) {
        why = make_error(Code::unsupported, "what answers does not give parts of files (Range)");
      } else {
        why = refusal(*answer);
      }
      if (run.damaged() >= kDamagedMax) {
        why = make_error(Code::corrupt,
                         "a chunk comes damaged again and again: `medarc verify` on the server "
                         "says whether it is so there");
      }
      {
        std::lock_guard lock(mutex_);
        if (failed_.has_error()) return;
      }
      if (const Status waited = patience.wait(std::move(why)); waited.has_error()) {
        return fail(waited.error());
      }
    }
  }
}

}  // namespace medarc::tools
