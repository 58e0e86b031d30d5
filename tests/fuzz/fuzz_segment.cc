// Segment files of the log, as a hostile or failing disk could hold them. The first octet chooses:
// a segment as it stands; records behind a sound header; a log of well-formed records whose fields
// may be falsified; or an honest log of which one place is damaged. The second octet chooses how.
//
// Whatever it is: no crash and no endless loop, reading in parts gives what reading at once gives,
// and when the store opens, what it then takes is there when it opens again. Of an honest log no
// wrong byte is served, and nothing goes away that a later record shows to have been durable.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "archive/segment_store.h"
#include "base/log.h"
#include "tests/fuzz/segment_script.h"
#include "tests/support/fault_fs.h"
#include "tests/support/memory_catalog.h"

using namespace medarc;
using namespace medarc::archive;
using fuzz::Octets;
using fuzz::SegmentScript;
using test::FaultFs;
using test::MemoryCatalog;

namespace {

constexpr uint64_t kReadBytesMax = 1u << 20;

class Keys final : public KeyRing {
 public:
  uint32_t current() const override { return 7; }
  Result<Bytes> key(uint32_t id) const override {
    if (id != 7) return make_error(Code::not_found, "no such key");
    return Bytes(32, 'k');
  }
};
const Keys kKeys;

SegmentOptions small_segments() {
  SegmentOptions options;
  options.segment_bytes = 1 << 12;
  // No thread: starting one takes longer than all the rest.
  options.flush_log_bytes = options.flush_commits = UINT64_MAX;
  return options;
}

void must(bool what, int line = __builtin_LINE()) {
  if (what) return;
  std::fprintf(stderr, "line %d does not hold\n", line);
  std::abort();
}

void put_file(FaultFs& fs, const std::string& name, const Bytes& bytes) {
  auto file = *fs.open("/s/" + name, OpenMode::create_new);
  must(file->write_at(0, {bytes}).has_value() && file->sync().has_value());
}

// What a read answers, or nullopt. Every octet must come from the store: what was in the memory
// before makes no difference.
std::optional<Bytes> read(BlobReader& reader, ByteRange range) {
  Bytes one(range.length, '\x55'), other(range.length, '\xaa');
  const Status first = reader.read(range, one.data());
  const Status second = reader.read(range, other.data());
  must(first.has_error() == second.has_error());
  if (first.has_error()) return std::nullopt;
  must(one == other);
  return one;
}

// Every blob, in parts and whole.
void check_blobs(BlobStore& store, Catalog& catalog, const SegmentScript* honest) {
  int left = 6;
  must(catalog
           .for_each_blob([&](const BlobInfo& blob) {
             auto reader = store.open(blob.digest);
             must(reader.has_value() && (*reader)->size() == blob.size);
             must((*reader)->read({blob.size, 1}, nullptr).has_error());
             const uint64_t n = std::min(blob.size, kReadBytesMax);
             // Behind first: nothing of the chunk was read before.
             const auto end = read(**reader, {n - n / 3, n / 3});
             auto anew = store.open(blob.digest);
             const auto whole = read(**anew, {0, n});
             if (whole) must(!end || *end == whole->substr(n - n / 3));
             if (whole && honest != nullptr) {
               const auto meant = honest->blobs.find(blob.digest);
               must(meant != honest->blobs.end() && *whole == meant->second);
             }
             return --left > 0;
           })
           .has_value());
}

bool expected(Code code) {
  return code == Code::corrupt || code == Code::unsupported || code == Code::permission_denied ||
         code == Code::not_found;
}

// Nullopt when not all of them can be read.
std::optional<std::vector<Bytes>> replayed(BlobStore& store) {
  std::vector<Bytes> out;
  const Status done = store.replay(CommitNumber{0}, [&](const Committed& c) -> Status {
    out.emplace_back(c.payload);
    return {};
  });
  must(done.has_value() || expected(done.error().code));
  if (done.has_error()) return std::nullopt;
  return out;
}

// What walks over every blob comes to its end.
void check_walks(BlobStore& store, Catalog& catalog) {
  uint64_t plain_bytes = 0;
  (void)catalog.for_each_blob([&](const BlobInfo& b) {
    plain_bytes += std::min(b.size, kReadBytesMax + 1);
    must(store.stat(b.digest).has_value());
    return true;
  });
  must(store.stats().has_value());
  if (plain_bytes <= kReadBytesMax) must(store.verify(0, nullptr).has_value());
}

// Opens what `fs` holds and lives on with it. False when it cannot be opened. `catalog` is empty,
// or knows the log from before it was damaged.
bool check_store(FaultFs& fs, MemoryCatalog& catalog, const KeyRing* keys, bool thorough,
                 const SegmentScript* honest) {
  const bool indexed = catalog.applied().value > 0;
  auto opened = open_segment_store(fs, "/s", catalog, small_segments(), keys);
  if (opened.has_error()) {
    must(expected(opened.error().code));
    return false;
  }
  BlobStore& store = **opened;
  const auto commits = replayed(store);
  if (honest != nullptr) must(commits ? *commits == catalog.payloads() : indexed);
  check_blobs(store, catalog, honest);
  if (thorough) check_walks(store, catalog);

  // It takes more, and after a power cut all of it is there; from the log alone when that was read.
  auto writer = *store.writer(Cuts::given);
  must(writer->write("taken afterwards").has_value());
  Commit commit;
  commit.blobs.push_back(*writer->finish());
  const Digest digest = commit.blobs[0].digest;
  commit.payload = MemoryCatalog::keep(digest);
  must(store.commit(std::move(commit)).has_value());
  if (thorough) {
    const auto plan = store.plan_gc();
    must(plan.has_value());
    (void)store.collect(*plan, nullptr);
  }
  const std::vector<Bytes> payloads = catalog.payloads();
  const auto disk = fs.after_power_cut(FaultFs::Cut::synced_only, 0);
  MemoryCatalog fresh;
  if (indexed) fresh.take_over(catalog);
  opened->reset();
  auto again = open_segment_store(*disk, "/s", fresh, small_segments(), keys);
  must(again.has_value() && fresh.payloads() == payloads);
  auto reader = (*again)->open(digest);
  must(reader.has_value());
  const auto back = read(**reader, {0, (*reader)->size()});
  must(back && *back == "taken afterwards");
  return true;
}

// A segment by itself, without a store around it.
void check_segment(FaultFs& fs) {
  auto opened = Segment::open(fs, "/s", 1, 0);
  if (opened.has_error()) return;
  Segment& segment = **opened;
  const uint64_t size = *segment.file().size();
  uint64_t last = 0;
  Bytes decompressed;
  const auto scan = segment.scan([&](uint64_t offset, const RecordHeader& h) -> Status {
    must(offset > last && offset % kRecordAlignment == 0);
    must(offset + stored_length(h.payload_length) <= padded(size));
    last = offset;
    const auto payload = segment.payload_at(offset, h, &kKeys);
    if (payload.has_error()) return {};
    must(payload->size() == h.payload_length);
    if (h.type == RecordType::commit) (void)decode_commit(*payload);
    if (h.type != RecordType::chunk || h.plain_length == 0 || h.plain_length > kReadBytesMax)
      return {};
    const ChunkLocation where{1, static_cast<uint32_t>(offset / kRecordAlignment),
                              static_cast<uint32_t>(stored_length(h.payload_length)),
                              h.plain_length};
    Bytes whole(h.plain_length, '\0');
    if (segment.read_chunk(where, h.digest, {0, whole.size()}, whole.data(), &kKeys, decompressed)
            .has_error()) {
      return {};
    }
    if ((h.flags & kFlagZstd) == 0) must(whole == *payload);
    const ByteRange part{whole.size() * 2 / 3, whole.size() / 5 + 1};
    Bytes bytes(part.length, '\0');
    const Status read =
        segment.read_chunk(where, h.digest, part, bytes.data(), &kKeys, decompressed);
    must(read.has_error() == (part.end() > whole.size()));
    if (read.has_value()) must(whole.substr(part.begin, part.length) == bytes);
    return {};
  });
  must(scan.has_error() || scan->end <= padded(size));
}

void round_trip(ByteView body) {
  const auto commit = decode_commit(body);
  if (commit.has_error()) return;
  const Bytes again = encode(*commit);
  const auto back = decode_commit(again);
  must(back.has_value() && encode(*back) == again);
}

void put_log(FaultFs& fs, const SegmentScript& script) {
  for (const auto& s : script.segments) {
    const std::string name = archive::Segment::file_name(s.header.number, s.header.generation);
    if (!*fs.exists("/s/" + name)) put_file(fs, name, s.bytes);
  }
  must(fs.sync_dir("/s").has_value());
}

// One place of an honest log: cut off, filled with zeros to the end, or up to four octets in a row
// changed (which CRC-32C always finds).
void damaged(uint8_t how, Octets in) {
  const uint64_t place = in.number(2), segment = in.number(1);
  const auto bits = static_cast<uint32_t>(in.number(4));
  SegmentScript script(false, (how & 1) != 0 ? Bytes(32, 'k') : Bytes());
  script.run(in);
  MemoryCatalog catalog;
  const bool indexed = (how & 0x40) != 0 && !script.payloads.empty();
  if (indexed) {
    FaultFs intact;
    put_log(intact, script);
    must(open_segment_store(intact, "/s", catalog, small_segments(), &kKeys).has_value());
    must(catalog.applied().value == script.payloads.size());
  }
  auto& target = script.segments[segment % script.segments.size()];
  const uint64_t at = place * 3 % target.bytes.size();
  uint64_t until = target.bytes.size();
  switch (how >> 1 & 3) {
    case 0: target.bytes.resize(at); break;
    case 1:
      std::fill(target.bytes.begin() + static_cast<long>(at), target.bytes.end(), '\0');
      break;
    default:
      until = std::min<uint64_t>(until, at + 4);
      for (uint64_t i = at; i < until; ++i)
        target.bytes[i] ^= static_cast<char>(bits >> 8 * (i - at));
      break;
  }
  // What the rest shows to have been durable.
  uint64_t durable = 0, commits_kept = 0;
  for (size_t i = 0; i < script.segments.size(); ++i) {
    const bool hit = &script.segments[i] == &target && at < kSegmentHeaderBytes;
    if (!hit) durable = std::max(durable, script.segments[i].header.base_sequence);
  }
  const auto hit = [&](const SegmentScript::Placed& r) {
    return &script.segments[r.segment] == &target && at < r.offset + r.length && until > r.offset;
  };
  for (const auto& r : script.records) {
    if (!hit(r)) durable = std::max(durable, r.durable_sequence);
  }
  for (const auto& r : script.records) commits_kept += r.commit && r.sequence <= durable ? 1 : 0;

  if (indexed) commits_kept = script.payloads.size();

  FaultFs fs;
  put_log(fs, script);
  if (!check_store(fs, catalog, &kKeys, (how & 0x18) == 0x18, &script)) return;
  must(catalog.payloads().size() > commits_kept);  // one was added
  for (size_t i = 0; i < commits_kept; ++i) must(catalog.payloads()[i] == script.payloads[i]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool quiet = (set_log_level(Level::off), true);
  if (!quiet || size < 2) return 0;
  const ByteView rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  FaultFs fs;
  MemoryCatalog catalog;
  switch (data[0] % 4) {
    case 0:
      round_trip(rest);
      put_file(fs, "seg-00000001.0", Bytes(rest));
      break;
    case 1: {
      SegmentHeader header;
      header.number = 1;
      header.first_commit = 1;
      put_file(fs, "seg-00000001.0", encode(header) + Bytes(rest));
      break;
    }
    case 2: {
      Octets in(rest);
      SegmentScript script(true, (data[1] & 1) != 0 ? Bytes(32, 'k') : Bytes());
      script.run(in);
      put_log(fs, script);
      break;
    }
    default: damaged(data[1], Octets(rest)); return 0;
  }
  check_segment(fs);
  must(fs.sync_dir("/s").has_value());
  const KeyRing* const keys = (data[1] & 2) != 0 ? nullptr : &kKeys;
  check_store(fs, catalog, keys, (data[1] & 0x18) == 0x18, nullptr);
  return 0;
}
