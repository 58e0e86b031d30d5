// Walks everything of one kind, page by page, in id order, on one view.
#pragma once

#include <functional>

#include "index/index.h"

namespace medarc::tools {

// An error of `visit` ends the walk and is answered.
Status for_each_study(index::View& view, const std::function<Status(const index::StudyRow&)>& visit);
// Latest versions; `study` empty: all studies.
Status for_each_instance(index::View& view, const std::optional<index::StudyUid>& study,
                         const std::function<Status(const index::InstanceRow&)>& visit);
// Every version that can still be read.
Status for_each_version(index::View& view,
                        const std::function<Status(const index::InstanceRow&)>& visit);
Status for_each_file(index::View& view, const std::function<Status(const index::FileRow&)>& visit);

}  // namespace medarc::tools
