#include "archive/segment.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>

#include "base/codec.h"

namespace medarc::archive {
namespace {

constexpr char kMagic[9] = "MEDARCSG";

Error at_place(Error e, const std::string& path, uint64_t offset) {
  return with_context(std::move(e),
                      fmt::format("{} at {}", path.substr(path.rfind('/') + 1), offset));
}

// Memory of the thread, reused: filling fresh memory with zeros costs as much as reading into it.
// Good until the next call with the same `Use`.
template <int Use>
char* scratch(size_t bytes) {
  thread_local std::unique_ptr<char[]> memory;
  thread_local size_t size = 0;
  if (bytes > size) {
    memory.reset(new char[bytes]);
    size = bytes;
  }
  return memory.get();
}

}  // namespace

Bytes encode(const SegmentHeader& h) {
  Encoder out;
  out.raw({kMagic, 8});
  out.fixed(h.version);
  out.fixed(h.number);
  out.fixed(h.generation);
  out.fixed(uint32_t{0});
  out.fixed(h.salt);
  out.fixed(h.first_commit);
  out.fixed(h.base_sequence);
  Bytes bytes = out.take();
  bytes.resize(kSegmentHeaderBytes - 4, '\0');
  Encoder crc;
  crc.fixed(crc32c(bytes));
  return bytes + crc.take();
}

Result<SegmentHeader> decode_segment_header(ByteView bytes) {
  if (bytes.size() < kSegmentHeaderBytes || bytes.substr(0, 8) != ByteView(kMagic, 8)) {
    return make_error(Code::corrupt, "not a segment");
  }
  Decoder crc(bytes.substr(kSegmentHeaderBytes - 4));
  if (crc.fixed<uint32_t>() != crc32c(bytes.substr(0, kSegmentHeaderBytes - 4))) {
    return make_error(Code::corrupt, "the segment's header fails its checksum");
  }
  Decoder in(bytes.substr(8));
  SegmentHeader h;
  h.version = in.fixed<uint32_t>();
  if (h.version < kFormatFirst || h.version > kFormatCoded) {
    return make_error(
        Code::unsupported,
        fmt::format("format {} was written by a newer Medarc; this one reads {} to {}", h.version,
                    kFormatFirst, kFormatCoded));
  }
  h.number = in.fixed<uint32_t>();
  h.generation = in.fixed<uint32_t>();
  in.fixed<uint32_t>();
  h.salt = in.fixed<uint64_t>();
  h.first_commit = in.fixed<uint64_t>();
  h.base_sequence = in.fixed<uint64_t>();
  if (h.number == 0 || h.first_commit == 0) {
    return make_error(Code::corrupt, "the segment's header cannot be");
  }
  return h;
}

Result<Bytes> key_for(const KeyRing* keys, uint32_t id) {
  if (id == 0) return Bytes();
  if (keys == nullptr)
    return make_error(Code::permission_denied, "the store is encrypted; no keys given");
  return keys->key(id);
}

std::string Segment::file_name(uint32_t number, uint32_t generation) {
  return fmt::format("seg-{:08}.{}", number, generation);
}

std::optional<std::pair<uint32_t, uint32_t>> Segment::parse_name(const std::string& name) {
  if (name.size() < 14 || name.compare(0, 4, "seg-") != 0 || name[12] != '.') return std::nullopt;
  uint32_t number = 0, generation = 0;
  auto a = std::from_chars(name.data() + 4, name.data() + 12, number);
  auto b = std::from_chars(name.data() + 13, name.data() + name.size(), generation);
  if (a.ptr != name.data() + 12 || b.ptr != name.data() + name.size()) return std::nullopt;
  return std::pair{number, generation};
}

Result<std::shared_ptr<Segment>> Segment::create(Fs& fs, const std::string& dir,
                                                 const SegmentHeader& header) {
  const std::string path = dir + "/" + file_name(header.number, header.generation);
  MEDARC_ASSIGN(auto file, fs.open(path, OpenMode::create_new));
  auto segment = std::make_shared<Segment>(std::move(file), header, path);
  const Bytes head = encode(header);
  MEDARC_TRY(segment->file().write_at(0, {head}));
  return segment;
}

Result<std::shared_ptr<Segment>> Segment::open(Fs& fs, const std::string& dir, uint32_t number,
                                               uint32_t generation) {
  const std::string path = dir + "/" + file_name(number, generation);
  MEDARC_ASSIGN(auto file, fs.open(path, OpenMode::read_write));
  char head[kSegmentHeaderBytes];
  MEDARC_ASSIGN(const size_t n, file->read_at(0, head, sizeof head));
  auto header = decode_segment_header({head, n});
  if (header.has_error()) return at_place(header.error(), path, 0);
  if (header->number != number || header->generation != generation) {
    return at_place(make_error(Code::corrupt, "the segment's name and header disagree"), path, 0);
  }
  return std::make_shared<Segment>(std::move(file), *header, path);
}

Result<std::optional<RecordHeader>> Segment::header_at(uint64_t offset) {
  char bytes[kRecordHeaderBytes];
  MEDARC_ASSIGN(const size_t n, file_->read_at(offset, bytes, sizeof bytes));
  return parse_header({bytes, n}, header_.salt);
}

Result<Bytes> Segment::payload_at(uint64_t offset, const RecordHeader& h, const KeyRing* keys) {
  MEDARC_ASSIGN(const Bytes key, key_for(keys, h.key_id));
  Bytes stored(stored_length(h.payload_length) - kRecordHeaderBytes, '\0');
  MEDARC_ASSIGN(const size_t n,
                file_->read_at(offset + kRecordHeaderBytes, stored.data(), stored.size()));
  if (n != stored.size()) {
    return at_place(make_error(Code::corrupt, "a record is cut short"), path_, offset);
  }
  Bytes out(h.payload_length, '\0');
  if (auto s = open_units(h, 0, stored, key, out.data()); s.has_error()) {
    return at_place(s.error(), path_, offset);
  }
  return out;
}

Status Segment::read_chunk(const ChunkLocation& where, const Digest& chunk, ByteRange range,
                           char* out, const KeyRing* keys, Bytes& decompressed, Decoding decoding) {
  const uint64_t offset = uint64_t{where.offset_units} * kRecordAlignment;
  if (range.begin > where.plain_length || range.length > where.plain_length - range.begin ||
      where.stored_length < kRecordHeaderBytes) {
    return at_place(make_error(Code::corrupt, "a manifest reaches beyond a chunk"), path_, offset);
  }
  // One read for the header and, when the range starts in the first unit, for the units as well.
  const uint64_t first = range.begin / kUnitBytes;
  const uint64_t last = (range.end() + kUnitBytes - 1) / kUnitBytes;  // one past
  constexpr uint64_t step = kUnitBytes + kUnitTrailerBytes;
  const uint64_t body = where.stored_length - kRecordHeaderBytes;
  const uint64_t until = std::min(last * step, body);
  const uint64_t units_from = std::min(first * step, until);  // a compressed body may end before
  const bool together = first == 0;
  const size_t wanted = kRecordHeaderBytes + (together ? until : 0);
  char* const buffer = scratch<0>(kRecordHeaderBytes + until - units_from);
  MEDARC_ASSIGN(size_t n, file_->read_at(offset, buffer, wanted));
  auto h = parse_header(ByteView(buffer, n), header_.salt);
  if (!h || h->type != RecordType::chunk || h->digest != chunk ||
      h->plain_length != where.plain_length ||
      stored_length(h->payload_length) != where.stored_length) {
    return at_place(make_error(Code::not_found, "the chunk is not here"), path_, offset);
  }
  if (h->flags != 0) {
    MEDARC_ASSIGN(const Bytes payload, payload_at(offset, *h, keys));
    auto whole = decompress(*h, payload, decoding);
    if (whole.has_error()) return at_place(whole.error(), path_, offset);
    decompressed = std::move(*whole);
    decompressed.copy(out, range.length, range.begin);
    return {};
  }
  MEDARC_ASSIGN(const Bytes key, key_for(keys, h->key_id));
  if (!together) {
    MEDARC_ASSIGN(const size_t rest,
                  file_->read_at(offset + kRecordHeaderBytes + units_from,
                                 buffer + kRecordHeaderBytes, until - units_from));
    n += rest;
  }
  if (n != kRecordHeaderBytes + until - units_from) {
    return at_place(make_error(Code::corrupt, "a chunk is cut short"), path_, offset);
  }
  const ByteView units(buffer + kRecordHeaderBytes, until - units_from);
  const uint64_t skip = range.begin - first * kUnitBytes;
  const uint64_t plain_length = units.size() - (last - first) * kUnitTrailerBytes;
  Status opened;
  if (skip == 0 && plain_length == range.length) {
    opened = open_units(*h, static_cast<uint32_t>(first), units, key, out);
  } else {
    char* const plain = scratch<1>(plain_length);
    opened = open_units(*h, static_cast<uint32_t>(first), units, key, plain);
    if (opened.has_value()) ByteView(plain, plain_length).copy(out, range.length, skip);
  }
  if (opened.has_error()) return at_place(opened.error(), path_, offset);
  return {};
}

Result<Bytes> Segment::decompress(const RecordHeader& h, ByteView payload,
                                  Decoding decoding) const {
  if (h.flags == kFlagCoded) {
    if (decoding.chunks == nullptr) return make_error(Code::unavailable, "no codec is at hand");
    MEDARC_ASSIGN(Bytes whole, decoding.chunks->decode(h.digest, payload, h.plain_length));
    if (!decoding.fresh) decoding.chunks->keep(h.digest, whole);
    return whole;
  }
  Bytes whole(h.plain_length, '\0');
  MEDARC_TRY(decompress_chunk(payload, whole.data(), whole.size()));
  return whole;
}

Result<Segment::Scan> Segment::scan(
    const std::function<Status(uint64_t offset, const RecordHeader&)>& visit) {
  Scan result;
  result.end = kSegmentHeaderBytes;
  result.last_sequence = header_.base_sequence;
  MEDARC_ASSIGN(const uint64_t size, file_->size());
  while (result.end < size) {
    MEDARC_ASSIGN(auto h, header_at(result.end));
    if (!h || h->sequence <= result.last_sequence) break;
    const uint64_t length = padded(stored_length(h->payload_length));
    if (result.end + length > padded(size)) break;
    if (h->type == RecordType::seal) {
      result.sealed = true;
      result.last_sequence = h->sequence;
      result.end += length;
      break;
    }
    MEDARC_TRY(visit(result.end, *h));
    result.last_sequence = h->sequence;
    result.end += length;
  }
  return result;
}

}  // namespace medarc::archive
