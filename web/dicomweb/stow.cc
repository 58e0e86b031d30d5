// STOW-RS (PS3.18 10.5): parts stream into the archive as they come; commits are shared by many
// objects.
#include <algorithm>

#include "web/accept.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/store_answer.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

constexpr uint16_t kCannotUnderstand = 0xC000;  // S3
constexpr uint16_t kOutOfResources = 0xA700;
constexpr uint16_t kProcessingFailure = 0x0110;

class Stow : public BodyHandler, public PartSink {
 public:
  // An empty boundary: the body is one DICOM file.
  Stow(ContextPtr context, const Request& request, std::optional<dicom::StudyUid> study,
       const std::string& boundary, std::string part_type, bool xml)
      : context_(std::move(context)),
        principal_(at_door(request)),
        base_url_(request.base_url),
        study_(std::move(study)),
        part_type_(std::move(part_type)),
        xml_(xml) {
    if (!boundary.empty()) parser_.emplace(boundary, context_->options.multipart, *this);
  }

  Status body(ByteView bytes) override {
    if (report_.body_error) return {};  // reads on, so that the answer can be a full report
    Status status;
    if (parser_) {
      status = parser_->feed(bytes);
    } else {
      if (!open_) status = begin_part({});
      if (status) status = part_data(bytes);
    }
    if (status.has_error()) break_off(std::move(status).error());
    return {};
  }

  Response finish() override {
    if (!report_.body_error) {
      Status status;
      if (parser_) status = parser_->finish();
      if (!parser_ && open_) status = end_part();
      if (status.has_error()) break_off(std::move(status).error());
    }
    commit();
    return store_answer(report_, base_url_, xml_);
  }

  Status begin_part(const Headers& headers) override {
    open_ = true;
    std::string_view type = headers.find("Content-Type");
    if (type.empty()) type = part_type_;
    const auto media = parse_media_type(type);
    if (!media || !media->is(kDicom)) {
      fail({kCannotUnderstand, {}, {}});
      return {};
    }
    incoming_ = dicom::receive_file(context_->imaging, principal_, study_);
    part_bytes_ = 0;
    return {};
  }

  Status part_data(ByteView bytes) override {
    if (!incoming_) return {};  // refused already: siblings are not to suffer (S5)
    part_bytes_ += bytes.size();
    if (Status status = incoming_->write(bytes); status.has_error()) refuse();
    return {};
  }

  Status end_part() override {
    open_ = false;
    if (!incoming_) return {};
    auto prepared = incoming_->prepare();
    if (prepared.has_error()) {
      refuse();
      return {};
    }
    incoming_.reset();
    batch_.push_back(std::move(*prepared));
    batch_bytes_ += part_bytes_;
    if (batch_.size() >= context_->options.batch_objects_max ||
        batch_bytes_ >= context_->options.batch_bytes_max) {
      commit();
    }
    return {};
  }

 private:
  void refuse() {
    const dicom::Refusal& refusal = incoming_->refusal();
    if (refusal.error.code == Code::exhausted || refusal.error.code == Code::unavailable) {
      report_.out_of_resources = true;
    }
    fail({refusal.reason, refusal.sop_class, refusal.instance});
    incoming_.reset();
  }

  void fail(StoreFailure failure) {
    ++report_.failures_count;
    if (report_.failures.size() < context_->options.failures_max) {
      report_.failures.push_back(std::move(failure));
    }
  }

  // The body's own syntax is broken: what came whole before stays, the open part is lost.
  void break_off(Error error) {
    if (open_ && incoming_) fail({kCannotUnderstand, {}, {}});
    incoming_.reset();
    report_.body_error = std::move(error);
  }

  void commit() {
    if (batch_.empty()) return;
    std::vector<StoreFailure> names;
    for (const dicom::Prepared& p : batch_) {
      names.push_back({0, p.fact.instance.sop_class, p.fact.instance.uid});
    }
    auto results = context_->imaging.commit(principal_, std::move(batch_));
    batch_.clear();
    batch_bytes_ = 0;
    if (results.has_value()) {
      std::move(results->begin(), results->end(), std::back_inserter(report_.stored));
      return;
    }
    const Code code = results.error().code;
    const bool resources = code == Code::exhausted || code == Code::unavailable || code == Code::io;
    report_.out_of_resources = report_.out_of_resources || resources;
    for (StoreFailure& name : names) {
      name.reason = resources ? kOutOfResources : kProcessingFailure;
      fail(std::move(name));
    }
  }

  const ContextPtr context_;
  const security::Principal principal_;
  const std::string base_url_;
  const std::optional<dicom::StudyUid> study_;
  const std::string part_type_;
  const bool xml_;
  std::optional<MultipartParser> parser_;
  std::unique_ptr<dicom::IncomingObject> incoming_;
  bool open_ = false;
  uint64_t part_bytes_ = 0, batch_bytes_ = 0;
  std::vector<dicom::Prepared> batch_;
  StoreReport report_;
};

// The form of the answer (S9): JSON unless XML is preferred; nullopt: neither is taken.
std::optional<bool> wants_xml(const Request& request) {
  if (!accept_given(request)) return false;
  for (const MediaRange& range : accepted_types(request)) {
    if (range.media.covers(kDicomJson) || range.media.covers("application/json")) return false;
    if (range.media.covers("application/dicom+xml")) return true;
  }
  return std::nullopt;
}

Answer stow(const ContextPtr& context, const Request& request) {
  const auto media = parse_media_type(request.headers.find("Content-Type"));
  std::string boundary, part_type(kDicom);
  const auto wrong_type = [](std::string why) {
    return problem(make_error(Code::unsupported, std::move(why)), true);
  };
  if (media && media->is(kRelated)) {
    boundary = media->parameter("boundary");
    if (!is_boundary(boundary)) {
      return problem(
          make_error(Code::invalid_argument, "Content-Type has no valid boundary parameter"));
    }
    if (const std::string_view type = media->parameter("type"); !type.empty()) part_type = type;
    if (!equal_ignoring_case(part_type, kDicom)) {
      return wrong_type("only parts of type application/dicom are taken");
    }
  } else if (!media || !media->is(kDicom)) {
    return wrong_type("Content-Type is neither multipart/related nor application/dicom");
  }
  const auto xml = wants_xml(request);
  if (!xml) {
    return problem(make_error(Code::not_acceptable,
                              "answers are application/dicom+json or application/dicom+xml"));
  }
  std::optional<dicom::StudyUid> study;
  if (!request.captures.empty()) study = dicom::StudyUid(request.captures[0]);
  return std::make_unique<Stow>(context, request, std::move(study), boundary, std::move(part_type),
                                *xml);
}

}  // namespace

void add_stow_routes(const ContextPtr& context, std::vector<Route>& out) {
  const auto answer = [context](const Request& request) { return stow(context, request); };
  out.push_back({"POST", std::string(kRoot) + "/studies", "Store instances (STOW-RS).", answer, 0});
  out.push_back({"POST", std::string(kRoot) + "/studies/{study}",
                 "Store instances of one study (STOW-RS).", answer, 0});
}

}  // namespace medarc::web
