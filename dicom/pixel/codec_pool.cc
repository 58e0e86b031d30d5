#include "dicom/pixel/codec_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "dicom/pixel/worker_process.h"

namespace medarc::dicom {
namespace {

using std::chrono::steady_clock;

constexpr uint32_t kSideMax = 1u << 17;  // as in frame tables: US, and a little more
constexpr uint64_t kEncodedSpareBytes = 64u << 10;

Histogram& seconds(wire::Operation operation) {
  static constexpr std::string_view kName = "medarc_codec_seconds",
                                    kHelp = "Time to decode or encode one frame.";
  static Histogram& decoding = histogram(kName, kHelp, "operation=\"decode\"");
  static Histogram& encoding = histogram(kName, kHelp, "operation=\"encode\"");
  return operation == wire::Operation::decode ? decoding : encoding;
}
Counter& failures(std::string_view labels) {
  return counter("medarc_codec_worker_failures_total", "Codec workers lost to a frame.", labels);
}

// frame_bytes() without the chance of an overflow; 0 for what is no image.
uint64_t checked_frame_bytes(const FrameShape& shape) {
  if (shape.rows >= kSideMax || shape.columns >= kSideMax || shape.samples_per_pixel >= 256 ||
      shape.bits_allocated > 64) {
    return 0;
  }
  return shape.frame_bytes();
}

class Pool final : public CodecPool {
 public:
  explicit Pool(CodecLimits limits) : limits_(std::move(limits)), slots_(limits_.workers) {}

  Status warm_up() override {
    for (uint32_t i = 0; i < limits_.workers; ++i) {
      Slot& slot = slots_[i];
      {
        const std::lock_guard lock(mutex_);
        if (slot.busy) continue;  // so it has one
        slot.busy = true;
      }
      const Lease lease(*this, slot);
      MEDARC_TRY(ensure_worker(slot));
    }
    return {};
  }

  Result<Frame> decode(std::string_view transfer_syntax, std::string_view object,
                       const FrameShape& declared, ByteView codestream) override {
    if (!can_decode(transfer_syntax)) {
      return make_error(Code::unsupported, "there is no codec for this transfer syntax");
    }
    if (codestream.empty()) return make_error(Code::corrupt, "the frame is empty");
    wire::Request request;
    request.operation = wire::Operation::decode;
    request.transfer_syntax = transfer_syntax;
    request.shape = declared;
    request.output_bytes = checked_frame_bytes(declared);
    MEDARC_TRY(check_quarantine(object));
    MEDARC_ASSIGN(Done done, work(request, object, codestream));
    const FrameShape& made = done.shape;
    const bool as_declared = made.rows == declared.rows && made.columns == declared.columns &&
                             made.samples_per_pixel == declared.samples_per_pixel &&
                             made.bits_allocated == declared.bits_allocated &&
                             made.bits_stored == declared.bits_stored &&
                             made.high_bit == declared.high_bit &&
                             made.is_signed == declared.is_signed;
    if (!as_declared || done.output.size() != request.output_bytes) {
      return make_error(Code::corrupt, "the codec gave another frame than was declared");
    }
    return Frame{std::move(done.shape), std::move(done.output)};
  }

  Result<Encoded> encode(std::string_view transfer_syntax, const Frame& frame) override {
    if ((!can_encode(transfer_syntax, frame.shape) &&
         !can_encode_lossy(transfer_syntax, frame.shape)) ||
        checked_frame_bytes(frame.shape) != frame.pixels.size()) {
      return make_error(Code::unsupported, "there is no codec that makes this of such frames");
    }
    wire::Request request;
    request.operation = wire::Operation::encode;
    request.quality = limits_.lossy.of(transfer_syntax);
    request.transfer_syntax = transfer_syntax;
    request.shape = frame.shape;
    request.output_bytes = frame.pixels.size() + frame.pixels.size() / 2 + kEncodedSpareBytes;
    MEDARC_ASSIGN(Done done, work(request, {}, frame.pixels));
    if (done.output.empty()) return make_error(Code::corrupt, "the codec gave nothing");
    return Encoded{std::move(done.output), std::move(done.shape.photometric)};
  }

  const CodecLimits& limits() const override { return limits_; }

 private:
  struct Slot {
    std::unique_ptr<WorkerProcess> worker;
    bool busy = false;
  };
  struct Done {
    FrameShape shape;
    Bytes output;
  };
  struct Record {
    uint32_t crashes = 0;
    std::string reason;
  };

  // A slot for this thread alone while it lives.
  class Lease {
   public:
    Lease(Pool& pool, Slot& slot) : pool_(pool), slot_(slot) {}
    ~Lease() {
      {
        const std::lock_guard lock(pool_.mutex_);
        slot_.busy = false;
      }
      pool_.freed_.notify_one();
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

   private:
    Pool& pool_;
    Slot& slot_;
  };

  Slot* take_slot() {
    std::unique_lock lock(mutex_);
    Slot* found = nullptr;
    const auto free = [&] {
      const auto it =
          std::find_if(slots_.begin(), slots_.end(), [](const Slot& s) { return !s.busy; });
      found = it == slots_.end() ? nullptr : &*it;
      return found != nullptr;
    };
    const auto until = steady_clock::now() + std::chrono::milliseconds(limits_.deadline_ms);
    if (!freed_.wait_until(lock, until, free)) return nullptr;
    found->busy = true;
    return found;
  }

  Status ensure_worker(Slot& slot) {
    if (slot.worker != nullptr && slot.worker->alive()) return {};
    slot.worker.reset();
    MEDARC_ASSIGN(slot.worker, WorkerProcess::start(limits_));
    return {};
  }

  Result<Done> work(const wire::Request& given, std::string_view object, ByteView input) {
    wire::Request request = given;
    request.input_bytes = input.size();
    if (request.output_bytes == 0) {
      return make_error(Code::unsupported, "the attributes describe no image");
    }
    if (std::max<uint64_t>(input.size(), request.output_bytes) > limits_.frame_bytes_max) {
      return make_error(Code::too_large, "the frame is over codec.frame_bytes_max");
    }
    Slot* slot = take_slot();
    if (slot == nullptr) {
      return make_error(Code::unavailable, "all codec workers are busy; try again later");
    }
    const Lease lease(*this, *slot);
    MEDARC_TRY(ensure_worker(*slot));
    const auto begun = steady_clock::now();
    auto outcome = slot->worker->work(request, input);
    if (outcome.has_error()) {
      slot->worker.reset();
      return outcome.error();
    }
    if (!outcome->answer) {
      slot->worker.reset();
      // The next caller need not wait for it; should it fail, that caller is told.
      if (auto next = WorkerProcess::start(limits_); next.has_value())
        slot->worker = std::move(*next);
      return remember_crash(object, *outcome);
    }
    seconds(request.operation)
        .observe_us(
            std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begun)
                .count());
    if (outcome->answer->error) return *outcome->answer->error;
    return Done{std::move(outcome->answer->shape), std::move(outcome->output)};
  }

  Error remember_crash(std::string_view object, const WorkerProcess::Outcome& outcome) {
    static Counter& late = failures("reason=\"deadline\"");
    static Counter& crashed = failures("reason=\"crash\"");
    (outcome.late ? late : crashed).add();
    log(Level::warn, "codec.worker_lost", {{"object", object}, {"reason", outcome.crashed}});
    if (!object.empty()) {
      static Gauge& quarantined =
          gauge("medarc_codec_quarantined_objects",
                "Objects that are decoded no more: they crashed the codec.");
      const std::lock_guard lock(mutex_);
      if (crashes_.size() >= limits_.quarantined_max && !crashes_.contains(std::string(object))) {
        if (crashes_.begin()->second.crashes >= limits_.crashes_max) quarantined.add(-1);
        crashes_.erase(crashes_.begin());
      }
      Record& record = crashes_[std::string(object)];
      record.reason = outcome.crashed;
      if (++record.crashes == limits_.crashes_max) quarantined.add(1);
    }
    if (outcome.late) {
      return make_error(Code::deadline, "the codec was stopped: " + outcome.crashed);
    }
    return make_error(Code::corrupt, "the codec crashed on this frame: " + outcome.crashed);
  }

  Status check_quarantine(std::string_view object) {
    if (object.empty()) return {};
    const std::lock_guard lock(mutex_);
    const auto found = crashes_.find(std::string(object));
    if (found == crashes_.end() || found->second.crashes < limits_.crashes_max) return {};
    return make_error(
        Code::corrupt,
        fmt::format("this object is decoded no more: the codec was lost to it {} times, "
                    "the last time because it {}",
                    found->second.crashes, found->second.reason));
  }

  const CodecLimits limits_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Slot> slots_;
  std::unordered_map<std::string, Record> crashes_;
};

}  // namespace

CodecLimits CodecLimits::from(Config& c) {
  CodecLimits l;
  const auto u32 = [&](const char* key, uint32_t& field, const char* meaning, uint64_t min,
                       uint64_t max) {
    field = static_cast<uint32_t>(c.size(std::string("codec.") + key, field, meaning, min, max));
  };
  u32("workers", l.workers, "Processes that decode and encode frames.", 1, 1024);
  u32("deadline_ms", l.deadline_ms, "One frame, and waiting for a free worker.", 10, 3'600'000);
  l.memory_bytes_max = c.size("codec.memory_bytes_max", l.memory_bytes_max,
                              "Address space of one codec worker.", 256u << 20);
  l.frame_bytes_max = c.size("codec.frame_bytes_max", l.frame_bytes_max,
                             "One frame, plain or compressed.", 1, UINT32_MAX);
  u32("crashes_max", l.crashes_max, "Codec workers lost to one object until it is decoded no more.",
      1, 1'000'000);
  u32("quarantined_max", l.quarantined_max, "Objects whose lost codec workers are remembered.", 1,
      100'000'000);
  u32("lossy_jpeg_quality", l.lossy.jpeg, "JPEG baseline (.50), for those who ask for it: quality.",
      1, 100);
  u32("lossy_jpegls_error_max", l.lossy.jpegls_error_max,
      "JPEG-LS near-lossless (.81): steps that a sample may be off.", 1, 255);
  u32("lossy_jpeg2000_psnr_db", l.lossy.jpeg2000_psnr_db,
      "JPEG 2000 (.91): peak signal to noise ratio.", 20, 120);
  u32("lossy_htj2k_step_ppm", l.lossy.htj2k_step_ppm,
      "HTJ2K (.203): quantisation step in millionths of the range of samples.", 1, 100'000);
  l.program = c.text("codec.program", l.program,
                     "The codec worker's program; empty: medarc-codec beside medarc.");
  return l;
}

std::unique_ptr<CodecPool> CodecPool::create(CodecLimits limits) {
  return std::make_unique<Pool>(std::move(limits));
}

Result<std::unique_ptr<CodecPool>> CodecPool::start(CodecLimits limits) {
  auto pool = create(std::move(limits));
  MEDARC_TRY(pool->warm_up());
  return pool;
}

}  // namespace medarc::dicom
