// Reads DICOM JSON (PS3.18 annex F) as its bytes come: one instance, or an array of them. Bounded
// in depth and in the length of one text; holds nothing but the text that is being read.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "dicom/model/sink.h"

namespace medarc::dicom {

class JsonReader {
 public:
  // `sink` must live longer.
  JsonReader(const ModelLimits& limits, ModelSink& sink);
  ~JsonReader();
  // The first error is final: invalid_argument (no JSON in UTF-8), too_large (over a limit), or
  // what the sink says.
  Status feed(ByteView bytes);
  // invalid_argument when the document has not ended.
  Status finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace medarc::dicom
