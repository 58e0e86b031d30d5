#include "dicom/render/renderer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/metrics.h"
#include "dicom/element_path.h"
#include "dicom/inflate.h"
#include "dicom/pieces.h"
#include "dicom/render/encode.h"
#include "dicom/render/pipeline.h"
#include "dicom/render/presentation.h"
#include "dicom/render/report.h"
#include "dicom/senders/corrections.h"
#include "dicom/senders/served.h"

namespace medarc::dicom {
namespace {

constexpr int kVersion = 1;  // of what is rendered: raised when the same request gives other bytes

// Native frames in fragments (PS3.5 A.4.11).
constexpr std::string_view kEncapsulatedUncompressed = "1.2.840.10008.1.2.1.98";

Error refused(std::string text) { return make_error(Code::not_acceptable, std::move(text)); }

std::string_view media_type(ImageType type) {
  switch (type) {
    case ImageType::jpeg: return "image/jpeg";
    case ImageType::png: return "image/png";
    case ImageType::gif: return "image/gif";
  }
  return "image/jpeg";
}

Error too_long(uint64_t bytes_max) {
  return make_error(Code::too_large, fmt::format("a frame has more than {} bytes", bytes_max));
}

Result<Bytes> read_all(Content content, uint64_t bytes_max) {
  constexpr size_t kStepBytes = 1u << 20;
  Bytes out;
  for (size_t at = 0;;) {
    out.resize(at + (content.bytes ? std::max<uint64_t>(*content.bytes, at + 1) - at : kStepBytes));
    MEDARC_ASSIGN(const size_t n, content.source->read(out.data() + at, out.size() - at));
    at += n;
    if (n == 0 || at > bytes_max) {
      out.resize(at);
      break;
    }
  }
  if (out.size() <= bytes_max) return out;
  return too_long(bytes_max);
}

// One frame as samples: as stored, or by the decoder.
Result<Frame> read_frame(const RenderSource& source, uint32_t number, const FrameShape& shape,
                         const FrameDecoder& decoder, const RenderLimits& limits) {
  MEDARC_ASSIGN(Content stored, source.frame(number));
  if (stored.bytes.value_or(0) > limits.frame_bytes_max) return too_long(limits.frame_bytes_max);
  MEDARC_ASSIGN(Bytes bytes, read_all(std::move(stored), limits.frame_bytes_max));
  const std::string& syntax = source.row.transfer_syntax.value;
  if (!transfer_syntax_or_default(syntax).encapsulated || syntax == kEncapsulatedUncompressed) {
    return Frame{shape, std::move(bytes)};
  }
  if (!decoder) return refused("the pixel data is compressed (" + syntax + "), without a decoder");
  auto frame = decoder(syntax, source.row.dataset.hex(), shape, bytes);
  if (frame.has_error()) {
    Error error = std::move(frame).error();
    if (error.code == Code::unsupported) error.code = Code::not_acceptable;
    return error;
  }
  const FrameShape& got = frame->shape;
  if (got.rows != shape.rows || got.columns != shape.columns ||
      got.samples_per_pixel != shape.samples_per_pixel) {
    return make_error(Code::corrupt, "the compressed frame has another shape than its attributes");
  }
  return std::move(*frame);
}

// What a video really is, by its first bytes: a container or a bare stream.
std::string sniffed_video(ByteView b, const std::string& declared) {
  if (b.size() >= 8 && b.substr(4, 4) == "ftyp") return "video/mp4";
  if (b.size() >= 189 && b[0] == 'G' && b[188] == 'G') return "video/mp2t";
  if (b.size() >= 5 && b.starts_with(ByteView("\0\0\1", 3))) {
    const auto code = static_cast<uint8_t>(b[3]);
    if (code == 0xBA || code == 0xB3) return "video/mpeg";
  }
  return declared;
}

// A document may be padded to even length; only its stated length counts, when that is possible.
uint64_t document_bytes(const ItemView& dataset, uint64_t held) {
  const auto stated = dataset.integer(Tag{0x00420015}).value_or(-1);
  return stated > 0 && static_cast<uint64_t>(stated) <= held ? static_cast<uint64_t>(stated) : held;
}

}  // namespace

std::string fingerprint(const RenderRequest& r) {
  std::string out =
      fmt::format("{}{}{}q{}", static_cast<int>(r.type), r.cine ? "c" : "f",
                  r.cine ? 0 : r.frame.value_or(0), r.type == ImageType::jpeg ? r.quality : 0);
  if (r.window) {
    out += fmt::format("w{}:{}:{}", r.window->centre, r.window->width,
                       static_cast<int>(r.window->function));
  }
  if (r.width_max != 0 || r.height_max != 0) {
    out += fmt::format("v{}:{}{}", r.width_max, r.height_max, r.enlarge ? "" : "s");
  }
  if (r.region) {
    out += fmt::format("r{}:{}:{}:{}{}", r.region->left, r.region->top, r.region->width,
                       r.region->height, r.region->relative ? "r" : "");
  }
  if (r.presentation) out += "p" + r.presentation->dataset.hex();
  return out;
}

Renderer::Renderer(Rendering rendering, const Limits& scan_limits)
    : limits_(rendering.limits),
      scan_limits_(scan_limits),
      decoder_(std::move(rendering.decode)),
      cache_(limits_.cache_bytes),
      gate_(limits_.threads) {}

Rendition Renderer::rendition(RenderSource source, const RenderRequest& request) {
  Rendition out;
  const RenderedKind kind = rendered_kind(source.row);
  const std::string print = kind == RenderedKind::image ? fingerprint(request) : "";
  out.etag = fmt::format("{}-r{}{}{}", source.row.dataset.hex(), kVersion, print,
                         senders::correction_mark(source.row));
  auto held = std::make_shared<RenderSource>(std::move(source));
  out.open = [this, held, request, kind, etag = out.etag]() -> Result<RenderedBody> {
    switch (kind) {
      // A presentation state is rendered by way of its images.
      case RenderedKind::presentation:
      case RenderedKind::none: return refused("the instance has no rendered form");
      case RenderedKind::image: return image(*held, request, etag);
      case RenderedKind::video: return video(*held);
      case RenderedKind::report: return report(*held);
      case RenderedKind::pdf:
      case RenderedKind::cda: return document(*held, kind);
    }
    return refused("the instance has no rendered form");
  };
  return out;
}

Result<RenderedBody> Renderer::image(const RenderSource& source, const RenderRequest& request,
                                     const std::string& etag) {
  static Histogram& took = histogram("medarc_render_seconds", "Time to render one image.");
  static Counter& hits = counter("medarc_render_cache_hits_total", "Rendered images still held.");
  std::shared_ptr<const Bytes> bytes = cache_.find(etag);
  if (bytes) {
    hits.add();
  } else {
    const auto pass = gate_.enter(std::chrono::milliseconds(limits_.wait_ms));
    if (!pass) return make_error(Code::unavailable, "too many images are being rendered");
    const auto begun = std::chrono::steady_clock::now();
    MEDARC_ASSIGN(Bytes made, encoded(source, request));
    const auto spent = std::chrono::steady_clock::now() - begun;
    took.observe_us(std::chrono::duration_cast<std::chrono::microseconds>(spent).count());
    bytes = std::make_shared<const Bytes>(std::move(made));
    cache_.keep(etag, bytes);
  }
  RenderedBody out;
  out.bytes = bytes->size();
  out.source = std::make_unique<StringSource>(*bytes);
  out.media_type = media_type(request.type);
  return out;
}

Result<Bytes> Renderer::encoded(const RenderSource& source, const RenderRequest& request) {
  MEDARC_ASSIGN(const auto scanner, scan_served_header(*source.dataset, source.row, scan_limits_));
  const ItemView dataset(*scanner);
  MEDARC_ASSIGN(const ImageAttributes attributes, read_image(*scanner, limits_));
  std::unique_ptr<Scanner> state;
  if (request.presentation) {
    MEDARC_ASSIGN(state, scan_served(*source.presentation, *request.presentation, scan_limits_));
  }
  const auto frame_image = [&](uint32_t number) -> Result<Image> {
    MEDARC_ASSIGN(const Frame frame,
                  read_frame(source, number, attributes.shape, decoder_, limits_));
    if (state) {
      return render_presented(frame, attributes, number - 1, *state, source.row.uid.value, request,
                              limits_);
    }
    return render_frame(frame, dataset, attributes, number - 1, request, limits_);
  };
  if (request.cine) {
    const uint32_t count = source.frames_count;
    if (count > limits_.cine_frames_max) {
      return make_error(Code::too_large, fmt::format("the instance has more than {} frames; ask "
                                                     "for single ones",
                                                     limits_.cine_frames_max));
    }
    return encode_gif(count, attributes.frame_ms, [&](uint32_t i) -> Result<Image> {
      MEDARC_ASSIGN(Image one, frame_image(i + 1));
      if (uint64_t{one.width} * one.height * count > limits_.cine_pixels_max) {
        return make_error(Code::too_large,
                          "the animation is too large; ask for a smaller viewport");
      }
      return one;
    });
  }
  uint32_t number = request.frame.value_or(0);
  if (!request.frame) {
    number = attributes.representative_frame.value_or(0);
    if (number == 0 || number > source.frames_count) number = (source.frames_count + 1) / 2;
  }
  MEDARC_ASSIGN(Image image, frame_image(number));
  switch (request.type) {
    case ImageType::jpeg: return encode_jpeg(image, request.quality);
    case ImageType::png: return encode_png(image);
    case ImageType::gif:
      return encode_gif(1, 0, [&](uint32_t) -> Result<Image> { return std::move(image); });
  }
  return refused("no such image type");
}

Result<RenderedBody> Renderer::video(const RenderSource& source) {
  MEDARC_ASSIGN(const Content beginning, source.stream());
  Bytes start(189, '\0');
  size_t have = 0;
  while (have < start.size()) {
    MEDARC_ASSIGN(const size_t n, beginning.source->read(start.data() + have, start.size() - have));
    if (n == 0) break;
    have += n;
  }
  RenderedBody out;
  out.media_type =
      sniffed_video(ByteView(start).substr(0, have), rendered_types(source.row).front());
  MEDARC_ASSIGN(Content all, source.stream());
  out.source = std::move(all.source);
  out.bytes = all.bytes;
  return out;
}

Result<RenderedBody> Renderer::document(const RenderSource& source, RenderedKind kind) {
  const TransferSyntax syntax = transfer_syntax_or_default(source.row.transfer_syntax.value);
  MEDARC_ASSIGN(const auto scanner, scan_served(*source.dataset, source.row, scan_limits_));
  const Element* e = locate(*scanner, "00420011");
  if (e == nullptr || e->kind != Element::Kind::value) {
    return refused("the instance holds no document");
  }
  RenderedBody out;
  const uint64_t bytes = document_bytes(ItemView(*scanner), e->length);
  const auto open = [&] {
    Piece piece;
    piece.range = {e->offset, bytes};
    if (!syntax.deflated) {
      return std::unique_ptr<ByteSource>(
          std::make_unique<PieceSource>(source.dataset, std::vector<Piece>{piece}));
    }
    piece.range = {0, source.dataset->size()};
    return inflating_source(
        {}, std::make_unique<PieceSource>(source.dataset, std::vector<Piece>{piece}), e->offset,
        bytes, scan_limits_.inflated_bytes_max);
  };
  if (bytes == 0) return refused("the instance holds no document");
  Bytes start(1024, '\0');
  MEDARC_ASSIGN(const size_t n, open()->read(start.data(), start.size()));
  start.resize(n);
  // The type that is declared must be what the bytes are.
  if (kind == RenderedKind::pdf) {
    if (start.find("%PDF-") == Bytes::npos) return refused("the document is no PDF");
    out.media_type = "application/pdf";
  } else {
    if (start.starts_with("\xEF\xBB\xBF")) start.erase(0, 3);
    const size_t text = start.find_first_not_of(" \t\r\n");
    if (text == Bytes::npos || start[text] != '<') return refused("the document is no XML");
    out.media_type = "text/xml";
  }
  out.source = open();
  out.bytes = bytes;
  return out;
}

Result<RenderedBody> Renderer::report(const RenderSource& source) {
  const auto pass = gate_.enter(std::chrono::milliseconds(limits_.wait_ms));
  if (!pass) return make_error(Code::unavailable, "too many images are being rendered");
  MEDARC_ASSIGN(const auto scanner, scan_served(*source.dataset, source.row, scan_limits_));
  MEDARC_ASSIGN(Bytes html, report_html(*scanner, limits_.report_bytes_max));
  RenderedBody out;
  out.media_type = "text/html; charset=utf-8";
  out.bytes = html.size();
  out.source = std::make_unique<StringSource>(std::move(html));
  return out;
}

}  // namespace medarc::dicom
