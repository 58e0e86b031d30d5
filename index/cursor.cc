#include "index/cursor.h"

#include "archive/hash.h"
#include "index/strict.h"

namespace medarc::index {
namespace {

constexpr uint8_t kCursorVersion = 1;
constexpr size_t kSignatureBytes = 8;

// What the cursor is bound to: everything that decides which rows follow each other.
Bytes signature(const Query& q) {
  Encoder out;
  out.fixed(static_cast<uint8_t>(q.kind));
  out.fixed(static_cast<uint8_t>(q.order));
  out.fixed(static_cast<uint8_t>(q.study.has_value()));
  if (q.study) out.bytes(q.study->value);
  out.fixed(static_cast<uint8_t>(q.series.has_value()));
  if (q.series) out.bytes(q.series->value);
  for (const auto& group : q.all_of_any) {
    out.varint(group.size());
    for (const Term& term : group) {
      out.fixed(term.field.value);
      out.fixed(static_cast<uint8_t>(term.op));
      out.varint(term.values.size());
      for (const std::string& v : term.values) out.bytes(v);
    }
  }
  if (q.among) out.fixed(uint8_t{1});
  return Bytes(archive::Sha256::of(out.view()).view().substr(0, kSignatureBytes));
}

}  // namespace

Bytes encode_cursor(const Query& query, const Cursor& cursor) {
  Encoder out;
  out.fixed(kCursorVersion);
  out.raw(signature(query));
  out.varint(cursor.candidate);
  out.fixed(static_cast<uint8_t>(cursor.sorted));
  out.bytes(cursor.position.suffix);
  out.bytes(cursor.position.child);
  out.fixed(crc32c(out.view()));
  return out.take();
}

Result<Cursor> decode_cursor(const Query& query, ByteView text) {
  const Error bad =
      make_error(Code::invalid_argument,
                 "the cursor does not belong to this query; start from the first page");
  if (text.size() < sizeof(uint32_t)) return bad;
  const ByteView body = text.substr(0, text.size() - sizeof(uint32_t));
  Decoder check(text.substr(body.size()));
  if (check.fixed<uint32_t>() != crc32c(body)) return bad;
  Decoder in(body);
  StrictDecoder strict(in);
  Cursor cursor;
  if (in.fixed<uint8_t>() != kCursorVersion) strict.fail();
  if (in.raw(kSignatureBytes) != signature(query)) strict.fail();
  cursor.candidate = strict.varint();
  cursor.sorted = strict.flag();
  cursor.position.suffix = strict.text();
  cursor.position.child = strict.text();
  if (!in.at_end()) return bad;
  return cursor;
}

}  // namespace medarc::index
