#include "web/http.h"

#include <algorithm>

#include "web/text.h"

namespace medarc::web {

void Headers::add(std::string name, std::string value) {
  entries_.push_back({std::move(name), std::move(value)});
}

void Headers::set(std::string name, std::string value) {
  const std::string key = name;
  std::erase_if(entries_, [&](const Header& h) { return equal_ignoring_case(h.name, key); });
  add(std::move(name), std::move(value));
}

std::string_view Headers::find(std::string_view name) const {
  for (const Header& h : entries_) {
    if (equal_ignoring_case(h.name, name)) return h.value;
  }
  return {};
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const Header& h : entries_) {
    if (equal_ignoring_case(h.name, name)) out.push_back(h.value);
  }
  return out;
}

std::string_view Request::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return {};
}

bool asks_for_websocket(const Request& request) {
  const auto names = [&](std::string_view field, std::string_view wanted) {
    for (const std::string_view line : request.headers.all(field)) {
      for (const std::string_view one : split_list(line, ',')) {
        if (equal_ignoring_case(one, wanted)) return true;
      }
    }
    return false;
  };
  return request.method == "GET" && names("Connection", "upgrade") &&
         names("Upgrade", "websocket") && !request.headers.find("Sec-WebSocket-Key").empty() &&
         request.headers.find("Sec-WebSocket-Version") == "13";
}

Response make_response(int status, std::string content_type, Bytes body) {
  Response response;
  response.status = status;
  if (!content_type.empty()) response.headers.add("Content-Type", std::move(content_type));
  response.body = std::move(body);
  return response;
}

namespace {

Error over(const std::string& limit) {
  return make_error(Code::too_large, "the body is over " + limit);
}

class Collector : public BodyHandler {
 public:
  // Of longer bodies so much is read before they are an error.
  Collector(uint64_t bytes_max, uint64_t read_max, std::string limit,
            std::function<Response(Result<Bytes>)> then)
      : bytes_max_(bytes_max),
        read_max_(read_max),
        limit_(std::move(limit)),
        then_(std::move(then)) {}

  Status body(ByteView bytes) override {
    read_ += bytes.size();
    if (read_ <= bytes_max_) body_.append(bytes);
    return read_ <= read_max_ ? Status() : over(limit_);
  }

  Response finish() override {
    return read_ <= bytes_max_ ? then_(std::move(body_)) : then_(over(limit_));
  }

 private:
  const uint64_t bytes_max_, read_max_;
  const std::string limit_;
  const std::function<Response(Result<Bytes>)> then_;
  Bytes body_;
  uint64_t read_ = 0;
};

}  // namespace

std::unique_ptr<BodyHandler> collect_body(uint64_t bytes_max,
                                          std::function<Response(Bytes body)> then) {
  return std::make_unique<Collector>(
      bytes_max, bytes_max, "the limit of " + std::to_string(bytes_max) + " bytes",
      [then = std::move(then)](Result<Bytes> body) { return then(std::move(*body)); });
}

Answer collect_body(const Request& request, uint64_t bytes_max, const char* setting,
                    std::function<Response(Result<Bytes> body)> then) {
  constexpr uint64_t kReadOn = 16;
  if (request.body_bytes > bytes_max) return then(over(setting));
  return std::make_unique<Collector>(bytes_max, kReadOn * bytes_max, setting, std::move(then));
}

}  // namespace medarc::web
