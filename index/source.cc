#include "index/source.h"

#include <algorithm>

namespace medarc::index {
namespace {

constexpr size_t kMergedStreamsMax = 16;  // above, suffixes are gathered and sorted

class ListSource final : public Source {
 public:
  ListSource(std::vector<Bytes> list, ByteView from) : list_(std::move(list)) {
    at_ = static_cast<size_t>(std::lower_bound(list_.begin(), list_.end(), from) - list_.begin());
  }
  Result<std::optional<ByteView>> next() override {
    if (at_ == list_.size()) return std::optional<ByteView>();
    return std::optional<ByteView>(list_[at_++]);
  }

 private:
  std::vector<Bytes> list_;
  size_t at_ = 0;
};

class MergedSource final : public Source {
 public:
  MergedSource(const Driver& d, Reader& reader, ByteView from, uint64_t& examined,
               uint64_t examined_max)
      : examined_(examined), examined_max_(examined_max) {
    for (const Stream& s : d.streams) {
      Bytes low = s.prefix;
      low += from;
      parts_.push_back(
          {s.prefix.size(), reader.range(Table::fields, std::max(low, s.low), s.high)});
    }
  }

  Result<std::optional<ByteView>> next() override {
    if (started_) {
      for (Part& p : parts_) {
        if (p.scan->valid() && p.suffix() == current_) p.scan->next();
      }
    }
    started_ = true;
    const Part* least = nullptr;
    for (const Part& p : parts_) {
      if (!p.scan->valid()) {
        MEDARC_TRY(p.scan->status());
      } else if (least == nullptr || p.suffix() < least->suffix()) {
        least = &p;
      }
    }
    if (least == nullptr) return std::optional<ByteView>();
    if (++examined_ > examined_max_) return too_many_examined();
    current_ = least->suffix();
    return std::optional<ByteView>(current_);
  }

 private:
  struct Part {
    size_t prefix_bytes;
    std::unique_ptr<Scan> scan;
    ByteView suffix() const { return scan->key().substr(prefix_bytes); }
  };
  std::vector<Part> parts_;
  Bytes current_;
  bool started_ = false;
  uint64_t& examined_;
  const uint64_t examined_max_;
};

}  // namespace

Error too_many_examined() {
  return make_error(Code::too_large, "the query would have to look at too many rows; narrow it");
}

Result<std::unique_ptr<Source>> open_source(const Driver& driver, Reader& reader, ByteView from,
                                            uint64_t& examined, uint64_t examined_max) {
  if (driver.type == Driver::Type::ids) {
    return std::unique_ptr<Source>(std::make_unique<ListSource>(driver.ids, from));
  }
  if (driver.streams.size() <= kMergedStreamsMax) {
    return std::unique_ptr<Source>(
        std::make_unique<MergedSource>(driver, reader, from, examined, examined_max));
  }
  std::vector<Bytes> found;
  std::unique_ptr<Scan> scan = reader.range(Table::fields, driver.streams.front().low, {});
  for (const Stream& s : driver.streams) {
    for (scan->seek(s.low); scan->valid() && scan->key() < s.high; scan->next()) {
      if (++examined > examined_max) return too_many_examined();
      found.emplace_back(scan->key().substr(s.prefix.size()));
    }
    MEDARC_TRY(scan->status());
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return std::unique_ptr<Source>(std::make_unique<ListSource>(std::move(found), from));
}

Status Reader::scan(Table table, ByteView prefix,
                    const std::function<bool(ByteView key, ByteView value)>& visit) {
  auto rows = range(table, Bytes(prefix), key::after_prefix(Bytes(prefix)));
  for (; rows->valid(); rows->next()) {
    if (!visit(rows->key(), rows->value())) return {};
  }
  return rows->status();
}

}  // namespace medarc::index
