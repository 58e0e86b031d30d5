#include "genomics/cram_body.h"

#include <algorithm>

#include "genomics/cram_walk.h"

namespace medarc::genomics {
namespace {

constexpr size_t kReadBytes = 64u << 10;
constexpr size_t kHeadBytesMax = 1u << 20;  // of a container's header, of our own making

Error not_made() { return make_error(Code::corrupt, "a CRAM worker made no whole file"); }

// Bytes of a source, as many at a time as are needed.
class Buffer {
 public:
  explicit Buffer(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}
  ByteView view() const { return ByteView(bytes_).substr(at_); }
  void drop(size_t n) { at_ += n; }
  // False: the source has ended.
  Result<bool> more() {
    bytes_.erase(0, at_);
    at_ = 0;
    const size_t before = bytes_.size();
    bytes_.resize(before + kReadBytes);
    MEDARC_ASSIGN(const size_t n, source_->read(bytes_.data() + before, kReadBytes));
    bytes_.resize(before + n);
    return n > 0;
  }

 private:
  const std::unique_ptr<ByteSource> source_;
  Bytes bytes_;
  size_t at_ = 0;
};

class CramBody final : public ByteSource {
 public:
  explicit CramBody(std::unique_ptr<ByteSource> file) : in_(std::move(file)) {}

  Result<size_t> read(char* out, size_t capacity) override {
    while (!ended_) {
      const size_t n = std::min<uint64_t>(in_.view().size(), left_);
      if (n > 0 && skips_) {
        in_.drop(n);
        left_ -= n;
        continue;
      }
      if (n > 0) {
        const size_t given = in_.view().copy(out, std::min(n, capacity));
        in_.drop(given);
        left_ -= given;
        return given;
      }
      MEDARC_ASSIGN(const bool known, left_ > 0 ? Result<bool>(false) : next());
      if (known) continue;
      MEDARC_ASSIGN(const bool more, in_.more());
      if (!more || in_.view().size() > kHeadBytesMax + kReadBytes) return not_made();
    }
    // To its very end: only then the worker says that all went well.
    for (bool more = true; more;) {
      in_.drop(in_.view().size());
      MEDARC_ASSIGN(more, in_.more());
    }
    return size_t{0};
  }

 private:
  // What comes next; false: more bytes are needed to tell.
  Result<bool> next() {
    if (!version_.major) {
      if (in_.view().size() < kCramDefinitionBytes) return false;
      MEDARC_ASSIGN(version_, cram_version(in_.view()));
      in_.drop(kCramDefinitionBytes);
    }
    MEDARC_ASSIGN(const auto container, read_cram_container(in_.view(), version_));
    if (!container) return false;
    skips_ = !header_seen_;
    header_seen_ = true;
    ended_ = container->end;
    left_ = container->bytes();
    return true;
  }

  Buffer in_;
  CramVersion version_;
  bool header_seen_ = false, ended_ = false, skips_ = false;
  uint64_t left_ = 0;  // of the container
};

class WithoutTail final : public ByteSource {
 public:
  WithoutTail(std::unique_ptr<ByteSource> file, size_t tail) : in_(std::move(file)), tail_(tail) {}

  Result<size_t> read(char* out, size_t capacity) override {
    while (in_.view().size() <= tail_) {
      MEDARC_ASSIGN(const bool more, in_.more());
      if (more) continue;
      if (in_.view().size() < tail_) return not_made();
      return size_t{0};
    }
    const size_t n = in_.view().substr(0, in_.view().size() - tail_).copy(out, capacity);
    in_.drop(n);
    return n;
  }

 private:
  Buffer in_;
  const size_t tail_;
};

}  // namespace

std::unique_ptr<ByteSource> body_of_cram(std::unique_ptr<ByteSource> file) {
  return std::make_unique<CramBody>(std::move(file));
}

std::unique_ptr<ByteSource> without_tail(std::unique_ptr<ByteSource> file, size_t tail) {
  return std::make_unique<WithoutTail>(std::move(file), tail);
}

}  // namespace medarc::genomics
