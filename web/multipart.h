// multipart/related (RFC 2387, RFC 2046 5.1), both ways, as streams in constant memory (dicom.md
// N12).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/config.h"
#include "base/io.h"
#include "web/http.h"

namespace medarc::web {

struct MultipartLimits {
  uint32_t part_header_bytes_max = 16u << 10;  // all header lines of one part
  uint32_t parts_max = 100'000;
  static MultipartLimits from(Config& config);  // section [http]
};

class PartSink {
 public:
  virtual ~PartSink() = default;
  virtual Status begin_part(const Headers& headers) = 0;
  virtual Status part_data(ByteView bytes) = 0;
  virtual Status end_part() = 0;
};

// Push parser. Lines may end in CRLF or LF alone; preamble, epilogue and blanks after a boundary
// are skipped; a part needs no length and may have no headers. Errors: invalid_argument, too_large,
// or what the sink says; then only destruction is allowed.
class MultipartParser {
 public:
  // `sink` must live longer.
  MultipartParser(std::string boundary, MultipartLimits limits, PartSink& sink);
  Status feed(ByteView in);
  // At the end of the body: invalid_argument when the closing boundary has not come.
  Status finish();
  uint32_t parts() const { return parts_; }

 private:
  enum class Phase { preamble, boundary_line, headers, data, epilogue };
  Status feed_data(ByteView& in);
  Status feed_boundary_line(ByteView& in);
  Status feed_headers(ByteView& in);
  Status emit(ByteView bytes);  // of a part; nothing in the preamble
  Status end_of_data(ByteView before);
  Status begin_part();
  size_t undecided(ByteView bytes) const;

  const std::string mark_;  // "\n--boundary"
  const MultipartLimits limits_;
  PartSink& sink_;
  Phase phase_ = Phase::preamble;
  bool in_part_ = false;       // between begin_part and end_part
  std::string held_;           // the end of the data, perhaps the start of a mark
  bool held_virtual_ = true;   // held_ begins with a line end that is no data
  bool mark_virtual_ = false;  // so did the mark just met
  bool held_cr_ = false;       // a CR stood before the mark just met
  std::string line_;           // rest of a boundary line, or headers so far
  uint32_t parts_ = 0;
};

// The characters of RFC 2046 for the `boundary` parameter of a media type. It says 70 at most;
// Orthanc's DICOMweb client sends 73.
inline constexpr size_t kBoundaryBytesMax = 200;
bool is_boundary(std::string_view text);

// Writes a multipart body from parts asked for one by one, so that only one is open at a time.
struct OutgoingPart {
  std::string headers;  // "Content-Type: …\r\n" lines
  std::unique_ptr<ByteSource> content;
};
// `next` answers nullopt after the last part.
std::unique_ptr<ByteSource> multipart(std::string boundary,
                                      std::function<Result<std::optional<OutgoingPart>>()> next);
// The exact length of such a body: add each part, then the end.
class MultipartLength {
 public:
  explicit MultipartLength(std::string_view boundary) : boundary_bytes_(boundary.size()) {}
  void add(size_t headers_bytes, uint64_t content_bytes) {
    total_ += mark_bytes() + 2 + headers_bytes + 2 + content_bytes;
    first_ = false;
  }
  uint64_t end() const { return total_ + mark_bytes() + 4; }

 private:
  uint64_t mark_bytes() const { return (first_ ? 2 : 4) + boundary_bytes_; }
  uint64_t boundary_bytes_, total_ = 0;
  bool first_ = true;
};
// A boundary that is unlikely in any data: random, new for each answer.
std::string new_boundary();

}  // namespace medarc::web
