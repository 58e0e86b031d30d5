#include <fmt/format.h>

#include <boost/json.hpp>

#include "web/genomics/consent_json.h"
#include "web/genomics/doors.h"
#include "web/genomics/drs_objects.h"
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

// What a job that amended the file wrote down of a role: when, and by what.
struct Made {
  std::string at, by;
};
Made made_of(const genomics::FileRow& row, std::string_view role) {
  boost::system::error_code failed;
  const boost::json::value root = boost::json::parse(ByteView(row.statistics_json), failed);
  if (failed) return {};
  const auto text = [&](const char* name) -> std::string {
    boost::system::error_code absent;
    const boost::json::value* found =
        root.find_pointer("/derived/" + std::string(role) + "/" + name, absent);
    return found != nullptr && found->is_string() ? std::string(found->get_string())
                                                  : std::string();
  };
  return {text("made"), text("by")};
}

std::string derivatives_json(const genomics::FileRow& row, const std::string& url,
                             const std::optional<genomics::SortState>& sorting) {
  using Phase = genomics::SortState::Phase;
  std::string out = "[";
  for (const index::Attachment& a : row.attachments) {
    // "sorted.index" was made with "sorted".
    const Made made = made_of(row, std::string_view(a.role).substr(0, a.role.find('.')));
    Object one;
    one.text("role", a.role);
    one.text("state", "made");
    one.text("sha256", a.blob.hex());
    one.raw("bytes", std::to_string(a.bytes));
    one.text("url", url + "/attachments/" + a.role);
    one.text("made", made.at.empty() ? to_rfc3339(row.received) : made.at);
    one.text("from", row.blob.hex());
    one.text("by", made.by.empty() ? "medarc" : made.by);
    if (out.size() > 1) out += ',';
    out += one.take();
  }
  if (sorting) {
    Object one;
    one.text("role", "sorted");
    one.text("state", sorting->phase == Phase::failed    ? "failed"
                      : sorting->phase == Phase::running ? "running"
                                                         : "waiting");
    if (sorting->phase == Phase::running) one.raw("done", fmt::format("{:.3f}", sorting->done));
    if (!sorting->problem.empty()) one.text("problem", sorting->problem);
    if (out.size() > 1) out += ',';
    out += one.take();
  }
  return out + "]";
}

}  // namespace

std::string file_json(const genomics::FileRow& row, const std::string& base_url,
                      const std::optional<genomics::SortState>& sorting) {
  const std::string url = file_url(base_url, row.id);
  Object o, links;
  o.text("id", row.id.value);
  o.text("name", row.name);
  o.text("format", row.format);
  o.raw("size", std::to_string(row.bytes));
  o.text("sha256", row.blob.hex());
  o.text("md5", row.md5_hex);
  if (const auto plain = genomics::plain_sha256_hex(row); !plain.empty())
    o.text("plainSha256", std::string(plain));
  std::string samples = "[";
  for (const std::string& sample : row.samples) {
    if (samples.size() > 1) samples += ',';
    append_json_string(samples, sample);
  }
  o.raw("samples", samples + "]");
  if (!row.patient.value.empty()) o.text("patient", "Patient/" + row.patient.value);
  o.text("received", to_rfc3339(row.received));
  if (row.consent.version > 0) {
    o.raw("consent", "{" + terms_json(row.consent.terms) +
                         ",\"regions\":" + std::to_string(row.consent.regions.size()) + "}");
  }
  if (!row.index_kind.empty()) o.text("index", row.index_kind);
  o.raw("statistics", row.statistics_json.empty() ? "{}" : ByteView(row.statistics_json));
  if (!row.attachments.empty() || sorting)
    o.raw("derivatives", derivatives_json(row, url, sorting));
  links.text("self", url);
  links.text("content", url + "/content");
  links.text("manifest", url + "/manifest");
  links.text("storage", url + "/storage");
  links.text("consent", url + "/consent");
  if (row.index_blob) links.text("index", url + "/index");
  if (index::attachment(row, "sorted") != nullptr) {
    links.text("sortedContent", url + "/content?derivative=sorted");
    links.text("sortedIndex", url + "/index?derivative=sorted");
  }
  for (const char* role : {"quality", "depth"}) {
    if (index::attachment(row, role) != nullptr) links.text(role, url + "/" + role);
  }
  if (row.format == "cram" && row.index_blob) {
    links.text("slice", url + "/slice");
    links.text("plan", url + "/plan");
  }
  if (row.block_map_blob) {
    links.text("slice", url + "/slice");
    links.text("plan", url + "/plan");
    const bool variants = row.format == "vcf" || row.format == "bcf";
    if (variants) links.text("variants", url + "/variants");
  }
  const std::string name = url.substr(url.rfind('/') + 1);
  if (const std::string_view kind = htsget_kind_of(row); !kind.empty()) {
    links.text("htsget", base_url + "/htsget/" + std::string(kind) + "/" + name);
  }
  links.text("drs",
             base_url + std::string(kDrsPath) + "/objects/" + to_text(drs_id_of(row.id, row.blob)));
  if (!row.patient.value.empty())
    links.text("patient", base_url + "/fhir/Patient/" + row.patient.value);
  o.raw("links", links.take());
  return o.take();
}

}  // namespace medarc::web
