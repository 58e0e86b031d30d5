#include "dicom/pixel/wire.h"

#include <algorithm>

#include "base/codec.h"

namespace medarc::dicom::wire {
namespace {

constexpr uint64_t kVersion = 2;
constexpr size_t kUidBytesMax = 64, kTextBytesMax = 1000;

// A defined term (PS3.5 6.2, CS).
bool is_term(ByteView text) {
  return text.size() <= 16 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ' ';
         });
}

void put(Encoder& out, const FrameShape& s) {
  out.fixed(s.rows);
  out.fixed(s.columns);
  out.fixed(s.samples_per_pixel);
  out.fixed(s.bits_allocated);
  out.fixed(s.bits_stored);
  out.fixed(s.high_bit);
  out.fixed(static_cast<uint8_t>(s.is_signed ? 1 : 0));
  out.fixed(static_cast<uint8_t>(s.planar ? 1 : 0));
  out.bytes(s.photometric);
}

bool get(Decoder& in, FrameShape& s) {
  s.rows = in.fixed<uint32_t>();
  s.columns = in.fixed<uint32_t>();
  s.samples_per_pixel = in.fixed<uint16_t>();
  s.bits_allocated = in.fixed<uint16_t>();
  s.bits_stored = in.fixed<uint16_t>();
  s.high_bit = in.fixed<uint16_t>();
  const auto is_signed = in.fixed<uint8_t>(), planar = in.fixed<uint8_t>();
  s.is_signed = is_signed == 1;
  s.planar = planar == 1;
  s.photometric = in.bytes();
  return in.ok() && is_signed <= 1 && planar <= 1 && is_term(s.photometric);
}

Error unreadable() { return make_error(Code::invalid_argument, "a message that cannot be read"); }

}  // namespace

Bytes encode(const Request& request) {
  Encoder out;
  out.varint(kVersion);
  out.fixed(static_cast<uint8_t>(request.operation));
  out.bytes(request.transfer_syntax);
  put(out, request.shape);
  out.fixed(request.input_bytes);
  out.fixed(request.output_bytes);
  out.fixed(request.quality);
  return out.take();
}

Bytes encode(const Answer& answer) {
  Encoder out;
  out.varint(kVersion);
  out.fixed(static_cast<uint8_t>(answer.error ? 1 : 0));
  if (answer.error) {
    out.varint(static_cast<uint64_t>(answer.error->code));
    out.bytes(ByteView(answer.error->text).substr(0, kTextBytesMax));
  } else {
    put(out, answer.shape);
    out.fixed(answer.output_bytes);
  }
  return out.take();
}

Result<Request> decode_request(ByteView message) {
  Decoder in(message);
  Request out;
  if (in.varint() != kVersion) return unreadable();
  const auto operation = in.fixed<uint8_t>();
  if (operation != 1 && operation != 2) return unreadable();
  out.operation = static_cast<Operation>(operation);
  out.transfer_syntax = in.bytes();
  if (out.transfer_syntax.size() > kUidBytesMax || !get(in, out.shape)) return unreadable();
  out.input_bytes = in.fixed<uint64_t>();
  out.output_bytes = in.fixed<uint64_t>();
  out.quality = in.fixed<uint32_t>();
  if (!in.at_end() || out.input_bytes == 0 || out.output_bytes == 0) return unreadable();
  return out;
}

Result<Answer> decode_answer(ByteView message) {
  Decoder in(message);
  Answer out;
  if (in.varint() != kVersion) return unreadable();
  const auto failed = in.fixed<uint8_t>();
  if (failed > 1) return unreadable();
  if (failed == 1) {
    const uint64_t code = in.varint();
    const ByteView text = in.bytes();
    // What codecs say, and nothing that a door would take for its own.
    const bool known = code == static_cast<uint64_t>(Code::corrupt) ||
                       code == static_cast<uint64_t>(Code::unsupported) ||
                       code == static_cast<uint64_t>(Code::too_large);
    const bool printable =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (!in.at_end() || !known || !printable || text.size() > kTextBytesMax) return unreadable();
    out.error = make_error(static_cast<Code>(code), std::string(text));
    return out;
  }
  if (!get(in, out.shape)) return unreadable();
  out.output_bytes = in.fixed<uint64_t>();
  if (!in.at_end()) return unreadable();
  return out;
}

}  // namespace medarc::dicom::wire
