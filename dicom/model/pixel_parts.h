// The parts of a message that hold the pixel data of an instance: which transfer syntax they make,
// where their frames lie, and what they say of Image Pixel attributes (PS3.18 10.5.2, dicom.md S8).
#pragma once

#include <string>
#include <vector>

#include "dicom/model/bulk_spool.h"
#include "dicom/model/dataset_builder.h"

namespace medarc::dicom {

// Failure Reasons (0008,1197) of our own beside those of PS3.18 table I.2-1.
inline constexpr uint16_t kBulkDataMissing = 0xC410;   // named by metadata, did not come
inline constexpr uint16_t kBulkDataUnused = 0xC411;    // came, named by no metadata
inline constexpr uint16_t kBulkDataMismatch = 0xC412;  // bulk data and attributes contradict

// One part with bulk data.
struct BulkPart {
  std::string media_type;       // in lower case; "": application/octet-stream
  std::string transfer_syntax;  // as the part's Content-Type says, or ""
  ByteRange place;              // in the spool
};

struct PixelParts {
  uint16_t reason = 0;  // not 0: refused, a Failure Reason
  std::string transfer_syntax;
  bool encapsulated = false;
  std::vector<ByteRange> frames;  // of the spool; native: all in one
  struct Attribute {
    Tag tag;
    Vr vr{};
    Bytes value;  // of even length
  };
  std::vector<Attribute> derived;  // that the instance lacks; rising tags
};

// Errors: of the spool.
Result<PixelParts> read_pixel_parts(const ModelInstance& instance,
                                    const std::vector<BulkPart>& parts, BulkSpool& spool);

// Parts that the pixel data takes, as its first one and Number of Frames say.
uint64_t pixel_parts_wanted(const ModelInstance& instance, const BulkPart& first);

}  // namespace medarc::dicom
