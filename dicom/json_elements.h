// Elements of a dataset in the compact DICOM JSON that json.h writes, found where they stand: no
// tree is built, nothing is copied that is not asked for. For metadata and sequences as the index
// keeps them; of other JSON, or of broken text, it finds nothing or less, and never reads beyond
// it.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "index/attributes.h"

namespace medarc::dicom {

using index::Attribute;
using index::Tag;

// The parts of one element, as texts of JSON; all views into the dataset.
struct JsonElement {
  Tag tag;
  std::array<char, 2> vr{};
  std::string_view values;         // "[…]", or "" without a value
  std::string_view inline_binary;  // base64 without quotes, or ""
  bool elsewhere = false;          // a BulkDataURI stands for the value
};

// Top-level elements in the order of the dataset; false from `visit` stops.
void for_each_element(std::string_view dataset,
                      const std::function<bool(const JsonElement&)>& visit);
std::optional<JsonElement> find_element(std::string_view dataset,
                                        Tag tag);  // the first of that tag

// The entries of "[…]" as texts of JSON: the items of a sequence, the values of another element.
std::vector<std::string_view> json_entries(std::string_view array);

// As rows hold it: a sequence has the text of its items as its only value, names are joined by "=".
Attribute attribute_of(const JsonElement& element);

// Takes BulkDataURIs out, for where there is no place to point to.
void drop_bulk_uris(std::string& json);

// The private block that `creator` reserved in a group (PS3.5 7.8.1): 0x10 to 0xFF.
std::optional<uint32_t> private_block(std::string_view dataset, uint32_t group,
                                      std::string_view creator);

}  // namespace medarc::dicom
