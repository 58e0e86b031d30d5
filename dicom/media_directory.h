// A DICOMDIR (PS3.3 annex F, PS3.10 section 8): the directory of files that leave together. Written
// by DCMTK; the values come from rows and kept metadata, so no object is read again.
#pragma once

#include <memory>
#include <string>

#include "dicom/imaging.h"

namespace medarc::dicom {

// For one thread at a time. Holds about two kilobytes a file until it is written.
class MediaDirectory {
 public:
  static std::unique_ptr<MediaDirectory> create();
  virtual ~MediaDirectory() = default;

  // The file of `row`, written in `syntax`. `file_id`: up to eight components by "\", each of up to
  // eight characters A-Z, 0-9 and "_" (PS3.10 8.5). All files are of one study; those of a series
  // come one behind the other. One whose SOP class has no record type (a private one) gets no
  // record, as PS3.10 8.6 allows. Keys that the object lacks are there without a value. Errors as
  // View::metadata, internal.
  virtual Status add(index::View& view, const InstanceRow& row, const TransferSyntaxUid& syntax,
                     const std::string& file_id) = 0;

  // The DICOMDIR, in Explicit VR Little Endian and UTF-8; after that only destruction is allowed.
  // It passes through a directory of its own in `temporary` ("": the system's), which is gone when
  // it answers; a crash may leave it. io.
  virtual Result<Bytes> finish(const std::string& temporary) = 0;
};

}  // namespace medarc::dicom
