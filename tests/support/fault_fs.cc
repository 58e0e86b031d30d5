#include "tests/support/fault_fs.h"

#include <algorithm>

namespace medarc::test {
namespace {

constexpr size_t kSectorBytes = 512;

std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

class FaultFile final : public File {
 public:
  FaultFile(FaultFs& fs, std::shared_ptr<FaultFs::Node> node) : fs_(fs), node_(std::move(node)) {}

  Result<size_t> read_at(uint64_t offset, char* out, size_t length) override {
    std::lock_guard lock(node_->mutex);
    if (offset >= node_->now.size()) return size_t{0};
    return node_->now.copy(out, length, offset);
  }

  Status write_at(uint64_t offset, const std::vector<ByteView>& parts) override {
    bool failing = false;
    Status allowed = fs_.step(&failing);
    if (allowed.has_error() && !failing) return allowed;
    Bytes all;
    for (ByteView p : parts) all.append(p);
    if (failing) all.resize(all.size() / 2);
    std::lock_guard lock(node_->mutex);
    if (node_->now.size() < offset + all.size()) node_->now.resize(offset + all.size(), '\0');
    all.copy(node_->now.data() + offset, all.size());
    node_->dirty.push_back({offset, all.size()});
    return allowed;
  }

  Status sync() override {
    MEDARC_TRY(fs_.step());
    std::lock_guard lock(node_->mutex);
    node_->synced = node_->now;
    node_->dirty.clear();
    return {};
  }

  Result<uint64_t> size() override {
    std::lock_guard lock(node_->mutex);
    return node_->now.size();
  }

  Status truncate(uint64_t size) override {
    MEDARC_TRY(fs_.step());
    std::lock_guard lock(node_->mutex);
    node_->now.resize(size, '\0');
    return {};
  }

  Status preallocate(uint64_t size) override {
    MEDARC_TRY(fs_.step());
    std::lock_guard lock(node_->mutex);
    if (node_->now.size() < size) node_->now.resize(size, '\0');
    return {};
  }

  int descriptor() const override { return -1; }

 private:
  FaultFs& fs_;
  std::shared_ptr<FaultFs::Node> node_;
};

namespace {

class FaultLock final : public FileLock {
 public:
  explicit FaultLock(bool& held) : held_(held) { held_ = true; }
  ~FaultLock() override { held_ = false; }

 private:
  bool& held_;
};

}  // namespace

void FaultFs::set_fault(Fault fault) {
  std::lock_guard lock(mutex_);
  fault_ = fault;
  steps_ = 0;
}

uint64_t FaultFs::steps() const {
  std::lock_guard lock(mutex_);
  return steps_;
}

bool FaultFs::crashed() const {
  std::lock_guard lock(mutex_);
  return crashed_;
}

Status FaultFs::step(bool* failing_write) {
  std::lock_guard lock(mutex_);
  if (crashed_) return make_error(Code::io, "the power is off");
  if (steps_++ != fault_.step) return {};
  if (fault_.crash) crashed_ = true;
  if (failing_write != nullptr) *failing_write = fault_.short_write || fault_.crash;
  return make_error(fault_.crash ? Code::io : fault_.code, "injected");
}

std::unique_ptr<FaultFs> FaultFs::after_power_cut(Cut cut, uint64_t seed) const {
  std::mt19937_64 random(seed);
  auto out = std::make_unique<FaultFs>();
  std::lock_guard lock(mutex_);
  // Directory entries: those synced, or today's, or for each name either (torn).
  Names names = cut == Cut::everything ? now_ : synced_;
  if (cut == Cut::torn && random() % 2 == 0) names = now_;
  for (const auto& [path, node] : names) {
    auto copy = std::make_shared<Node>();
    std::lock_guard node_lock(node->mutex);
    copy->now = cut == Cut::everything ? node->now : node->synced;
    if (cut == Cut::torn) {
      if (random() % 2 == 0) copy->now.resize(std::max(copy->now.size(), node->now.size()), '\0');
      for (const ByteRange& range : node->dirty) {
        for (uint64_t at = range.begin / kSectorBytes * kSectorBytes; at < range.end();
             at += kSectorBytes) {
          if (random() % 2 == 0 || at >= copy->now.size() || at >= node->now.size()) continue;
          const size_t n = std::min({kSectorBytes, copy->now.size() - at, node->now.size() - at});
          node->now.copy(copy->now.data() + at, n, at);
        }
      }
    }
    copy->synced = copy->now;
    out->now_[path] = copy;
  }
  out->synced_ = out->now_;
  return out;
}

void FaultFs::flip_bit(const std::string& path, uint64_t offset) {
  std::lock_guard lock(mutex_);
  auto& node = *now_.at(path);
  node.now.at(offset) ^= 1;
  if (offset < node.synced.size()) node.synced[offset] ^= 1;
}

Result<std::unique_ptr<File>> FaultFs::open(const std::string& path, OpenMode mode) {
  if (mode == OpenMode::create_new) {
    MEDARC_TRY(step());
    std::lock_guard lock(mutex_);
    if (now_.count(path) > 0) return make_error(Code::already_exists, path);
    now_[path] = std::make_shared<Node>();
    return std::unique_ptr<File>(std::make_unique<FaultFile>(*this, now_[path]));
  }
  std::lock_guard lock(mutex_);
  auto it = now_.find(path);
  if (it == now_.end()) return make_error(Code::not_found, path);
  return std::unique_ptr<File>(std::make_unique<FaultFile>(*this, it->second));
}

Status FaultFs::rename(const std::string& from, const std::string& to) {
  MEDARC_TRY(step());
  std::lock_guard lock(mutex_);
  auto it = now_.find(from);
  if (it == now_.end()) return make_error(Code::not_found, from);
  auto node = it->second;
  now_.erase(it);
  now_[to] = node;
  return {};
}

Status FaultFs::remove(const std::string& path) {
  {
    std::lock_guard lock(mutex_);
    if (now_.count(path) == 0) return make_error(Code::not_found, path);
  }
  MEDARC_TRY(step());
  std::lock_guard lock(mutex_);
  now_.erase(path);
  return {};
}

Status FaultFs::make_dirs(const std::string&) { return {}; }

Result<bool> FaultFs::exists(const std::string& path) {
  std::lock_guard lock(mutex_);
  return now_.count(path) > 0;
}

Result<std::vector<std::string>> FaultFs::list(const std::string& dir) {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [path, node] : now_) {
    if (parent(path) == dir) out.push_back(path.substr(dir.size() + 1));
  }
  return out;
}

Status FaultFs::sync_dir(const std::string& dir) {
  MEDARC_TRY(step());
  std::lock_guard lock(mutex_);
  for (auto it = synced_.begin(); it != synced_.end();) {
    const bool gone = parent(it->first) == dir && now_.count(it->first) == 0;
    it = gone ? synced_.erase(it) : std::next(it);
  }
  for (const auto& [path, node] : now_) {
    if (parent(path) == dir) synced_[path] = node;
  }
  return {};
}

Result<std::unique_ptr<FileLock>> FaultFs::lock(const std::string& path) {
  std::lock_guard guard(mutex_);
  bool& held = locks_[path];
  if (held) return make_error(Code::conflict, path);
  return std::unique_ptr<FileLock>(std::make_unique<FaultLock>(held));
}

}  // namespace medarc::test
