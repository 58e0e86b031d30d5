#include "dicom/render/limits.h"

namespace medarc::dicom {

RenderLimits RenderLimits::from(Config& config) {
  RenderLimits l;
  l.input_pixels_max = config.size("render.input_pixels_max", l.input_pixels_max,
                                   "Rows x columns of a frame to be rendered.", 1);
  l.frame_bytes_max = config.size("render.frame_bytes_max", l.frame_bytes_max,
                                  "Bytes of a frame to be rendered.", 1);
  l.output_pixels_max = config.size("render.output_pixels_max", l.output_pixels_max,
                                    "Pixels of a rendered image.", 1, 1ull << 30);
  l.cine_frames_max = static_cast<uint32_t>(config.size(
      "render.cine_frames_max", l.cine_frames_max, "Frames of an animated GIF.", 1, 1'000'000));
  l.cine_pixels_max = config.size("render.cine_pixels_max", l.cine_pixels_max,
                                  "Pixels of all frames of an animated GIF.", 1);
  l.report_bytes_max = config.size("render.report_bytes_max", l.report_bytes_max,
                                   "HTML of one rendered structured report.", 1024);
  l.annotations_max = static_cast<uint32_t>(
      config.size("render.annotations_max", l.annotations_max,
                  "Graphics, and texts, of a presentation state on one image.", 0, 1'000'000));
  l.annotation_points_max =
      config.size("render.annotation_points_max", l.annotation_points_max,
                  "Points of all graphics of a presentation state on one image.", 0, 100'000'000);
  l.annotation_text_bytes_max =
      config.size("render.annotation_text_bytes_max", l.annotation_text_bytes_max,
                  "Text of a presentation state on one image, in UTF-8.", 0, 16u << 20);
  l.annotation_work_max =
      config.size("render.annotation_work_max", l.annotation_work_max,
                  "Pixels touched to draw the annotations of one image.", 0, 1ull << 34);
  l.shutter_corners_max =
      static_cast<uint32_t>(config.size("render.shutter_corners_max", l.shutter_corners_max,
                                        "Corners of a polygonal shutter.", 0, 100'000));
  l.font_file = config.text("render.font_file", l.font_file,
                            "TrueType font for the text of presentation states; \"\": none, and "
                            "states with text are not rendered.");
  l.threads = static_cast<uint32_t>(
      config.size("render.threads", l.threads, "Renderings at a time.", 1, 1024));
  l.wait_ms = static_cast<uint32_t>(
      config.size("render.wait_ms", l.wait_ms,
                  "Longest wait for a running rendering to end; then 503.", 0, 600'000));
  l.cache_bytes = config.size("render.cache_bytes", l.cache_bytes,
                              "Rendered images kept in memory; 0 switches it off.");
  return l;
}

}  // namespace medarc::dicom
