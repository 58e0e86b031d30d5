#include "web/dicomweb/store_answer.h"

#include "web/dicomweb/doors.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

void text_element(std::string& out, const char* tag, const char* vr, std::string_view value) {
  out += std::string("\"") + tag + R"(":{"vr":")" + vr + '"';
  if (!value.empty()) {
    out += R"(,"Value":[)";
    append_json_string(out, value);
    out += ']';
  }
  out += '}';
}

void reason_element(std::string& out, const char* tag, uint16_t reason) {
  out += std::string("\"") + tag + R"(":{"vr":"US","Value":[)" + std::to_string(reason) + "]}";
}

void references(std::string& out, const dicom::SopClassUid& sop_class,
                const dicom::SopInstanceUid& instance) {
  text_element(out, "00081150", "UI", sop_class.value);
  out += ',';
  text_element(out, "00081155", "UI", instance.value);
  out += ',';
}

// A sequence that is absent when it has no items.
class Sequence {
 public:
  Sequence(std::string& out, const char* tag) : out_(out), tag_(tag) {}
  void next() {
    out_ += any_ ? ",{" : std::string(",\"") + tag_ + R"(":{"vr":"SQ","Value":[{)";
    any_ = true;
  }
  void end() {
    if (any_) out_ += "]}";
  }

 private:
  std::string& out_;
  const char* const tag_;
  bool any_ = false;
};

bool of_no_instance(const StoreFailure& f) {
  return f.instance.value.empty() && f.sop_class.value.empty();
}

// Sorted by tag, as a dataset is.
std::string dataset(const StoreReport& report, const std::string& base_url) {
  bool one_study = !report.stored.empty();
  for (const dicom::StoreResult& r : report.stored) {
    one_study = one_study && r.study == report.stored.front().study;
  }
  std::string out = "{";
  text_element(out, "00081190", "UR",
               one_study ? study_url(base_url, report.stored.front().study) : std::string());
  Sequence failed(out, "00081198");
  for (const StoreFailure& f : report.failures) {
    if (of_no_instance(f)) continue;
    failed.next();
    references(out, f.sop_class, f.instance);
    reason_element(out, "00081197", f.reason);
    out += '}';
  }
  failed.end();
  Sequence referenced(out, "00081199");
  for (const dicom::StoreResult& r : report.stored) {
    referenced.next();
    references(out, r.sop_class, r.instance);
    text_element(out, "00081190", "UR", instance_url(base_url, r.study, r.series, r.instance));
    if (!r.warnings.empty()) {
      out += ',';
      reason_element(out, "00081196", r.warnings.front().reason);
    }
    out += '}';
  }
  referenced.end();
  Sequence other(out, "0008119A");
  for (const StoreFailure& f : report.failures) {
    if (!of_no_instance(f)) continue;
    other.next();
    reason_element(out, "00081197", f.reason);
    out += '}';
  }
  other.end();
  return out + '}';
}

}  // namespace

int store_status(const StoreReport& report) {
  if (report.stored.empty()) {
    if (report.out_of_resources) return 503;
    if (report.body_error) return status_of(report.body_error->code, true);
    if (report.metadata_error) return status_of(report.metadata_error->code, true);
    return report.failures_count > 0 ? 409 : 400;
  }
  bool warned = report.failures_count > 0 || report.body_error.has_value();
  for (const dicom::StoreResult& r : report.stored) warned = warned || !r.warnings.empty();
  return warned ? 202 : 200;
}

Response store_answer(const StoreReport& report, const std::string& base_url, ModelForm form) {
  const int status = store_status(report);
  if (report.stored.empty() && report.failures_count == 0) {
    return problem(status, report.body_error.value_or(
                               make_error(Code::invalid_argument, "the body holds no instance")));
  }
  Response response = model_answer(status, form, dataset(report, base_url));
  if (status == 503) response.headers.set("Retry-After", "2");
  return response;
}

}  // namespace medarc::web
