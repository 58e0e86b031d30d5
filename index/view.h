// Views over any engine's Reader.
#pragma once

#include "index/index.h"
#include "index/reader.h"

namespace medarc::index {

// `engine` is kept alive as long as the view.
std::unique_ptr<View> make_view(std::unique_ptr<Reader> reader, std::shared_ptr<void> engine);

}  // namespace medarc::index
