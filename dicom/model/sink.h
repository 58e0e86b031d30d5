// The DICOM model in a document, JSON (PS3.18 annex F) or XML (PS3.19 annex A), as its readers tell
// it: instances of elements with values, in the order of the document.
//
// Readers watch the syntax and the size of single texts; what the events mean is the sink's to
// judge. Texts are UTF-8 and live during the call only.
#pragma once

#include <string_view>

#include "base/result.h"
#include "index/attributes.h"

namespace medarc::dicom {

// Of every reader of the model.
struct ModelLimits {
  uint32_t nesting_depth_max = 64;        // sequences inside sequences
  uint64_t text_bytes_max = 22ull << 20;  // one string: 16 MiB in base64 fit
};

class ModelSink {
 public:
  enum class Kind {
    text,    // of an element of any VR; PN with its groups as "Alphabetic=Ideographic=Phonetic"
    number,  // as it is written in the document
    null,    // an empty value
    object,  // of JSON, without members: an empty item or an empty name
  };
  virtual ~ModelSink() = default;

  // An error ends the reading and is what the reader answers.
  virtual Status begin_instance() = 0;
  virtual Status end_instance() = 0;
  // Of the innermost item, or of the instance. `creator`: of a private element whose block is for
  // the sink to choose (XML only), else "".
  virtual Status begin_element(index::Tag tag, std::string_view creator) = 0;
  // May come behind the values.
  virtual Status vr(std::string_view vr) = 0;
  virtual Status value(Kind kind, std::string_view text) = 0;
  virtual Status inline_binary(std::string_view base64) = 0;
  virtual Status bulk_data(std::string_view uri) = 0;
  virtual Status begin_item() = 0;
  virtual Status end_item() = 0;
  virtual Status end_element() = 0;
  // The instance holds something that the model does not: `what` says where a person has to look.
  virtual void problem(std::string_view what) = 0;
};

}  // namespace medarc::dicom
