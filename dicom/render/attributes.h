// What a renderer has to know of an image beside its samples, read from the scanned dataset with
// nothing believed: sizes are checked here, tables against their descriptors.
//
// Enhanced multi-frame images say some of it by frame, in functional groups (PS3.3 C.7.6.16).
#pragma once

#include <optional>
#include <vector>

#include "dicom/pixel/frame.h"
#include "dicom/render/image.h"
#include "dicom/render/limits.h"
#include "dicom/render/lut.h"
#include "dicom/render/request.h"

namespace medarc::dicom {

// Stored values to what is shown of them (PS3.3 C.11.1, C.11.2).
struct GreyTransform {
  double slope = 1, intercept = 0;
  bool rescaled = false;         // slope and intercept are of the dataset
  std::optional<Lut> modality;   // instead of them
  std::optional<Window> window;  // the first
  std::optional<Lut> voi;        // when there is no window
  // Of a presentation state (PS3.3 C.11.6, PS3.4 N.2.1): without window and table, all values there
  // can be make up the range, not those that occur; then its table.
  bool full_range = false;
  std::optional<Lut> presentation;
};

struct OverlayPlane {
  uint16_t group = 0x6000;
  uint32_t rows = 0, columns = 0;
  int32_t top = 0, left = 0;    // of the image's pixel that its first one lies on, from 0
  bool region = false;          // type R; shown by its border
  uint32_t first_frame = 0;     // from 0
  uint32_t frames = 0;          // 0: the same plane on all
  std::optional<uint16_t> bit;  // of the pixel's cell, when it is kept there
  Bytes bits;                   // otherwise: lowest bit first, frames without a gap
  Ink ink;
};

struct ImageAttributes {
  FrameShape shape;
  bool is_float = false;           // Float or Double Float Pixel Data
  bool inverse = false;            // MONOCHROME1, or a Presentation LUT Shape of INVERSE
  std::optional<int64_t> padding;  // Pixel Padding Value and its limit: no part of the image
  std::optional<int64_t> padding_limit;
  std::optional<Palette> palette;  // of PALETTE COLOR
  std::vector<OverlayPlane> overlays;
  double pixel_aspect = 1;                       // height of a pixel / its width
  std::optional<uint32_t> representative_frame;  // from 1
  double frame_ms = 100;                         // of a cine
  std::vector<ItemView> per_frame;               // functional groups; empty: none
  std::optional<ItemView> shared;
};

// Bytes of one native frame; not frame_bytes() where colours are sampled less often than
// brightness. not_acceptable: this photometric interpretation has no native form.
Result<uint64_t> native_frame_bytes(const FrameShape& shape);

// not_acceptable: no image, or one that cannot be shown, with the reason. too_large: over a limit.
Result<ImageAttributes> read_image(const Scanner& scanner, const RenderLimits& limits);

// The overlay planes that are whole, in the order of their groups.
std::vector<OverlayPlane> read_overlays(const ItemView& dataset, const RenderLimits& limits);

// Rescale Slope and Intercept, or the first window, of the item itself; nothing when it has none.
void apply_rescale(const ItemView& item, GreyTransform& out);
void apply_window(const ItemView& item, GreyTransform& out);

// Of frame `index`, from 0.
Result<GreyTransform> grey_of_frame(const ItemView& dataset, const ImageAttributes& image,
                                    uint32_t index);

}  // namespace medarc::dicom
