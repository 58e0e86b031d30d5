#include "genomics/resumable.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "archive/hash.h"
#include "base/log.h"
#include "genomics/file_id.h"
#include "genomics/resumable_file.h"

namespace medarc::genomics {
namespace {

constexpr size_t kReadBytes = 1u << 20;
// Ingested with a piece, beside its own bytes, of what an ingest that was begun anew has yet to
// see: the piece's answer does not wait for all of it.
constexpr uint64_t kBehindBytes = 32u << 20;

struct Entry {
  ResumableInfo info;
  uint64_t offset = 0;  // written; info.state.offset of it is durable
  std::unique_ptr<File> file;
  std::unique_ptr<Upload> ingest;  // null: not begun (again)
  uint64_t ingested = 0;
  bool busy = false;  // a piece is under way; guards all of the above but `info`
};

// What does not say anything about the upload itself: the same piece may succeed later.
bool passing(Code code) {
  return code == Code::exhausted || code == Code::io || code == Code::unavailable;
}

class Uploads final : public ResumableUploads {
 public:
  Uploads(Fs& fs, std::string directory, GenomeStore& store, ResumableLimits limits)
      : files_(fs, std::move(directory)), store_(store), limits_(limits) {}

  Status recover() {
    MEDARC_TRY(files_.prepare());
    MEDARC_ASSIGN(auto left, files_.recover());
    for (ResumableInfo& info : left) {
      auto entry = std::make_shared<Entry>();
      if (info.state.file.empty()) {
        auto file = files_.open_bytes(info.state.id, info.state.offset);
        if (file.has_error()) {
          files_.remove(info.state.id);
          continue;
        }
        entry->file = std::move(*file);
      }
      entry->offset = info.state.offset;
      entry->info = std::move(info);
      entries_.emplace(entry->info.state.id, entry);
    }
    return {};
  }

  Result<ResumableState> create(const Principal& who, const UploadStart& start,
                                uint64_t length) override {
    if (length == 0) return make_error(Code::invalid_argument, "an empty file is no genome file");
    if (length > file_bytes_max()) {
      return make_error(Code::too_large, "the file is over genomics.file_bytes_max");
    }
    auto entry = std::make_shared<Entry>();
    entry->info.start = start;
    if (start.id.empty()) entry->info.start.id = new_file_id();
    entry->info.principal = who.id;
    ResumableState& state = entry->info.state;
    state.id = new_file_id();
    state.length = length;
    state.expires = {now().us + static_cast<int64_t>(limits_.expiry_ms) * 1000};
    MEDARC_ASSIGN(entry->ingest, store_.begin(who, entry->info.start));
    expire();
    {
      std::lock_guard lock(mutex_);
      if (static_cast<uint64_t>(std::count_if(entries_.begin(), entries_.end(), [](const auto& e) {
            return e.second->info.state.file.empty();
          })) >= limits_.open_max) {
        return make_error(Code::unavailable, "too many unfinished uploads; try again later");
      }
      if (live_ >= limits_.live_max) {
        entry->ingest.reset();
      } else {
        ++live_;
      }
    }
    auto file = files_.create_bytes(state.id);
    Status saved = file.has_error() ? Status(file.error()) : files_.save(entry->info);
    if (saved.has_error()) {
      files_.remove(state.id);
      drop_ingest(*entry);
      return saved.error();
    }
    entry->file = std::move(*file);
    std::lock_guard lock(mutex_);
    entries_.emplace(state.id, entry);
    return state;
  }

  Result<ResumableState> state(const Principal& who, const std::string& id) override {
    std::lock_guard lock(mutex_);
    MEDARC_ASSIGN(const auto entry, find(who, id));
    return entry->info.state;
  }

  Result<std::unique_ptr<ResumablePiece>> append(const Principal& who, const std::string& id,
                                                 uint64_t offset,
                                                 std::optional<PieceChecksum> checksum) override;

  Status terminate(const Principal& who, const std::string& id) override {
    std::shared_ptr<Entry> entry;
    {
      std::lock_guard lock(mutex_);
      MEDARC_ASSIGN(entry, find(who, id));
      if (entry->busy) return make_error(Code::conflict, "a piece of this upload is under way");
      entries_.erase(id);
    }
    drop_ingest(*entry);
    files_.remove(id);
    return {};
  }

  const ResumableLimits& limits() const override { return limits_; }
  uint64_t file_bytes_max() const override { return store_.limits().file_bytes_max; }

  // Below: the entry is busy, and so the caller's alone; only what state() reads needs the mutex.

  // Makes what was written durable.
  Status checkpoint(Entry& entry) {
    if (entry.offset == entry.info.state.offset) return {};
    MEDARC_TRY(entry.file->sync());
    ResumableInfo info = entry.info;
    info.state.offset = entry.offset;
    info.state.expires = {now().us + static_cast<int64_t>(limits_.expiry_ms) * 1000};
    MEDARC_TRY(files_.save(info));
    std::lock_guard lock(mutex_);
    entry.info = std::move(info);
    return {};
  }

  // Where a restart or an error ended the ingest, begins it anew, if there is room for one more.
  void begin_again(const Principal& who, Entry& entry) {
    if (entry.ingest) return;
    {
      std::lock_guard lock(mutex_);
      if (live_ >= limits_.live_max) return;
      ++live_;
    }
    auto begun = store_.begin(who, entry.info.start);
    if (begun.has_value()) {
      entry.ingest = std::move(*begun);
      entry.ingested = 0;
      return;
    }
    std::lock_guard lock(mutex_);  // complete() says why
    --live_;
  }

  // Reads what is written, and not ingested yet, into the ingest; at most so much of it.
  Status catch_up(Entry& entry, uint64_t bytes_max = UINT64_MAX) {
    const uint64_t end = entry.ingested + std::min(bytes_max, entry.offset - entry.ingested);
    Bytes piece(std::min<uint64_t>(kReadBytes, end - entry.ingested), '\0');
    while (entry.ingested < end) {
      const uint64_t wanted = std::min<uint64_t>(piece.size(), end - entry.ingested);
      MEDARC_ASSIGN(const size_t n, entry.file->read_at(entry.ingested, piece.data(), wanted));
      if (n != wanted) return make_error(Code::io, "an upload's file is shorter than written");
      MEDARC_TRY(entry.ingest->write(ByteView(piece).substr(0, n)));
      entry.ingested += n;
    }
    return {};
  }

  Result<ResumableState> complete(const Principal& who, Entry& entry) {
    if (!entry.ingest) {
      MEDARC_ASSIGN(entry.ingest, store_.begin(who, entry.info.start));
      entry.ingested = 0;
      std::lock_guard lock(mutex_);
      ++live_;
    }
    MEDARC_TRY(catch_up(entry));
    auto stored = entry.ingest->finish();
    drop_ingest(entry);
    if (stored.has_error()) {
      // A digest declared for the whole file: no piece can mend that.
      if (stored.error().code != Code::precondition_failed) return stored.error();
      return make_error(Code::invalid_argument, stored.error().text);
    }
    ResumableInfo info = entry.info;
    info.state.file = stored->file.id.value;
    // The file is stored: should this fail, a retry finds it stored already.
    if (const Status saved = files_.save(info); saved.has_error()) {
      log(Level::warn, "genomics.upload_info", {{"error", saved.error().text}});
    }
    entry.file.reset();
    files_.remove_bytes(info.state.id);
    std::lock_guard lock(mutex_);
    entry.info = std::move(info);
    return entry.info.state;
  }

  void drop_ingest(Entry& entry) {
    if (!entry.ingest) return;
    entry.ingest.reset();
    entry.ingested = 0;
    std::lock_guard lock(mutex_);
    --live_;
  }

  // The upload is over for what it holds.
  void discard(Entry& entry) {
    drop_ingest(entry);
    files_.remove(entry.info.state.id);
    std::lock_guard lock(mutex_);
    entries_.erase(entry.info.state.id);
  }

  void release(Entry& entry) {
    std::lock_guard lock(mutex_);
    entry.busy = false;
  }

 private:
  Result<std::shared_ptr<Entry>> find(const Principal& who, const std::string& id) {
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second->info.principal != who.id ||
        (!found->second->busy && found->second->info.state.expires < now())) {
      return make_error(Code::not_found, "there is no such upload, or it has expired");
    }
    return found->second;
  }

  void expire() {
    std::vector<std::shared_ptr<Entry>> over;
    {
      std::lock_guard lock(mutex_);
      for (auto it = entries_.begin(); it != entries_.end();) {
        if (!it->second->busy && it->second->info.state.expires < now()) {
          over.push_back(it->second);
          it = entries_.erase(it);
        } else {
          ++it;
        }
      }
    }
    for (const auto& entry : over) {
      drop_ingest(*entry);
      files_.remove(entry->info.state.id);
    }
  }

  ResumableFiles files_;
  GenomeStore& store_;
  const ResumableLimits limits_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  uint32_t live_ = 0;  // entries with an ingest
};

class Piece final : public ResumablePiece {
 public:
  Piece(Uploads& uploads, Principal who, std::shared_ptr<Entry> entry,
        std::optional<PieceChecksum> checksum, std::optional<archive::Checksum> running)
      : uploads_(uploads),
        who_(std::move(who)),
        entry_(std::move(entry)),
        checksum_(std::move(checksum)),
        running_(std::move(running)),
        end_(entry_->offset) {}

  ~Piece() override {
    if (over_) return;
    if (!checksum_) (void)uploads_.checkpoint(*entry_);
    uploads_.release(*entry_);
  }

  Status write(ByteView bytes) override {
    if (bytes.size() > entry_->info.state.length - end_) {
      return make_error(Code::too_large, "more bytes than the upload's length leaves");
    }
    MEDARC_TRY(entry_->file->write_at(end_, {bytes}));
    end_ += bytes.size();
    if (running_) {
      running_->update(bytes);
      return {};
    }
    entry_->offset = end_;
    if (entry_->offset - entry_->info.state.offset < uploads_.limits().checkpoint_bytes) return {};
    return ended_by(advance());
  }

  Result<ResumableState> finish() override {
    if (running_) {
      if (checksum_->digest != running_->finish()) {
        return make_error(Code::precondition_failed,
                          "the piece does not have the declared checksum");
      }
      checksum_.reset();
      entry_->offset = end_;
    }
    MEDARC_TRY(ended_by(advance()));
    if (entry_->offset < entry_->info.state.length) return entry_->info.state;
    auto stored = uploads_.complete(who_, *entry_);
    if (stored.has_error()) MEDARC_TRY(ended_by(stored.error()));
    return stored;
  }

 private:
  Status advance() {
    const uint64_t fresh = entry_->offset - entry_->info.state.offset;
    MEDARC_TRY(uploads_.checkpoint(*entry_));
    uploads_.begin_again(who_, *entry_);
    return entry_->ingest ? uploads_.catch_up(*entry_, fresh + kBehindBytes) : Status();
  }
  Status ended_by(Status status) {
    if (!status.has_error()) return status;
    if (passing(status.error().code)) {
      uploads_.drop_ingest(*entry_);  // it takes nothing after an error: begun anew at the end
    } else {
      over_ = true;
      uploads_.discard(*entry_);
    }
    return status;
  }

  Uploads& uploads_;
  const Principal who_;
  const std::shared_ptr<Entry> entry_;
  std::optional<PieceChecksum> checksum_;
  std::optional<archive::Checksum> running_;
  uint64_t end_;       // of what is written, checked or not
  bool over_ = false;  // the upload is gone
};

Result<std::unique_ptr<ResumablePiece>> Uploads::append(const Principal& who, const std::string& id,
                                                        uint64_t offset,
                                                        std::optional<PieceChecksum> checksum) {
  std::optional<archive::Checksum> running;
  if (checksum) {
    running = archive::Checksum::of(checksum->algorithm);
    if (!running) {
      return make_error(Code::invalid_argument,
                        "checksum algorithms taken here: sha1, sha256, md5");
    }
  }
  std::lock_guard lock(mutex_);
  MEDARC_ASSIGN(const auto entry, find(who, id));
  if (entry->busy) return make_error(Code::conflict, "another piece of this upload is under way");
  if (!entry->info.state.file.empty() || offset != entry->offset) {
    return make_error(
        Code::conflict,
        "Upload-Offset is not where the upload stands: ask with HEAD, go on from there");
  }
  entry->busy = true;
  return std::unique_ptr<ResumablePiece>(
      std::make_unique<Piece>(*this, who, entry, std::move(checksum), std::move(running)));
}

}  // namespace

ResumableLimits ResumableLimits::from(Config& config) {
  ResumableLimits l;
  l.open_max =
      static_cast<uint32_t>(config.size("genomics.uploads_open_max", l.open_max,
                                        "Resumable uploads that are not whole yet.", 1, 1'000'000));
  l.expiry_ms = config.size("genomics.upload_expiry_ms", l.expiry_ms,
                            "After its last byte a resumable upload is kept so long.", 1'000);
  l.checkpoint_bytes = config.size("genomics.upload_checkpoint_bytes", l.checkpoint_bytes,
                                   "Bytes of a long piece made durable together.", 1u << 20);
  l.live_max = static_cast<uint32_t>(config.size(
      "genomics.uploads_live_max", l.live_max,
      "Resumable uploads checked while they arrive; others when they are whole.", 0, 10'000));
  return l;
}

Result<std::unique_ptr<ResumableUploads>> ResumableUploads::open(Fs& fs, std::string directory,
                                                                 GenomeStore& store,
                                                                 ResumableLimits limits) {
  auto uploads = std::make_unique<Uploads>(fs, std::move(directory), store, limits);
  MEDARC_TRY(uploads->recover());
  return std::unique_ptr<ResumableUploads>(std::move(uploads));
}

}  // namespace medarc::genomics
