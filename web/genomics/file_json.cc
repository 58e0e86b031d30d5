#include "web/genomics/doors.h"
#include "web/text.h"

namespace medarc::web {
namespace {

class Object {
 public:
  void text(std::string_view key, std::string_view value) { raw(key, json_string(value)); }
  void raw(std::string_view key, std::string_view json) {
    out_ += out_.empty() ? '{' : ',';
    append_json_string(out_, key);
    out_ += ':';
    out_ += json;
  }
  std::string take() { return out_.empty() ? "{}" : std::move(out_) + '}'; }

 private:
  std::string out_;
};

}  // namespace

std::string file_json(const genomics::FileRow& row, const std::string& base_url) {
  const std::string url = file_url(base_url, row.id);
  Object o, links;
  o.text("id", row.id.value);
  o.text("name", row.name);
  o.text("format", row.format);
  o.raw("size", std::to_string(row.bytes));
  o.text("sha256", row.blob.hex());
  o.text("md5", row.md5_hex);
  std::string samples = "[";
  for (const std::string& sample : row.samples) {
    if (samples.size() > 1) samples += ',';
    append_json_string(samples, sample);
  }
  o.raw("samples", samples + "]");
  if (!row.patient.value.empty()) o.text("patient", "Patient/" + row.patient.value);
  o.text("received", to_rfc3339(row.received));
  if (!row.index_kind.empty()) o.text("index", row.index_kind);
  o.raw("statistics", row.statistics_json.empty() ? "{}" : ByteView(row.statistics_json));
  links.text("self", url);
  links.text("content", url + "/content");
  if (row.index_blob) links.text("index", url + "/index");
  if (row.block_map_blob) {
    links.text("slice", url + "/slice");
    links.text("plan", url + "/plan");
    const bool variants = row.format == "vcf" || row.format == "bcf";
    if (variants) links.text("variants", url + "/variants");
    links.text("htsget", base_url + (variants ? "/htsget/variants/" : "/htsget/reads/") +
                             url.substr(url.rfind('/') + 1));
  }
  if (!row.patient.value.empty())
    links.text("patient", base_url + "/fhir/Patient/" + row.patient.value);
  o.raw("links", links.take());
  return o.take();
}

}  // namespace medarc::web
