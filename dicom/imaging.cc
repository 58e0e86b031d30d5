#include "dicom/imaging.h"

#include <zstd.h>

#include <fmt/format.h>

#include <charconv>

#include "dicom/convert.h"
#include "dicom/frame_table.h"
#include "dicom/inflate.h"
#include "dicom/intake.h"
#include "dicom/json.h"
#include "dicom/part10.h"
#include "dicom/pieces.h"

namespace medarc::dicom {
namespace {

using security::Action;
using security::Domain;
using security::Object;

Object study_object(const StudyUid& study) { return {Domain::images, "study/" + study.value, {}}; }

bool has_preamble(ByteView envelope) {
  return envelope.size() >= 132 && envelope.substr(128, 4) == "DICM";
}

// Decompresses kept metadata one instance at a time and puts the caller's URL where the mark stands.
class MetadataSource final : public ByteSource {
 public:
  MetadataSource(std::vector<Bytes> packed, std::string base)
      : packed_(std::move(packed)), base_(std::move(base)) {}

  Result<size_t> read(char* out, size_t capacity) override {
    size_t done = 0;
    while (done < capacity) {
      if (at_ == ready_.size()) {
        if (next_ == packed_.size()) break;
        MEDARC_TRY(unpack());
      }
      const size_t n = ready_.copy(out + done, capacity - done, at_);
      done += n;
      at_ += n;
    }
    return done;
  }

 private:
  Status unpack() {
    const Bytes& packed = packed_[next_];
    const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > (1ull << 30)) {
      return make_error(Code::corrupt, "kept metadata cannot be read");
    }
    plain_.resize(size);
    if (ZSTD_decompress(plain_.data(), size, packed.data(), packed.size()) != size) {
      return make_error(Code::corrupt, "kept metadata cannot be read");
    }
    ready_.clear();
    at_ = 0;
    if (next_ > 0) ready_ += ',';
    for (size_t from = 0;;) {
      const size_t mark = plain_.find(kBaseMark, from);
      ready_.append(plain_, from, mark == Bytes::npos ? mark : mark - from);
      if (mark == Bytes::npos) break;
      ready_ += base_;
      from = mark + 1;
    }
    packed_[next_++].clear();
    return {};
  }

  std::vector<Bytes> packed_;
  const std::string base_;
  size_t next_ = 0, at_ = 0;
  Bytes plain_, ready_;
};

class ImagingService final : public Imaging {
 public:
  ImagingService(index::Index& index, security::Guard& guard, Limits limits)
      : index_(index), guard_(guard), limits_(limits) {}

  Result<std::unique_ptr<IncomingObject>> begin(const Principal& principal, StoreStart start) override {
    MEDARC_TRY(guard_.authorise(principal, Action::store, {Domain::images, "studies", {}}));
    MEDARC_ASSIGN(auto intake, Intake::open(index_.blobs(), limits_, std::move(start)));
    return std::unique_ptr<IncomingObject>(std::move(intake));
  }

  Result<std::vector<StoreResult>> commit(const Principal& principal,
                                          std::vector<Prepared> objects) override {
    std::vector<archive::StagedBlob> blobs;
    std::vector<StoreResult> results;
    index::Facts facts;
    facts.time = now();
    for (Prepared& p : objects) {
      StoreResult r;
      r.study = p.fact.instance.study;
      r.series = p.fact.instance.series;
      r.instance = p.fact.instance.uid;
      r.sop_class = p.fact.instance.sop_class;
      r.warnings = std::move(p.warnings);
      for (auto& b : p.blobs) blobs.push_back(std::move(b));
      p.fact.instance.received = facts.time;
      // One audit entry a study of the batch, in the same commit.
      if (results.empty() || results.back().study != r.study) {
        facts.ops.push_back(guard_.audit_op(principal, Action::store, study_object(r.study)));
      }
      facts.ops.emplace_back(std::move(p.fact));
      results.push_back(std::move(r));
    }
    std::vector<bool> stores;
    for (const index::Op& op : facts.ops) stores.push_back(std::holds_alternative<index::StoreInstance>(op));
    MEDARC_ASSIGN(const index::CommitResult done, index_.commit(std::move(blobs), std::move(facts)));
    size_t next = 0;
    for (size_t i = 0; i < done.outcomes.size(); ++i) {
      if (!stores[i]) continue;
      results[next].state = done.outcomes[i].state;
      results[next].version = done.outcomes[i].version;
      ++next;
    }
    return results;
  }

  Result<index::Page> find(const Principal& principal, index::View& view, const index::Query& query) override {
    std::string keys;
    for (const auto& group : query.all_of_any) {
      if (!group.empty()) keys += (keys.empty() ? "" : ",") + tag_hex(group.front().field);
    }
    const char* what = query.kind == index::Kind::study    ? "studies"
                       : query.kind == index::Kind::series ? "series"
                                                           : "instances";
    const std::string name = query.study ? "study/" + query.study->value : what;
    MEDARC_TRY(guard_.admit(principal, Action::find, {Domain::images, name, keys}));
    return view.query(query);
  }

  Result<Content> object(const Principal& principal, const InstanceRow& row, Form form) override {
    MEDARC_TRY(guard_.admit(principal, Action::read, study_object(row.study)));
    const TransferSyntax syntax = transfer_syntax_or_default(row.transfer_syntax.value);
    MEDARC_ASSIGN(auto reader, index_.blobs().open(row.dataset));
    std::shared_ptr<archive::BlobReader> blob = std::move(reader);
    Content content;
    content.transfer_syntax = row.transfer_syntax;
    content.etag = fmt::format("{}-{:08x}-{}", row.dataset.hex(), crc32c(row.envelope),
                               form == Form::original ? "o" : form == Form::stored ? "s" : "e");
    std::vector<Piece> pieces(1);
    pieces[0].literal = row.envelope;
    if (form == Form::original) {
      add_range(pieces, {0, blob->size()});
      return finished(std::move(content), blob, std::move(pieces));
    }
    const bool reencode = syntax.encoding != Encoding::explicit_little;
    const bool inflate = form == Form::explicit_le && syntax.deflated;
    if (form == Form::explicit_le && syntax.encapsulated && !FrameTableIsEmpty(row)) {
      return make_error(Code::not_acceptable, "the pixel data is compressed; ask for it as it is stored");
    }
    if (reencode || inflate) content.transfer_syntax.value = kExplicitLittle;
    if (reencode || inflate || !has_preamble(row.envelope)) {
      pieces[0].literal = make_envelope(row.sop_class, row.uid, content.transfer_syntax);
    }
    if (reencode) {
      MEDARC_ASSIGN(auto scanner, scan_stored(*blob, syntax.encoding, limits_));
      for (Piece& p : explicit_little_pieces(*scanner)) pieces.push_back(std::move(p));
      return finished(std::move(content), blob, std::move(pieces));
    }
    if (inflate) {
      content.source = inflating_source(std::move(pieces[0].literal), whole(blob), 0, UINT64_MAX,
                                        limits_.inflated_bytes_max);
      return content;
    }
    add_range(pieces, {0, blob->size()});
    return finished(std::move(content), blob, std::move(pieces));
  }

  Result<FrameContent> frames(const Principal& principal, const InstanceRow& row,
                              const std::vector<uint32_t>& numbers, Form form) override {
    MEDARC_TRY(guard_.admit(principal, Action::read, study_object(row.study)));
    const TransferSyntax syntax = transfer_syntax_or_default(row.transfer_syntax.value);
    MEDARC_ASSIGN(const FrameTable table, FrameTable::decode(row.frame_table));
    if (table.frames_count() == 0) return make_error(Code::not_found, "the instance has no frames");
    if (form == Form::explicit_le && table.encapsulated()) {
      return make_error(Code::not_acceptable, "the frames are compressed; ask for them as they are stored");
    }
    FrameContent out;
    out.transfer_syntax.value = table.encapsulated() ? row.transfer_syntax.value : std::string(kExplicitLittle);
    MEDARC_ASSIGN(auto reader, index_.blobs().open(row.dataset));
    std::shared_ptr<archive::BlobReader> blob = std::move(reader);
    for (const uint32_t number : numbers) {
      if (number == 0) return make_error(Code::invalid_argument, "frames are numbered from 1");
      if (number > table.frames_count()) {
        return make_error(Code::not_found, fmt::format("there is no frame {}", number));
      }
      Content c;
      c.transfer_syntax = out.transfer_syntax;
      c.etag = fmt::format("{}-f{}", row.dataset.hex(), number);
      std::vector<Piece> pieces;
      if (table.encapsulated()) {
        for (const ByteRange& f : table.fragments(number - 1)) add_range(pieces, f);
      } else {
        pieces.push_back(native_piece(table.native_bits(number - 1), row, syntax));
      }
      if (syntax.deflated) {
        const ByteRange r = pieces[0].range;
        c.bytes = r.length;
        c.source = inflating_source({}, whole(blob), r.begin, r.length, limits_.inflated_bytes_max);
        out.frames.push_back(std::move(c));
      } else {
        out.frames.push_back(finished(std::move(c), blob, std::move(pieces)));
      }
    }
    return out;
  }

  Result<Content> bulkdata(const Principal& principal, const InstanceRow& row, std::string_view path) override {
    MEDARC_TRY(guard_.admit(principal, Action::read, study_object(row.study)));
    const TransferSyntax syntax = transfer_syntax_or_default(row.transfer_syntax.value);
    if (syntax.deflated) return make_error(Code::not_acceptable, "the dataset is deflated; retrieve the instance");
    MEDARC_ASSIGN(auto reader, index_.blobs().open(row.dataset));
    std::shared_ptr<archive::BlobReader> blob = std::move(reader);
    MEDARC_ASSIGN(auto scanner, scan_stored(*blob, syntax.encoding, limits_));
    const Element* e = locate(*scanner, path);
    if (e == nullptr) return make_error(Code::not_found, "no such value");
    Content c;
    c.etag = fmt::format("{}-b{:x}", row.dataset.hex(), e->offset);
    c.transfer_syntax.value = kExplicitLittle;
    std::vector<Piece> pieces;
    if (e->kind == Element::Kind::fragments) {
      c.transfer_syntax = row.transfer_syntax;
      for (const Fragment& f : scanner->pixel_data()->fragments) add_range(pieces, {f.offset, f.length});
    } else {
      add_range(pieces, {e->offset, e->length});
      if (!pieces.empty() && syntax.encoding == Encoding::explicit_big) pieces[0].swap_bytes = swap_of(e->vr);
    }
    return finished(std::move(c), blob, std::move(pieces));
  }

  Result<std::unique_ptr<ByteSource>> metadata(const Principal& principal,
                                               std::shared_ptr<index::View> view, const StudyUid& study,
                                               const SeriesUid& series,
                                               const std::optional<SopInstanceUid>& instance,
                                               const std::string& base) override {
    MEDARC_TRY(guard_.admit(principal, Action::read, study_object(study)));
    std::vector<Bytes> packed;
    MEDARC_TRY(view->metadata(study, series, instance, [&](const SopInstanceUid&, ByteView zstd) {
      packed.emplace_back(zstd);
      return true;
    }));
    if (packed.empty()) return make_error(Code::not_found, "no such series or instance");
    return std::unique_ptr<ByteSource>(std::make_unique<MetadataSource>(std::move(packed), base));
  }

  index::Index& index() override { return index_; }
  const Limits& limits() const override { return limits_; }

 private:
  static bool FrameTableIsEmpty(const InstanceRow& row) { return row.frame_table.empty(); }

  static void add_range(std::vector<Piece>& pieces, ByteRange range) {
    if (range.length == 0) return;
    Piece p;
    p.range = range;
    pieces.push_back(std::move(p));
  }

  static std::unique_ptr<ByteSource> whole(const std::shared_ptr<archive::BlobReader>& blob) {
    std::vector<Piece> pieces;
    add_range(pieces, {0, blob->size()});
    return std::make_unique<PieceSource>(blob, std::move(pieces));
  }

  static Content finished(Content content, const std::shared_ptr<archive::BlobReader>& blob,
                          std::vector<Piece> pieces) {
    content.bytes = PieceSource::total(pieces);
    content.source = std::make_unique<PieceSource>(blob, std::move(pieces));
    return content;
  }

  static uint8_t swap_of(Vr vr) {
    if (is(vr, "OW")) return 2;
    if (is(vr, "OF") || is(vr, "OL")) return 4;
    return is(vr, "OD") || is(vr, "OV") ? 8 : 1;
  }

  static Piece native_piece(FrameTable::BitRange bits, const InstanceRow& row, const TransferSyntax& syntax) {
    Piece p;
    p.range = {bits.begin / 8, (bits.begin % 8 + bits.length + 7) / 8};
    if (bits.begin % 8 != 0 || bits.length % 8 != 0) {
      p.shift_bits = static_cast<uint8_t>(bits.begin % 8);
      p.bits = bits.length;
    }
    if (syntax.encoding == Encoding::explicit_big) {
      const std::string_view allocated = row.attributes.first(Tag{0x00280100});
      p.swap_bytes = allocated == "16" ? 2 : allocated == "32" ? 4 : allocated == "64" ? 8 : 1;
    }
    return p;
  }

  // "7FE00010", or "{sequence}/{item}/…/{tag}" with items counted from 0.
  static const Element* locate(const Scanner& scanner, std::string_view path) {
    std::vector<std::string_view> parts;
    while (true) {
      const size_t to = path.find('/');
      parts.push_back(path.substr(0, to));
      if (to == std::string_view::npos) break;
      path.remove_prefix(to + 1);
    }
    if (parts.size() % 2 == 0) return nullptr;
    const auto& all = scanner.elements();
    size_t from = 0, to = all.size();
    for (size_t step = 0;; step += 2) {
      uint32_t tag = 0;
      auto [end, failed] = std::from_chars(parts[step].data(), parts[step].data() + parts[step].size(), tag, 16);
      if (failed != std::errc() || end != parts[step].data() + parts[step].size()) return nullptr;
      const uint8_t depth = static_cast<uint8_t>(step / 2);
      size_t found = to;
      for (size_t i = from; i < to && found == to; ++i) {
        const bool here = all[i].depth == depth && all[i].tag.value == tag;
        if (here && all[i].kind != Element::Kind::sequence_end) found = i;
      }
      if (found == to) return nullptr;
      if (step + 1 == parts.size()) {
        const bool bulk = all[found].kind == Element::Kind::value ||
                          (all[found].kind == Element::Kind::fragments && depth == 0);
        return bulk ? &all[found] : nullptr;
      }
      uint32_t wanted = 0;
      std::from_chars(parts[step + 1].data(), parts[step + 1].data() + parts[step + 1].size(), wanted);
      // The items of that sequence are one level deeper.
      size_t i = found + 1;
      for (; i < to; ++i) {
        if (all[i].kind == Element::Kind::item && all[i].depth == depth + 1 && wanted-- == 0) break;
        if (all[i].kind == Element::Kind::sequence_end && all[i].depth == depth) return nullptr;
      }
      if (i == to) return nullptr;
      from = i + 1;
      size_t end_at = from;
      while (end_at < to && !(all[end_at].kind == Element::Kind::item_end && all[end_at].depth == depth + 1)) ++end_at;
      to = end_at;
    }
  }

  index::Index& index_;
  security::Guard& guard_;
  const Limits limits_;
};

}  // namespace

std::unique_ptr<Imaging> Imaging::create(index::Index& index, security::Guard& guard, Limits limits) {
  return std::make_unique<ImagingService>(index, guard, limits);
}

}  // namespace medarc::dicom
