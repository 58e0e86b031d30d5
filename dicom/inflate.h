// Deflated datasets (PS3.5 A.5): inflated as they stream by, within an absolute limit.
#pragma once

#include <functional>
#include <memory>

#include "base/io.h"

namespace medarc::dicom {

// Pushed compressed bytes, hands on plain ones. invalid_argument: not deflate data; too_large: more
// plain bytes than `bytes_max`.
class Inflater {
 public:
  explicit Inflater(uint64_t bytes_max);
  ~Inflater();
  Status feed(ByteView compressed, const std::function<Status(ByteView plain)>& out);
  bool ended() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// `literal` first, then plain bytes [begin, begin + length) of the deflated `source`; length
// UINT64_MAX: to the end.
std::unique_ptr<ByteSource> inflating_source(Bytes literal, std::unique_ptr<ByteSource> source,
                                             uint64_t begin, uint64_t length, uint64_t bytes_max);

}  // namespace medarc::dicom
