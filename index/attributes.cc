#include "index/attributes.h"

#include <algorithm>

#include "index/strict.h"

namespace medarc::index {
namespace {

auto place_of(auto& attributes, Tag tag) {
  return std::lower_bound(attributes.begin(), attributes.end(), tag,
                          [](const Attribute& a, Tag t) { return a.tag < t; });
}

bool has_value(const Attribute& a) {
  return std::any_of(a.values.begin(), a.values.end(), [](auto& v) { return !v.empty(); });
}

}  // namespace

void AttributeSet::set(Attribute a) {
  auto at = place_of(attributes_, a.tag);
  if (at != attributes_.end() && at->tag == a.tag) {
    *at = std::move(a);
  } else {
    attributes_.insert(at, std::move(a));
  }
}

void AttributeSet::set(Tag tag, std::string_view vr, std::vector<std::string> values) {
  Attribute a{tag, {}, std::move(values)};
  std::copy_n(vr.begin(), std::min<size_t>(vr.size(), 2), a.vr.begin());
  set(std::move(a));
}

bool AttributeSet::fill(const AttributeSet& other) {
  bool changed = false;
  for (const Attribute& theirs : other.attributes_) {
    auto at = place_of(attributes_, theirs.tag);
    if (at == attributes_.end() || at->tag != theirs.tag) {
      attributes_.insert(at, theirs);
      changed = true;
    } else if (!has_value(*at) && has_value(theirs)) {
      *at = theirs;
      changed = true;
    }
  }
  return changed;
}

const Attribute* AttributeSet::find(Tag tag) const {
  auto at = place_of(attributes_, tag);
  return at != attributes_.end() && at->tag == tag ? &*at : nullptr;
}

std::string_view AttributeSet::first(Tag tag) const {
  const Attribute* a = find(tag);
  return a == nullptr || a->values.empty() ? std::string_view{} : a->values.front();
}

void AttributeSet::encode(Encoder& out) const {
  out.varint(attributes_.size());
  for (const Attribute& a : attributes_) {
    out.fixed(a.tag.value);
    out.raw({a.vr.data(), a.vr.size()});
    out.varint(a.values.size());
    for (const std::string& v : a.values) out.bytes(v);
  }
}

AttributeSet AttributeSet::decode(Decoder& in) {
  StrictDecoder strict(in);
  AttributeSet set;
  const uint64_t count = strict.count(7);
  set.attributes_.reserve(count);
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    Attribute a;
    a.tag.value = in.fixed<uint32_t>();
    const ByteView vr = in.raw(2);
    if (vr.size() == 2) a.vr = {vr[0], vr[1]};
    const uint64_t values = strict.count();
    a.values.reserve(values);
    for (uint64_t k = 0; k < values && in.ok(); ++k) a.values.push_back(strict.text());
    if (!set.attributes_.empty() && !(set.attributes_.back().tag < a.tag)) strict.fail();
    set.attributes_.push_back(std::move(a));
  }
  if (!in.ok()) set.attributes_.clear();
  return set;
}

}  // namespace medarc::index
