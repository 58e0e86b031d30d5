// Recompresses the native pixels of one stored object, or gives it its plain ones back. What
// readers get never changes (archive/recoding.h); what does not pay, or does not come back exactly,
// stays.
#pragma once

#include <array>
#include <string_view>

#include "dicom/limits.h"
#include "dicom/pixel/codec_pool.h"
#include "index/index.h"
#include "index/recompress_options.h"

namespace medarc::dicom {

using index::RecompressOptions;

// Why an object stays as it is.
enum class NotRecompressed : uint8_t {
  not_native,  // compressed, big endian, or without pixels
  no_codec,    // pixels of a kind that HTJ2K does not hold, or that the codec failed on
  no_gain,     // would not save an eighth
  not_proved,  // did not come back exactly
  unreadable,  // damaged, or its header cannot be read
};
inline constexpr size_t kNotRecompressedCount = 5;
std::string_view to_string(NotRecompressed why);

struct RecompressCounts {
  uint64_t objects = 0;                        // that changed
  uint64_t chunks = 0;                         // of them
  uint64_t bytes_before = 0, bytes_after = 0;  // of those chunks on disk
  uint64_t commits = 0;
  std::array<uint64_t, kNotRecompressedCount> refused{};  // objects
  void add(const RecompressCounts& other);
};

// Thread-safe.
class Recompressor {
 public:
  // `encoders` and `index` outlive it.
  Recompressor(index::Index& index, const Limits& limits, CodecPool& encoders,
               RecompressOptions options)
      : index_(index), limits_(limits), encoders_(encoders), options_(options) {}

  // Durable when they answer; nothing is counted for an object that is so already, or is gone.
  // Errors are those that may pass: unavailable (no codec worker), deadline, io, exhausted.
  // unsupported: this store keeps all bytes as they are.
  Result<RecompressCounts> recompress(const index::InstanceRow& row);
  Result<RecompressCounts> expand(const index::InstanceRow& row);

 private:
  index::Index& index_;
  const Limits limits_;
  CodecPool& encoders_;
  const RecompressOptions options_;
};

}  // namespace medarc::dicom
