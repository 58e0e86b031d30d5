#include "web/router.h"

#include <map>

namespace medarc::web {

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> any;   // {name}
  std::unique_ptr<Node> rest;  // {name...}
  std::map<std::string, const Entry*, std::less<>> methods;

  using Segments = std::vector<std::string>;
  // The best node for segments[at...]. Templates are few and shallow, so going back is cheap; its
  // depth is that of the deepest template, not of the request.
  const Node* match(const Segments& segments, size_t at, std::vector<std::string>& captures) const {
    if (at == segments.size()) return methods.empty() ? nullptr : this;
    if (const auto literal = literals.find(segments[at]); literal != literals.end()) {
      if (const Node* found = literal->second->match(segments, at + 1, captures)) return found;
    }
    if (any && !segments[at].empty()) {
      captures.push_back(segments[at]);
      if (const Node* found = any->match(segments, at + 1, captures)) return found;
      captures.pop_back();
    }
    if (!rest) return nullptr;
    std::string joined = segments[at];
    for (size_t i = at + 1; i < segments.size(); ++i) joined += "/" + segments[i];
    captures.push_back(std::move(joined));
    return rest.get();
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

Result<Router> Router::build(std::vector<Route> routes) {
  Router router;
  for (Route& route : routes) {
    const std::string path = route.path;
    const auto bad = [&](std::string_view why) {
      return make_error(Code::invalid_argument, "route " + path + ": " + std::string(why));
    };
    if (!path.starts_with('/')) return bad("does not start with a slash");
    Node* node = router.root_.get();
    std::string_view left = std::string_view(path).substr(1);
    while (!left.empty()) {
      const size_t end = std::min(left.find('/'), left.size());
      const std::string_view part = left.substr(0, end);
      left.remove_prefix(std::min(end + 1, left.size()));
      std::unique_ptr<Node>* next = nullptr;
      if (part.ends_with("...}") && part.starts_with('{')) {
        if (!left.empty()) return bad("has parts after the rest");
        next = &node->rest;
      } else if (part.starts_with('{') && part.ends_with('}')) {
        next = &node->any;
      } else {
        next = &node->literals[std::string(part)];
      }
      if (!*next) *next = std::make_unique<Node>();
      node = next->get();
    }
    auto entry = std::make_unique<Entry>();
    // Templates come from the route table: a closed set of labels.
    entry->took = &histogram("medarc_http_request_seconds",
                             "Time from a request's head to the last byte of its answer.",
                             "method=\"" + route.method + "\",route=\"" + path + "\"");
    entry->route = std::move(route);
    if (!node->methods.emplace(entry->route.method, entry.get()).second) {
      return bad("is given twice for " + entry->route.method);
    }
    router.entries_.push_back(std::move(entry));
  }
  return router;
}

Router::Found Router::find(std::string_view method,
                           const std::vector<std::string>& segments) const {
  Found found;
  const Node* node = root_->match(segments, 0, found.captures);
  if (node == nullptr) return found;
  auto entry = node->methods.find(method);
  if (entry == node->methods.end() && method == "HEAD") entry = node->methods.find("GET");
  if (entry != node->methods.end()) {
    found.entry = entry->second;
    if (method != "OPTIONS") return found;  // a preflight is answered with what is allowed
  }
  for (const auto& [name, there] : node->methods) {
    for (const Header& h : there->route.options.entries()) found.options.set(h.name, h.value);
    if (name == "OPTIONS") continue;
    found.allow += name + ", ";
    if (name == "GET" && !node->methods.contains("HEAD")) found.allow += "HEAD, ";
  }
  found.allow += "OPTIONS";
  return found;
}

}  // namespace medarc::web
