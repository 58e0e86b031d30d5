#include "archive/segment_writer.h"

namespace medarc::archive {
namespace {

constexpr size_t kSmallBlobBytes = 64u << 10;    // not cut: one chunk, hashed once
constexpr size_t kStagedBytesMax = 1u << 20;     // then chunks go to the log before the commit
constexpr size_t kCompressFrom = 4096;

}  // namespace

Staged::~Staged() {
  pins->unpin(pinned);
  for (const NewChunk& c : appended) pins->release_segment(c.location.segment);
}

SegmentWriter::SegmentWriter(SegmentLog& log, Catalog& catalog, std::shared_ptr<Pins> pins, Cuts cuts)
    : log_(log), catalog_(catalog), cuts_(cuts), staged_(std::make_shared<Staged>(std::move(pins))) {}

void SegmentWriter::content(Content kind) { content_ = kind; }

void SegmentWriter::cut() {
  if (cuts_ != Cuts::given || buffer_.empty()) return;
  if (whole_started_) {
    // Small pieces are joined to what follows; end_chunk only fails at the store, which the next
    // write reports as well.
    if (buffer_.size() >= log_.options().chunk_bytes_min) (void)end_chunk();
  } else if (buffer_.size() - (small_cuts_.empty() ? 0 : small_cuts_.back()) >=
             log_.options().chunk_bytes_min) {
    small_cuts_.push_back(buffer_.size());
  } else if (small_cuts_.empty()) {
    small_cuts_.push_back(buffer_.size());  // the very first cut counts: a header before its pixels
  }
}

Status SegmentWriter::write(ByteView bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    size_t take = bytes.size();
    bool ends = false;
    if (cuts_ == Cuts::content_defined) {
      const size_t n = gear_.feed(bytes);
      ends = n != ByteView::npos;
      if (ends) take = n;
    } else {
      const size_t room = log_.options().chunk_bytes_max - buffer_.size();
      ends = take >= room;
      take = std::min(take, room);
    }
    buffer_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    if (!whole_started_ && buffer_.size() > kSmallBlobBytes) {
      // No small blob any more: honour the cuts so far.
      whole_started_ = true;
      if (!small_cuts_.empty()) {
        Bytes all = std::move(buffer_);
        size_t from = 0;
        for (size_t at : small_cuts_) {
          buffer_ = all.substr(from, at - from);
          MEDARC_TRY(end_chunk());
          from = at;
        }
        buffer_ = all.substr(from);
        small_cuts_.clear();
      }
    }
    if (ends) MEDARC_TRY(end_chunk());
  }
  return {};
}

Status SegmentWriter::end_chunk() {
  if (buffer_.empty()) return {};
  Bytes plain = std::exchange(buffer_, Bytes());
  const Digest chunk = whole_.piece(plain);
  staged_->entries.push_back({chunk, static_cast<uint32_t>(plain.size())});
  return stage(chunk, std::move(plain));
}

Status SegmentWriter::stage(const Digest& chunk, Bytes plain) {
  if (!seen_.insert(chunk).second) return {};
  {
    auto gate = staged_->pins->shared();
    staged_->pins->pin(chunk);
    staged_->pinned.push_back(chunk);
    MEDARC_ASSIGN(auto held, catalog_.find_chunk(chunk));
    if (held) return {};
  }
  new_bytes_ += plain.size();
  RecordHeader header;
  header.digest = chunk;
  header.plain_length = static_cast<uint32_t>(plain.size());
  header.key_id = log_.keys() != nullptr ? log_.keys()->current() : 0;
  const bool compress = (content_ == Content::text && log_.options().compress_text) ||
                        (content_ == Content::pixels && log_.options().compress_pixels);
  if (compress && plain.size() >= kCompressFrom) {
    if (Bytes smaller = compress_chunk(plain); !smaller.empty()) {
      plain = std::move(smaller);
      header.flags |= kFlagZstd;
    }
  }
  staged_bytes_ += plain.size();
  MEDARC_ASSIGN(const Bytes key, key_for(log_.keys(), header.key_id));
  MEDARC_ASSIGN(auto record, FramedRecord::make(header, std::move(plain), key));
  staged_->records.push_back(std::move(record));
  if (staged_bytes_ > kStagedBytesMax) MEDARC_TRY(push_out());
  return {};
}

Status SegmentWriter::push_out() {
  auto gate = staged_->pins->shared();  // no rewrite between the append and the hold
  MEDARC_ASSIGN(auto places, log_.append(staged_->records));
  for (size_t i = 0; i < places.size(); ++i) {
    staged_->pins->hold_segment(places[i].segment);
    staged_->appended.push_back({staged_->records[i].header().digest, places[i]});
  }
  staged_->records.clear();
  staged_bytes_ = 0;
  return {};
}

Result<StagedBlob> SegmentWriter::finish() {
  StagedBlob blob;
  blob.size = size_;
  if (!whole_started_) {
    // One chunk under the blob's own name.
    blob.digest = Sha256::of(buffer_);
    if (!buffer_.empty()) {
      staged_->entries.push_back({blob.digest, static_cast<uint32_t>(buffer_.size())});
      MEDARC_TRY(stage(blob.digest, std::move(buffer_)));
    }
  } else {
    MEDARC_TRY(end_chunk());
    blob.digest = whole_.finish();
  }
  {
    auto gate = staged_->pins->shared();
    staged_->pins->pin(blob.digest);
    staged_->pinned.push_back(blob.digest);
    MEDARC_ASSIGN(auto known, catalog_.find_manifest(blob.digest, 0));
    blob.existed = known.has_value();
  }
  staged_->size = size_;
  blob.new_bytes = new_bytes_;
  blob.state = staged_;
  return blob;
}

}  // namespace medarc::archive
