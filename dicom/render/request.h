// What is wanted of a rendering (PS3.18 8.3.5): filled by the doors, carried out by renderer.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "index/rows.h"

namespace medarc::dicom {

// VOI LUT Function (PS3.3 C.11.2.1.3).
enum class VoiFunction { linear, linear_exact, sigmoid };

struct Window {
  double centre = 0, width = 1;  // in units of the modality LUT's output; width >= 1 when linear,
                                 // above 0 otherwise
  VoiFunction function = VoiFunction::linear;
};

// A part of the source image. A negative width or height mirrors it. `relative`: 0 to 1 of the
// columns and rows (WADO-URI), otherwise pixels of the source.
struct Region {
  double left = 0, top = 0, width = 0, height = 0;  // width, height 0: to the edge
  bool relative = false;
};

enum class ImageType { jpeg, png, gif };

struct RenderRequest {
  ImageType type = ImageType::jpeg;
  std::optional<uint32_t> frame;           // from 1; absent: the representative one
  bool cine = false;                       // gif: all frames, animated; `frame` is not looked at
  std::optional<Window> window;            // instead of what the dataset says
  uint32_t width_max = 0, height_max = 0;  // pixels; the image fits into them; 0: as it is
  bool enlarge = true;                     // up to width_max and height_max, when it is smaller
  std::optional<Region> region;
  int quality = 90;  // of JPEG, 1 to 100
  // A presentation state of the same study, applied to the image: its windows, tables, overlays and
  // layout instead of the image's own. `window` is not looked at; `region` is of what it shows.
  std::shared_ptr<const index::InstanceRow> presentation;
};

// Told apart by their requests: part of the ETag.
std::string fingerprint(const RenderRequest& request);

}  // namespace medarc::dicom
