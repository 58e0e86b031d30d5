// The first thing that reads a received dataset: iterative, bounded, pushed bytes in any pieces.
//
// It walks every element (PS3.5 section 7), sequences included, without recursion and without
// believing a length before the bytes are there. Header values are kept, up to named limits; pixel
// data is only passed over, noting where each fragment lies. What passes here may be shown to a
// DICOM library; what does not is refused with a reason (dicom.md section 2).
//
// Odd but readable data is kept and warned of (dicom.md S11): wrong order, doubled elements, odd
// lengths, unknown VRs, needless delimiters, anything after the last element.
//
// Not thread-safe. Works on the plain (inflated) dataset; see Inflater for deflated ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "dicom/dictionary.h"
#include "dicom/limits.h"
#include "dicom/transfer_syntax.h"

namespace medarc::dicom {

struct Element {
  enum class Kind : uint8_t {
    value,     // has bytes
    sequence,  // items follow, until sequence_end
    sequence_end,
    item,  // elements follow, until item_end
    item_end,
    fragments,  // encapsulated value: its fragments are in Scan::fragments if it is the pixel data
  };
  Tag tag;
  Vr vr{};
  Kind kind : 7 = Kind::value;
  bool held : 1 = false;   // value: the bytes are in memory
  uint8_t depth = 0;       // sequences around it
  uint32_t length = 0;     // of the value; kUndefinedLength for open sequences and items
  uint32_t header_at = 0;  // held: where in memory
  uint64_t offset = 0;     // of the value in the dataset, plain bytes
};
static_assert(sizeof(Element) == 24);  // a slide has millions of them
inline constexpr uint32_t kUndefinedLength = 0xFFFFFFFF;
inline constexpr uint64_t kNoPlace = UINT64_MAX;  // offset of a value that is in memory only

struct Fragment {
  uint64_t offset = 0;  // of its bytes, item header excluded
  uint32_t length = 0;
  uint32_t first_bytes = 0;  // the first four, big endian: tells where codestreams start
};

struct PixelData {
  Tag tag;  // 7FE0,0010 / 0008 / 0009, the first of them
  Vr vr{};
  bool encapsulated = false;
  uint64_t offset = 0;  // native: of the value
  uint64_t length = 0;
  // Encapsulated: where the first fragment's item header stands, behind the basic offset table;
  // 0 until the table's length has come.
  uint64_t fragments_begin = 0;
  std::vector<Fragment> fragments;  // without the basic offset table
  Bytes basic_offsets;              // the first item's bytes, as they are
};

class Scanner {
 public:
  Scanner(Encoding encoding, const Limits& limits);

  // The first error is final: invalid_argument (cannot be understood), too_large (over a limit).
  Status feed(ByteView bytes);
  // Bytes that feed() would only pass over now: callers that can seek may skip() them instead.
  uint64_t skippable() const;
  void skip(uint64_t count);
  // The dataset is complete. invalid_argument when it ends in the middle of something.
  Status finish();

  bool header_done() const { return pixel_.has_value(); }  // everything before pixel data was seen
  // In the order of the dataset. What follows the last readable element after the pixel data
  // (padding, rubbish) is not among them.
  const std::vector<Element>& elements() const { return elements_; }
  // A top-level element, or nullptr.
  const Element* find(Tag tag) const;
  ByteView value(const Element& e) const;  // "" when not held
  const std::optional<PixelData>& pixel_data() const { return pixel_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  // As it turned out: datasets that are Implicit VR though declared explicit, or the other way
  // round, are told by their first element.
  Encoding encoding() const { return encoding_; }
  uint64_t position() const { return position_; }

  // Changes to what was read, for objects that are served otherwise than received
  // (senders/corrections.h). An element with a value of our own, which has no place in the dataset;
  // words in the dataset's byte order:
  Element made(Tag tag, Vr vr, uint8_t depth, ByteView value);
  // Takes the place of elements(); in the same form, values and their places as they were.
  void replace(std::vector<Element> elements);

 private:
  enum class Where : uint8_t { dataset, sequence, item, fragments };
  struct Level {
    Where where;
    bool implicit = false;  // elements in it have no VR
    bool pixels = false;    // fragments: of the pixel data
    uint64_t end = kOpen;   // kOpen: until its delimiter
    uint64_t items = 0;
  };
  static constexpr uint64_t kOpen = UINT64_MAX;
  static constexpr size_t kTokenBytesMax = 12;

  void take_value(ByteView bytes);
  Status element_header(bool& wants_more);
  Status delimiter(Tag tag);
  Status item_header();
  bool no_items();
  Status fragment_header(Level& level, uint32_t length);
  Status begin_value(Element e, uint32_t length);
  Status begin_undefined(Element e, bool pixels);
  Status open_sequence(Element e, uint64_t end, bool implicit);
  Status close_finished();
  Status fail(Code code, const char* text);
  void pass_over_the_rest();
  void correct_encoding();
  void warn(const char* text);
  void add(const Element& e);
  uint64_t allowed(uint32_t base, uint32_t per_frame);
  Vr implicit_vr(Tag tag) const;
  Tag token_tag() const;
  template <class T>
  T number(size_t at) const;

  Encoding encoding_;
  const Limits& limits_;
  Bytes header_;  // values held
  std::vector<Element> elements_;
  std::vector<uint32_t> top_;  // elements_ at the top level
  std::vector<Level> levels_;
  std::optional<PixelData> pixel_;
  std::vector<std::string> warnings_;
  char token_[kTokenBytesMax];  // a tag with its length, being collected
  size_t token_size_ = 0, token_wanted_ = 8;
  uint64_t position_ = 0;    // in the dataset
  uint64_t passing_ = 0;     // value bytes still to come
  bool keeping_ = false;     // they go to header_
  bool in_offsets_ = false;  // they go to pixel_->basic_offsets
  bool over_ = false;        // only rubbish follows
  std::optional<size_t>
      suspect_;  // elements_ before a tag that goes backwards after the pixel data
  uint32_t last_tag_ = 0;
  uint64_t items_ = 0;
  std::optional<uint64_t> frames_;
  uint8_t depth_ = 0;
  std::optional<Error> failed_;
};

// VRs whose explicit length has 32 bits after two reserved bytes (PS3.5 7.1.2).
bool has_long_length(Vr vr);
bool is_known(Vr vr);  // one of PS3.5 table 6.2-1

// One big-endian or little-endian unsigned number at the start of `bytes` (0 when too short).
uint64_t read_number(ByteView bytes, size_t size, bool big);

}  // namespace medarc::dicom
