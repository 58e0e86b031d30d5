// The durable jobs (index/jobs.h) as operators see them over HTTP, for administrators.
#pragma once

#include <vector>

#include "index/jobs.h"
#include "security/guard.h"
#include "web/http.h"

namespace medarc::web {

struct JobsContext {
  index::Index* index = nullptr;
  index::Jobs* jobs = nullptr;
  security::Guard* guard = nullptr;
};

// GET /admin/jobs?queue=&state=waiting|running|failed&limit=&after=: {"jobs":[…],"next":…}, in the
// order in which they are done; `next` is the value of `after` for the following page. POST
// /admin/jobs/{queue}/{name}/retry: tried at once, with all its attempts again. DELETE
// /admin/jobs/{queue}/{name}: cancelled. 404: no such job; it may be done.
std::vector<Route> jobs_routes(JobsContext context);

}  // namespace medarc::web
