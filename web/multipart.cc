#include "web/multipart.h"

#include <algorithm>
#include <random>

#include "base/piecewise_source.h"
#include "web/text.h"

namespace medarc::web {
namespace {

constexpr size_t kBoundaryLineBytesMax = 512;  // blanks after a boundary

Error bad(std::string_view why) { return make_error(Code::invalid_argument, std::string(why)); }

// "Name: value" lines; folded lines (legal in MIME) are joined.
Headers parse_part_headers(std::string_view text) {
  Headers out;
  std::string name, value;
  const auto flush = [&] {
    if (!name.empty()) out.add(std::move(name), std::move(value));
    name.clear();
    value.clear();
  };
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with(' ') || line.starts_with('\t')) {
      value += ' ';
      value += trim(line);
      continue;
    }
    flush();
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    name = trim(line.substr(0, colon));
    value = trim(line.substr(colon + 1));
  }
  flush();
  return out;
}

}  // namespace

MultipartLimits MultipartLimits::from(Config& config) {
  MultipartLimits l;
  l.part_header_bytes_max = static_cast<uint32_t>(
      config.size("http.part_header_bytes_max", l.part_header_bytes_max,
                  "Longest header block of a multipart part, in bytes.", 256, 1u << 20));
  l.parts_max = static_cast<uint32_t>(config.size(
      "http.parts_max", l.parts_max, "Most parts in one multipart body.", 1, 100'000'000));
  return l;
}

bool is_boundary(std::string_view text) {
  static constexpr std::string_view kMarks = "'()+_,-./:=? ";
  return !text.empty() && text.size() <= kBoundaryBytesMax && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  kMarks.find(c) != std::string_view::npos;
         });
}

MultipartParser::MultipartParser(std::string boundary, MultipartLimits limits, PartSink& sink)
    : mark_("\n--" + boundary), limits_(limits), sink_(sink), held_("\n") {
  // The first boundary may stand at the very start: as if a line had ended before it.
}

Status MultipartParser::feed(ByteView in) {
  while (!in.empty()) {
    switch (phase_) {
      case Phase::preamble:
      case Phase::data: MEDARC_TRY(feed_data(in)); break;
      case Phase::boundary_line: MEDARC_TRY(feed_boundary_line(in)); break;
      case Phase::headers: MEDARC_TRY(feed_headers(in)); break;
      case Phase::epilogue: return {};
    }
  }
  return {};
}

Status MultipartParser::finish() {
  // "--boundary--" may be the last bytes of all, without a line end.
  if (phase_ == Phase::boundary_line && line_ == "--") {
    phase_ = Phase::epilogue;
    if (in_part_) {
      in_part_ = false;
      MEDARC_TRY(sink_.end_part());
    }
  }
  if (phase_ != Phase::epilogue) return bad("the multipart body has no closing boundary");
  return {};
}

Status MultipartParser::emit(ByteView bytes) {
  if (!in_part_ || bytes.empty()) return {};
  return sink_.part_data(bytes);
}

// How many bytes at the end of `bytes` could be the start of "\r\n--boundary" or "\n--boundary".
size_t MultipartParser::undecided(ByteView bytes) const {
  const size_t longest = std::min(bytes.size(), mark_.size() - 1);
  for (size_t n = longest; n > 0; --n) {
    if (bytes[bytes.size() - n] != '\n') continue;
    if (bytes.substr(bytes.size() - n) != ByteView(mark_).substr(0, n)) continue;
    return n < bytes.size() && bytes[bytes.size() - n - 1] == '\r' ? n + 1 : n;
  }
  return bytes.ends_with('\r') ? 1 : 0;
}

Status MultipartParser::end_of_data(ByteView before) {
  held_cr_ = before.ends_with('\r');
  if (held_cr_) before.remove_suffix(1);
  phase_ = Phase::boundary_line;
  line_.clear();
  return emit(before);
}

Status MultipartParser::feed_data(ByteView& in) {
  mark_virtual_ = false;
  if (!held_.empty()) {
    // Enough of what follows to decide about the held bytes, and no more.
    const std::string joined = held_ + std::string(in.substr(0, mark_.size()));
    const auto decided = [&](size_t n) {
      const size_t skip = held_virtual_ && n > 0 ? 1 : 0;
      if (skip > 0) held_virtual_ = false;
      return ByteView(joined).substr(skip, n - skip);
    };
    const size_t at = joined.find(mark_);
    if (at != std::string::npos) {
      in.remove_prefix(at + mark_.size() - held_.size());
      held_.clear();
      mark_virtual_ = held_virtual_ && at == 0;
      const ByteView before = decided(at);
      held_virtual_ = false;
      return end_of_data(before);
    }
    if (in.size() < mark_.size()) {
      const size_t keep = undecided(joined);
      in = {};
      held_ = joined.substr(joined.size() - keep);
      return emit(decided(joined.size() - keep));
    }
    const size_t held = held_.size();
    held_.clear();
    MEDARC_TRY(emit(decided(held)));
  }
  const size_t at = in.find(mark_);
  if (at != ByteView::npos) {
    const ByteView before = in.substr(0, at);
    in.remove_prefix(at + mark_.size());
    return end_of_data(before);
  }
  const size_t keep = undecided(in);
  held_ = in.substr(in.size() - keep);
  const ByteView data = in.substr(0, in.size() - keep);
  in = {};
  return emit(data);
}

// After "\n--boundary": "--" ends the body, blanks and a line end start a part, anything else was
// data that looked like a boundary.
Status MultipartParser::feed_boundary_line(ByteView& in) {
  while (!in.empty()) {
    const char c = in.front();
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (line_ == "--" && blank) {
      phase_ = Phase::epilogue;
      if (!in_part_) return {};
      in_part_ = false;
      return sink_.end_part();
    }
    const bool dash = c == '-' && (line_.empty() || line_ == "-");
    const bool padding = blank && !line_.starts_with('-');
    if (!dash && !padding) {
      if (!line_.empty() && !line_.starts_with('-')) return bad("a boundary is followed by text");
      phase_ = in_part_ ? Phase::data : Phase::preamble;
      const std::string text = (held_cr_ ? "\r" : "") + mark_ + line_;
      line_.clear();
      return emit(ByteView(text).substr(mark_virtual_ ? 1 : 0));
    }
    in.remove_prefix(1);
    line_ += c;
    if (c == '\n') return begin_part();
    if (line_.size() > kBoundaryLineBytesMax) return bad("a boundary line is too long");
  }
  return {};
}

Status MultipartParser::begin_part() {
  if (in_part_) {
    in_part_ = false;
    MEDARC_TRY(sink_.end_part());
  }
  if (++parts_ > limits_.parts_max) {
    return make_error(Code::too_large, "the multipart body has more than " +
                                           std::to_string(limits_.parts_max) + " parts");
  }
  phase_ = Phase::headers;
  line_.clear();
  return {};
}

Status MultipartParser::feed_headers(ByteView& in) {
  while (!in.empty()) {
    const size_t end = in.find('\n');
    const size_t take = end == ByteView::npos ? in.size() : end + 1;
    if (line_.size() + take > limits_.part_header_bytes_max) {
      return make_error(Code::too_large, "the headers of a part are over the limit of " +
                                             std::to_string(limits_.part_header_bytes_max) +
                                             " bytes");
    }
    line_ += in.substr(0, take);
    in.remove_prefix(take);
    const bool blank_line =
        line_ == "\n" || line_ == "\r\n" || line_.ends_with("\n\n") || line_.ends_with("\n\r\n");
    if (end == ByteView::npos || !blank_line) continue;
    const Headers headers = parse_part_headers(line_);
    line_.clear();
    phase_ = Phase::data;
    in_part_ = true;
    // An empty part: its closing boundary's line end is the empty line's own.
    held_ = "\n";
    held_virtual_ = true;
    return sink_.begin_part(headers);
  }
  return {};
}

namespace {

class Multipart : public PiecewiseSource {
 public:
  Multipart(std::string boundary, std::function<Result<std::optional<OutgoingPart>>()> next)
      : boundary_(std::move(boundary)), next_(std::move(next)) {}

 private:
  Result<bool> next_piece(Bytes& text, std::unique_ptr<ByteSource>& follows) override {
    MEDARC_ASSIGN(std::optional<OutgoingPart> part, next_());
    text += first_ ? "--" : "\r\n--";
    first_ = false;
    text += boundary_;
    if (!part) {
      text += "--\r\n";
      return false;
    }
    text += "\r\n" + part->headers + "\r\n";
    follows = std::move(part->content);
    return true;
  }

  const std::string boundary_;
  std::function<Result<std::optional<OutgoingPart>>()> next_;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<ByteSource> multipart(std::string boundary,
                                      std::function<Result<std::optional<OutgoingPart>>()> next) {
  return std::make_unique<Multipart>(std::move(boundary), std::move(next));
}

std::string new_boundary() {
  thread_local std::mt19937_64 random(std::random_device{}());
  std::string bytes(16, '\0');
  for (size_t i = 0; i < 16; i += 8) {
    const uint64_t word = random();
    for (size_t j = 0; j < 8; ++j) bytes[i + j] = static_cast<char>(word >> (8 * j));
  }
  return "medarc-" + to_hex(bytes);
}

}  // namespace medarc::web
