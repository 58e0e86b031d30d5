// Real files (optional: MEDARC_SAMPLE_DATA): every native image among them is rendered, in its
// size.
#include <png.h>

#include <boost/json.hpp>

#include <fstream>
#include <sstream>

#include "dicom/render/rendition.h"
#include "dicom/transfer_syntax.h"
#include "tests/support/imaging_fixture.h"

namespace medarc::dicom {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

int64_t number_of(const boost::json::object& o, const char* key) {
  const auto* v = o.if_contains(key);
  return v != nullptr && v->is_int64() ? v->as_int64() : 0;
}

class RenderSampleData : public test::ImagingFixture {};

TEST_F(RenderSampleData, W5_EveryNativeImageIsRenderedInItsSize) {
  const char* root = ::getenv("MEDARC_SAMPLE_DATA");
  if (root == nullptr) GTEST_SKIP() << "MEDARC_SAMPLE_DATA is not set";
  const std::string dir = std::string(root) + "/dicom/";
  const auto facts = boost::json::parse(read_file(dir + "facts.json"));
  int shown = 0, refused = 0;
  for (const auto& entry : facts.as_array()) {
    const auto& f = entry.as_object();
    const std::string name(f.at("file").as_string());
    auto stored = store_file(read_file(dir + name));
    if (stored.has_error()) continue;
    const InstanceRow instance = row(stored->study, stored->series, stored->instance);
    if (rendered_kind(instance) != RenderedKind::image) continue;
    if (transfer_syntax_or_default(instance.transfer_syntax.value).encapsulated) continue;
    RenderRequest request;
    request.type = ImageType::png;
    auto rendition = imaging_->rendered(who_, instance, request);
    ASSERT_TRUE(rendition.has_value()) << name;
    auto body = rendition->open();
    const bool decodable = f.contains("decoded_pixels") && f.at("decoded_pixels").is_object() &&
                           f.at("decoded_pixels").as_object().contains("shape");
    if (body.has_error()) {
      ++refused;
      std::printf("refused %s: %s\n", name.c_str(), body.error().text.c_str());
      EXPECT_TRUE(body.error().code == Code::not_acceptable || body.error().code == Code::too_large)
          << name << ": " << body.error().text;
      EXPECT_TRUE(!decodable || name.starts_with("odd-or-broken"))
          << name << ": " << body.error().text;
      continue;
    }
    Content content;
    content.source = std::move(body->source);
    content.bytes = body->bytes;
    const Bytes bytes = drain(content);
    png_image png{};
    png.version = PNG_IMAGE_VERSION;
    ASSERT_NE(png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()), 0) << name;
    if (decodable) {
      // One side may be stretched, where pixels are not square.
      const int64_t rows = number_of(f, "Rows"), columns = number_of(f, "Columns");
      EXPECT_TRUE(png.width == columns || png.height == rows) << name;
      EXPECT_TRUE(png.width >= columns && png.height >= rows) << name;
    }
    png_image_free(&png);
    ++shown;
  }
  std::printf("%d rendered, %d refused\n", shown, refused);
  EXPECT_GT(shown, 0);
}

}  // namespace
}  // namespace medarc::dicom
