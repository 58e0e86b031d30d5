// Chunks of a stored file over several connections into a local one, each verified by its digest
// while it streams: nothing is held but the pieces under way.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "archive/verify.h"
#include "base/fs.h"
#include "tools/transfer/server_link.h"

namespace medarc::tools {

struct Chunk {
  ByteRange range;  // of the file
  Digest sha256;
};

struct FetchOptions {
  uint32_t connections = 4;
  uint64_t bytes_per_second = 0;  // of all together, at most; 0: as fast as it goes
  uint32_t retry_for_s = 600;     // while nothing moves
};

// One caller; its threads work until finish() or the destructor.
class Fetcher {
 public:
  static constexpr uint64_t kRequestBytes = 8u << 20;  // of one request, or one larger chunk
  static constexpr uint32_t kDamagedMax = 5;           // of one chunk that came damaged

  // `target`: the content below the server's URL; `etag`: what it must have, with its quotes;
  // `moved` is told of bytes that came and were right, one thread at a time.
  Fetcher(const dicom::WebDestination& server, std::string target, std::string etag, File& into,
          const FetchOptions& options, std::function<void(uint64_t)> moved);
  ~Fetcher();  // ends what is under way
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  // Waits while enough is waiting. Errors, of this and finish(): precondition_failed (the file on
  // the server is another now), corrupt (a chunk comes damaged again and again), what the server
  // refuses, and unavailable and its like once patience is over.
  Status add(const Chunk& chunk);
  Status finish();                  // when every chunk is written and right
  uint64_t bytes_received() const;  // also what was damaged

 private:
  class Run;
  void work();
  std::vector<Chunk> next_run();  // empty: there will be none
  void fail(const Error& error);
  void end();
  void receive(uint64_t bytes);

  const dicom::WebDestination server_;
  const std::string target_, etag_;
  File& into_;
  const FetchOptions options_;
  const std::function<void(uint64_t)> moved_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Chunk> waiting_;
  uint64_t received_ = 0;
  bool ending_ = false;
  Status failed_;
  std::mutex pace_mutex_;
  archive::Pace pace_;
  std::vector<std::thread> threads_;
};

}  // namespace medarc::tools
