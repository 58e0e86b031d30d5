#include "web/dicomweb/stow_body.h"

#include <algorithm>

#include "dicom/model/model_store.h"
#include "web/accept.h"
#include "web/dicomweb/retrieve.h"
#include "web/dicomweb/store_answer.h"

namespace medarc::web {
namespace {

constexpr uint16_t kCannotUnderstand = 0xC000;  // S3
constexpr uint16_t kOutOfResources = 0xA700;
constexpr uint16_t kProcessingFailure = 0x0110;

class Body final : public BodyHandler, public PartSink, public dicom::ModelStoreSink {
 public:
  Body(ContextPtr context, const Request& request, StowParts parts, ModelForm answer)
      : context_(std::move(context)),
        principal_(at_door(request)),
        base_url_(request.base_url),
        study_(parts.study),
        answer_(answer) {
    using Form = dicom::ModelStoreOptions::Form;
    const bool json = parts.content == StowParts::Content::json;
    part_type_ = kDicom;
    if (parts.content != StowParts::Content::files) {
      part_type_ = json ? kDicomJson : kDicomXml;
      dicom::ModelStoreOptions o;
      o.form = json ? Form::json : Form::xml;
      o.study_wanted = study_;
      o.waiting_bytes_max = context_->options.waiting_bytes_max;
      o.bulk_memory_bytes_max = context_->options.bulk_memory_bytes_max;
      o.temporary_directory = context_->options.temporary_directory;
      model_.emplace(context_->imaging, principal_, posix_fs(), std::move(o), *this);
    }
    if (!parts.boundary.empty()) {
      parser_.emplace(std::move(parts.boundary), context_->options.multipart, *this);
    }
  }

  Status body(ByteView bytes) override {
    if (report_.body_error) return {};  // reads on, so that the answer can be a full report
    Status status;
    if (parser_) {
      status = parser_->feed(bytes);
    } else {
      if (part_ == Part::none) status = begin_part({});
      if (status) status = part_data(bytes);
    }
    if (status.has_error()) break_off(std::move(status).error());
    return {};
  }

  Response finish() override {
    if (!report_.body_error) {
      Status status;
      if (parser_) status = parser_->finish();
      if (!parser_ && part_ != Part::none) status = end_part();
      if (status.has_error()) break_off(std::move(status).error());
    }
    if (model_) model_->finish();
    commit();
    return store_answer(report_, base_url_, answer_);
  }

  Status begin_part(const Headers& headers) override {
    std::string_view type = headers.find("Content-Type");
    if (type.empty()) type = part_type_;
    const auto media = parse_media_type(type);
    part_ = Part::refused;
    if (media && media->is(part_type_)) {
      part_ = model_ ? Part::metadata : Part::file;
      if (model_) model_->begin_metadata();
      if (!model_) file_ = dicom::receive_file(context_->imaging, principal_, study_);
      part_bytes_ = 0;
    } else if (media && model_) {
      part_ = Part::bulk;
      model_->begin_bulk(std::string(headers.find("Content-Location")),
                         current_media_type(media->type + '/' + media->subtype),
                         std::string(media->parameter("transfer-syntax")));
    } else {
      fail({kCannotUnderstand, {}, {}});
    }
    return {};
  }

  Status part_data(ByteView bytes) override {
    switch (part_) {
      case Part::file:
        part_bytes_ += bytes.size();
        // Siblings are not to suffer (S5).
        if (file_->write(bytes).has_error()) refuse_file();
        return {};
      case Part::metadata: return metadata(model_->metadata(bytes));
      case Part::bulk: return model_->bulk(bytes);
      case Part::none:
      case Part::refused: return {};
    }
    return {};
  }

  Status end_part() override {
    const Part part = part_;
    part_ = Part::none;
    if (part == Part::metadata) return metadata(model_->end_metadata());
    if (part == Part::bulk) model_->end_bulk();
    if (part != Part::file) return {};
    auto object = file_->prepare();
    if (object.has_error()) {
      refuse_file();
      part_ = Part::none;
    } else {
      file_.reset();
      prepared(std::move(*object), part_bytes_);
    }
    return {};
  }

  void prepared(dicom::Prepared object, uint64_t bytes) override {
    // Of what is unusual the answer names one reason.
    if (object.warnings.size() > 1) object.warnings.resize(1);
    batch_.push_back(std::move(object));
    batch_bytes_ += bytes;
    if (batch_.size() >= context_->options.batch_objects_max ||
        batch_bytes_ >= context_->options.batch_bytes_max) {
      commit();
    }
  }

  void refused(const dicom::Refusal& refusal) override {
    if (refusal.error.code == Code::exhausted || refusal.error.code == Code::unavailable) {
      report_.out_of_resources = true;
    }
    fail({refusal.reason, refusal.sop_class, refusal.instance});
  }

 private:
  enum class Part { none, file, metadata, bulk, refused };

  void refuse_file() {
    refused(file_->refusal());
    file_.reset();
    part_ = Part::refused;
  }

  // A part with metadata that cannot be read to its end is a failure; the other parts go on.
  Status metadata(Status status) {
    if (status.has_value()) return {};
    const bool resources = status.error().code != Code::invalid_argument;
    fail({resources ? kOutOfResources : kCannotUnderstand, {}, {}});
    if (!report_.metadata_error) report_.metadata_error = std::move(status).error();
    if (part_ == Part::metadata) part_ = Part::refused;
    return {};
  }

  void fail(StoreFailure failure) {
    ++report_.failures_count;
    if (report_.failures.size() < context_->options.failures_max) {
      report_.failures.push_back(std::move(failure));
    }
  }

  // The body's own syntax is broken: what came whole before stays, the open part is lost.
  void break_off(Error error) {
    if (part_ == Part::file || part_ == Part::metadata) fail({kCannotUnderstand, {}, {}});
    file_.reset();
    part_ = Part::none;
    const Code code = error.code;
    if (code == Code::exhausted || code == Code::io) report_.out_of_resources = true;
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
  const ModelForm answer_;
  std::string part_type_;  // of parts that do not say
  std::optional<MultipartParser> parser_;
  std::optional<dicom::ModelStore> model_;  // unless the parts are files
  std::unique_ptr<dicom::IncomingObject> file_;
  Part part_ = Part::none;
  uint64_t part_bytes_ = 0, batch_bytes_ = 0;
  std::vector<dicom::Prepared> batch_;
  StoreReport report_;
};

}  // namespace

std::unique_ptr<BodyHandler> stow_body(ContextPtr context, const Request& request, StowParts parts,
                                       ModelForm answer) {
  return std::make_unique<Body>(std::move(context), request, std::move(parts), answer);
}

}  // namespace medarc::web
