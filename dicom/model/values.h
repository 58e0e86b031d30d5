// Values of the DICOM model as bytes of an Explicit VR Little Endian dataset.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "dicom/dictionary.h"
#include "dicom/model/sink.h"

namespace medarc::dicom {

// The values of one element, kept closely: millions of numbers may come.
class ModelValues {
 public:
  void add(ModelSink::Kind kind, std::string_view text);
  size_t count() const { return entries_.size(); }
  uint64_t memory_bytes() const { return texts_.size() + entries_.size() * sizeof(Entry); }
  ModelSink::Kind kind(size_t i) const { return entries_[i].kind; }
  std::string_view text(size_t i) const;

 private:
  struct Entry {
    uint32_t end;  // in texts_
    ModelSink::Kind kind;
  };
  Bytes texts_;
  std::vector<Entry> entries_;
};

// Of even length, text in UTF-8. nullopt when the model has no such values for this VR: numbers out
// of range, a backslash in a value, two values of a VR that has one.
std::optional<Bytes> encode_values(Vr vr, const ModelValues& values);

// A NUL or a blank, as the VR is padded (PS3.5 6.2).
char padding_of(Vr vr);

// Tag, VR and length. Values over 65,534 bytes of VRs with a 16-bit length become UN (N11).
void append_head(Bytes& out, Tag tag, Vr vr, uint32_t length);
// Tag and length: items, fragments and delimiters.
void append_item_head(Bytes& out, uint32_t tag, uint32_t length);

}  // namespace medarc::dicom
