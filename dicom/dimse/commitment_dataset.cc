#include "dicom/dimse/commitment_dataset.h"

#include <algorithm>

#include "dicom/scanner.h"
#include "dicom/sop_class.h"
#include "dicom/transfer_syntax.h"

namespace medarc::dicom::dimse {
namespace {

constexpr Tag kRetrieveAet{0x00080054}, kTransaction{0x00081195}, kFailedSequence{0x00081198},
    kReferencedSequence{0x00081199}, kReferencedClass{0x00081150}, kReferencedInstance{0x00081155},
    kFailureReason{0x00081197};
constexpr Tag kItem{0xFFFEE000};
constexpr size_t kAetBytesMax = 16;

std::string text_of_value(ByteView v) {
  while (!v.empty() && (v.back() == '\0' || v.back() == ' ')) v.remove_suffix(1);
  return std::string(v);
}

class Writer {
 public:
  explicit Writer(Encoding encoding)
      : implicit_(encoding == Encoding::implicit_little),
        big_(encoding == Encoding::explicit_big) {}

  void text(Tag tag, const char* vr, std::string value) {
    if (value.size() % 2 != 0) value += std::string_view(vr) == "UI" ? '\0' : ' ';
    head(tag, vr, static_cast<uint32_t>(value.size()));
    out_ += value;
  }
  void number(Tag tag, uint16_t value) {
    head(tag, "US", 2);
    word(value, 2);
  }
  void sequence(Tag tag, const std::vector<Bytes>& items) {
    size_t length = 0;
    for (const Bytes& item : items) length += item.size() + 8;
    head(tag, "SQ", static_cast<uint32_t>(length));
    for (const Bytes& item : items) {
      tag_of(kItem);
      word(static_cast<uint32_t>(item.size()), 4);
      out_ += item;
    }
  }
  Bytes take() { return std::move(out_); }

 private:
  void word(uint32_t value, size_t size) {
    for (size_t i = 0; i < size; ++i) {
      out_ += static_cast<char>(value >> (8 * (big_ ? size - 1 - i : i)));
    }
  }
  void tag_of(Tag tag) {
    word(tag.value >> 16, 2);
    word(tag.value & 0xFFFF, 2);
  }
  void head(Tag tag, std::string_view vr, uint32_t length) {
    tag_of(tag);
    if (implicit_) return word(length, 4);
    out_ += vr;
    if (vr != "SQ") return word(length, 2);
    word(0, 2);
    word(length, 4);
  }

  const bool implicit_, big_;
  Bytes out_;
};

Bytes item_of(const Reference& reference, Encoding encoding) {
  Writer item(encoding);
  item.text(kReferencedClass, "UI", reference.sop_class);
  item.text(kReferencedInstance, "UI", reference.instance);
  if (reference.failure != 0) item.number(kFailureReason, reference.failure);
  return item.take();
}

}  // namespace

bool CommitmentDataset::all_committed() const {
  return std::all_of(references.begin(), references.end(),
                     [](const Reference& r) { return r.failure == 0; });
}

Result<CommitmentDataset> read_commitment(ByteView dataset, std::string_view transfer_syntax,
                                          const Limits& limits, size_t references_max) {
  Scanner scanner(transfer_syntax_or_default(transfer_syntax).encoding, limits);
  MEDARC_TRY(scanner.feed(dataset));
  MEDARC_TRY(scanner.finish());
  const bool big = scanner.encoding() == Encoding::explicit_big;
  CommitmentDataset out;
  Tag within{};  // the top-level sequence around
  for (const Element& e : scanner.elements()) {
    const bool referring = within == kReferencedSequence || within == kFailedSequence;
    if (e.kind == Element::Kind::sequence && e.depth == 0) within = e.tag;
    if (e.kind == Element::Kind::sequence_end && e.depth == 0) within = Tag{};
    if (e.kind == Element::Kind::item && e.depth == 1 && referring) {
      if (out.references.size() == references_max) {
        return make_error(Code::too_large, "more references than are taken at a time");
      }
      out.references.emplace_back();
      // A failure without its reason is one all the same.
      if (within == kFailedSequence) out.references.back().failure = kReasonProcessing;
    }
    if (e.kind != Element::Kind::value || !e.held) continue;
    const ByteView value = scanner.value(e);
    if (e.depth == 0 && e.tag == kTransaction) out.transaction = text_of_value(value);
    if (e.depth == 0 && e.tag == kRetrieveAet && value.size() <= kAetBytesMax) {
      out.retrieve_aet = text_of_value(value);
    }
    if (e.depth != 1 || !referring || out.references.empty()) continue;
    Reference& reference = out.references.back();
    if (e.tag == kReferencedClass) reference.sop_class = text_of_value(value);
    if (e.tag == kReferencedInstance) reference.instance = text_of_value(value);
    if (e.tag == kFailureReason && within == kFailedSequence) {
      const auto reason = static_cast<uint16_t>(read_number(value, 2, big));
      if (reason != 0) reference.failure = reason;
    }
  }
  if (!plausible_uid(out.transaction)) {
    return make_error(Code::invalid_argument, "no Transaction UID");
  }
  for (const Reference& r : out.references) {
    if (!plausible_uid(r.sop_class) || !plausible_uid(r.instance)) {
      return make_error(Code::invalid_argument, "a reference without its UIDs");
    }
  }
  return out;
}

Bytes write_commitment(const CommitmentDataset& dataset, std::string_view transfer_syntax) {
  const Encoding encoding = transfer_syntax_or_default(transfer_syntax).encoding;
  std::vector<Bytes> committed, failed;
  for (const Reference& r : dataset.references) {
    (r.failure == 0 ? committed : failed).push_back(item_of(r, encoding));
  }
  Writer out(encoding);
  if (!dataset.retrieve_aet.empty()) out.text(kRetrieveAet, "AE", dataset.retrieve_aet);
  out.text(kTransaction, "UI", dataset.transaction);
  if (!failed.empty()) out.sequence(kFailedSequence, failed);
  if (!committed.empty()) out.sequence(kReferencedSequence, committed);
  return out.take();
}

}  // namespace medarc::dicom::dimse
