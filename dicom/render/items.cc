#include "dicom/render/items.h"

#include <charconv>
#include <cmath>

#include "dicom/values.h"

namespace medarc::dicom {

ItemView::ItemView(const Scanner& dataset)
    : dataset_(&dataset), from_(0), to_(dataset.elements().size()), depth_(0) {}

const Element* ItemView::find(Tag tag) const {
  if (depth_ == 0) return dataset_->find(tag);
  const auto& all = dataset_->elements();
  for (size_t i = from_; i < to_; ++i) {
    const Element& e = all[i];
    if (e.depth == depth_ && e.tag == tag &&
        (e.kind == Element::Kind::value || e.kind == Element::Kind::sequence)) {
      return &e;
    }
  }
  return nullptr;
}

ByteView ItemView::bytes(Tag tag) const {
  const Element* e = find(tag);
  return e == nullptr || e->kind != Element::Kind::value ? ByteView() : dataset_->value(*e);
}

Bytes ItemView::words(Tag tag) const {
  const Element* e = find(tag);
  Bytes out(bytes(tag));
  if (e != nullptr && dataset_->encoding() == Encoding::explicit_big && word_bytes(e->vr) == 2) {
    for (size_t i = 0; i + 1 < out.size(); i += 2) std::swap(out[i], out[i + 1]);
  }
  return out;
}

std::vector<std::string> ItemView::texts(Tag tag, const Charset& charset) const {
  const Element* e = find(tag);
  if (e == nullptr || !e->held) return {};
  const Vr vr = is(e->vr, "UN") ? vr_of(tag) : e->vr;  // the dictionary says more
  const bool big = dataset_->encoding() == Encoding::explicit_big;
  return values_of(vr, dataset_->value(*e), big, charset).value_or(std::vector<std::string>());
}

std::string ItemView::text(Tag tag, const Charset& charset) const {
  auto all = texts(tag, charset);
  return all.empty() ? std::string() : std::move(all.front());
}

std::vector<double> ItemView::numbers(Tag tag) const {
  std::vector<double> out;
  for (const std::string& text : texts(tag, Charset())) {
    double v = 0;
    const char* begin = text.data() + (!text.empty() && text[0] == '+');
    const auto [end, failed] = std::from_chars(begin, text.data() + text.size(), v);
    if (failed != std::errc() || end != text.data() + text.size() || !std::isfinite(v)) break;
    out.push_back(v);
  }
  return out;
}

std::optional<double> ItemView::number(Tag tag) const {
  const auto all = numbers(tag);
  return all.empty() ? std::nullopt : std::optional(all.front());
}

std::optional<int64_t> ItemView::integer(Tag tag) const {
  const auto v = number(tag);
  if (!v || *v != std::floor(*v) || std::abs(*v) > 9e15) return std::nullopt;
  return static_cast<int64_t>(*v);
}

std::vector<ItemView> ItemView::items_until(Tag sequence, size_t count_max) const {
  std::vector<ItemView> out;
  const Element* found = find(sequence);
  if (found == nullptr || found->kind != Element::Kind::sequence) return out;
  const auto& all = dataset_->elements();
  const int depth = found->depth + 1;
  size_t begin = 0;
  for (size_t i = static_cast<size_t>(found - all.data()) + 1; i < all.size(); ++i) {
    const Element& e = all[i];
    if (e.kind == Element::Kind::sequence_end && e.depth < depth) break;
    if (e.depth != depth) continue;
    if (e.kind == Element::Kind::item) begin = i + 1;
    if (e.kind != Element::Kind::item_end) continue;
    out.push_back(ItemView(*dataset_, begin, i, depth));
    if (out.size() == count_max) break;
  }
  return out;
}

std::vector<ItemView> ItemView::items(Tag sequence) const {
  return items_until(sequence, SIZE_MAX);
}

std::optional<ItemView> ItemView::item(Tag sequence) const {
  auto first = items_until(sequence, 1);
  return first.empty() ? std::nullopt : std::optional(first.front());
}

}  // namespace medarc::dicom
