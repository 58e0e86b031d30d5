// A scanned dataset, or one item of a sequence in it, as something to look values up in. Nothing is
// copied; the scanner must live longer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dicom/charset.h"
#include "dicom/scanner.h"

namespace medarc::dicom {

class ItemView {
 public:
  explicit ItemView(const Scanner& dataset);

  const Element* find(Tag tag) const;  // nullptr when absent
  bool has(Tag tag) const { return find(tag) != nullptr; }
  // Bytes of a value as they are stored; "" when absent or not held.
  ByteView bytes(Tag tag) const;
  // The same with 16-bit words in little endian, whatever the dataset's byte order.
  Bytes words(Tag tag) const;
  // First value; "" when absent. Text outside ASCII needs `charset`.
  std::string text(Tag tag, const Charset& charset = Charset()) const;
  std::vector<std::string> texts(Tag tag, const Charset& charset = Charset()) const;
  std::vector<double> numbers(Tag tag) const;  // what is no number ends the list
  std::optional<double> number(Tag tag) const;
  std::optional<int64_t> integer(Tag tag) const;
  // Of a sequence, in order; empty when there is none.
  std::vector<ItemView> items(Tag sequence) const;
  std::optional<ItemView> item(Tag sequence) const;  // the first

  const Scanner& dataset() const { return *dataset_; }

 private:
  ItemView(const Scanner& dataset, size_t from, size_t to, int depth)
      : dataset_(&dataset), from_(from), to_(to), depth_(depth) {}
  std::vector<ItemView> items_until(Tag sequence, size_t count_max) const;

  const Scanner* dataset_;
  size_t from_, to_;  // of elements()
  int depth_;
};

}  // namespace medarc::dicom
