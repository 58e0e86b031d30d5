#include "dicom/senders/tally.h"

#include "base/codec.h"

namespace medarc::dicom::senders {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kDayBytes = 10;  // "2026-11-21"

}  // namespace

std::string day_of(Timestamp when) { return to_rfc3339(when).substr(0, kDayBytes); }

TallyLimits TallyLimits::from(Config& config) {
  TallyLimits l;
  const auto number = [&](const char* key, uint32_t fallback, const char* meaning, uint32_t max) {
    return static_cast<uint32_t>(config.size(key, fallback, meaning, 1, max));
  };
  l.days_max =
      number("senders.days_max", l.days_max, "Days of what senders got wrong that are kept.", 3660);
  l.senders_max = number("senders.senders_max", l.senders_max,
                         "Senders counted on one day; more are counted together.", 100'000);
  l.lines_max =
      number("senders.lines_max", l.lines_max,
             "Different findings of one sender on one day; more are counted together.", 100'000);
  l.lines_total_max =
      number("senders.lines_total_max", l.lines_total_max,
             "Different findings of all days; the oldest days go first.", 1'000'000);
  return l;
}

void Tally::add(const std::string& sender, const Finding& finding, const std::string& sop_class,
                const std::string& instance, Timestamp when) {
  add({day_of(when), sender, finding.kind, finding.attribute, sop_class, finding.text},
      {1, when, when, instance});
}

void Tally::add(const Tally& more) {
  for (const auto& [key, line] : more.lines_) add(key, line);
}

void Tally::add(TallyKey key, const TallyLine& line) {
  auto at = lines_.find(key);
  if (at == lines_.end()) {
    auto& senders = by_day_[key.day];
    if (!senders.contains(key.sender) && senders.size() >= limits_.senders_max) {
      key.sender = kOtherSenders;
    }
    uint32_t& lines = senders[key.sender];
    if (lines >= limits_.lines_max) {
      key.kind = kOtherFindings;
      key.attribute = {};
      key.sop_class.clear();
      key.text.clear();
    }
    const auto [made, is_new] = lines_.try_emplace(std::move(key), line);
    if (is_new) {
      ++lines;
      while (by_day_.size() > limits_.days_max ||
             (lines_.size() > limits_.lines_total_max && by_day_.size() > 1)) {
        drop_oldest();
      }
      return;
    }
    at = made;
  }
  TallyLine& held = at->second;
  held.count += line.count;
  held.first = std::min(held.first, line.first);
  if (line.last >= held.last) {
    held.last = line.last;
    held.example = line.example;
  }
}

void Tally::drop_oldest() {
  const std::string day = by_day_.begin()->first;
  by_day_.erase(by_day_.begin());
  for (auto at = lines_.begin(); at != lines_.end() && at->first.day == day;) {
    at = lines_.erase(at);
  }
}

void Tally::clear() {
  lines_.clear();
  by_day_.clear();
}

Bytes Tally::encode() const {
  Encoder out;
  out.fixed(kVersion);
  out.varint(lines_.size());
  for (const auto& [key, line] : lines_) {
    out.bytes(key.day);
    out.bytes(key.sender);
    out.bytes(key.kind);
    out.fixed(key.attribute.value);
    out.bytes(key.sop_class);
    out.bytes(key.text);
    out.varint(line.count);
    out.zigzag(line.first.us);
    out.zigzag(line.last.us);
    out.bytes(line.example);
  }
  return out.take();
}

Status Tally::decode(ByteView bytes) {
  clear();
  Decoder in(bytes);
  const bool known = in.fixed<uint8_t>() == kVersion;
  for (uint64_t n = in.varint(); n > 0 && in.ok(); --n) {
    TallyKey key;
    TallyLine line;
    key.day = in.bytes();
    key.sender = in.bytes();
    key.kind = in.bytes();
    key.attribute.value = in.fixed<uint32_t>();
    key.sop_class = in.bytes();
    key.text = in.bytes();
    line.count = in.varint();
    line.first.us = in.zigzag();
    line.last.us = in.zigzag();
    line.example = in.bytes();
    if (in.ok()) add(std::move(key), line);
  }
  if (known && in.at_end()) return {};
  clear();
  return make_error(Code::corrupt, "the counts of what senders got wrong cannot be decoded");
}

}  // namespace medarc::dicom::senders
