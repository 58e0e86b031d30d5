// What of a work item can be searched, and matching keys as conditions of an index query: the same
// for C-FIND, for searches over the web and for filtered subscriptions (PS3.4 CC.2.8, table
// CC.2.5-3).
//
// Matched are all values of the top level, codes of the stations, the work item and the human
// performers, and the numbers of the referenced request.
#pragma once

#include <vector>

#include "dicom/dataset.h"
#include "dicom/matching.h"

namespace medarc::dicom::worklist {

index::AttributeSet searchable(const DataSet& item);

struct Keys {
  index::Query query;            // of kind work_item, without a limit
  std::vector<Tag> unsupported;  // keys that were left out
};

// The values of a key are taken as they were sent, joined by backslashes; one item of a sequence
// holds the keys in it. invalid_argument: a value that is no value of its key.
Result<Keys> read_keys(const DataSet& identifier, const Matching& how);

// Whether the item is among what the query finds, its place in the index aside.
bool matches(const index::WorkItemRow& item, const index::Query& query);

// The attributes of the item that the identifier asks for, empty where it has none; of sequences
// what its item asks for, or all.
DataSet project(const DataSet& item, const DataSet& identifier);

}  // namespace medarc::dicom::worklist
