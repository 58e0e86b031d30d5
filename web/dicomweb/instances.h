// The instances of a study or a series, one page of rows in memory.
#pragma once

#include <memory>
#include <optional>

#include "dicom/imaging.h"
#include "web/http.h"

namespace medarc::web {

class Instances {
 public:
  // Of the study, or the series, that the request's first one or two captures name; with `at` the
  // versions that were there then.
  Instances(std::shared_ptr<index::View> view, const Request& request,
            std::optional<Timestamp> at = {});

  // The next one, by its UIDs; nullopt at the end.
  Result<std::optional<dicom::InstanceRow>> next();

  const std::shared_ptr<index::View>& view() const { return view_; }

 private:
  std::shared_ptr<index::View> view_;
  Result<std::optional<dicom::InstanceRow>> next_row();

  std::optional<Timestamp> at_moment_;
  index::Query query_;
  index::Page page_;
  size_t at_ = 0;
  bool begun_ = false;
};

}  // namespace medarc::web
