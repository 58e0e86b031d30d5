// What an identifier asks for under an information model (PS3.4 C.4, C.6; dicom.md M1-M13). Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dicom/dimse/identifier.h"
#include "dicom/question.h"
#include "dicom/sop_class.h"

namespace medarc::dicom::dimse {

// How a UID that the requestor wrote is filed here, by the rules for it as a sender
// (senders/quirks.h); itself, where there is none. Unique keys name what has either UID.
using FiledUid = std::function<std::string(const std::string&)>;

struct FindQuery {
  Question question;              // kind is the level's; no limit set
  bool keys_unsupported = false;  // an optional key is neither matched nor returned: FF01
};

// Errors: conflict (the level is not of this model, or a unique key above it is missing or no
// single value, while relational queries were not negotiated: A900); invalid_argument (a value that
// is no value of its key: Cxxx).
Result<FindQuery> read_find(const Identifier& identifier, Root root, bool relational,
                            const Matching& how, const FiledUid& filed = {});

// The answer for one match: every key of the request that is known, with its value or empty.
struct Answerer {
  std::string aet;                          // (0008,0054)
  const ExtraAttributes* extras = nullptr;  // null: none
  bool zones = false;  // tells the zone of its times with each answer that has one (zoned.h)
  // corrupt: the row cannot be read.
  Result<std::vector<index::Attribute>> attributes(const Identifier& identifier, index::View& view,
                                                   const index::Match& match) const;
};

// The instances a C-MOVE or C-GET names, as queries of kind instance, one after the other. Errors
// as read_find; keys other than unique ones are no business of these services (PS3.4 C.4.2.1.4).
Result<std::vector<index::Query>> read_retrieve(const Identifier& identifier, Root root,
                                                index::View& view, const FiledUid& filed = {});

}  // namespace medarc::dicom::dimse
