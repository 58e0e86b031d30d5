// Whole files: the envelope is split off, the rest is an object like any other.
#include "dicom/imaging.h"
#include "dicom/part10.h"

namespace medarc::dicom {
namespace {

class FileIntake final : public IncomingObject {
 public:
  FileIntake(Imaging& imaging, const Principal& principal, std::optional<StudyUid> study_wanted,
             const Limits& limits)
      : imaging_(imaging), principal_(principal), study_wanted_(std::move(study_wanted)), limits_(limits) {}

  Status write(ByteView bytes) override {
    if (failed_) return refusal().error;
    if (object_) return object_->write(bytes);
    start_.append(bytes);
    return begin(false);
  }

  Result<Prepared> prepare() override {
    if (!failed_ && !object_) MEDARC_TRY(begin(true));
    if (failed_) return refusal().error;
    return object_->prepare();
  }

  const Refusal& refusal() const override { return object_ ? object_->refusal() : refusal_; }

 private:
  Status begin(bool at_end) {
    auto envelope = parse_envelope(start_, at_end, limits_);
    if (envelope.has_error()) return fail(envelope.error());
    if (!*envelope) return {};
    StoreStart start;
    start.transfer_syntax.value = (*envelope)->transfer_syntax;
    start.sop_class.value = (*envelope)->sop_class;
    start.instance.value = (*envelope)->instance;
    start.envelope = start_.substr(0, (*envelope)->length);
    start.study_wanted = study_wanted_;
    auto object = imaging_.begin(principal_, std::move(start));
    if (object.has_error()) return fail(object.error());
    object_ = std::move(*object);
    Bytes rest = start_.substr((*envelope)->length);
    start_ = Bytes();
    return object_->write(rest);
  }

  Status fail(Error error) {
    failed_ = true;
    refusal_.error = error;
    switch (error.code) {
      case Code::permission_denied: refusal_.reason = 0x0124; break;
      case Code::exhausted:
      case Code::unavailable:
      case Code::io: refusal_.reason = 0xA700; break;
      default: refusal_.reason = 0xC000; break;
    }
    return error;
  }

  Imaging& imaging_;
  const Principal principal_;
  const std::optional<StudyUid> study_wanted_;
  const Limits limits_;
  Bytes start_;
  std::unique_ptr<IncomingObject> object_;
  Refusal refusal_;
  bool failed_ = false;
};

}  // namespace

std::unique_ptr<IncomingObject> receive_file(Imaging& imaging, const Principal& principal,
                                             std::optional<StudyUid> study_wanted) {
  return std::make_unique<FileIntake>(imaging, principal, std::move(study_wanted), imaging.limits());
}

}  // namespace medarc::dicom
