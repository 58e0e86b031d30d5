#include "index/recompress_options.h"

namespace medarc::index {

RecompressOptions RecompressOptions::from(Config& config) {
  RecompressOptions o;
  o.share_percent = static_cast<uint32_t>(
      config.size("recompress.share_percent", o.share_percent,
                  "Share of its time that recompression in the background works.", 1, 100));
  o.busy_commits_s = static_cast<uint32_t>(
      config.size("recompress.busy_commits_s", o.busy_commits_s,
                  "Recompression pauses while more than these are committed a second; 0: never.", 0,
                  1'000'000));
  o.batch_bytes_max = config.size("recompress.batch_bytes_max", o.batch_bytes_max,
                                  "Bytes recompressed with one commit.", 1, 1u << 30);
  o.kept_bytes_max =
      config.size("recompress.kept_bytes_max", o.kept_bytes_max,
                  "Memory for recompressed chunks that were read lately.", 0, uint64_t{1} << 40);
  return o;
}

}  // namespace medarc::index
