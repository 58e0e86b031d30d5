// What is served otherwise than it was received: instructions that are kept with the instance's row
// and carried out on its header, at intake for rows and metadata, and again whenever the object is
// given. The stored bytes stay as they came.
//
// Every element that they change is named in an item of Original Attributes Sequence (0400,0561;
// PS3.3 C.12.1.1.9) with its former value: as it was, or, where that did not conform to its value
// representation, as bytes in Nonconforming Modified Attributes Sequence (0400,0551). Items that
// were there before stay.
//
// Carrying out is deterministic: the same instructions on the same dataset give the same, whatever
// else the configuration says by then. Datasets of every encoding are corrected, and given in their
// own: big-endian ones in big endian, deflated ones deflated anew.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "dicom/scanner.h"
#include "dicom/senders/uid_repair.h"
#include "index/rows.h"

namespace medarc::dicom::senders {

// A field of instance rows, no DICOM attribute: the encoded instructions (index/KEYS.md).
inline constexpr Tag kFieldCorrections{0xFFFE0020};

// One attribute at the top level. Values are stored.
struct Coercion {
  enum class Kind : uint8_t { set = 1, copy = 2, remove = 3 };
  Kind kind = Kind::set;
  Tag tag;
  Tag from;           // copy
  std::string value;  // set: UTF-8, several by backslashes; "" makes it empty
  bool operator==(const Coercion&) const = default;
};

struct Corrections {
  std::string text_encoding;  // all text is in it (readings.h), and becomes UTF-8; "": as declared
  UidRepair uids;             // of every element of VR UI
  std::vector<Coercion> coercions;  // in this order, after the others
  Timestamp time;                   // for the record in the object
  std::string system, source;       // who corrects, who sent it: likewise
  bool none() const { return text_encoding.empty() && uids.none() && coercions.empty(); }
};

// What was changed, for reports: an attribute (a sequence stands for what is in it) and why.
struct Correction {
  enum class Kind { character_set, uid, coerced };
  Kind kind = Kind::coerced;
  Tag attribute;
};

// Text, in the values of this VR, can be set and copied by rules.
bool can_coerce(Tag tag);

// Whether every text beyond ASCII means something in the encoding of that name.
bool all_text_reads(const Scanner& scanner, std::string_view encoding);

// Changes the header. Nothing is changed, and nothing answered, where the dataset is already so.
std::vector<Correction> apply(const Corrections& corrections, Scanner& scanner);

void keep(const Corrections& corrections, index::InstanceRow& row);
bool is_corrected(const index::InstanceRow& row);
// Carries out what is kept with the row. corrupt.
Status correct(const index::InstanceRow& row, Scanner& scanner);
// Tells answers of differently corrected instances apart: "" for one that is not.
std::string correction_mark(const index::InstanceRow& row);

Bytes encode(const Corrections& corrections);
Result<Corrections> decode_corrections(ByteView bytes);  // corrupt

}  // namespace medarc::dicom::senders
