#include "archive/recode.h"

#include <set>

#include "archive/hash.h"

namespace medarc::archive {
namespace {

// Chunks on their way to another form, pinned meanwhile.
class Move {
 public:
  explicit Move(RecodeTools tools) : t_(tools) {}
  ~Move() {
    t_.pins.unpin(pinned_);
    for (const uint32_t segment : held_) t_.pins.release_segment(segment);
  }
  Move(const Move&) = delete;
  Move& operator=(const Move&) = delete;

  // `coded` empty: the plain form.
  Status add(const Digest& chunk, Bytes coded) {
    const bool wants_coded = !coded.empty();
    if (!seen_.insert(chunk).second) return {};
    MEDARC_ASSIGN(std::optional<Taken> taken, take(chunk, wants_coded));
    if (!taken || (wants_coded && coded.size() >= taken->plain.size())) {
      ++out_.as_before;
      return {};
    }
    Bytes& plain = taken->plain;
    RecordHeader header;
    header.digest = chunk;
    header.plain_length = static_cast<uint32_t>(plain.size());
    header.flags = wants_coded ? kFlagCoded : 0;
    header.key_id = t_.log.keys() != nullptr ? t_.log.keys()->current() : 0;
    MEDARC_ASSIGN(const Bytes key, key_for(t_.log.keys(), header.key_id));
    MEDARC_ASSIGN(auto record,
                  FramedRecord::make(header, wants_coded ? std::move(coded) : plain, key));
    records_.push_back(std::move(record));
    plains_.push_back(std::move(plain));
    before_.push_back(taken->stored_bytes);
    return {};
  }

  Result<Recoded> finish() {
    if (records_.empty()) return out_;
    MEDARC_TRY(t_.log.raise_format(kFormatCoded));
    std::vector<ChunkLocation> places;
    {
      auto gate = t_.pins.shared();  // no rewrite between the append and the hold
      MEDARC_ASSIGN(places, t_.log.append(records_));
      for (const ChunkLocation& at : places) {
        t_.pins.hold_segment(at.segment);
        held_.push_back(at.segment);
      }
    }
    SegmentLog::Draft draft;
    for (size_t i = 0; i < places.size(); ++i) {
      MEDARC_ASSIGN(const bool proved, prove(i, places[i]));
      if (!proved) {
        ++out_.not_proved;
        continue;
      }
      draft.body.chunks.push_back({records_[i].header().digest, places[i]});
      out_.bytes_before += before_[i];
      out_.bytes_after += places[i].stored_length;
    }
    out_.chunks = draft.body.chunks.size();
    if (out_.chunks == 0) return out_;
    auto gate = t_.pins.shared();  // a rewrite must not put the old place over the new one
    const auto committed = t_.log.commit(std::move(draft));
    if (committed.has_error()) return committed.error();
    out_.commits = 1;
    return out_;
  }

 private:
  struct Taken {
    Bytes plain;
    uint64_t stored_bytes = 0;
  };

  // The plain bytes, read anew; nullopt: not here any more, or in that form already.
  Result<std::optional<Taken>> take(const Digest& chunk, bool wants_coded) {
    auto gate = t_.pins.shared();  // what is found stays where it is
    MEDARC_ASSIGN(const auto where, t_.catalog.find_chunk(chunk));
    if (!where) return std::optional<Taken>();
    MEDARC_ASSIGN(const auto segment, t_.log.segment(where->segment));
    MEDARC_ASSIGN(const auto header,
                  segment->header_at(uint64_t{where->offset_units} * kRecordAlignment));
    if (header && (header->flags == kFlagCoded) == wants_coded) return std::optional<Taken>();
    Taken out{Bytes(where->plain_length, '\0'), where->stored_length};
    Bytes whole;
    MEDARC_TRY(segment->read_chunk(*where, chunk, {0, out.plain.size()}, out.plain.data(),
                                   t_.log.keys(), whole, {&t_.decoded, true}));
    if (Sha256::of(out.plain) != chunk) {
      return make_error(Code::corrupt, "chunk " + chunk.hex() + " fails its digest");
    }
    t_.pins.pin(chunk);
    pinned_.push_back(chunk);
    return std::optional<Taken>(std::move(out));
  }

  // Whether the new record gives the old bytes, read as readers do. An error: it cannot be told
  // now.
  Result<bool> prove(size_t i, const ChunkLocation& at) {
    MEDARC_ASSIGN(const auto segment, t_.log.segment(at.segment));
    Bytes back(plains_[i].size(), '\0'), whole;
    const Status read = segment->read_chunk(at, records_[i].header().digest, {0, back.size()},
                                            back.data(), t_.log.keys(), whole, {&t_.decoded, true});
    if (read.has_value()) return back == plains_[i];
    if (read.error().code == Code::corrupt) return false;
    return read.error();
  }

  const RecodeTools t_;
  std::set<Digest> seen_;
  std::vector<FramedRecord> records_;
  std::vector<Bytes> plains_;     // of each record
  std::vector<uint64_t> before_;  // bytes of its old form
  std::vector<Digest> pinned_;
  std::vector<uint32_t> held_;
  Recoded out_;
};

}  // namespace

Status for_each_stored(RecodeTools t, const Digest& blob,
                       const std::function<bool(const StoredChunk&)>& visit) {
  uint64_t offset = 0, size = 0;
  do {
    auto gate = t.pins.shared();
    MEDARC_ASSIGN(const auto page, t.catalog.find_manifest(blob, offset));
    if (!page) return make_error(Code::not_found, "no blob " + blob.hex());
    size = page->entries.empty() ? 0 : page->blob_size;
    for (const ManifestEntry& e : page->entries) {
      MEDARC_ASSIGN(const auto where, t.catalog.find_chunk(e.chunk));
      if (!where) return make_error(Code::corrupt, "chunk " + e.chunk.hex() + " is missing");
      MEDARC_ASSIGN(const auto segment, t.log.segment(where->segment));
      MEDARC_ASSIGN(const auto header,
                    segment->header_at(uint64_t{where->offset_units} * kRecordAlignment));
      const bool coded = header && header->flags == kFlagCoded;
      if (!visit({e.chunk, {offset, e.length}, where->stored_length, coded})) return {};
      offset += e.length;
    }
  } while (offset < size);
  return {};
}

Result<Recoded> recode_chunks(RecodeTools tools, std::vector<CodedChunk> chunks) {
  Move move(tools);
  for (CodedChunk& c : chunks) {
    if (c.coded.empty()) return make_error(Code::invalid_argument, "a coded form without bytes");
    MEDARC_TRY(move.add(c.chunk, std::move(c.coded)));
  }
  return move.finish();
}

Result<Recoded> expand_chunks(RecodeTools tools, const std::vector<Digest>& chunks) {
  Move move(tools);
  for (const Digest& chunk : chunks) MEDARC_TRY(move.add(chunk, {}));
  return move.finish();
}

bool moves_chunks(const Application& a) {
  return !a.chunks.empty() && a.blobs.empty() && a.dropped_chunks.empty() &&
         a.dropped_blobs.empty() && a.payload.empty();
}

Result<Recoded> expand_blob(Recoding& recoding, const Digest& blob, uint64_t batch_bytes_max) {
  MEDARC_ASSIGN(const auto chunks, recoding.chunks(blob));
  Recoded out;
  std::vector<Digest> batch;
  uint64_t batch_bytes = 0;
  for (size_t i = 0; i < chunks.size(); ++i) {
    if (chunks[i].coded) {
      batch.push_back(chunks[i].chunk);
      batch_bytes += chunks[i].range.length;
    }
    const bool full = batch_bytes >= batch_bytes_max || i + 1 == chunks.size();
    if (!full || batch.empty()) continue;
    MEDARC_ASSIGN(const Recoded done, recoding.expand(batch));
    out.chunks += done.chunks;
    out.bytes_before += done.bytes_before;
    out.bytes_after += done.bytes_after;
    out.commits += done.commits;
    batch.clear();
    batch_bytes = 0;
  }
  return out;
}

}  // namespace medarc::archive
