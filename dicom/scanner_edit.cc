// What was read, changed in memory: for objects that are served otherwise than received.
#include "dicom/scanner.h"

namespace medarc::dicom {

Element Scanner::made(Tag tag, Vr vr, uint8_t depth, ByteView value) {
  Element e;
  e.tag = tag;
  e.vr = vr;
  e.held = true;
  e.depth = depth;
  e.length = static_cast<uint32_t>(value.size());
  e.header_at = static_cast<uint32_t>(header_.size());
  e.offset = kNoPlace;
  header_.append(value);
  return e;
}

void Scanner::replace(std::vector<Element> elements) {
  elements_ = std::move(elements);
  top_.clear();
  for (size_t i = 0; i < elements_.size(); ++i) {
    const Element& e = elements_[i];
    if (e.depth == 0 && e.kind != Element::Kind::sequence_end) {
      top_.push_back(static_cast<uint32_t>(i));
    }
  }
}

}  // namespace medarc::dicom
