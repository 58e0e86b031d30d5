#include "web/dicomweb/store_answer.h"

#include "web/dicomweb/doors.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

// A value tree just rich enough for this answer, written in both forms.
struct Element {
  const char* tag;
  const char* vr;
  const char* keyword;
  std::vector<std::string> values;
  std::vector<std::vector<Element>> items;  // of SQ
};
using Items = std::vector<Element>;

void write_json(const Items& elements, std::string& out) {
  out += '{';
  bool first = true;
  for (const Element& e : elements) {
    out += first ? "\"" : ",\"";
    first = false;
    out += e.tag;
    out += R"(":{"vr":")";
    out += e.vr;
    out += '"';
    if (!e.values.empty() || !e.items.empty()) {
      out += R"(,"Value":[)";
      for (size_t i = 0; i < e.values.size(); ++i) {
        if (i > 0) out += ',';
        const bool number = std::string_view(e.vr) == "US";
        if (number) out += e.values[i];
        if (!number) append_json_string(out, e.values[i]);
      }
      for (size_t i = 0; i < e.items.size(); ++i) {
        if (i > 0) out += ',';
        write_json(e.items[i], out);
      }
      out += ']';
    }
    out += '}';
  }
  out += '}';
}

void write_xml(const Items& elements, std::string& out) {
  for (const Element& e : elements) {
    out += std::string("<DicomAttribute tag=\"") + e.tag + "\" vr=\"" + e.vr + "\" keyword=\"" +
           e.keyword + "\">";
    for (size_t i = 0; i < e.values.size(); ++i) {
      out +=
          "<Value number=\"" + std::to_string(i + 1) + "\">" + xml_escape(e.values[i]) + "</Value>";
    }
    for (size_t i = 0; i < e.items.size(); ++i) {
      out += "<Item number=\"" + std::to_string(i + 1) + "\">";
      write_xml(e.items[i], out);
      out += "</Item>";
    }
    out += "</DicomAttribute>";
  }
}

Element sop_class(const dicom::SopClassUid& uid) {
  return {"00081150", "UI", "ReferencedSOPClassUID", {uid.value}, {}};
}
Element sop_instance(const dicom::SopInstanceUid& uid) {
  return {"00081155", "UI", "ReferencedSOPInstanceUID", {uid.value}, {}};
}

// Sorted by tag, as a dataset is.
Items dataset(const StoreReport& report, const std::string& base_url) {
  Element url{"00081190", "UR", "RetrieveURL", {}, {}};
  Element failed{"00081198", "SQ", "FailedSOPSequence", {}, {}};
  Element referenced{"00081199", "SQ", "ReferencedSOPSequence", {}, {}};
  Element other{"0008119A", "SQ", "OtherFailuresSequence", {}, {}};
  bool one_study = !report.stored.empty();
  for (const dicom::StoreResult& r : report.stored) {
    one_study = one_study && r.study == report.stored.front().study;
    Items item{sop_class(r.sop_class),
               sop_instance(r.instance),
               {"00081190",
                "UR",
                "RetrieveURL",
                {instance_url(base_url, r.study, r.series, r.instance)},
                {}}};
    if (!r.warnings.empty()) {
      item.push_back(
          {"00081196", "US", "WarningReason", {std::to_string(r.warnings.front().reason)}, {}});
    }
    referenced.items.push_back(std::move(item));
  }
  if (one_study) url.values.push_back(study_url(base_url, report.stored.front().study));
  for (const StoreFailure& f : report.failures) {
    const Element reason{"00081197", "US", "FailureReason", {std::to_string(f.reason)}, {}};
    if (f.instance.value.empty() && f.sop_class.value.empty()) {
      other.items.push_back({reason});
    } else {
      failed.items.push_back({sop_class(f.sop_class), sop_instance(f.instance), reason});
    }
  }
  Items out{std::move(url)};
  for (Element* sequence : {&failed, &referenced, &other}) {
    if (!sequence->items.empty()) out.push_back(std::move(*sequence));
  }
  return out;
}

}  // namespace

int store_status(const StoreReport& report) {
  if (report.stored.empty()) {
    if (report.out_of_resources) return 503;
    if (report.body_error) return status_of(report.body_error->code, true);
    return report.failures_count > 0 ? 409 : 400;
  }
  bool warned = report.failures_count > 0 || report.body_error.has_value();
  for (const dicom::StoreResult& r : report.stored) warned = warned || !r.warnings.empty();
  return warned ? 202 : 200;
}

Response store_answer(const StoreReport& report, const std::string& base_url, bool xml) {
  const int status = store_status(report);
  if (report.stored.empty() && report.failures_count == 0) {
    return problem(status, report.body_error.value_or(make_error(
                               Code::invalid_argument, "the multipart body holds no part")));
  }
  const Items items = dataset(report, base_url);
  std::string body;
  if (xml) {
    body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><NativeDicomModel xml:space=\"preserve\">";
    write_xml(items, body);
    body += "</NativeDicomModel>";
  } else {
    write_json(items, body);
  }
  Response response = make_response(status, xml ? "application/dicom+xml" : std::string(kDicomJson),
                                    std::move(body));
  if (status == 503) response.headers.set("Retry-After", "2");
  return response;
}

}  // namespace medarc::web
