#include "dicom/convert.h"

#include <algorithm>

#include "dicom/frame_table.h"
#include "dicom/inflate.h"
#include "dicom/values.h"

namespace medarc::dicom {
namespace {

constexpr size_t kStepBytes = 64u << 10;
constexpr size_t kStepAfterSkipBytes = 512;  // often only the next fragment's header is wanted

class Planner {
 public:
  Planner(const Scanner& scanner, const Changes& changes, bool big = false)
      : scanner_(scanner),
        changes_(changes),
        big_(big),
        swaps_(big != (scanner.encoding() == Encoding::explicit_big)) {}

  std::vector<Piece> plan() {
    plan_whole(false);
    return std::move(pieces_);
  }

  Around plan_around_pixels() {
    plan_whole(true);
    Around out;
    const auto split = pieces_.begin() + static_cast<ptrdiff_t>(pixels_at_);
    out.before.assign(std::make_move_iterator(pieces_.begin()), std::make_move_iterator(split));
    out.after.assign(std::make_move_iterator(split), std::make_move_iterator(pieces_.end()));
    return out;
  }

 private:
  void plan_whole(bool around_pixels) {
    const auto& all = scanner_.elements();
    const auto& pixels = scanner_.pixel_data();
    for (size_t i = 0; i < all.size(); ++i) {
      const Element& e = all[i];
      if (e.depth == 0 && starts_element(e) && set_instead(e.tag)) {
        pass_over(i);
        continue;
      }
      if (around_pixels && e.depth == 0 && pixels && e.tag == pixels->tag && starts_element(e)) {
        flush();
        pixels_at_ = pieces_.size();
        around_pixels = false;
        pass_over(i);
        continue;
      }
      switch (e.kind) {
        case Element::Kind::sequence: head(e.tag, {'S', 'Q'}, 0xFFFFFFFF); break;
        case Element::Kind::sequence_end:
          put_tag(Tag{0xFFFEE0DD});
          put32(0);
          break;
        case Element::Kind::item:
          put_tag(Tag{0xFFFEE000});
          put32(0xFFFFFFFF);
          break;
        case Element::Kind::item_end:
          put_tag(Tag{0xFFFEE00D});
          put32(0);
          break;
        case Element::Kind::fragments: fragments(e, i); break;
        case Element::Kind::value:
          // Group lengths would be wrong now; they are retired but for group 2.
          if ((e.tag.value & 0xFFFF) != 0) value(e);
          break;
      }
    }
    flush();
  }

  void put16(uint32_t v) {
    const char low = static_cast<char>(v), high = static_cast<char>(v >> 8);
    literal_ += big_ ? high : low;
    literal_ += big_ ? low : high;
  }
  void put32(uint32_t v) {
    put16(big_ ? v >> 16 : v & 0xFFFF);
    put16(big_ ? v & 0xFFFF : v >> 16);
  }
  void put_tag(Tag tag) {
    put16(tag.value >> 16);
    put16(tag.value & 0xFFFF);
  }

  static bool starts_element(const Element& e) {
    return e.kind == Element::Kind::value || e.kind == Element::Kind::sequence ||
           e.kind == Element::Kind::fragments;
  }

  // Writes the elements that are set and stand before or at `tag`. True: `tag` itself is not to be
  // written any more.
  bool set_instead(Tag tag) {
    bool done = std::find(changes_.left_out.begin(), changes_.left_out.end(), tag) !=
                changes_.left_out.end();
    while (next_set_ < changes_.set.size() && changes_.set[next_set_].tag.value <= tag.value) {
      const Changes::Element& e = changes_.set[next_set_++];
      head(e.tag, e.vr, e.value.size());
      literal_ += e.value;
      done = done || e.tag == tag;
    }
    return done;
  }

  // To the last entry of the element that begins at `i`.
  void pass_over(size_t& i) const {
    const auto& all = scanner_.elements();
    if (all[i].kind == Element::Kind::value) return;
    while (i + 1 < all.size()) {
      ++i;
      if (all[i].kind == Element::Kind::sequence_end && all[i].depth == 0) return;
    }
  }

  void flush() {
    if (literal_.empty()) return;
    Piece p;
    p.literal = std::move(literal_);
    literal_.clear();
    pieces_.push_back(std::move(p));
  }

  void head(Tag tag, Vr vr, uint64_t length) {
    put_tag(tag);
    if (changes_.implicit) {
      put32(static_cast<uint32_t>(length));
      return;
    }
    literal_.append(vr.data(), 2);
    if (has_long_length(vr)) {
      put16(0);
      put32(static_cast<uint32_t>(length));
    } else {
      put16(static_cast<uint32_t>(length));
    }
  }

  void range(uint64_t offset, uint64_t length, uint8_t swap) {
    if (length == 0) return;
    flush();
    Piece p;
    p.range = {offset, length};
    p.swap_bytes = swaps_ ? swap : uint8_t{1};
    p.words_begin = offset;
    pieces_.push_back(std::move(p));
  }

  void value(const Element& e) {
    Vr vr = is(e.vr, "SQ") ? Vr{'U', 'N'} : e.vr;
    const uint64_t even = e.length + e.length % 2;
    if (!has_long_length(vr) && even > 65534) vr = {'U', 'N'};
    head(e.tag, vr, even);
    const bool pixels =
        e.depth == 0 && scanner_.pixel_data() && e.tag == scanner_.pixel_data()->tag;
    if (e.offset == kNoPlace) {
      made(scanner_.value(e), word_bytes(e.vr));
    } else {
      range(e.offset, e.length, pixels ? pixel_word_bytes(scanner_) : word_bytes(e.vr));
    }
    if (e.length % 2 != 0) literal_ += is(vr, "UI") || is(vr, "OB") || is(vr, "UN") ? '\0' : ' ';
  }

  // Whole words, in the byte order of the scanned dataset.
  void made(ByteView value, size_t word) {
    const size_t begin = literal_.size();
    literal_ += value;
    for (size_t at = begin; swaps_ && at + word <= literal_.size(); at += word) {
      const auto from = literal_.begin() + static_cast<ptrdiff_t>(at);
      std::reverse(from, from + static_cast<ptrdiff_t>(word));
    }
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
  const Changes& changes_;
  const bool big_;    // what is planned
  const bool swaps_;  // it and the scanned dataset differ in byte order
  Bytes literal_;
  std::vector<Piece> pieces_;
  size_t next_set_ = 0, pixels_at_ = 0;
};

Result<std::unique_ptr<Scanner>> scan(archive::BlobReader& blob, const TransferSyntax& syntax,
                                      const Limits& limits, bool header_only) {
  auto scanner = std::make_unique<Scanner>(syntax.encoding, limits);
  std::optional<Inflater> inflater;
  if (syntax.deflated) inflater.emplace(limits.inflated_bytes_max);
  Bytes buffer(kStepBytes, '\0');
  size_t step = kStepBytes;
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
      step = kStepAfterSkipBytes;
      continue;
    }
    const uint64_t n = std::min<uint64_t>(step, blob.size() - at);
    MEDARC_TRY(blob.read({at, n}, buffer.data()));
    MEDARC_TRY(scanner->feed({buffer.data(), n}));
    at += n;
    step = std::min(2 * step, buffer.size());
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
  const Changes none;
  return Planner(scanner, none).plan();
}

std::vector<Piece> implicit_little_pieces(const Scanner& scanner) {
  Changes changes;
  changes.implicit = true;
  return Planner(scanner, changes).plan();
}

std::vector<Piece> explicit_big_pieces(const Scanner& scanner) {
  const Changes none;
  return Planner(scanner, none, true).plan();
}

Around pieces_around_pixels(const Scanner& scanner, const Changes& changes) {
  return Planner(scanner, changes).plan_around_pixels();
}

}  // namespace medarc::dicom
