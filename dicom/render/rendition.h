// An instance in a form for eyes (PS3.18 8.7.4): which forms it has, and one of them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/io.h"
#include "dicom/pixel/frame.h"
#include "dicom/render/limits.h"
#include "index/rows.h"

namespace medarc::dicom {

enum class RenderedKind {
  none,          // waveforms, raw data, …
  image,         // one frame or many
  video,         // passed on as it is stored
  pdf,           // an encapsulated PDF, likewise
  cda,           // an encapsulated CDA document, likewise
  report,        // a structured report: HTML of our own
  presentation,  // a softcopy presentation state: the images it is made for, as it shows them
};

// Presentation states that can be applied (PS3.3 A.33.1-3); others are RenderedKind::none.
inline constexpr std::string_view kGreyPresentationState = "1.2.840.10008.5.1.4.1.1.11.1";
inline constexpr std::string_view kColourPresentationState = "1.2.840.10008.5.1.4.1.1.11.2";
inline constexpr std::string_view kPseudoColourPresentationState = "1.2.840.10008.5.1.4.1.1.11.3";

// Told from the row alone: by transfer syntax, SOP class, and whether there are frames.
RenderedKind rendered_kind(const index::InstanceRow& row);

// Media types it can be given in, the default first; empty: none.
std::vector<std::string> rendered_types(const index::InstanceRow& row);

// Frames of the instance; 0: none. corrupt.
Result<uint32_t> frames_count(const index::InstanceRow& row);

struct RenderedBody {
  std::unique_ptr<ByteSource> source;
  std::optional<uint64_t> bytes;
  std::string media_type;  // what the bytes are
};

// Audited; made only when it is opened. `open` may be called once and takes as long as rendering
// takes. Its errors: not_acceptable (cannot be shown, with the reason), not_found (no such frame),
// invalid_argument (a region outside the image), too_large, unavailable (busy), corrupt, io.
struct Rendition {
  std::string etag;  // without quotes; of these bytes and no others
  std::function<Result<RenderedBody>()> open;
};

// One compressed frame of `object` (its digest, for counting what it breaks) to plain samples.
// unsupported: no decoder for this transfer syntax or shape.
using FrameDecoder =
    std::function<Result<Frame>(std::string_view transfer_syntax, std::string_view object,
                                const FrameShape& declared, ByteView codestream)>;

struct Rendering {
  RenderLimits limits;
  FrameDecoder decode;  // none: compressed images are not_acceptable
};

}  // namespace medarc::dicom
