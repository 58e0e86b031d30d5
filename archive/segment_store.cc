#include "archive/segment_store.h"

#include "archive/chunk_list.h"
#include "archive/collect.h"
#include "archive/recode.h"
#include "archive/segment_reader.h"
#include "archive/segment_writer.h"
#include "archive/verify.h"

namespace medarc::archive {
namespace {

class SegmentStore final : public BlobStore, public Recoding, public ChunkLists {
 public:
  SegmentStore(std::unique_ptr<FileLock> lock, std::unique_ptr<SegmentLog> log, Catalog& catalog)
      : lock_(std::move(lock)), log_(std::move(log)), catalog_(catalog) {}

  ~SegmentStore() override {
    // A clean close leaves nothing to replay; a failed one is repeated by the next open.
    if (writable()) (void)catalog_.flush();
  }

  Result<std::unique_ptr<BlobWriter>> writer(Cuts cuts) override {
    return std::unique_ptr<BlobWriter>(
        std::make_unique<SegmentWriter>(*log_, catalog_, pins_, cuts));
  }

  Result<CommitNumber> commit(Commit commit) override {
    SegmentLog::Draft draft;
    for (StagedBlob& blob : commit.blobs) {
      auto staged = std::static_pointer_cast<Staged>(blob.state);
      for (FramedRecord& r : staged->records) draft.records.push_back(std::move(r));
      staged->records.clear();
      draft.body.chunks.insert(draft.body.chunks.end(), staged->appended.begin(),
                               staged->appended.end());
      if (!blob.existed) draft.body.blobs.push_back({blob.digest, blob.size, staged->entries});
    }
    draft.body.payload = std::move(commit.payload);
    return log_->commit(std::move(draft));
  }

  Result<BlobInfo> stat(const Digest& digest) override {
    MEDARC_ASSIGN(auto page, catalog_.find_manifest(digest, 0));
    if (!page) return make_error(Code::not_found, "no blob " + digest.hex());
    BlobInfo info{digest, page->blob_size, 0};
    for (uint64_t offset = 0; offset < page->blob_size;) {
      MEDARC_ASSIGN(auto here, catalog_.find_manifest(digest, offset));
      if (!here) return make_error(Code::not_found, "the blob was collected");
      for (const ManifestEntry& e : here->entries) {
        MEDARC_ASSIGN(auto where, catalog_.find_chunk(e.chunk));
        if (where) info.stored_bytes += where->stored_length;
        offset += e.length;
      }
    }
    return info;
  }

  Result<std::unique_ptr<BlobReader>> open(const Digest& digest) override {
    MEDARC_ASSIGN(auto page, catalog_.find_manifest(digest, 0));
    if (!page) return make_error(Code::not_found, "no blob " + digest.hex());
    return reader(digest, std::move(*page), false);
  }

  void use(ChunkCoders coders, uint64_t kept_bytes_max) override {
    decoded_.use(std::move(coders), kept_bytes_max);
  }
  Result<std::vector<StoredChunk>> chunks(const Digest& blob) override {
    std::vector<StoredChunk> out;
    MEDARC_TRY(for_each_stored(recode_tools(), blob, [&](const StoredChunk& c) {
      out.push_back(c);
      return true;
    }));
    return out;
  }
  Result<bool> any_coded(const Digest& blob) override {
    bool coded = false;
    MEDARC_TRY(for_each_stored(recode_tools(), blob, [&](const StoredChunk& c) {
      coded = c.coded;
      return !coded;
    }));
    return coded;
  }
  Result<Recoded> recode(std::vector<CodedChunk> chunks) override {
    return recode_chunks(recode_tools(), std::move(chunks));
  }
  Result<Recoded> expand(const std::vector<Digest>& chunks) override {
    return expand_chunks(recode_tools(), chunks);
  }

  Result<std::vector<ListedChunk>> chunks_from(const Digest& blob, uint64_t offset) override {
    MEDARC_ASSIGN(const auto page, catalog_.find_manifest(blob, offset));
    if (!page) return make_error(Code::not_found, "no blob " + blob.hex());
    std::vector<ListedChunk> out;
    uint64_t begin = page->first_offset;
    for (const ManifestEntry& e : page->entries) {
      if (begin + e.length > offset) out.push_back({e.chunk, {begin, e.length}});
      begin += e.length;
    }
    return out;
  }

  Status replay(CommitNumber after, const std::function<Status(const Committed&)>& visit) override {
    return log_->replay(after, [&](Application& a) {
      Committed committed{a.number, a.payload, {}};
      for (const NewBlob& b : a.blobs) committed.blobs.push_back({b.digest, b.size, 0});
      return visit(committed);
    });
  }

  Result<VerifyReport> verify(uint64_t bytes_per_second_max, const Progress& progress) override {
    const auto open_fresh = [this](const Digest& digest) -> Result<std::unique_ptr<BlobReader>> {
      MEDARC_ASSIGN(auto page, catalog_.find_manifest(digest, 0));
      if (!page) return make_error(Code::not_found, "no blob " + digest.hex());
      return reader(digest, std::move(*page), true);
    };
    return verify_blobs(open_fresh, catalog_, bytes_per_second_max, progress);
  }
  Result<GcPlan> plan_gc() override { return plan_collection(*log_, catalog_, *pins_); }
  Status collect(const GcPlan& plan, const Progress& progress) override {
    return collect_segments(*log_, catalog_, *pins_, plan, progress);
  }

  Result<StoreStats> stats() override {
    StoreStats out;
    MEDARC_TRY(catalog_.for_each_blob([&](const BlobInfo& b) {
      ++out.blobs;
      out.plain_bytes += b.size;
      return true;
    }));
    MEDARC_TRY(catalog_.for_each_chunk([&](const Digest&, const ChunkLocation& where) {
      ++out.chunks;
      out.stored_bytes += where.stored_length;
      return true;
    }));
    out.segments = log_->all().size();
    out.log_bytes = log_->log_bytes();
    out.last_commit = log_->last_commit();
    return out;
  }

  bool writable() const override { return log_->writable(); }

 private:
  std::unique_ptr<BlobReader> reader(const Digest& digest, ManifestPage page, bool fresh) {
    return std::make_unique<SegmentReader>(*log_, catalog_, digest, std::move(page),
                                           Decoding{&decoded_, fresh});
  }
  RecodeTools recode_tools() { return {*log_, catalog_, *pins_, decoded_}; }

  std::unique_ptr<FileLock> lock_;
  std::shared_ptr<Pins> pins_ = std::make_shared<Pins>();
  std::unique_ptr<SegmentLog> log_;
  Catalog& catalog_;
  DecodedChunks decoded_;
};

}  // namespace

Recoding* recoding_of(BlobStore& store) { return dynamic_cast<Recoding*>(&store); }
ChunkLists* chunk_lists_of(BlobStore& store) { return dynamic_cast<ChunkLists*>(&store); }

SegmentOptions SegmentOptions::from(Config& config) {
  SegmentOptions o;
  o.segment_bytes = config.size("archive.segment_bytes", o.segment_bytes,
                                "A segment of the log is sealed at about this size.", 1 << 16,
                                uint64_t{16} << 30);
  o.chunk_bytes_min = static_cast<uint32_t>(config.size(
      "archive.chunk_bytes_min", o.chunk_bytes_min, "Smaller cuts are joined.", 64, 1 << 20));
  o.chunk_bytes_max = static_cast<uint32_t>(config.size(
      "archive.chunk_bytes_max", o.chunk_bytes_max, "The longest chunk.", 1 << 16, kChunkBytesMax));
  o.payload_bytes_max =
      static_cast<uint32_t>(config.size("archive.payload_bytes_max", o.payload_bytes_max,
                                        "The most facts in one commit.", 1 << 16, 1 << 30));
  o.flush_log_bytes =
      config.size("archive.flush_log_bytes", o.flush_log_bytes,
                  "Log written between flushes of the index: bounds recovery.", 1 << 20);
  o.flush_commits = config.size("archive.flush_commits", o.flush_commits,
                                "Commits between flushes of the index: bounds recovery.", 16);
  o.compress_text = config.flag("archive.compress_text", o.compress_text, "Compress text chunks.");
  o.compress_pixels = config.flag("archive.compress_pixels", o.compress_pixels,
                                  "Compress native pixel data at ingest (costs processor time).");
  o.sync =
      config.flag("archive.sync", o.sync,
                  "false loses acknowledged objects when the power fails. Never in production.");
  return o;
}

Result<std::unique_ptr<BlobStore>> open_segment_store(Fs& fs, const std::string& dir,
                                                      Catalog& catalog, SegmentOptions options,
                                                      const KeyRing* keys) {
  MEDARC_TRY(fs.make_dirs(dir));
  MEDARC_ASSIGN(auto lock, fs.lock(dir + "/lock"));
  auto log = std::make_unique<SegmentLog>(fs, dir, catalog, options, keys);
  MEDARC_TRY(log->recover());
  return std::unique_ptr<BlobStore>(
      std::make_unique<SegmentStore>(std::move(lock), std::move(log), catalog));
}

}  // namespace medarc::archive
