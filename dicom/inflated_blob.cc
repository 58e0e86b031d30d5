#include "dicom/inflated_blob.h"

#include <algorithm>

#include "dicom/inflate.h"
#include "dicom/pieces.h"

namespace medarc::dicom {
namespace {

constexpr size_t kStepBytes = 64u << 10;

Error ends_early() { return make_error(Code::corrupt, "the deflated dataset ends early"); }

}  // namespace

Status InflatedBlob::go_to(uint64_t begin) {
  if (!source_ || begin < at_) {
    std::vector<Piece> whole;
    add_range(whole, {0, deflated_->size()});
    source_ = inflating_source({}, std::make_unique<PieceSource>(deflated_, std::move(whole)), 0,
                               UINT64_MAX, bytes_max_);
    at_ = 0;
  }
  Bytes passed(static_cast<size_t>(std::min<uint64_t>(begin - at_, kStepBytes)), '\0');
  while (at_ < begin) {
    const auto step = static_cast<size_t>(std::min<uint64_t>(begin - at_, passed.size()));
    MEDARC_ASSIGN(const size_t n, source_->read(passed.data(), step));
    if (n == 0) return ends_early();
    at_ += n;
  }
  return {};
}

Status InflatedBlob::read(ByteRange range, char* out) {
  MEDARC_TRY(go_to(range.begin));
  uint64_t done = 0;
  while (done < range.length) {
    MEDARC_ASSIGN(const size_t n,
                  source_->read(out + done, static_cast<size_t>(range.length - done)));
    if (n == 0) return ends_early();
    done += n;
    at_ += n;
  }
  return {};
}

}  // namespace medarc::dicom
