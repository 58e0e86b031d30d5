// Finds the route of a path. Immutable after build(), so every thread may use it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "web/http.h"

namespace medarc::web {

class Router {
 public:
  struct Entry {
    Route route;
    Histogram* took = nullptr;  // medarc_http_request_seconds of this route
  };
  struct Found {
    const Entry* entry = nullptr;  // null: no such path, or not with this method
    std::vector<std::string> captures;
    std::string allow;  // methods of the path, "GET, HEAD, OPTIONS"; "" = not found, or an entry
                        // of another method than OPTIONS
    Headers options;    // with `allow`: Route::options of all of them
  };

  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
  // invalid_argument: a template without leading "/", {rest...} not at the end, or a method and
  // path given twice.
  static Result<Router> build(std::vector<Route> routes);
  Found find(std::string_view method, const std::vector<std::string>& segments) const;
  const std::vector<std::unique_ptr<Entry>>& entries() const { return entries_; }

 private:
  struct Node;
  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace medarc::web
