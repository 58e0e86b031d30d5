// What is to be done with stored objects besides keeping them: jobs that go into the very commit of
// an object, so that none is acknowledged without them.
#pragma once

#include <memory>
#include <vector>

#include "dicom/imaging.h"

namespace medarc::dicom {

// Thread-safe.
class Forwarding {
 public:
  virtual ~Forwarding() = default;
  // Committed with the object, if that is new or a new version.
  virtual std::vector<index::JobRow> jobs_for(const Principal&, const index::StoreInstance&,
                                              Timestamp received) = 0;
  virtual void committed(const index::JobRow& job) = 0;
};

// As Imaging::create; `forwarding` outlives it.
std::unique_ptr<Imaging> make_forwarding_imaging(index::Index& index, security::Guard& guard,
                                                 Limits limits, CodecPool* codecs,
                                                 Rendering rendering, ExtraAttributes extras,
                                                 Senders senders, Forwarding& forwarding);

}  // namespace medarc::dicom
