// A log made from a fuzzer's bytes: each step writes a well-formed record (its checksums right), so
// that what is fuzzed lies behind them. With `lies`, steps may also falsify the fields of the next
// record or commit, and put raw bytes between records.
#pragma once

#include <map>
#include <optional>

#include "archive/commit_record.h"
#include "archive/hash.h"
#include "archive/segment.h"

namespace medarc::fuzz {

// Octets taken from the front; zeros when there are no more.
class Octets {
 public:
  explicit Octets(ByteView in) : in_(in) {}
  bool more() const { return !in_.empty(); }
  uint64_t number(size_t octets) {
    uint64_t v = 0;
    for (const char c : take(octets)) v = v << 8 | static_cast<uint8_t>(c);
    return v;
  }
  ByteView take(size_t n) {
    const ByteView out = in_.substr(0, n);
    in_.remove_prefix(out.size());
    return out;
  }

 private:
  ByteView in_;
};

class SegmentScript {
 public:
  struct Placed {
    size_t segment = 0;  // in `segments`
    uint64_t offset = 0, length = 0;
    uint64_t sequence = 0, durable_sequence = 0;
    bool commit = false;
  };
  struct Segment {
    archive::SegmentHeader header;
    Bytes bytes;
  };

  SegmentScript(bool lies, ByteView key) : lies_(lies), key_(key) { begin_segment(); }

  void run(Octets& in) {
    for (int steps = 0; in.more() && steps < 20; ++steps) {
      const auto op = static_cast<uint8_t>(in.number(1));
      switch (op % 8) {
        case 0:
        case 1: chunk(Bytes(in.take(op >> 3)), false); break;
        case 2: chunk(repeated(in, (op & 0x78) == 0), (op & 0x80) != 0); break;
        case 3: commit(); break;
        case 4: durable_ = sequence_; break;
        case 5: end_segment(); break;
        case 6:
          if (lies_) falsify(static_cast<Field>(op >> 3), in.number(1), in);
          break;
        case 7:
          if (!lies_) break;
          if ((op & 8) != 0) {
            add(commit_header(), Bytes(in.take(op >> 4)));
          } else {
            Bytes& bytes = segments.back().bytes;
            bytes.append(in.take(op >> 4));
            bytes.resize(archive::padded(bytes.size()));
          }
          break;
      }
    }
  }

  std::vector<Segment> segments;
  std::vector<Placed> records;
  std::map<Digest, Bytes> blobs;  // committed, by their digest
  std::vector<Bytes> payloads;    // of the commits, in order

 private:
  enum class Field : uint8_t {
    type,
    flags,
    key_id,
    plain_length,
    payload_length,
    sequence,
    durable_sequence,
    digest,
    number,
    segment,
    offset_units,
    stored_length,
    chunk_plain_length,
    entry_length,
    blob_size,
    base_sequence,
    first_commit,
    generation,
    segment_number,
    salt
  };

  // The next value of `field` is another one: near the true one, or at an end of what it holds.
  void falsify(Field field, uint64_t how, Octets& in) {
    static constexpr uint64_t kEnds[] = {0,          1,          95,         1ull << 31,
                                         UINT32_MAX, 1ull << 32, 1ull << 63, UINT64_MAX};
    falsified_[field] = how < 8    ? Lie{kEnds[how], 0}
                        : how < 16 ? Lie{in.number(8), 0}
                                   : Lie{{}, how - 128};
  }
  template <class T>
  void lie(Field field, T& value) {
    const auto found = falsified_.find(field);
    if (found == falsified_.end()) return;
    value =
        static_cast<T>(found->second.value ? *found->second.value
                                           : static_cast<uint64_t>(value) + found->second.change);
    falsified_.erase(found);
  }

  // Some hundred octets; or, the first time, some units of them, no two of which are the same.
  Bytes repeated(Octets& in, bool units) {
    const size_t bytes = units && !std::exchange(had_units_, true)
                             ? archive::kUnitBytes - 100 + in.number(2) * 2
                             : in.number(2) % 1000;
    const ByteView seed = in.take(5);
    Bytes pattern;
    while (pattern.size() < 1000) pattern.append("0123456789abcdef").append(seed);
    Bytes out;
    while (out.size() < bytes) out.append(std::to_string(out.size())).append(pattern);
    out.resize(bytes);
    return out;
  }

  void begin_segment() {
    archive::SegmentHeader h;
    h.number = static_cast<uint32_t>(segments.size() + 1);
    h.salt = 0x5a17 + segments.size();
    h.first_commit = payloads.size() + 1;
    h.base_sequence = sequence_;
    lie(Field::base_sequence, h.base_sequence);
    lie(Field::first_commit, h.first_commit);
    lie(Field::generation, h.generation);
    lie(Field::segment_number, h.number);
    lie(Field::salt, h.salt);
    segments.push_back({h, archive::encode(h)});
  }

  void end_segment() {
    if (segments.size() >= 6) return;
    archive::RecordHeader seal;
    seal.type = archive::RecordType::seal;
    add(seal, {});
    durable_ = sequence_;
    begin_segment();
  }

  void chunk(Bytes plain, bool compress) {
    if (plain.empty()) return;
    archive::RecordHeader h;
    h.digest = archive::Sha256::of(plain);
    h.plain_length = static_cast<uint32_t>(plain.size());
    h.key_id = key_.empty() ? 0 : 7;
    Bytes payload = plain;
    if (Bytes smaller = compress ? archive::compress_chunk(plain) : Bytes(); !smaller.empty()) {
      payload = std::move(smaller);
      h.flags |= archive::kFlagZstd;
    }
    lie(Field::digest, h.digest.value[0]);
    // The same content is stored once.
    if (!lies_ && !stored_.insert({h.digest, plain}).second) {
      entries_.push_back({h.digest, static_cast<uint32_t>(plain.size())});
      whole_ += plain;
      return;
    }
    archive::NewChunk made{h.digest, {}};
    const auto framed = add(h, std::move(payload));
    if (!framed) return;
    made.location = {segments.back().header.number,
                     static_cast<uint32_t>(records.back().offset / archive::kRecordAlignment),
                     static_cast<uint32_t>(archive::stored_length(framed->header().payload_length)),
                     h.plain_length};
    lie(Field::segment, made.location.segment);
    lie(Field::offset_units, made.location.offset_units);
    lie(Field::stored_length, made.location.stored_length);
    lie(Field::chunk_plain_length, made.location.plain_length);
    chunks_.push_back(made);
    archive::ManifestEntry entry{h.digest, static_cast<uint32_t>(plain.size())};
    lie(Field::entry_length, entry.length);
    entries_.push_back(entry);
    whole_ += plain;
  }

  archive::RecordHeader commit_header() {
    archive::RecordHeader h;
    h.type = archive::RecordType::commit;
    h.key_id = key_.empty() ? 0 : 7;
    uint64_t number = payloads.size() + 1;
    lie(Field::number, number);
    for (int i = 0; i < 8; ++i) h.digest.value[i] = static_cast<uint8_t>(number >> (8 * i));
    return h;
  }

  // Everything since the last commit, as one blob.
  void commit() {
    archive::CommitBody body;
    body.chunks = std::move(chunks_);
    archive::NewBlob blob{archive::Sha256::of(whole_), whole_.size(), std::move(entries_)};
    lie(Field::blob_size, blob.size);
    body.payload = "+" + Bytes(blob.digest.view());
    body.blobs.push_back(blob);
    Bytes encoded = archive::encode(body);
    if (!add(commit_header(), std::move(encoded))) return;
    records.back().commit = true;
    payloads.push_back(body.payload);
    blobs[blob.digest] = std::move(whole_);
    chunks_.clear(), entries_.clear(), whole_.clear();
  }

  std::optional<archive::FramedRecord> add(archive::RecordHeader h, Bytes payload) {
    if (h.type == archive::RecordType::commit)
      h.plain_length = static_cast<uint32_t>(payload.size());
    auto type = static_cast<uint8_t>(h.type);
    lie(Field::type, type);
    h.type = static_cast<archive::RecordType>(type);
    lie(Field::flags, h.flags);
    lie(Field::plain_length, h.plain_length);
    auto made = archive::FramedRecord::make(h, std::move(payload), key_);
    if (made.has_error()) return std::nullopt;
    uint64_t sequence = ++sequence_, durable = durable_;
    lie(Field::sequence, sequence);
    lie(Field::durable_sequence, durable);
    std::vector<ByteView> parts;
    const archive::SegmentHeader& segment = segments.back().header;
    made->place(sequence, durable, segment.salt, parts);
    Bytes& bytes = segments.back().bytes;
    const uint64_t at = bytes.size();
    for (const ByteView part : parts) bytes.append(part);
    if (falsified_.contains(Field::payload_length) || falsified_.contains(Field::key_id)) {
      archive::RecordHeader other = made->header();
      lie(Field::payload_length, other.payload_length);
      lie(Field::key_id, other.key_id);
      archive::encode_header(other, segment.salt, bytes.data() + at);
    }
    records.push_back({segments.size() - 1, at, bytes.size() - at, sequence, durable, false});
    return std::move(*made);
  }

  struct Lie {
    std::optional<uint64_t> value;
    uint64_t change = 0;
  };
  const bool lies_;
  const Bytes key_;
  std::map<Field, Lie> falsified_;
  uint64_t sequence_ = 0, durable_ = 0;
  std::map<Digest, Bytes> stored_;
  std::vector<archive::NewChunk> chunks_;
  std::vector<archive::ManifestEntry> entries_;
  Bytes whole_;
  bool had_units_ = false;
};

}  // namespace medarc::fuzz
