#include "dicom/element_path.h"

#include <charconv>

namespace medarc::dicom {
namespace {

std::optional<uint32_t> number(std::string_view text, int base) {
  uint32_t v = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), v, base);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return v;
}

// Takes the next step off the path.
std::string_view step(std::string_view& path) {
  const size_t to = path.find('/');
  const std::string_view out = path.substr(0, to);
  path = to == std::string_view::npos ? std::string_view() : path.substr(to + 1);
  return out;
}

// The elements [from, to) of item `wanted` of the sequence at `sequence`.
struct Span {
  size_t from, to;
};
std::optional<Span> item_span(const std::vector<Element>& all, size_t sequence, uint32_t wanted) {
  const int depth = all[sequence].depth + 1;
  size_t i = sequence + 1;
  for (;; ++i) {
    if (i == all.size() || (all[i].kind == Element::Kind::sequence_end && all[i].depth < depth)) {
      return std::nullopt;
    }
    if (all[i].kind == Element::Kind::item && all[i].depth == depth && wanted-- == 0) break;
  }
  Span out{i + 1, i + 1};
  while (out.to < all.size() &&
         !(all[out.to].kind == Element::Kind::item_end && all[out.to].depth == depth)) {
    ++out.to;
  }
  return out;
}

}  // namespace

const Element* locate(const Scanner& scanner, std::string_view path) {
  const auto& all = scanner.elements();
  Span in{0, all.size()};
  for (int depth = 0;; ++depth) {
    const std::string_view name = step(path);
    const auto tag = name.size() == 8 ? number(name, 16) : std::nullopt;
    if (!tag) return nullptr;
    size_t found = in.from;
    while (found < in.to && !(all[found].depth == depth && all[found].tag.value == *tag &&
                              all[found].kind != Element::Kind::sequence_end)) {
      ++found;
    }
    if (found == in.to) return nullptr;
    const Element& e = all[found];
    if (path.empty()) {
      const bool pixels = e.kind == Element::Kind::fragments && depth == 0 &&
                          scanner.pixel_data() && scanner.pixel_data()->offset == e.offset;
      return e.kind == Element::Kind::value || pixels ? &e : nullptr;
    }
    if (e.kind != Element::Kind::sequence) return nullptr;
    const auto item = number(step(path), 10);
    if (!item || path.empty()) return nullptr;
    const auto span = item_span(all, found, *item);
    if (!span) return nullptr;
    in = *span;
  }
}

}  // namespace medarc::dicom
