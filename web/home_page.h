// The page at "/": what is stored, newest first, with links that work. No scripts.
#pragma once

#include <string>

#include "base/result.h"
#include "web/operations.h"

namespace medarc::web {

// Lists what `request.principal` may find; a part it may not see is left out.
Result<std::string> home_page(const OperationsContext& context, const Request& request);

}  // namespace medarc::web
