// One file a blob, and a journal of commits: the plain implementation of the seam. Slow (a sync for
// every blob, one for the journal, one for the directory), easy to check, no deduplication below the
// whole blob.
//
// DIR/blobs/{64 hex} holds the blob's bytes; DIR/blobs/tmp-N an unfinished one; DIR/journal the commits
// as records of FORMAT.md with salt 0. Order: sync the file, rename it, sync the directory, append the
// commit, sync the journal, apply. A crash leaves at most a blob that no commit names.
#include <fmt/format.h>

#include <atomic>
#include <mutex>

#include "archive/commit_record.h"
#include "archive/hash.h"
#include "archive/record.h"
#include "archive/segment_log.h"
#include "archive/segment_store.h"
#include "archive/verify.h"

namespace medarc::archive {
namespace {

// A finished temporary file; removed unless a commit took it.
struct StagedFile {
  StagedFile(Fs& f, std::string p) : fs(f), path(std::move(p)) {}
  ~StagedFile() {
    if (!path.empty()) (void)fs.remove(path);
  }
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;
  Fs& fs;
  std::string path;
  std::unique_ptr<File> file;
};

class FileWriter final : public BlobWriter {
 public:
  FileWriter(std::shared_ptr<StagedFile> staged, std::string blobs) : staged_(std::move(staged)), blobs_(std::move(blobs)) {}
  Status write(ByteView bytes) override {
    hash_.update(bytes);
    MEDARC_TRY(staged_->file->write_at(size_, {bytes}));
    size_ += bytes.size();
    return {};
  }
  void cut() override {}
  void content(Content) override {}
  Result<StagedBlob> finish() override {
    StagedBlob blob;
    blob.digest = hash_.finish();
    blob.size = size_;
    MEDARC_ASSIGN(blob.existed, staged_->fs.exists(blobs_ + "/" + blob.digest.hex()));
    blob.new_bytes = blob.existed ? 0 : size_;
    blob.state = staged_;
    return blob;
  }

 private:
  std::shared_ptr<StagedFile> staged_;
  const std::string blobs_;
  Sha256 hash_;
  uint64_t size_ = 0;
};

class FileReader final : public BlobReader {
 public:
  FileReader(std::unique_ptr<File> file, uint64_t size) : file_(std::move(file)), size_(size) {}
  uint64_t size() const override { return size_; }
  Status read(ByteRange range, char* out) override {
    if (range.begin > size_ || range.length > size_ - range.begin) {
      return make_error(Code::range_not_satisfiable, "outside the blob");
    }
    MEDARC_ASSIGN(const size_t n, file_->read_at(range.begin, out, range.length));
    if (n != range.length) return make_error(Code::corrupt, "a blob is cut short");
    return {};
  }

 private:
  std::unique_ptr<File> file_;
  const uint64_t size_;
};

class FileStore final : public BlobStore {
 public:
  FileStore(Fs& fs, std::string dir, Catalog& catalog, std::unique_ptr<FileLock> lock)
      : fs_(fs), dir_(std::move(dir)), blobs_(dir_ + "/blobs"), catalog_(catalog), lock_(std::move(lock)) {}
  ~FileStore() override {
    if (writable_) (void)catalog_.flush();
  }

  Status recover() {
    MEDARC_TRY(fs_.make_dirs(blobs_));
    MEDARC_ASSIGN(auto names, fs_.list(blobs_));
    for (const std::string& name : names) {
      if (name.rfind("tmp-", 0) == 0) MEDARC_TRY(fs_.remove(blobs_ + "/" + name));
    }
    MEDARC_ASSIGN(const bool there, fs_.exists(dir_ + "/journal"));
    MEDARC_ASSIGN(journal_, fs_.open(dir_ + "/journal", there ? OpenMode::read_write : OpenMode::create_new));
    MEDARC_TRY(fs_.sync_dir(dir_));
    return scan([this](const Committed& c) -> Status {
      last_ = c.number;
      if (c.number <= catalog_.applied()) return {};
      const Application one{c.number, {}, {}, {}, {}, c.payload};
      return catalog_.apply({&one, 1});
    }, &tail_);
  }

  Result<std::unique_ptr<BlobWriter>> writer(Cuts) override {
    auto staged = std::make_shared<StagedFile>(fs_, fmt::format("{}/tmp-{}", blobs_, ++counter_));
    MEDARC_ASSIGN(staged->file, fs_.open(staged->path, OpenMode::create_new));
    return std::unique_ptr<BlobWriter>(std::make_unique<FileWriter>(std::move(staged), blobs_));
  }

  Result<CommitNumber> commit(Commit commit) override {
    std::lock_guard lock(mutex_);
    if (!writable_) return make_error(Code::io, "the store is closed for writing");
    bool renamed = false;
    for (StagedBlob& blob : commit.blobs) {
      auto staged = std::static_pointer_cast<StagedFile>(blob.state);
      if (blob.existed || staged->path.empty()) continue;
      if (auto s = staged->file->sync(); s.has_error()) return closed(s.error());
      MEDARC_TRY(fs_.rename(staged->path, blobs_ + "/" + blob.digest.hex()));
      staged->path.clear();
      renamed = true;
    }
    if (renamed) {
      if (auto s = fs_.sync_dir(blobs_); s.has_error()) return closed(s.error());
    }
    const CommitNumber number{last_.value + 1};
    CommitBody body;
    body.payload = std::move(commit.payload);
    for (const StagedBlob& blob : commit.blobs) body.blobs.push_back({blob.digest, blob.size, {}});
    RecordHeader header;
    header.type = RecordType::commit;
    for (int i = 0; i < 8; ++i) header.digest.value[i] = static_cast<uint8_t>(number.value >> (8 * i));
    MEDARC_ASSIGN(auto record, FramedRecord::make(header, encode(body), {}));
    std::vector<ByteView> parts;
    record.place(number.value, number.value, 0, parts);
    MEDARC_TRY(journal_->write_at(tail_, parts));
    if (auto s = journal_->sync(); s.has_error()) return closed(s.error());
    tail_ += record.bytes();
    last_ = number;
    const Application one{number, {}, {}, {}, {}, body.payload};
    if (auto s = catalog_.apply({&one, 1}); s.has_error()) return closed(s.error());
    return number;
  }

  Result<BlobInfo> stat(const Digest& digest) override {
    MEDARC_ASSIGN(auto file, fs_.open(blobs_ + "/" + digest.hex(), OpenMode::read));
    MEDARC_ASSIGN(const uint64_t size, file->size());
    return BlobInfo{digest, size, size};
  }

  Result<std::unique_ptr<BlobReader>> open(const Digest& digest) override {
    auto file = fs_.open(blobs_ + "/" + digest.hex(), OpenMode::read);
    if (file.has_error()) return file.error();
    MEDARC_ASSIGN(const uint64_t size, (*file)->size());
    return std::unique_ptr<BlobReader>(std::make_unique<FileReader>(std::move(*file), size));
  }

  Status replay(CommitNumber after, const std::function<Status(const Committed&)>& visit) override {
    uint64_t end = 0;
    return scan([&](const Committed& c) { return c.number > after ? visit(c) : Status(); }, &end);
  }

  Result<VerifyReport> verify(uint64_t bytes_per_second_max, const Progress& progress) override {
    VerifyReport report;
    MEDARC_ASSIGN(auto all, blob_files());
    Pace pace(bytes_per_second_max);
    uint64_t total = 0;
    for (const BlobInfo& b : all) total += b.size;
    Bytes buffer(1 << 20, '\0');
    for (const BlobInfo& blob : all) {
      MEDARC_ASSIGN(auto reader, open(blob.digest));
      Sha256 hash;
      for (uint64_t at = 0; at < blob.size;) {
        const uint64_t n = std::min<uint64_t>(buffer.size(), blob.size - at);
        MEDARC_TRY(reader->read({at, n}, buffer.data()));
        hash.update({buffer.data(), n});
        at += n;
        report.bytes += n;
        pace.spend(n);
        if (progress && !progress(report.bytes, total)) return make_error(Code::cancelled, "stopped");
      }
      ++report.blobs;
      ++report.chunks;
      if (hash.finish() != blob.digest) {
        ++report.corrupt;
        report.corrupt_blobs.push_back(blob.digest);
      }
      MEDARC_ASSIGN(const bool named, catalog_.blob_referenced(blob.digest));
      if (!named) ++report.orphans;
    }
    return report;
  }

  Result<GcPlan> plan_gc() override {
    GcPlan plan;
    MEDARC_ASSIGN(auto all, blob_files());
    for (const BlobInfo& b : all) {
      MEDARC_ASSIGN(const bool named, catalog_.blob_referenced(b.digest));
      if (named) continue;
      ++plan.blobs;
      ++plan.chunks;
      plan.bytes += b.size;
    }
    return plan;
  }

  Status collect(const GcPlan&, const Progress&) override {
    std::lock_guard lock(mutex_);
    MEDARC_ASSIGN(auto all, blob_files());
    for (const BlobInfo& b : all) {
      MEDARC_ASSIGN(const bool named, catalog_.blob_referenced(b.digest));
      if (!named) MEDARC_TRY(fs_.remove(blobs_ + "/" + b.digest.hex()));
    }
    return fs_.sync_dir(blobs_);
  }

  Result<StoreStats> stats() override {
    StoreStats out;
    MEDARC_ASSIGN(auto all, blob_files());
    for (const BlobInfo& b : all) out.plain_bytes += b.size;
    out.blobs = out.chunks = all.size();
    out.stored_bytes = out.plain_bytes;
    out.log_bytes = out.plain_bytes + tail_;
    out.last_commit = last_;
    return out;
  }

  bool writable() const override { return writable_; }

 private:
  Error closed(Error error) {
    writable_ = false;
    return error;
  }

  Result<std::vector<BlobInfo>> blob_files() {
    std::vector<BlobInfo> out;
    MEDARC_ASSIGN(auto names, fs_.list(blobs_));
    for (const std::string& name : names) {
      if (auto digest = Digest::from_hex(name)) {
        MEDARC_ASSIGN(auto info, stat(*digest));
        out.push_back(info);
      }
    }
    return out;
  }

  Status scan(const std::function<Status(const Committed&)>& visit, uint64_t* end) {
    *end = 0;
    MEDARC_ASSIGN(const uint64_t size, journal_->size());
    uint64_t sequence = 0;
    while (*end < size) {
      char head[kRecordHeaderBytes];
      MEDARC_ASSIGN(const size_t n, journal_->read_at(*end, head, sizeof head));
      auto h = parse_header({head, n}, 0);
      if (!h || h->sequence != sequence + 1) break;
      if (padded(stored_length(h->payload_length)) > padded(size) - *end) break;  // cut short
      Bytes stored(stored_length(h->payload_length) - kRecordHeaderBytes, '\0');
      MEDARC_ASSIGN(const size_t m, journal_->read_at(*end + kRecordHeaderBytes, stored.data(), stored.size()));
      Bytes payload(h->payload_length, '\0');
      if (m != stored.size() || open_units(*h, 0, stored, {}, payload.data()).has_error()) break;
      MEDARC_ASSIGN(CommitBody body, decode_commit(payload));
      Committed c{commit_number(*h), body.payload, {}};
      for (const NewBlob& b : body.blobs) c.blobs.push_back({b.digest, b.size, b.size});
      MEDARC_TRY(visit(c));
      ++sequence;
      *end += padded(stored_length(h->payload_length));
    }
    return {};
  }

  Fs& fs_;
  const std::string dir_, blobs_;
  Catalog& catalog_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<File> journal_;
  std::mutex mutex_;
  std::atomic<uint64_t> counter_{0};
  std::atomic<bool> writable_{true};
  uint64_t tail_ = 0;
  CommitNumber last_;
};

}  // namespace

Result<std::unique_ptr<BlobStore>> open_file_store(Fs& fs, const std::string& dir, Catalog& catalog) {
  MEDARC_TRY(fs.make_dirs(dir));
  MEDARC_ASSIGN(auto lock, fs.lock(dir + "/lock"));
  auto store = std::make_unique<FileStore>(fs, dir, catalog, std::move(lock));
  MEDARC_TRY(store->recover());
  return std::unique_ptr<BlobStore>(std::move(store));
}

}  // namespace medarc::archive
