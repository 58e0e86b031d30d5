// A small data set as a tree in memory: read from the wire, from DICOM JSON (PS3.18 annex F) or
// from XML (PS3.19 annex A), changed, and written to the wire or as JSON. For what is edited by
// attribute, such as work items; received objects never become one (scanner.h).
#pragma once

#include <string>
#include <vector>

#include "dicom/dictionary.h"
#include "dicom/limits.h"
#include "index/attributes.h"

namespace medarc::dicom {

class DataSet;

struct DataElement {
  Tag tag;
  Vr vr{};
  // UTF-8, numbers as decimal text, AT as eight digits, PN as "Alphabetic=Ideographic=Phonetic";
  // none: the element is there without a value.
  std::vector<std::string> values;
  Bytes binary;                // OB, OW, UN …: little endian
  std::vector<DataSet> items;  // SQ
  bool has_value() const { return !values.empty() || !binary.empty() || !items.empty(); }
};

// Sorted by tag, each tag once. Without group lengths, file meta information and Specific Character
// Set (all text is UTF-8 here).
class DataSet {
 public:
  const std::vector<DataElement>& all() const { return elements_; }
  bool empty() const { return elements_.empty(); }
  const DataElement* find(Tag tag) const;
  std::string_view first(Tag tag) const;  // the first value, or ""
  bool has_value(Tag tag) const;
  void set(DataElement element);  // replaces
  void set(Tag tag, std::string_view vr, std::vector<std::string> values);
  bool erase(Tag tag);  // false: it was not there

 private:
  std::vector<DataElement> elements_;
};

bool operator==(const DataElement& a, const DataElement& b);
bool operator==(const DataSet& a, const DataSet& b);

struct DataSetLimits {
  uint32_t depth_max = 16;  // sequences in sequences; what walks the tree recurses that far
  uint32_t elements_max = 20'000;
  uint64_t bytes_max = 1u << 20;  // of the text or the bytes it is read from
};

// invalid_argument: no such text or data set (the text says where); too_large: over a limit;
// unsupported: a value that is not in the text (BulkDataURI).
Result<DataSet> read_dataset_json(ByteView json, const DataSetLimits& limits);
Result<DataSet> read_dataset_xml(ByteView xml, const DataSetLimits& limits);
Result<DataSet> read_dataset(ByteView bytes, std::string_view transfer_syntax,
                             const Limits& scanned, const DataSetLimits& limits);

// "{…}", compact.
std::string to_json(const DataSet& dataset);
// In a character set the reader named (`wanted_charset`: values of (0008,0005), may be empty) when
// all text fits there, else as UTF-8, which (0008,0005) then says.
Bytes write_dataset(const DataSet& dataset, const std::vector<std::string>& wanted_charset,
                    std::string_view transfer_syntax);

}  // namespace medarc::dicom
