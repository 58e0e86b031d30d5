#include "archive/segment_log.h"

#include <fmt/format.h>
#include <openssl/rand.h>

#include "base/log.h"

namespace medarc::archive {
namespace {

uint64_t random_u64() {
  uint64_t v = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&v), sizeof v);
  return v;
}

RecordHeader commit_header(CommitNumber number) {
  RecordHeader h;
  h.type = RecordType::commit;
  for (int i = 0; i < 8; ++i) h.digest.value[i] = static_cast<uint8_t>(number.value >> (8 * i));
  return h;
}

Application application_of(CommitNumber number, const CommitBody& body) {
  return {number,     body.chunks, body.blobs, body.dropped_chunks, body.dropped_blobs,
          body.payload};
}

}  // namespace

CommitNumber commit_number(const RecordHeader& h) {
  uint64_t v = 0;
  for (int i = 0; i < 8; ++i) v |= uint64_t{h.digest.value[i]} << (8 * i);
  return CommitNumber{v};
}

SegmentLog::SegmentLog(Fs& fs, std::string dir, Catalog& catalog, SegmentOptions options,
                       const KeyRing* keys)
    : fs_(fs), dir_(std::move(dir)), catalog_(catalog), options_(options), keys_(keys) {}

SegmentLog::~SegmentLog() {
  {
    std::lock_guard lock(background_mutex_);
    stopping_ = true;
  }
  background_wake_.notify_all();
  if (background_.joinable()) background_.join();
}

Status SegmentLog::fail(Error error) {
  std::lock_guard lock(group_mutex_);
  if (!failed_) {
    failure_ = error;
    failed_ = true;
    log(Level::error, "archive.closed_for_writing", {{"reason", error.text}});
  }
  group_wake_.notify_all();
  return error;
}

// ---- appending ----------------------------------------------------------------------------------

Status SegmentLog::start_segment() {
  SegmentHeader header;
  header.number = open_ ? open_->header().number + 1 : 1;
  header.salt = random_u64();
  header.first_commit = last_number_ + 1;
  std::shared_ptr<Segment> segment;
  const std::string spare = dir_ + "/spare";
  MEDARC_ASSIGN(const bool prepared, fs_.exists(spare));
  if (prepared) {
    const std::string path = dir_ + "/" + Segment::file_name(header.number, 0);
    MEDARC_TRY(fs_.rename(spare, path));
    MEDARC_ASSIGN(auto file, fs_.open(path, OpenMode::read_write));
    segment = std::make_shared<Segment>(std::move(file), header, path);
    const Bytes head = encode(header);
    MEDARC_TRY(segment->file().write_at(0, {head}));
  } else {
    MEDARC_ASSIGN(segment, Segment::create(fs_, dir_, header));
    MEDARC_TRY(segment->file().preallocate(options_.segment_bytes));
  }
  MEDARC_TRY(segment->file().sync());
  MEDARC_TRY(fs_.sync_dir(dir_));
  {
    std::lock_guard lock(files_mutex_);
    files_[header.number] = segment;
  }
  open_ = segment;
  tail_ = kSegmentHeaderBytes;
  background_wake_.notify_all();
  return {};
}

Status SegmentLog::seal_segment() {
  RecordHeader h;
  h.type = RecordType::seal;
  MEDARC_ASSIGN(auto seal, FramedRecord::make(h, {}, {}));
  std::vector<ByteView> parts;
  seal.place(++sequence_, durable_sequence_, open_->header().salt, parts);
  MEDARC_TRY(open_->file().write_at(tail_, parts));
  tail_ += seal.bytes();
  if (auto s = options_.sync ? open_->file().sync() : Status(); s.has_error()) return fail(s.error());
  MEDARC_TRY(open_->file().truncate(tail_));
  return {};
}

ChunkLocation SegmentLog::place_of(const FramedRecord& record, uint64_t offset) const {
  return {open_->header().number, static_cast<uint32_t>(offset / kRecordAlignment),
          static_cast<uint32_t>(stored_length(record.header().payload_length)),
          record.header().plain_length};
}

// Writes the records at the tail. The tail moves only when all of it went well: what a failed write
// left behind has lower sequence numbers than whatever comes next and is never read as a record.
Status SegmentLog::write(std::vector<FramedRecord*>& records) {
  std::vector<ByteView> parts;
  uint64_t bytes = 0;
  for (FramedRecord* r : records) {
    r->place(++sequence_, durable_sequence_, open_->header().salt, parts);
    bytes += r->bytes();
  }
  MEDARC_TRY(open_->file().write_at(tail_, parts));
  tail_ += bytes;
  since_flush_ += bytes;
  if (since_flush_ >= options_.flush_log_bytes) {
    since_flush_ = 0;
    std::lock_guard lock(background_mutex_);
    flush_wanted_ = true;
    background_wake_.notify_all();
  }
  return {};
}

Result<std::vector<ChunkLocation>> SegmentLog::append(std::vector<FramedRecord>& records) {
  std::vector<ChunkLocation> places;
  if (records.empty()) return places;
  std::lock_guard lock(append_mutex_);
  if (!writable()) return failure_;
  if (tail_ >= options_.segment_bytes) {
    MEDARC_TRY(seal_segment());
    MEDARC_TRY(start_segment());
  }
  std::vector<FramedRecord*> pointers;
  uint64_t at = tail_;
  for (FramedRecord& r : records) {
    pointers.push_back(&r);
    places.push_back(place_of(r, at));
    at += r.bytes();
  }
  MEDARC_TRY(write(pointers));
  return places;
}

Result<CommitNumber> SegmentLog::commit(Draft draft) {
  if (draft.body.payload.size() > options_.payload_bytes_max) {
    return make_error(Code::too_large, "the commit is over archive.payload_bytes_max");
  }
  CommitNumber number;
  {
    std::lock_guard lock(append_mutex_);
    if (!writable()) return failure_;
    if (tail_ >= options_.segment_bytes) {
      MEDARC_TRY(seal_segment());
      MEDARC_TRY(start_segment());
    }
    number = CommitNumber{last_number_ + 1};
    std::vector<FramedRecord*> records;
    uint64_t at = tail_;
    for (FramedRecord& r : draft.records) {
      records.push_back(&r);
      draft.body.chunks.push_back({r.header().digest, place_of(r, at)});
      at += r.bytes();
    }
    RecordHeader header = commit_header(number);
    header.key_id = keys_ != nullptr ? keys_->current() : 0;
    MEDARC_ASSIGN(const Bytes key, key_for(keys_, header.key_id));
    Bytes payload = encode(draft.body);
    header.plain_length = static_cast<uint32_t>(payload.size());
    MEDARC_ASSIGN(auto record, FramedRecord::make(header, std::move(payload), key));
    records.push_back(&record);
    MEDARC_TRY(write(records));
    last_number_ = number.value;
    auto pending = std::make_unique<Pending>();
    pending->number = number;
    pending->body = std::move(draft.body);
    std::lock_guard group(group_mutex_);
    pending_.push_back(std::move(pending));
  }
  MEDARC_TRY(wait_durable(number));
  return number;
}

// ---- group commit -------------------------------------------------------------------------------

Status SegmentLog::wait_durable(CommitNumber number) {
  std::unique_lock lock(group_mutex_);
  while (true) {
    if (applied_ >= number.value) return {};
    if (failed_) return failure_;
    if (!syncing_) break;
    group_wake_.wait(lock);
  }
  syncing_ = true;
  lock.unlock();

  std::shared_ptr<Segment> segment;
  uint64_t target, sequence;
  {
    // Everything appended so far is in this segment, or in earlier ones that were synced when sealed.
    std::lock_guard append(append_mutex_);
    segment = open_;
    target = last_number_;
    sequence = sequence_;
  }
  Status synced = options_.sync ? segment->file().sync() : Status();
  if (synced.has_error()) {
    {
      std::lock_guard again(group_mutex_);
      syncing_ = false;
    }
    return fail(synced.error());
  }
  durable_sequence_ = sequence;
  // The apply lock is taken before the next leader may sync, so groups are applied in order.
  std::unique_lock apply(apply_mutex_);
  {
    std::lock_guard again(group_mutex_);
    syncing_ = false;
  }
  group_wake_.notify_all();
  Status applied = apply_up_to(target);
  apply.unlock();
  if (applied.has_error()) return fail(applied.error());
  group_wake_.notify_all();
  return {};
}

Status SegmentLog::apply_up_to(uint64_t number) {
  std::vector<std::unique_ptr<Pending>> group;
  {
    std::lock_guard lock(group_mutex_);
    while (!pending_.empty() && pending_.front()->number.value <= number) {
      group.push_back(std::move(pending_.front()));
      pending_.pop_front();
    }
  }
  if (group.empty()) return {};
  std::vector<Application> applications;
  applications.reserve(group.size());
  for (const auto& p : group) applications.push_back(application_of(p->number, p->body));
  MEDARC_TRY(catalog_.apply(applications));
  std::lock_guard lock(group_mutex_);
  applied_ = group.back()->number.value;
  return {};
}

// ---- opening ------------------------------------------------------------------------------------

Status SegmentLog::open_files() {
  MEDARC_TRY(fs_.make_dirs(dir_));
  MEDARC_ASSIGN(auto names, fs_.list(dir_));
  std::map<uint32_t, std::vector<uint32_t>> found;
  for (const std::string& name : names) {
    if (auto parsed = Segment::parse_name(name)) found[parsed->first].push_back(parsed->second);
  }
  const bool catalog_knows = catalog_.applied().value > 0;
  for (auto& [number, generations] : found) {
    // The catalog says which generation is in force; without it, the newest one that was finished
    // (a rewrite is renamed to its name only when it is whole).
    uint32_t keep = generations.front();
    for (uint32_t g : generations) keep = std::max(keep, g);
    if (catalog_knows) {
      MEDARC_ASSIGN(const uint32_t current, catalog_.generation(number));
      for (uint32_t g : generations) {
        if (g == current) keep = g;
      }
    }
    for (uint32_t g : generations) {
      if (g != keep) MEDARC_TRY(fs_.remove(dir_ + "/" + Segment::file_name(number, g)));
    }
    auto segment = Segment::open(fs_, dir_, number, keep);
    if (segment.has_error()) {
      // A segment whose first write was lost with the power holds nothing that was acknowledged.
      const bool last = number == found.rbegin()->first;
      if (!last || segment.error().code != Code::corrupt) return segment.error();
      MEDARC_TRY(fs_.remove(dir_ + "/" + Segment::file_name(number, keep)));
      continue;
    }
    files_[number] = *segment;
  }
  uint32_t expected = 0;
  for (const auto& [number, segment] : files_) {
    if (expected != 0 && number != expected) {
      return make_error(Code::corrupt, fmt::format("segment {} is missing", expected));
    }
    expected = number + 1;
  }
  return {};
}

Status SegmentLog::recover() {
  MEDARC_TRY(open_files());
  applied_ = catalog_.applied().value;
  last_number_ = applied_;
  if (files_.empty()) {
    if (applied_ > 0) return make_error(Code::corrupt, "the log is missing, but its index is there");
    MEDARC_TRY(start_segment());
  } else {
    uint64_t last_sequence = 0;
    std::vector<Application> group;
    std::deque<CommitBody> bodies;
    uint64_t reached = 0;  // the last commit seen, applied or not
    // Commits are applied in groups as they are read.
    auto flush_group = [&]() -> Status {
      if (!group.empty()) MEDARC_TRY(catalog_.apply(group));
      group.clear();
      bodies.clear();
      return {};
    };
    for (auto it = files_.begin(); it != files_.end(); ++it) {
      auto next = std::next(it);
      if (next != files_.end() && next->second->header().first_commit <= applied_ + 1 &&
          next->second->header().first_commit > 0) {
        continue;  // everything in it is applied
      }
      Segment& segment = *it->second;
      auto visit = [&](uint64_t offset, const RecordHeader& h) -> Status {
        const bool commit = h.type == RecordType::commit;
        if (commit) reached = commit_number(h).value;
        if (commit && reached <= last_number_) return {};
        // Chunks of sealed segments were durable when the seal was written; those of the last one
        // may be torn, and then nothing behind them was acknowledged.
        if (!commit && (reached < applied_ || next != files_.end())) return {};
        auto payload = segment.payload_at(offset, h, keys_);
        if (payload.has_error()) return payload.error();
        if (!commit) return {};
        MEDARC_ASSIGN(CommitBody body, decode_commit(*payload));
        const CommitNumber number = commit_number(h);
        bodies.push_back(std::move(body));
        MEDARC_ASSIGN(Application application, resolve(number, bodies.back()));
        group.push_back(std::move(application));
        last_number_ = number.value;
        if (group.size() >= 256) MEDARC_TRY(flush_group());
        return {};
      };
      uint64_t good_end = kSegmentHeaderBytes, good_sequence = last_sequence;
      auto tracked = [&](uint64_t offset, const RecordHeader& h) -> Status {
        MEDARC_TRY(visit(offset, h));
        good_end = offset + padded(stored_length(h.payload_length));
        good_sequence = h.sequence;
        return {};
      };
      auto scan = segment.scan(last_sequence, tracked);
      if (scan.has_error() && scan.error().code != Code::corrupt) return scan.error();
      if (scan.has_value()) {
        good_end = scan->end;
        good_sequence = scan->last_sequence;
      }
      if (next != files_.end()) {
        if (scan.has_error()) return scan.error();
        if (!scan->sealed) {
          return make_error(Code::corrupt, fmt::format("{} ends at {} without a seal",
                                                       segment.path(), scan->end));
        }
        last_sequence = good_sequence;
        continue;
      }
      MEDARC_TRY(flush_group());
      open_ = it->second;
      tail_ = good_end;
      sequence_ = good_sequence;
      MEDARC_TRY(recover_tail(good_sequence));
      if (scan.has_value() && scan->sealed) MEDARC_TRY(start_segment());
    }
    places_.clear();
    for (const auto& [number, segment] : files_) {
      // A catalog made anew learns which segments were rewritten.
      MEDARC_ASSIGN(const uint32_t known, catalog_.generation(number));
      if (const uint32_t is = segment->header().generation; is != known) {
        MEDARC_TRY(catalog_.rewrite({number, is, {}}));
      }
    }
    if (last_number_ < applied_) {
      return make_error(Code::corrupt, fmt::format("the log ends at commit {}, but {} was applied",
                                                   last_number_.load(), applied_));
    }
    applied_ = last_number_;
    // What was read may not be on stable storage yet (a process was killed, not the machine).
    MEDARC_TRY(open_->file().sync());
    durable_sequence_ = sequence_;
  }
  background_ = std::thread([this] { prepare_loop(); });
  return {};
}

// Looks beyond the tail for records of this segment that were written after what stands at the tail
// was known to be durable: then the tail is damage, not a torn write. Also lifts the sequence above
// whatever stale records lie there.
Status SegmentLog::recover_tail(uint64_t last_good) {
  MEDARC_ASSIGN(const uint64_t size, open_->file().size());
  constexpr size_t step = 1 << 20;
  Bytes window(step + kRecordHeaderBytes, '\0');
  for (uint64_t at = tail_; at < size; at += step) {
    MEDARC_ASSIGN(const size_t n, open_->file().read_at(at, window.data(), window.size()));
    const ByteView view(window.data(), n);
    for (size_t i = view.find("MDRC"); i != ByteView::npos && i < step; i = view.find("MDRC", i + 1)) {
      auto h = parse_header(view.substr(i), open_->header().salt);
      if (!h) continue;
      if (h->durable_sequence > last_good) {
        return make_error(Code::corrupt,
                          fmt::format("{} is damaged at {}: records after it were written when it "
                                      "was already durable; restore this segment from a backup",
                                      open_->path(), tail_));
      }
      sequence_ = std::max(sequence_, h->sequence);
    }
  }
  return {};
}

// ---- replay -------------------------------------------------------------------------------------

Result<const SegmentLog::Places*> SegmentLog::places(uint32_t number) {
  auto found = places_.find(number);
  if (found != places_.end()) return &found->second;
  MEDARC_ASSIGN(auto segment_file, segment(number));
  if (places_.size() >= 4) places_.erase(places_.begin());
  Places& places = places_[number];
  MEDARC_ASSIGN(auto scan, segment_file->scan(0, [&](uint64_t offset, const RecordHeader& h) -> Status {
    if (h.type == RecordType::chunk) {
      places[h.digest] = {number, static_cast<uint32_t>(offset / kRecordAlignment),
                          static_cast<uint32_t>(stored_length(h.payload_length)), h.plain_length};
    }
    return {};
  }));
  (void)scan;
  return &places;
}

// Brings the places of a commit up to date with rewritten segments; a chunk that is no longer there
// was dropped by a later commit and is left out.
Result<Application> SegmentLog::resolve(CommitNumber number, CommitBody& body) {
  std::vector<NewChunk> kept;
  for (const NewChunk& c : body.chunks) {
    auto it = files_.find(c.location.segment);
    if (it == files_.end()) return make_error(Code::corrupt, "a commit names a segment that is missing");
    if (it->second->header().generation == 0) {
      kept.push_back(c);
      continue;
    }
    MEDARC_ASSIGN(const Places* known, places(c.location.segment));
    if (auto at = known->find(c.chunk); at != known->end()) kept.push_back({c.chunk, at->second});
  }
  body.chunks = std::move(kept);
  return application_of(number, body);
}

Status SegmentLog::replay(CommitNumber after, const std::function<Status(Application&)>& visit) {
  for (const auto& s : all()) {
    auto scanned = s->scan(0, [&](uint64_t offset, const RecordHeader& h) -> Status {
      if (h.type != RecordType::commit || commit_number(h) <= after) return {};
      if (commit_number(h) > last_commit()) return {};
      MEDARC_ASSIGN(const Bytes payload, s->payload_at(offset, h, keys_));
      MEDARC_ASSIGN(CommitBody body, decode_commit(payload));
      Application application = application_of(commit_number(h), body);
      return visit(application);
    });
    if (scanned.has_error()) return scanned.error();
  }
  return {};
}

// ---- segments -----------------------------------------------------------------------------------

Result<std::shared_ptr<Segment>> SegmentLog::segment(uint32_t number) {
  std::lock_guard lock(files_mutex_);
  auto it = files_.find(number);
  if (it == files_.end()) return make_error(Code::not_found, fmt::format("no segment {}", number));
  return it->second;
}

std::vector<std::shared_ptr<Segment>> SegmentLog::all() {
  std::lock_guard lock(files_mutex_);
  std::vector<std::shared_ptr<Segment>> out;
  for (const auto& [number, s] : files_) out.push_back(s);
  return out;
}

std::vector<std::shared_ptr<Segment>> SegmentLog::sealed() {
  auto out = all();
  if (!out.empty()) out.pop_back();
  return out;
}

Status SegmentLog::replace(std::shared_ptr<Segment> rewritten) {
  std::shared_ptr<Segment> old;
  {
    std::lock_guard lock(files_mutex_);
    auto& slot = files_[rewritten->header().number];
    old = slot;
    slot = std::move(rewritten);
  }
  MEDARC_TRY(fs_.remove(old->path()));
  return fs_.sync_dir(dir_);
}

uint64_t SegmentLog::log_bytes() {
  uint64_t total = 0;
  for (const auto& s : all()) {
    if (auto n = s->file().size(); n.has_value()) total += *n;
  }
  return total;
}

// ---- background: catalog flushes and the next segment ---------------------------------------------

void SegmentLog::prepare_loop() {
  std::unique_lock lock(background_mutex_);
  while (!stopping_) {
    const bool flush = std::exchange(flush_wanted_, false);
    lock.unlock();
    if (flush) {
      if (auto s = catalog_.flush(); s.has_error()) (void)fail(s.error());
    }
    auto there = fs_.exists(dir_ + "/spare");
    if (options_.prepare_segments && there.has_value() && !*there && writable()) {
      // Written zeros, synced: later syncs of the segment then change no file metadata.
      const std::string making = dir_ + "/spare.new";
      (void)fs_.remove(making);  // of an earlier life; absent as a rule
      auto file = fs_.open(making, OpenMode::create_new);
      const Bytes zeros(1 << 20, '\0');
      bool ok = file.has_value();
      for (uint64_t at = 0; ok && at < options_.segment_bytes; at += zeros.size()) {
        ok = (*file)->write_at(at, {zeros}).has_value();
        std::lock_guard check(background_mutex_);
        ok = ok && !stopping_;
      }
      ok = ok && (*file)->sync().has_value() && fs_.rename(making, dir_ + "/spare").has_value();
      if (!ok && file.has_value()) (void)fs_.remove(making);
    }
    lock.lock();
    if (!stopping_ && !flush_wanted_) background_wake_.wait(lock);
  }
}

}  // namespace medarc::archive
