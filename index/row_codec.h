// How all rows are written and read: a version byte, then the fields.
#pragma once

#include "index/rows.h"
#include "index/strict.h"

namespace medarc::index {

inline constexpr uint8_t kRowVersion = 1;

inline Bytes join(std::initializer_list<std::string_view> parts) {
  Bytes out;
  for (std::string_view part : parts) out.append(part).push_back('\0');
  out.pop_back();
  return out;
}

inline Encoder start_row(uint8_t version = kRowVersion) {
  Encoder out;
  out.fixed(version);
  return out;
}

inline void put_flag(Encoder& out, bool v) { out.fixed(static_cast<uint8_t>(v ? 1 : 0)); }

// What lies beside a genomic file, as rows and facts hold it.
void put_beside(Encoder& out, const std::vector<Attachment>& attachments,
                const std::vector<std::string>& identities);
void take_beside(StrictDecoder& in, std::vector<Attachment>& attachments,
                 std::vector<std::string>& identities);

// Terms and regions; not version and time.
void put_consent(Encoder& out, const Consent& consent);
void take_consent(StrictDecoder& in, Consent& consent);

// Runs `read` over the row and answers it only when every byte was understood.
template <class Row, class Read>
Result<Row> decode_row(ByteView value, std::string_view what, Read read,
                       uint8_t newest = kRowVersion) {
  Decoder in(value);
  StrictDecoder strict(in);
  const auto version = in.fixed<uint8_t>();
  if (version < kRowVersion || version > newest) strict.fail();
  Row row;
  read(row, in, strict);
  if (!in.at_end()) {
    return make_error(Code::corrupt,
                      std::string(what) + " row cannot be decoded; rebuild the index");
  }
  return row;
}

}  // namespace medarc::index
