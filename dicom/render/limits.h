// Every number a rendering can be made to cost, with its name, unit and default.
#pragma once

#include <cstdint>
#include <string>

#include "base/config.h"

namespace medarc::dicom {

struct RenderLimits {
  uint64_t input_pixels_max = 64ull << 20;         // of one frame: rows x columns
  uint64_t frame_bytes_max = 512ull << 20;         // of one frame, plain or compressed
  uint64_t output_pixels_max = 32ull << 20;        // of one rendered image
  uint32_t cine_frames_max = 1'000;                // frames of an animated GIF
  uint64_t cine_pixels_max = 256ull << 20;         // of all of them, rendered
  uint64_t report_bytes_max = 16ull << 20;         // HTML of one structured report
  uint32_t annotations_max = 10'000;               // graphics or texts of a presentation state
  uint64_t annotation_points_max = 1'000'000;      // of all graphics of one image
  uint64_t annotation_text_bytes_max = 64u << 10;  // of all texts of one image
  uint64_t annotation_work_max = 256ull << 20;     // pixels touched to draw them
  uint32_t shutter_corners_max = 1'000;            // of a polygonal shutter
  // What text is drawn with; "" or no such file: states with text are not_acceptable.
  std::string font_file = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
  uint32_t threads = 4;                // renderings at a time
  uint32_t wait_ms = 10'000;           // for one of those; then unavailable
  uint64_t cache_bytes = 32ull << 20;  // rendered images kept in memory; 0: none

  static RenderLimits from(Config& config);  // section [render]
};

}  // namespace medarc::dicom
