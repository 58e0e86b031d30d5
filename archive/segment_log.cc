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
  for (const auto& p : pending_) p->wake.notify_one();
  return error;
}

// ---- appending ----------------------------------------------------------------------------------

Status SegmentLog::start_segment() {
  SegmentHeader header;
  header.number = open_ ? open_->header().number + 1 : 1;
  header.salt = random_u64();
  header.first_commit = last_number_ + 1;
  header.base_sequence = sequence_;
  if (open_) format_ = std::max(format_, open_->header().version);
  header.version = format_;
  MEDARC_ASSIGN(auto segment, Segment::create(fs_, dir_, header));
  MEDARC_TRY(segment->file().preallocate(options_.segment_bytes));
  MEDARC_TRY(segment->file().sync());
  MEDARC_TRY(fs_.sync_dir(dir_));
  {
    std::lock_guard lock(files_mutex_);
    files_[header.number] = segment;
  }
  open_ = segment;
  open_sealed_ = false;
  tail_ = kSegmentHeaderBytes;
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
  if (auto s = options_.sync ? open_->file().sync() : Status(); s.has_error())
    return fail(s.error());
  open_sealed_ = true;  // nothing behind the seal would ever be read
  MEDARC_TRY(open_->file().truncate(tail_));
  return {};
}

Status SegmentLog::turn_over() {
  if (!open_sealed_) MEDARC_TRY(seal_segment());
  return start_segment();
}

Status SegmentLog::make_room() {
  if (!open_sealed_ && tail_ < options_.segment_bytes) return {};
  return turn_over();
}

Status SegmentLog::raise_format(uint32_t version) {
  std::lock_guard lock(append_mutex_);
  if (!writable()) return failure_;
  if (!open_sealed_ && open_->header().version >= version) return {};
  format_ = std::max(format_, version);
  return turn_over();
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
  count_unflushed(bytes, 0);
  return {};
}

void SegmentLog::count_unflushed(uint64_t bytes, uint64_t commits) {
  unflushed_bytes_ += bytes;
  unflushed_commits_ += commits;
  if (unflushed_bytes_ < options_.flush_log_bytes && unflushed_commits_ < options_.flush_commits)
    return;
  unflushed_bytes_ = unflushed_commits_ = 0;
  std::lock_guard lock(background_mutex_);
  flush_wanted_ = true;
  background_wake_.notify_all();
}

Result<std::vector<ChunkLocation>> SegmentLog::append(std::vector<FramedRecord>& records) {
  std::vector<ChunkLocation> places;
  if (records.empty()) return places;
  std::lock_guard lock(append_mutex_);
  if (!writable()) return failure_;
  MEDARC_TRY(make_room());
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
  const auto pending = std::make_shared<Pending>();
  CommitNumber& number = pending->number;
  {
    std::lock_guard lock(append_mutex_);
    if (!writable()) return failure_;
    MEDARC_TRY(make_room());
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
    count_unflushed(0, 1);
    pending->body = std::move(draft.body);
    std::lock_guard group(group_mutex_);
    pending->leads = !std::exchange(led_, true);
    pending_.push_back(pending);
  }
  MEDARC_TRY(wait_durable(*pending));
  return number;
}

// ---- group commit -------------------------------------------------------------------------------

Status SegmentLog::wait_durable(Pending& own) {
  {
    std::unique_lock lock(group_mutex_);
    own.wake.wait(lock, [&] { return own.leads || own.applied || failed_; });
    if (own.applied) return {};
    if (failed_) return failure_;
  }
  Status led = lead();
  if (led.has_error()) return fail(led.error());
  return {};
}

Status SegmentLog::lead() {
  std::shared_ptr<Segment> segment;
  uint64_t target, sequence;
  {
    // Everything appended so far is in this segment, or in earlier ones that were synced when
    // sealed.
    std::lock_guard append(append_mutex_);
    segment = open_;
    target = last_number_;
    sequence = sequence_;
  }
  if (options_.sync) MEDARC_TRY(segment->file().sync());
  durable_sequence_ = sequence;
  // The apply lock is taken before the next leader may sync, so groups are applied in order.
  std::lock_guard applying(apply_mutex_);
  std::vector<std::shared_ptr<Pending>> group;
  {
    std::lock_guard lock(group_mutex_);
    while (!pending_.empty() && pending_.front()->number.value <= target) {
      group.push_back(std::move(pending_.front()));
      pending_.pop_front();
    }
    led_ = !pending_.empty();
    if (led_) {
      pending_.front()->leads = true;
      pending_.front()->wake.notify_one();
    }
  }
  const Status applied = apply(group);
  if (applied.has_error()) (void)fail(applied.error());
  std::lock_guard lock(group_mutex_);
  for (const auto& p : group) {
    p->applied = applied.has_value();
    p->wake.notify_one();
  }
  if (applied.has_value()) applied_ = group.back()->number.value;
  return applied;
}

Status SegmentLog::apply(const std::vector<std::shared_ptr<Pending>>& group) {
  std::vector<Application> applications;
  applications.reserve(group.size());
  for (const auto& p : group) applications.push_back(application_of(p->number, p->body));
  return catalog_.apply(applications);
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

// ---- background: catalog flushes ----------------------------------------------------------------

void SegmentLog::flush_loop() {
  std::unique_lock lock(background_mutex_);
  while (true) {
    background_wake_.wait(lock, [this] { return stopping_ || flush_wanted_; });
    if (stopping_) return;
    flush_wanted_ = false;
    lock.unlock();
    if (auto s = catalog_.flush(); s.has_error()) (void)fail(s.error());
    lock.lock();
  }
}

}  // namespace medarc::archive
