#include "genomics/hts_worker.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include "base/log.h"
#include "base/metrics.h"

namespace medarc::genomics {
namespace {

constexpr uint32_t kStartMs = 30'000;   // until it is confined
constexpr uint32_t kAnswerMs = 10'000;  // for taking an answer it asked for
constexpr size_t kOpenMax = 64;         // files at a time

Error no_worker(const std::string& why) {
  return make_error(Code::unavailable, "no CRAM worker: " + why);
}

// Something a worker reads from.
class Opened {
 public:
  virtual ~Opened() = default;
  virtual uint64_t bytes() const = 0;
  virtual Status read(ByteRange range, char* out) = 0;
};

class OpenedBlob final : public Opened {
 public:
  explicit OpenedBlob(std::unique_ptr<archive::BlobReader> reader) : reader_(std::move(reader)) {}
  uint64_t bytes() const override { return reader_->size(); }
  Status read(ByteRange range, char* out) override { return reader_->read(range, out); }

 private:
  const std::unique_ptr<archive::BlobReader> reader_;
};

// Parts of a blob, as if they were one file.
class OpenedParts final : public Opened {
 public:
  OpenedParts(std::unique_ptr<archive::BlobReader> reader, std::vector<ByteRange> parts)
      : reader_(std::move(reader)), parts_(std::move(parts)) {
    for (const ByteRange& part : parts_) bytes_ += part.length;
  }
  uint64_t bytes() const override { return bytes_; }
  Status read(ByteRange range, char* out) override {
    uint64_t at = 0;  // where the part begins
    for (const ByteRange& part : parts_) {
      if (range.length > 0 && range.begin < at + part.length) {
        const uint64_t inside = range.begin - at;
        const uint64_t n = std::min(range.length, part.length - inside);
        MEDARC_TRY(reader_->read({part.begin + inside, n}, out));
        out += n;
        range = {range.begin + n, range.length - n};
      }
      at += part.length;
    }
    return {};
  }

 private:
  const std::unique_ptr<archive::BlobReader> reader_;
  const std::vector<ByteRange> parts_;
  uint64_t bytes_ = 0;
};

// The letters of a sequence; read from its start to its end by HTSlib, at any place by rule.
class OpenedLetters final : public Opened {
 public:
  OpenedLetters(References& references, RegisteredSequence sequence)
      : references_(references), sequence_(std::move(sequence)) {}
  uint64_t bytes() const override { return sequence_.letters; }
  Status read(ByteRange range, char* out) override {
    if (!source_ || at_ != range.begin) {
      MEDARC_ASSIGN(source_, references_.letters(sequence_, range.begin, sequence_.letters));
      at_ = range.begin;
    }
    size_t done = 0;
    while (done < range.length) {
      MEDARC_ASSIGN(const size_t n, source_->read(out + done, range.length - done));
      if (n == 0) return make_error(Code::corrupt, "a reference sequence ends early");
      done += n;
    }
    at_ += range.length;
    return {};
  }

 private:
  References& references_;
  const RegisteredSequence sequence_;
  std::unique_ptr<ByteSource> source_;
  uint64_t at_ = 0;
};

}  // namespace

class HtsJob final : public WorkerJob {
 public:
  HtsJob(HtsWorkers& workers, JobInput input) : workers_(workers), input_(std::move(input)) {}
  ~HtsJob() override {
    process_.reset();
    workers_.free_slot();
  }

  Status begin(const wire::Job& job) {
    MEDARC_ASSIGN(process_, workers_.start_process());
    process_->allow_cpu(workers_.limits_.worker_cpu_s_max);
    if (!process_->send(wire::encode(job), kAnswerMs)) return no_worker("it ended at once");
    return {};
  }

  Result<size_t> read(char* out, size_t capacity) override {
    while (rest_.empty() && !done_) MEDARC_TRY(step());
    const size_t n = rest_.copy(out, capacity);
    rest_.remove_prefix(n);
    return n;
  }

  const std::set<std::string>& missing() const override { return missing_; }

 private:
  struct Take {
    HtsJob& job;
    Status operator()(const wire::Ready&) const { return job.lied(); }
    Status operator()(const wire::Open& m) const { return job.open(m.name); }
    Status operator()(const wire::Read& m) const { return job.give(m); }
    Status operator()(const wire::Close& m) const {
      job.opened_.erase(m.handle);
      return {};
    }
    Status operator()(const wire::Write& m) const {
      job.rest_ = m.bytes;
      return {};
    }
    Status operator()(const wire::Done&) const {
      job.done_ = true;
      return {};
    }
    Status operator()(const wire::Failed& m) const { return job.failed(m); }
  };

  Status step() {
    auto received = process_->receive(workers_.limits_.worker_silence_ms, wire::kMessageBytesMax);
    if (received.has_error()) {
      static Counter& lost =
          counter("medarc_genome_worker_failures_total", "CRAM workers lost to a file.");
      lost.add();
      log(Level::warn, "genomics.worker_lost",
          {{"blob", input_.file.hex()}, {"reason", received.error().text}});
      if (received.error().code == Code::deadline) return received.error();
      return make_error(Code::corrupt, "the CRAM worker " + received.error().text);
    }
    message_ = std::move(*received);
    const auto message = wire::decode_message(message_);
    if (message.has_error()) return lied();
    return std::visit(Take{*this}, *message);
  }

  Error lied() {
    (void)process_->end();
    return make_error(Code::corrupt, "the CRAM worker said something that cannot be");
  }

  Status answer(ByteView bytes) {
    if (process_->send(bytes, kAnswerMs)) return {};
    return make_error(Code::corrupt, "the CRAM worker ended while it was answered");
  }

  Result<std::unique_ptr<Opened>> find(const std::string& name) {
    std::unique_ptr<Opened> out;
    if (name == wire::kFile || (name == wire::kIndex && input_.index)) {
      MEDARC_ASSIGN(auto reader,
                    workers_.blobs_.open(name == wire::kFile ? input_.file : *input_.index));
      if (name == wire::kFile && !input_.parts.empty()) {
        out = std::make_unique<OpenedParts>(std::move(reader), input_.parts);
      } else {
        out = std::make_unique<OpenedBlob>(std::move(reader));
      }
    } else if (name.starts_with(wire::kReference)) {
      // By the digest alone, as the worker says it: whatever it asks for, it gets a reference.
      const auto identity = identity_of("md5:" + name.substr(wire::kReference.size()));
      if (!identity) return out;
      auto sequence = workers_.references_.find_admitted(*identity);
      if (sequence.has_error()) {
        if (sequence.error().code != Code::not_found) return sequence.error();
        missing_.insert(name.substr(wire::kReference.size()));
        return out;
      }
      out = std::make_unique<OpenedLetters>(workers_.references_, std::move(*sequence));
    }
    return out;
  }

  Status open(const std::string& name) {
    if (opened_.size() >= kOpenMax || missing_.size() > wire::kRegionsMax) return lied();
    MEDARC_ASSIGN(auto found, find(name));
    wire::Opened opened;
    if (found) {
      opened = {true, ++last_handle_, found->bytes()};
      opened_[opened.handle] = std::move(found);
    }
    return answer(wire::encode(opened));
  }

  Status give(const wire::Read& m) {
    const auto found = opened_.find(m.handle);
    if (found == opened_.end() || m.offset > found->second->bytes() ||
        m.bytes > found->second->bytes() - m.offset) {
      return lied();
    }
    Bytes bytes(m.bytes, '\0');
    MEDARC_TRY(found->second->read({m.offset, m.bytes}, bytes.data()));
    return answer(bytes);
  }

  Error failed(const wire::Failed& m) const {
    if (!missing_.empty()) {
      return make_error(Code::unsupported, "the reference sequence of M5 " + *missing_.begin() +
                                               " is not registered: upload its FASTA file");
    }
    switch (m.failure) {
      case wire::Failure::reference_differs:
        return make_error(Code::invalid_argument,
                          "a slice's MD5 is not that of its reference sequence, after record " +
                              std::to_string(m.records));
      case wire::Failure::output:
        return make_error(Code::internal, "a CRAM worker could not write");
      case wire::Failure::damaged: break;
    }
    return make_error(Code::invalid_argument,
                      "the CRAM file cannot be decoded after record " + std::to_string(m.records));
  }

  HtsWorkers& workers_;
  const JobInput input_;
  std::unique_ptr<sandbox::Process> process_;
  std::unordered_map<uint32_t, std::unique_ptr<Opened>> opened_;
  uint32_t last_handle_ = 0;
  std::set<std::string> missing_;
  Bytes message_;  // the last one
  ByteView rest_;  // of its output, not read yet
  bool done_ = false;
};

Result<std::unique_ptr<WorkerJob>> HtsWorkers::start(const wire::Job& job, const JobInput& input) {
  if (job.regions.size() > wire::kRegionsMax) {
    return make_error(Code::too_large, "at most 5000 regions of a CRAM file in one request");
  }
  {
    std::unique_lock lock(mutex_);
    const auto wait = std::chrono::milliseconds(limits_.worker_wait_ms);
    if (!freed_.wait_for(lock, wait, [this] { return busy_ < limits_.workers_max; })) {
      return no_worker("all are busy; try again later");
    }
    ++busy_;
  }
  auto out = std::make_unique<HtsJob>(*this, input);
  MEDARC_TRY(out->begin(job));
  return std::unique_ptr<WorkerJob>(std::move(out));
}

Result<std::unique_ptr<sandbox::Process>> HtsWorkers::start_process() const {
  sandbox::Program program;
  program.path = limits_.worker_program.empty() ? sandbox::program_beside("medarc-genome")
                                                : limits_.worker_program;
  program.arguments = {std::to_string(limits_.worker_memory_bytes_max)};
  auto started = sandbox::Process::start(program);
  if (started.has_error()) {
    return no_worker(started.error().text + "; medarc-genome belongs beside medarc");
  }
  const auto ready = (*started)->receive(kStartMs, wire::kMessageBytesMax);
  if (ready.has_error()) return no_worker("it did not start: " + ready.error().text);
  const auto message = wire::decode_message(*ready);
  const auto* said = message.has_error() ? nullptr : std::get_if<wire::Ready>(&*message);
  if (said == nullptr) return no_worker("it does not speak our language");
  if (!said->problem.empty()) return no_worker(said->problem);
  return std::move(*started);
}

void HtsWorkers::free_slot() {
  {
    const std::lock_guard lock(mutex_);
    --busy_;
  }
  freed_.notify_one();
}

}  // namespace medarc::genomics
