// Every HTTP route of the product, in one list.
#pragma once

#include <vector>

#include "tools/opened.h"
#include "web/http.h"

namespace medarc::tools {

struct Doors {
  std::vector<web::Route> routes;
};

// `opened` outlives the routes.
Result<Doors> make_doors(Opened& opened);

}  // namespace medarc::tools
