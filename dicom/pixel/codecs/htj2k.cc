#include "dicom/pixel/codecs/htj2k.h"

#include <openjph/ojph_arch.h>
#include <openjph/ojph_codestream.h>
#include <openjph/ojph_file.h>
#include <openjph/ojph_mem.h>
#include <openjph/ojph_message.h>
#include <openjph/ojph_params.h>

#include <cstdio>
#include <cstdlib>
#include <new>
#include <string_view>
#include <vector>

#include "dicom/pixel/codecs/j2k_header.h"
#include "dicom/pixel/codecs/samples.h"

namespace medarc::dicom::codec {
namespace {

constexpr uint32_t kDecompositionsUsual = 5, kDecompositionsMax = 32;
constexpr uint32_t kBaseSideMax = 64;  // of .202 (PS3.5 10.18)

// The library goes on after damage with a message and pixels of its own making. Handlers given to
// this version are never called, so its streams are read instead.
class Messages {
 public:
  Messages() : stream_(open_memstream(&text_, &size_)) {
    if (stream_ == nullptr) throw std::bad_alloc();
    set(stream_);
  }
  ~Messages() {
    set(stderr);
    std::fclose(stream_);
    std::free(text_);
  }
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;

  // "File terminated early", and everything that the block decoder complains of.
  bool tell_damage() const {
    std::fflush(stream_);
    const std::string_view text(text_, size_);
    return text.find("0x00030067") != text.npos || text.find("0x0001") != text.npos;
  }

 private:
  static void set(std::FILE* stream) {
    ojph::set_info_stream(stream);
    ojph::set_warning_stream(stream);
    ojph::set_error_stream(stream);
  }

  char* text_ = nullptr;
  size_t size_ = 0;
  std::FILE* const stream_;
};

uint32_t decompositions_for(const FrameShape& shape, bool rpcl) {
  const uint32_t side = std::min(shape.rows, shape.columns);
  uint32_t n = 0;
  while (n < kDecompositionsUsual && side >> (n + 1) != 0) ++n;
  if (!rpcl) return n;
  while (n < kDecompositionsMax && ((side - 1) >> n) + 1 > kBaseSideMax) ++n;
  return n;
}

// Puts a TLM segment (T.800 A.7.1) with the length of the one tile-part before it: this version of
// the library cannot write it.
Result<Bytes> with_tile_length(ByteView codestream) {
  const auto word = [&](size_t at) {
    return static_cast<size_t>(static_cast<uint8_t>(codestream[at]) << 8 |
                               static_cast<uint8_t>(codestream[at + 1]));
  };
  size_t at = 2;
  while (at + 12 <= codestream.size() && word(at) != 0xFF90) at += 2 + word(at + 2);
  if (at + 12 > codestream.size()) {
    return make_error(Code::internal, "the HTJ2K encoder made no tile");
  }
  // Ltlm 8, Ztlm 0, Stlm 0x40: no tile indices, lengths of 32 bits. Psot stands 6 bytes into SOT.
  Bytes out(codestream.substr(0, at));
  out += Bytes("\xFF\x55\x00\x08\x00\x40", 6);
  out += codestream.substr(at + 6, 4);
  out += codestream.substr(at);
  return out;
}

struct Wish {
  bool rpcl = false;      // the rules of .202
  uint32_t step_ppm = 0;  // 0: reversible
};

Result<Bytes> encode(const FrameShape& shape, ByteView pixels, bool rgb, const Wish& wish) {
  const unsigned precision = precision_needed(shape, pixels);
  ojph::codestream codestream;
  ojph::param_siz siz = codestream.access_siz();
  siz.set_image_extent(ojph::point(shape.columns, shape.rows));
  siz.set_num_components(shape.samples_per_pixel);
  for (uint32_t c = 0; c < shape.samples_per_pixel; ++c) {
    siz.set_component(c, ojph::point(1, 1), precision, shape.is_signed);
  }
  siz.set_tile_size(ojph::size(shape.columns, shape.rows));
  ojph::param_cod cod = codestream.access_cod();
  cod.set_num_decomposition(decompositions_for(shape, wish.rpcl));
  cod.set_reversible(wish.step_ppm == 0);
  cod.set_color_transform(rgb);
  cod.set_progression_order("RPCL");
  if (wish.step_ppm != 0) {
    codestream.access_qcd().set_irrev_quant(static_cast<float>(wish.step_ppm) / 1e6F);
  }
  codestream.set_planar(!rgb);
  ojph::mem_outfile file;
  file.open(pixels.size() / 2 + 4096);
  codestream.write_headers(&file);
  ojph::ui32 component = 0;
  ojph::line_buf* line = codestream.exchange(nullptr, component);
  // Planar: all lines of a component, then the next; otherwise the components of each line.
  const size_t lines = size_t{shape.rows} * shape.samples_per_pixel;
  std::vector<size_t> row_of(shape.samples_per_pixel, 0);
  for (size_t i = 0; i < lines; ++i) {
    const size_t c = component, first = row_of[c]++ * shape.columns;
    for (size_t x = 0; x < shape.columns; ++x) {
      const uint32_t v =
          get_sample(pixels, shape.bits_allocated, sample_index(shape, first + x, c));
      line->i32[x] = sample_of(v, precision, shape.is_signed);
    }
    line = codestream.exchange(line, component);
  }
  codestream.flush();
  Bytes out(reinterpret_cast<const char*>(file.get_data()), static_cast<size_t>(file.tell()));
  codestream.close();
  return out;
}

Result<Encoded> encode_checked(const FrameShape& shape, ByteView pixels, const Wish& wish) try {
  if (shape.bits_allocated != 8 && shape.bits_allocated != 16) {
    return make_error(Code::unsupported, "HTJ2K has no such Bits Allocated here");
  }
  const Messages messages;
  const bool rgb = shape.samples_per_pixel == 3 && shape.photometric == "RGB";
  MEDARC_ASSIGN(Bytes made, encode(shape, pixels, rgb, wish));
  if (wish.rpcl) {
    MEDARC_ASSIGN(made, with_tile_length(made));
  }
  const char* const transformed = wish.step_ppm == 0 ? "YBR_RCT" : "YBR_ICT";
  return Encoded{std::move(made), rgb ? transformed : shape.photometric};
} catch (const std::bad_alloc&) {
  throw;
} catch (...) {  // the library throws texts
  return make_error(Code::unsupported, "the HTJ2K encoder refused the frame");
}

}  // namespace

Result<FrameShape> decode_htj2k(const FrameShape& declared, ByteView bytes,
                                std::span<char> out) try {
  MEDARC_ASSIGN(const J2kHeader header, read_j2k_header(bytes, declared));
  const Messages messages;
  ojph::mem_infile file;
  file.open(reinterpret_cast<const ojph::ui8*>(header.codestream.data()), header.codestream.size());
  ojph::codestream codestream;
  codestream.read_headers(&file);
  codestream.set_planar(false);
  codestream.create();
  FrameShape shape = declared;
  shape.planar = false;
  if (shape.photometric == "YBR_RCT" || shape.photometric == "YBR_ICT") shape.photometric = "RGB";
  if (declared.bits_allocated == 1) std::fill(out.begin(), out.end(), '\0');
  const size_t lines = size_t{shape.rows} * shape.samples_per_pixel;
  std::vector<size_t> row_of(shape.samples_per_pixel, 0);
  for (size_t i = 0; i < lines; ++i) {
    ojph::ui32 c = 0;
    const ojph::line_buf* line = codestream.pull(c);
    if (line == nullptr || c >= shape.samples_per_pixel || line->size < shape.columns ||
        row_of[c] >= shape.rows) {
      return make_error(Code::corrupt, "the HTJ2K codestream ends early");
    }
    const size_t first = row_of[c]++ * shape.columns;
    for (size_t x = 0; x < shape.columns; ++x) {
      put_sample(out, shape.bits_allocated, (first + x) * shape.samples_per_pixel + c,
                 sample_of(static_cast<uint32_t>(line->i32[x]), header.precision, shape.is_signed));
    }
  }
  codestream.close();
  if (messages.tell_damage()) return make_error(Code::corrupt, "the HTJ2K codestream is damaged");
  return shape;
} catch (const std::bad_alloc&) {
  throw;
} catch (...) {
  return make_error(Code::corrupt, "the HTJ2K codestream cannot be decoded");
}

Result<Encoded> encode_htj2k(const FrameShape& shape, ByteView pixels) {
  return encode_checked(shape, pixels, {});
}

Result<Encoded> encode_htj2k_rpcl(const FrameShape& shape, ByteView pixels) {
  return encode_checked(shape, pixels, {true, 0});
}

Result<Encoded> encode_htj2k_lossy(const FrameShape& shape, ByteView pixels, uint32_t step_ppm) {
  return encode_checked(shape, pixels, {false, std::max(step_ppm, 1u)});
}

}  // namespace medarc::dicom::codec
