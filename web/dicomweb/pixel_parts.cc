#include "web/dicomweb/pixel_parts.h"

#include <algorithm>

#include "dicom/pixel_writer.h"

namespace medarc::web {
namespace {

constexpr uint32_t kBatchFrames = 1024;
// Pixel Data, Float Pixel Data, Double Float Pixel Data: an instance has one of them.
constexpr std::string_view kElements[] = {"7FE00010", "7FE00008", "7FE00009"};

}  // namespace

PixelParts::PixelParts(ContextPtr context, security::Principal principal, dicom::InstanceRow row,
                       uint32_t frames, FrameForm form, const std::string& base_url)
    : context_(std::move(context)),
      principal_(std::move(principal)),
      row_(std::move(row)),
      frames_(frames),
      form_(std::move(form)),
      url_(instance_url(base_url, row_.study, row_.series, row_.uid)) {
  const auto stored = dicom::transfer_syntax_or_default(row_.transfer_syntax.value);
  native_ = stored.encapsulated && form_.form == dicom::Form::explicit_le;
  if (!stored.encapsulated) {
    whole_ = form_.media_type == kOctets;
  } else {
    whole_ = native_ || stored.media_type.starts_with("video/");
  }
}

Result<std::optional<BulkItem>> PixelParts::next() {
  if (given_ == count()) return std::optional<BulkItem>();
  MEDARC_ASSIGN(BulkItem item, whole_ ? whole_value() : next_frame());
  ++given_;
  return std::optional<BulkItem>(std::move(item));
}

Result<BulkItem> PixelParts::whole_value() {
  dicom::Imaging& imaging = context_->imaging;
  for (const std::string_view element : kElements) {
    auto content = [&]() -> Result<dicom::Content> {
      if (!native_) return imaging.bulkdata(principal_, row_, element);
      MEDARC_ASSIGN(auto reader, imaging.pixels(principal_, row_));
      return dicom::native_pixels(std::move(reader));
    }();
    if (content.has_error() && content.error().code == Code::not_found) continue;
    if (content.has_error()) return content.error();
    transfer_syntax_ = content->transfer_syntax.value;
    std::string type = type_in(form_.media_type, transfer_syntax_);
    return BulkItem{std::move(*content), std::move(type),
                    url_ + "/bulkdata/" + std::string(element)};
  }
  return make_error(Code::not_found, "the instance has no pixel data");
}

Result<BulkItem> PixelParts::next_frame() {
  if (batch_at_ == batch_.size()) {
    std::vector<uint32_t> numbers;
    for (uint32_t n = given_ + 1; n <= frames_ && numbers.size() < kBatchFrames; ++n) {
      numbers.push_back(n);
    }
    MEDARC_ASSIGN(dicom::FrameContent found,
                  context_->imaging.frames(principal_, row_, numbers, form_.form));
    transfer_syntax_ = found.transfer_syntax.value;
    batch_ = std::move(found.frames);
    batch_at_ = 0;
  }
  const std::string place =
      frames_ == 1 ? "/bulkdata/7FE00010" : "/frames/" + std::to_string(given_ + 1);
  return BulkItem{std::move(batch_[batch_at_++]), type_in(form_.media_type, transfer_syntax_),
                  url_ + place};
}

}  // namespace medarc::web
