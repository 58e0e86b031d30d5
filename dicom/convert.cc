#include "dicom/convert.h"

#include <algorithm>

#include "dicom/inflate.h"
#include "dicom/values.h"

namespace medarc::dicom {
namespace {

constexpr size_t kStepBytes = 64u << 10;

void put16(Bytes& out, uint32_t v) {
  out += static_cast<char>(v);
  out += static_cast<char>(v >> 8);
}
void put32(Bytes& out, uint32_t v) {
  put16(out, v);
  put16(out, v >> 16);
}
void put_tag(Bytes& out, Tag tag) {
  put16(out, tag.value >> 16);
  put16(out, tag.value & 0xFFFF);
}

class Planner {
 public:
  explicit Planner(const Scanner& scanner)
      : scanner_(scanner), big_(scanner.encoding() == Encoding::explicit_big) {}

  std::vector<Piece> plan() {
    const auto& all = scanner_.elements();
    for (size_t i = 0; i < all.size(); ++i) {
      const Element& e = all[i];
      switch (e.kind) {
        case Element::Kind::sequence: head(e.tag, {'S', 'Q'}, 0xFFFFFFFF); break;
        case Element::Kind::sequence_end:
          put_tag(literal_, Tag{0xFFFEE0DD});
          put32(literal_, 0);
          break;
        case Element::Kind::item:
          put_tag(literal_, Tag{0xFFFEE000});
          put32(literal_, 0xFFFFFFFF);
          break;
        case Element::Kind::item_end:
          put_tag(literal_, Tag{0xFFFEE00D});
          put32(literal_, 0);
          break;
        case Element::Kind::fragments: fragments(e, i); break;
        case Element::Kind::value:
          // Group lengths would be wrong now; they are retired but for group 2.
          if ((e.tag.value & 0xFFFF) != 0) value(e);
          break;
      }
    }
    flush();
    return std::move(pieces_);
  }

 private:
  void flush() {
    if (literal_.empty()) return;
    Piece p;
    p.literal = std::move(literal_);
    literal_.clear();
    pieces_.push_back(std::move(p));
  }

  void head(Tag tag, Vr vr, uint64_t length) {
    put_tag(literal_, tag);
    literal_.append(vr.data(), 2);
    if (has_long_length(vr)) {
      put16(literal_, 0);
      put32(literal_, static_cast<uint32_t>(length));
    } else {
      put16(literal_, static_cast<uint32_t>(length));
    }
  }

  void range(uint64_t offset, uint64_t length, uint8_t swap) {
    if (length == 0) return;
    flush();
    Piece p;
    p.range = {offset, length};
    p.swap_bytes = big_ ? swap : uint8_t{1};
    p.words_begin = offset;
    pieces_.push_back(std::move(p));
  }

  void value(const Element& e) {
    Vr vr = is(e.vr, "SQ") ? Vr{'U', 'N'} : e.vr;
    const uint64_t even = e.length + e.length % 2;
    if (!has_long_length(vr) && even > 65534) vr = {'U', 'N'};
    head(e.tag, vr, even);
    range(e.offset, e.length, word_bytes(e.vr));
    if (e.length % 2 != 0) literal_ += is(vr, "UI") || is(vr, "OB") || is(vr, "UN") ? '\0' : ' ';
  }

  // Only the pixel data's fragments are known by place; others are kept as they stand.
  void fragments(const Element& e, size_t& i) {
    const auto& all = scanner_.elements();
    head(e.tag, e.vr, 0xFFFFFFFF);
    while (i + 1 < all.size() && all[i + 1].kind != Element::Kind::sequence_end) ++i;
    ++i;
    const uint64_t end = i < all.size() ? all[i].offset : e.offset;
    range(e.offset, end - e.offset, 1);
  }

  const Scanner& scanner_;
  const bool big_;
  Bytes literal_;
  std::vector<Piece> pieces_;
};

Result<std::unique_ptr<Scanner>> scan(archive::BlobReader& blob, const TransferSyntax& syntax,
                                      const Limits& limits, bool header_only) {
  auto scanner = std::make_unique<Scanner>(syntax.encoding, limits);
  std::optional<Inflater> inflater;
  if (syntax.deflated) inflater.emplace(limits.inflated_bytes_max);
  Bytes buffer(kStepBytes, '\0');
  for (uint64_t at = 0; at < blob.size() && !(header_only && scanner->header_done());) {
    if (inflater) {
      const uint64_t n = std::min<uint64_t>(buffer.size(), blob.size() - at);
      MEDARC_TRY(blob.read({at, n}, buffer.data()));
      MEDARC_TRY(
          inflater->feed({buffer.data(), n}, [&](ByteView plain) { return scanner->feed(plain); }));
      at += n;
      continue;
    }
    if (const uint64_t skip = std::min(scanner->skippable(), blob.size() - at); skip > 0) {
      scanner->skip(skip);
      at += skip;
      continue;
    }
    const uint64_t n = std::min<uint64_t>(buffer.size(), blob.size() - at);
    MEDARC_TRY(blob.read({at, n}, buffer.data()));
    MEDARC_TRY(scanner->feed({buffer.data(), n}));
    at += n;
  }
  return scanner;
}

}  // namespace

Result<std::unique_ptr<Scanner>> scan_stored(archive::BlobReader& blob,
                                             const TransferSyntax& syntax, const Limits& limits) {
  MEDARC_ASSIGN(auto scanner, scan(blob, syntax, limits, false));
  MEDARC_TRY(scanner->finish());
  return scanner;
}

Result<std::unique_ptr<Scanner>> scan_stored_header(archive::BlobReader& blob,
                                                    const TransferSyntax& syntax,
                                                    const Limits& limits) {
  MEDARC_ASSIGN(auto scanner, scan(blob, syntax, limits, true));
  if (!scanner->header_done()) MEDARC_TRY(scanner->finish());
  return scanner;
}

std::vector<Piece> explicit_little_pieces(const Scanner& scanner) {
  return Planner(scanner).plan();
}

}  // namespace medarc::dicom
