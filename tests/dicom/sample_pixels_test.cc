// Pixels of real objects, when MEDARC_SAMPLE_DATA names a folder with `dicom/facts.json`: every one
// whose samples others have decoded without loss has the same samples here; and all that is
// compressed is answered, whatever it is.
#include "archive/hash.h"
#include "dicom/pixel/frame_reader.h"
#include "tests/support/imaging_fixture.h"
#include "tests/support/sample_facts.h"

namespace medarc::dicom {
namespace {

using test::read_whole;
using test::text_of;

// As array libraries hold them: components of a pixel together, a byte for each bit.
Bytes as_array(const Frame& f) {
  const size_t pixels = size_t{f.shape.rows} * f.shape.columns, samples = f.shape.samples_per_pixel;
  Bytes out;
  if (f.shape.bits_allocated == 1) {
    for (size_t i = 0; i < pixels * samples; ++i) {
      out += static_cast<char>(static_cast<uint8_t>(f.pixels[i / 8]) >> i % 8 & 1);
    }
    return out;
  }
  if (!f.shape.planar) return f.pixels;
  const size_t width = f.shape.bits_allocated / 8;
  for (size_t p = 0; p < pixels; ++p) {
    for (size_t c = 0; c < samples; ++c) out.append(f.pixels, (c * pixels + p) * width, width);
  }
  return out;
}

// Some toolkits leave the bits above a signed sample zero.
Bytes without_signs(Bytes all, const FrameShape& s) {
  if (!s.is_signed || s.bits_allocated != 16 || s.bits_stored >= 16) return all;
  const unsigned mask = (1u << s.bits_stored) - 1;
  for (size_t i = 0; i + 1 < all.size(); i += 2) {
    all[i + 1] = static_cast<char>(static_cast<uint8_t>(all[i + 1]) & mask >> 8);
  }
  return all;
}

// What the facts say wrongly: their toolkit decoded these otherwise than their uncompressed twins,
// or took for pixels what is no codestream.
bool known_wrong(std::string_view name) {
  return name.ends_with("CT0012.fragmented_no_bot_jpeg_ls.80.dcm") ||
         name.ends_with("SC_rgb_small_odd_big_endian.dcm") ||
         name.find("/generated_encapsulated_") != name.npos;
}

class SamplePixelsTest : public test::ImagingFixture {
 protected:
  void SetUp() override {
    ImagingFixture::SetUp();
    codecs_ = CodecPool::create({});
    imaging_ = Imaging::create(*index_, *guard_, {}, codecs_.get());
  }
  std::unique_ptr<CodecPool> codecs_;
};

TEST_F(SamplePixelsTest, EveryDecodedHashAgrees) {
  const char* root = ::getenv("MEDARC_SAMPLE_DATA");
  if (root == nullptr) return;
  const std::string dir = std::string(root) + "/dicom/";
  const auto facts = boost::json::parse(read_whole(dir + "facts.json"));
  int agreed = 0, decoded = 0, refused = 0;
  for (const auto& entry : facts.as_array()) {
    const auto& f = entry.as_object();
    const std::string name = text_of(f, "file"), syntax = text_of(f, "transfer_syntax");
    const auto* pixels = f.if_contains("decoded_pixels");
    const std::string wanted = pixels != nullptr && pixels->is_object()
                                   ? text_of(pixels->as_object(), "sha256_little_endian")
                                   : std::string();
    if ((wanted.empty() && !can_decode(syntax)) || known_wrong(name)) continue;
    const auto stored = store_file(read_whole(dir + name));
    if (stored.has_error()) continue;
    const InstanceRow r = row(stored->study, stored->series, stored->instance);
    auto reader = imaging_->pixels(who_, r);
    Bytes all;
    FrameShape shape;
    std::string why = reader.has_error() ? reader.error().text : "";
    for (uint32_t i = 0; why.empty() && i < (*reader)->count(); ++i) {
      const auto frame = (*reader)->read(i);
      if (frame.has_error()) {
        why = frame.error().text;
      } else {
        all += as_array(*frame);
        shape = frame->shape;
      }
    }
    if (!why.empty()) {
      ++refused;
      std::printf("not decoded: %s: %s\n", name.c_str(), why.c_str());
      EXPECT_TRUE(wanted.empty() || name.starts_with("odd-or-broken")) << name << ": " << why;
      continue;
    }
    ++decoded;
    if (wanted.empty()) continue;
    const bool agrees = archive::Sha256::of(all).hex() == wanted ||
                        archive::Sha256::of(without_signs(all, shape)).hex() == wanted;
    EXPECT_TRUE(agrees) << name << " " << syntax;
    agreed += agrees ? 1 : 0;
  }
  std::printf("%d decoded, %d of them with the known hash, %d not decoded\n", decoded, agreed,
              refused);
  EXPECT_GT(agreed, 0);
}

}  // namespace
}  // namespace medarc::dicom
