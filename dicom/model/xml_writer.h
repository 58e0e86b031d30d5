// The Native DICOM Model (PS3.19 annex A.1), made from DICOM JSON.
//
// Private elements name their creator, with the block left out of the tag (A.1.5.2), unless the
// creator is missing or has reserved two blocks: then the tag is whole. Characters that XML 1.0
// cannot hold become U+FFFD.
#pragma once

#include <memory>
#include <optional>

#include "base/io.h"

namespace medarc::dicom {

// One instance of DICOM JSON in which "vr" comes first, as we write it ourselves. corrupt: it is
// no such thing.
Result<Bytes> native_xml(ByteView json);

// The same for an array of them, one document a call; holds about one of them at a time.
class XmlInstances {
 public:
  explicit XmlInstances(std::unique_ptr<ByteSource> json);
  ~XmlInstances();
  // nullopt behind the last. What the source says; corrupt as above.
  Result<std::optional<Bytes>> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace medarc::dicom
