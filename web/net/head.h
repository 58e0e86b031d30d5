// The request head and the body's framing (RFC 9112), for one request at a time. Beast parses; the
// rules it is lenient about (line ends, folding, blanks before colons, repeated lengths) are
// checked first, so that no proxy can see another message than we do. Every violation is
// invalid_argument and the connection must be closed after the answer.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "web/http.h"

namespace medarc::web {

struct Head {
  std::string method, target;
  int version = 11;  // 10 or 11
  Headers headers;
  bool chunked = false;
  std::optional<uint64_t> content_length;
  bool keep_alive = true;
  bool expect_continue = false;
};

// Looks for the end of a head in what has arrived. Feed it the growing buffer.
class HeadFinder {
 public:
  // Length of the head (its empty line included) or 0 when more must come. An error when it can
  // never become one: a line that ends without CR, or bytes that start no method.
  Result<size_t> find(ByteView buffer);

 private:
  size_t seen_ = 0;
};

class MessageParser {
 public:
  MessageParser();
  ~MessageParser();
  MessageParser(MessageParser&&) noexcept;
  MessageParser& operator=(MessageParser&&) noexcept;

  // `text` is a whole head.
  Status parse_head(ByteView text);
  Head& head();

  // Hands the body in `in` to `sink` piece by piece and answers how much was used; the rest must be
  // given again with more behind it.
  Result<size_t> parse_body(ByteView in, const std::function<Status(ByteView)>& sink);
  bool body_done() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace medarc::web
