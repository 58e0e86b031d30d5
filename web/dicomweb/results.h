// Rows as QIDO-RS results (PS3.18 10.6.3, dicom.md section 5): DICOM JSON straight from the index.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/io.h"
#include "index/index.h"
#include "web/dicomweb/search.h"

namespace medarc::web {

struct ResultForm {
  index::Kind kind = index::Kind::study;
  // The attributes of the levels above as well, where the path does not name them (Q4).
  bool study_attributes = false, series_attributes = false;
  bool include_all = false;
  std::vector<Field> include;
  const dicom::ExtraAttributes* extras = nullptr;  // as SearchRules
  std::string base_url;
};

// One result object. corrupt: the row or the metadata cannot be read.
Status append_result(const ResultForm& form, index::View& view, const index::Match& match,
                     std::string& out);

// "[…]" of `first` and the pages after it, up to `limit` results in all, read as the client takes
// them. `ended` gets the cursor behind the last of them when there are more.
std::unique_ptr<ByteSource> result_stream(ResultForm form, std::shared_ptr<index::View> view,
                                          index::Query query, index::Page first, uint64_t limit,
                                          std::function<void(Bytes)> ended);

}  // namespace medarc::web
