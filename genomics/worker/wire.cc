#include "genomics/worker/wire.h"

#include "base/codec.h"

namespace medarc::genomics::wire {
namespace {

constexpr uint8_t kVersion = 2;
constexpr size_t kTextBytesMax = 200;

Error unreadable() { return make_error(Code::invalid_argument, "a message that cannot be read"); }

struct Put {
  Encoder& out;
  void operator()(const Ready& m) const { out.bytes(ByteView(m.problem).substr(0, kTextBytesMax)); }
  void operator()(const Open& m) const { out.bytes(ByteView(m.name).substr(0, kTextBytesMax)); }
  void operator()(const Read& m) const {
    out.fixed(m.handle);
    out.fixed(m.offset);
    out.fixed(m.bytes);
  }
  void operator()(const Close& m) const { out.fixed(m.handle); }
  void operator()(const Write& m) const { out.raw(m.bytes); }
  void operator()(const Done&) const {}
  void operator()(const Failed& m) const {
    out.fixed(static_cast<uint8_t>(m.failure));
    out.fixed(m.records);
  }
};

void put(const std::vector<Region>& regions, Encoder& out) {
  out.varint(regions.size());
  for (const Region& r : regions) {
    out.zigzag(r.tid);
    out.varint(r.begin);
    out.varint(r.end);
  }
}

bool take(Decoder& in, std::vector<Region>& regions) {
  const uint64_t count = in.varint();
  if (count > kRegionsMax) return false;
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    const int64_t tid = in.zigzag();
    const uint64_t begin = in.varint(), end = in.varint();
    if (tid < kUnplaced || tid > INT32_MAX || begin > end || end > kToTheEnd) return false;
    regions.push_back(
        {static_cast<int32_t>(tid), static_cast<uint32_t>(begin), static_cast<uint32_t>(end)});
  }
  return true;
}

}  // namespace

Bytes encode(const Job& job) {
  Encoder out;
  out.fixed(kVersion);
  out.fixed(static_cast<uint8_t>(job.operation));
  out.fixed(static_cast<uint8_t>((job.everything ? 1 : 0) | (job.bases ? 2 : 0) |
                                 (job.compressed ? 4 : 0) | (job.filters ? 8 : 0) |
                                 (job.headless ? 16 : 0)));
  put(job.regions, out);
  put(job.withheld, out);
  return out.take();
}

Result<Job> decode_job(ByteView message) {
  Decoder in(message);
  Job out;
  if (in.fixed<uint8_t>() != kVersion) return unreadable();
  const auto operation = in.fixed<uint8_t>(), flags = in.fixed<uint8_t>();
  if (operation < 1 || operation > 3 || flags > 31) return unreadable();
  out.operation = static_cast<Operation>(operation);
  out.everything = (flags & 1) != 0;
  out.bases = (flags & 2) != 0;
  out.compressed = (flags & 4) != 0;
  out.filters = (flags & 8) != 0;
  out.headless = (flags & 16) != 0;
  if (!take(in, out.regions) || !take(in, out.withheld) || !in.at_end()) return unreadable();
  return out;
}

Bytes encode(const Message& message) {
  Encoder out;
  out.fixed(static_cast<uint8_t>(message.index()));
  std::visit(Put{out}, message);
  return out.take();
}

Result<Message> decode_message(ByteView message) {
  if (message.empty() || message.size() > kMessageBytesMax) return unreadable();
  Decoder in(message.substr(1));
  Message out;
  switch (static_cast<uint8_t>(message[0])) {
    case 0: out = Ready{std::string(in.bytes())}; break;
    case 1: out = Open{std::string(in.bytes())}; break;
    case 2: {
      Read read;
      read.handle = in.fixed<uint32_t>();
      read.offset = in.fixed<uint64_t>();
      read.bytes = in.fixed<uint32_t>();
      if (read.bytes == 0 || read.bytes > kDataBytesMax) return unreadable();
      out = read;
      break;
    }
    case 3: out = Close{in.fixed<uint32_t>()}; break;
    case 4: return Message(Write{message.substr(1)});
    case 5: out = Done{}; break;
    case 6: {
      Failed failed;
      const auto failure = in.fixed<uint8_t>();
      failed.records = in.fixed<uint64_t>();
      if (failure < 1 || failure > 3) return unreadable();
      failed.failure = static_cast<Failure>(failure);
      out = failed;
      break;
    }
    default: return unreadable();
  }
  if (!in.at_end()) return unreadable();
  return out;
}

Bytes encode(const Opened& opened) {
  Encoder out;
  out.fixed(static_cast<uint8_t>(opened.found ? 1 : 0));
  out.fixed(opened.handle);
  out.fixed(opened.bytes);
  return out.take();
}

Result<Opened> decode_opened(ByteView message) {
  Decoder in(message);
  Opened out;
  const auto found = in.fixed<uint8_t>();
  out.handle = in.fixed<uint32_t>();
  out.bytes = in.fixed<uint64_t>();
  if (!in.at_end() || found > 1) return unreadable();
  out.found = found == 1;
  return out;
}

}  // namespace medarc::genomics::wire
