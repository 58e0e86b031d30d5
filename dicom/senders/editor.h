// Carries corrections out on a scanned header, and writes down in the header what it was before.
// For one use.
#pragma once

#include <map>
#include <set>

#include "dicom/senders/corrections.h"

namespace medarc::dicom::senders {

class Editor {
 public:
  Editor(const Corrections& corrections, Scanner& scanner)
      : corrections_(corrections), scanner_(scanner) {}
  std::vector<Correction> run();

 private:
  struct Change {
    Bytes value;
    bool nonconforming = false;  // what it was cannot stand as a value of its VR
  };
  struct Step {
    size_t sequence = 0;  // its place in before_
    uint32_t item = 0;    // from 1
  };
  struct Nonconforming {
    size_t index;  // of the element as it was
    std::vector<Step> path;
  };

  void read_texts_and_uids();
  void coerce();
  void coerce(const Coercion& one);
  // The value of a top-level element now; nullopt: there is none, or not in memory.
  std::optional<Bytes> value_now(Tag tag) const;
  std::optional<size_t> place_of(Tag tag) const;
  std::optional<Bytes> encoded(const std::string& utf8) const;
  std::vector<Correction> told() const;

  void rebuild();
  void write_record(std::vector<Element>& out);
  void write_record_item(std::vector<Element>& out);
  void write_former_values(std::vector<Element>& out);
  void write_former(std::vector<Element>& out, size_t begin, size_t end);
  void write_nonconforming(std::vector<Element>& out);
  Bytes tag_value(Tag tag) const;
  size_t end_of(size_t index) const;  // behind the last entry of the element that begins there
  bool is_changed(size_t begin, size_t end) const;
  // Where the creator of this private element stands, in the same dataset or item.
  std::optional<size_t> creator_of(size_t index) const;
  Bytes creator_name(size_t index) const;  // "" of none
  std::set<size_t> creators_of_changed() const;
  void text(std::vector<Element>& out, uint32_t tag, const char (&vr)[3], ByteView value);

  const Corrections& corrections_;
  Scanner& scanner_;
  std::vector<Element> before_;
  std::map<size_t, Change> changed_;  // by place in before_
  std::map<Tag, Bytes> added_;        // at the top level
  std::set<size_t> removed_;          // likewise
  std::vector<Nonconforming> nonconforming_;
};

}  // namespace medarc::dicom::senders
