// What the archive knows beside a genome file, in its JSON.
#include "web/genomics/doors.h"
#include "web/text.h"

namespace medarc::web {
namespace {

void add_ids(std::string& out, std::string_view key, const std::vector<std::string>& ids) {
  out += ",\"";
  out += key;
  out += "\":[";
  for (const std::string& id : ids) {
    if (&id != &ids.front()) out += ',';
    append_json_string(out, id);
  }
  out += ']';
}

}  // namespace

std::string with_findings(std::string file_json, const genomics::Findings& findings) {
  file_json.pop_back();
  file_json += ",\"alerts\":[";
  for (const genomics::Alert& alert : findings.alerts) {
    if (&alert != &findings.alerts.front()) file_json += ',';
    file_json +=
        "{\"code\":" + json_string(alert.code) + ",\"text\":" + json_string(alert.text) + "}";
  }
  file_json += ']';
  add_ids(file_json, "sameContent", findings.same_content);
  add_ids(file_json, "sameReads", findings.same_reads);
  add_ids(file_json, "sameReadSet", findings.same_read_set);
  add_ids(file_json, "sameMates", findings.same_mates);
  return file_json + "}";
}

}  // namespace medarc::web
