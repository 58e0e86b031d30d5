#include "genomics/cram_walk.h"

#include <zlib.h>

#include <algorithm>

#include "base/codec.h"

namespace medarc::genomics {
namespace {

constexpr int32_t kEndStart = 4542278;  // "EOF" where a position would be
constexpr size_t kBlockHeadBytesMax = 2 + 3 * 5;
enum ContentType : uint8_t { kFileHeader = 0, kCompressionHeader = 1, kSliceHeader = 2 };

uint32_t crc_of(ByteView bytes, uint32_t before = 0) {
  return static_cast<uint32_t>(
      ::crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

uint32_t le32(ByteView b) {
  uint32_t v = 0;
  for (size_t i = 0; i < 4; ++i) v |= static_cast<uint32_t>(static_cast<uint8_t>(b[i])) << (8 * i);
  return v;
}

// CRAM's numbers of variable length (2.3). `short_` once too few bytes are there.
class Numbers {
 public:
  explicit Numbers(ByteView bytes) : bytes_(bytes) {}

  int32_t itf8() {
    const uint32_t first = byte();
    if (first < 0x80) return static_cast<int32_t>(first);
    if (first < 0xC0) return static_cast<int32_t>((first & 0x3F) << 8 | byte());
    if (first < 0xE0) return static_cast<int32_t>((first & 0x1F) << 16 | more(2));
    if (first < 0xF0) return static_cast<int32_t>((first & 0x0F) << 24 | more(3));
    const uint64_t rest = more(4);  // its last byte has four bits
    return static_cast<int32_t>((first & 0x0F) << 28 | static_cast<uint32_t>(rest >> 8) << 4 |
                                static_cast<uint32_t>(rest & 0x0F));
  }
  int64_t ltf8() {
    const uint32_t first = byte();
    int extra = 0;
    while (extra < 8 && (first & 0x80u >> extra) != 0) ++extra;
    const uint64_t high = extra >= 7 ? 0 : uint64_t{first & (0xFFu >> (extra + 1))};
    return static_cast<int64_t>(extra == 0 ? high : high << (8 * extra % 64) | more(extra));
  }
  int32_t int32() {
    const ByteView four = raw(4);
    return four.size() < 4 ? 0 : static_cast<int32_t>(le32(four));
  }
  ByteView raw(size_t n) {
    if (bytes_.size() - at_ < n) {
      short_ = true;
      return {};
    }
    at_ += n;
    return bytes_.substr(at_ - n, n);
  }
  bool ok() const { return !short_; }
  size_t at() const { return at_; }

 private:
  uint32_t byte() {
    const ByteView one = raw(1);
    return one.empty() ? 0 : static_cast<uint8_t>(one[0]);
  }
  uint64_t more(int count) {
    uint64_t out = 0;
    for (int i = 0; i < count; ++i) out = out << 8 | byte();
    return out;
  }

  const ByteView bytes_;
  size_t at_ = 0;
  bool short_ = false;
};

}  // namespace

Result<CramVersion> cram_version(ByteView definition) {
  if (definition.size() < kCramDefinitionBytes || !definition.starts_with("CRAM")) {
    return make_error(Code::invalid_argument, "the file does not begin as a CRAM file");
  }
  const CramVersion v{static_cast<uint8_t>(definition[4]), static_cast<uint8_t>(definition[5])};
  if ((v.major == 2 && v.minor == 1) || (v.major == 3 && v.minor <= 1)) return v;
  return make_error(Code::unsupported, "CRAM " + std::to_string(v.major) + "." +
                                           std::to_string(v.minor) +
                                           " is not taken; 2.1, 3.0 and 3.1 are");
}

Result<std::optional<CramContainer>> read_cram_container(ByteView bytes, CramVersion version) {
  using Answer = std::optional<CramContainer>;
  const auto bad = [](const char* what) { return make_error(Code::invalid_argument, what); };
  Numbers in(bytes);
  CramContainer out;
  const int32_t length = in.int32();
  out.ref_id = in.itf8();
  const int32_t start = in.itf8();
  in.itf8();  // span
  const int32_t records = in.itf8();
  if (version.major >= 3) {
    in.ltf8();  // counter of records
  } else {
    in.itf8();
  }
  in.ltf8();  // bases
  const int32_t blocks = in.itf8(), landmarks = in.itf8();
  if (!in.ok()) return Answer();
  if (length < 0 || records < 0 || blocks < 0 || landmarks < 0 || landmarks > blocks) {
    return bad("its header holds a number that cannot be");
  }
  int32_t before = -1;
  for (int32_t i = 0; i < landmarks; ++i) {
    const int32_t landmark = in.itf8();
    if (!in.ok()) return Answer();
    if (landmark <= before || landmark >= length) return bad("its slices are out of order");
    out.landmarks.push_back(static_cast<uint32_t>(before = landmark));
  }
  if (version.major >= 3) {
    const uint32_t crc = crc_of(bytes.substr(0, in.at()));
    const ByteView stored = in.raw(4);
    if (!in.ok()) return Answer();
    if (le32(stored) != crc) return bad("the CRC-32 of its header is wrong");
  }
  out.header_bytes = static_cast<uint32_t>(in.at());
  out.blocks_bytes = static_cast<uint64_t>(length);
  out.records = static_cast<uint64_t>(records);
  out.blocks = static_cast<uint32_t>(blocks);
  out.end = out.ref_id == -1 && start == kEndStart && records == 0;
  return Answer(std::move(out));
}

Error CramWalk::bytes_follow() {
  return make_error(Code::invalid_argument, "bytes follow the CRAM file's end container");
}

Error CramWalk::bad(const std::string& what) const {
  return make_error(Code::invalid_argument, "CRAM container " + std::to_string(number_) +
                                                " at byte " + std::to_string(container_at_) + ": " +
                                                what);
}

Status CramWalk::feed(ByteView bytes) {
  while (!bytes.empty()) {
    if (in_ == In::data && waiting_.empty() && data_left_ > 0) {
      const ByteView piece = bytes.substr(0, data_left_);
      crc_ = crc_of(piece, crc_);
      data_left_ -= piece.size();
      at_ += piece.size();
      bytes.remove_prefix(piece.size());
      continue;
    }
    // Heads are small; what was waited for is looked at again with a little more.
    const ByteView piece = bytes.substr(0, 4096);
    waiting_.append(piece);
    bytes.remove_prefix(piece.size());
    bool more = false;
    while (!more) MEDARC_TRY(step(more));
  }
  bool more = false;
  while (!more) MEDARC_TRY(step(more));
  return {};
}

// Does what the waiting bytes allow; `more`: nothing until others come.
Status CramWalk::step(bool& more) {
  const auto taken = [&](size_t n) {
    waiting_.erase(0, n);
    at_ += n;
  };
  switch (in_) {
    case In::definition: {
      if (waiting_.size() < kCramDefinitionBytes) {
        more = true;
        return {};
      }
      MEDARC_ASSIGN(outline_.version, cram_version(waiting_));
      taken(kCramDefinitionBytes);
      in_ = In::container;
      return {};
    }
    case In::container: {
      if (waiting_.empty()) {
        more = true;
        return {};
      }
      container_at_ = at_;
      auto head = read_cram_container(waiting_, outline_.version);
      if (head.has_error()) {
        if (ended_) return bytes_follow();
        ++number_;
        return bad(head.error().text);
      }
      // Whole or not: what is refused does not hang on how the file was cut on its way.
      const uint64_t header_bytes = *head ? (*head)->header_bytes : waiting_.size();
      if (header_bytes > limits_.cram_container_header_bytes_max) {
        return make_error(Code::too_large,
                          "a container's header is over genomics.cram_container_header_bytes_max");
      }
      if (!*head) {
        more = true;
        return {};
      }
      // Some tools end a file twice.
      if (ended_ && !(*head)->end) return bytes_follow();
      ++number_;
      container_ = std::move(**head);
      taken(container_.header_bytes);
      return container();
    }
    case In::block: return block_head(more);
    case In::data:
    case In::padding: {
      if (data_left_ == 0) {
        if (in_ == In::padding) return container_ends();
        in_ = In::crc;
        return {};
      }
      const ByteView piece = ByteView(waiting_).substr(0, data_left_);
      if (piece.empty()) {
        more = true;
        return {};
      }
      crc_ = crc_of(piece, crc_);
      data_left_ -= piece.size();
      taken(piece.size());
      return {};
    }
    case In::crc: {
      if (outline_.version.major < 3) return block_ends();
      if (waiting_.size() < 4) {
        more = true;
        return {};
      }
      if (le32(waiting_) != crc_)
        return bad("the CRC-32 of block " + std::to_string(blocks_) + " is wrong");
      taken(4);
      return block_ends();
    }
  }
  return {};
}

Status CramWalk::container() {
  inside_ = blocks_ = 0;
  landmark_ = 0;
  if (container_.blocks_bytes == 0 && container_.blocks > 0)
    return bad("it has no room for its blocks");
  if (header_seen_ && !container_.end) {
    if (outline_.containers >= limits_.blocks_max) {
      return make_error(Code::too_large,
                        "the CRAM file has more containers than genomics.blocks_max");
    }
    ++outline_.containers;
    outline_.slices += container_.landmarks.size();
    outline_.records += container_.records;
  }
  in_ = In::block;
  return container_.blocks_bytes == 0 ? container_ends() : Status();
}

Status CramWalk::block_head(bool& more) {
  Numbers in(waiting_);
  const ByteView kinds = in.raw(2);
  in.itf8();  // content id
  const int32_t bytes = in.itf8(), raw_bytes = in.itf8();
  if (!in.ok()) {
    more = true;
    if (waiting_.size() > kBlockHeadBytesMax) return bad("a block's head cannot be read");
    return {};
  }
  ++blocks_;
  const auto type = static_cast<uint8_t>(kinds[1]);
  const size_t crc_bytes = outline_.version.major >= 3 ? 4 : 0;
  if (bytes < 0 || raw_bytes < 0 ||
      inside_ + in.at() + static_cast<uint64_t>(bytes) + crc_bytes > container_.blocks_bytes) {
    return bad("block " + std::to_string(blocks_) + " is longer than its container");
  }
  if (!header_seen_ && blocks_ == 1 && type != kFileHeader)
    return bad("it does not hold the header");
  if (header_seen_ && !container_.end && blocks_ == 1 && type != kCompressionHeader) {
    return bad("it does not begin with a compression header");
  }
  // In the container of the header they point to no slices.
  if (header_seen_ && landmark_ < container_.landmarks.size() &&
      container_.landmarks[landmark_] <= inside_) {
    if (container_.landmarks[landmark_] != inside_ || type != kSliceHeader) {
      return bad("slice " + std::to_string(landmark_ + 1) + " is not where it should be");
    }
    ++landmark_;
  }
  crc_ = crc_of(ByteView(waiting_).substr(0, in.at()));
  data_left_ = static_cast<uint64_t>(bytes);
  inside_ += in.at() + data_left_ + crc_bytes;
  at_ += in.at();
  waiting_.erase(0, in.at());
  in_ = In::data;
  return {};
}

Status CramWalk::block_ends() {
  in_ = In::block;
  if (inside_ < container_.blocks_bytes) {
    if (blocks_ < container_.blocks) return {};
    if (header_seen_) return bad("bytes are left behind its last block");
    // Some writers leave room behind the header, so that it can grow in place.
    data_left_ = container_.blocks_bytes - inside_;
    in_ = In::padding;
    return {};
  }
  return container_ends();
}

Status CramWalk::container_ends() {
  if (blocks_ < container_.blocks) return bad("it ends before its last block");
  if (header_seen_ && landmark_ < container_.landmarks.size()) {
    return bad("it ends before its last slice");
  }
  header_seen_ = true;
  ended_ = container_.end;
  in_ = In::container;
  return {};
}

Result<CramOutline> CramWalk::finish() const {
  if (in_ == In::definition)
    return make_error(Code::invalid_argument, "the CRAM file ends in its first bytes");
  if (in_ != In::container) return bad("the file is truncated inside it");
  if (!waiting_.empty()) {
    if (ended_) return bytes_follow();
    return make_error(
        Code::invalid_argument,
        "the CRAM file is truncated in the header of container " + std::to_string(number_ + 1));
  }
  if (!header_seen_) return make_error(Code::invalid_argument, "the CRAM file has no header");
  if (!ended_) {
    return make_error(Code::invalid_argument,
                      "the CRAM file is truncated: its end container is missing, after container " +
                          std::to_string(number_));
  }
  return outline_;
}

}  // namespace medarc::genomics
