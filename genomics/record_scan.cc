#include "genomics/record_scan.h"

namespace medarc::genomics {
namespace {

constexpr uint64_t kPiecePlainBytes = 512u << 10;  // small, so that the first answer leaves early

}  // namespace

Result<RecordScan> RecordScan::open(std::shared_ptr<const ReadSet> set, const Selection& selection,
                                    const Limits& limits,
                                    std::unique_ptr<archive::BlobReader> reader) {
  if (!set->form.reads()) {
    return make_error(Code::unsupported,
                      std::string("the file holds ") + records_called(set->form) + " and no reads");
  }
  PlanOptions options;
  options.recode_all = true;
  options.piece_plain_bytes_max = kPiecePlainBytes;
  MEDARC_ASSIGN(Slice slice, make_slice(std::move(set), selection, limits, options));
  return RecordScan(std::move(slice), std::move(reader));
}

Result<ByteView> RecordScan::next() {
  while (at_ == plain_.size()) {
    if (piece_ == slice_.plan.pieces.size()) return ByteView();
    MEDARC_ASSIGN(plain_, records_of(slice_.plan.pieces[piece_], slice_, *reader_));
    ++piece_;
    at_ = 0;
  }
  const ByteView rest = ByteView(plain_).substr(at_);
  const auto* u = reinterpret_cast<const uint8_t*>(rest.data());
  const size_t bytes =
      rest.size() < 4 ? 0
                      : 4 + (u[0] | size_t{u[1]} << 8 | size_t{u[2]} << 16 | size_t{u[3]} << 24);
  if (bytes < 4 + kRecordBytesMin || bytes > rest.size()) {
    return make_error(Code::corrupt, "a stored BAM and its block map do not agree");
  }
  at_ += bytes;
  return rest.substr(0, bytes);
}

}  // namespace medarc::genomics
