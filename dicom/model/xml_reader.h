// Reads the Native DICOM Model (PS3.19 annex A.1) as its bytes come: one instance a document.
// Iterative, bounded in depth and in the length of one text; document types and with them entities
// are refused. With or without the model's namespace.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "dicom/model/sink.h"

namespace medarc::dicom {

class XmlReader {
 public:
  // `sink` must live longer.
  XmlReader(const ModelLimits& limits, ModelSink& sink);
  ~XmlReader();
  // The first error is final: invalid_argument (no such document), too_large (over a limit), or
  // what the sink says.
  Status feed(ByteView bytes);
  // invalid_argument when the document has not ended.
  Status finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace medarc::dicom
