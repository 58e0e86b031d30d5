#include "dicom/senders/report_json.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <vector>

#include "dicom/dictionary.h"

namespace medarc::dicom::senders {
namespace {

using Line = std::pair<const TallyKey, TallyLine>;

boost::json::object sender_json(std::vector<const Line*> lines) {
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line* a, const Line* b) { return a->second.count > b->second.count; });
  uint64_t count = 0;
  boost::json::array findings;
  for (const Line* line : lines) {
    count += line->second.count;
    findings.emplace_back(line_json(line->first, line->second));
  }
  return {
      {"sender", lines.front()->first.sender}, {"count", count}, {"findings", std::move(findings)}};
}

}  // namespace

boost::json::object line_json(const TallyKey& key, const TallyLine& line) {
  boost::json::object out{{"kind", key.kind}};
  if (key.attribute.value != 0) {
    out["attribute"] = tag_hex(key.attribute);
    if (const std::string keyword = keyword_of(key.attribute); !keyword.empty()) {
      out["keyword"] = keyword;
    }
  }
  if (!key.sop_class.empty()) {
    out["sop_class"] = key.sop_class;
    out["sop_class_name"] = uid_name(key.sop_class);
  }
  out["text"] = key.text;
  out["count"] = line.count;
  out["first"] = to_rfc3339(line.first);
  out["last"] = to_rfc3339(line.last);
  if (!line.example.empty()) out["example"] = line.example;
  return out;
}

boost::json::object report_json(const Tally& tally, std::string_view day, std::string_view sender) {
  // By day and sender, as the tally is.
  std::vector<std::vector<const Line*>> groups;
  for (const Line& line : tally.lines()) {
    const TallyKey& key = line.first;
    if ((!day.empty() && key.day != day) || (!sender.empty() && key.sender != sender)) continue;
    if (groups.empty() || groups.back().front()->first.day != key.day ||
        groups.back().front()->first.sender != key.sender) {
      groups.emplace_back();
    }
    groups.back().push_back(&line);
  }
  std::vector<std::pair<std::string, boost::json::array>> days;
  for (auto& group : groups) {
    const std::string& of = group.front()->first.day;
    if (days.empty() || days.back().first != of) days.emplace_back(of, boost::json::array());
    days.back().second.emplace_back(sender_json(std::move(group)));
  }
  boost::json::array out;
  for (auto at = days.rbegin(); at != days.rend(); ++at) {
    out.emplace_back(boost::json::object{{"day", at->first}, {"senders", std::move(at->second)}});
  }
  return {{"days", std::move(out)}};
}

}  // namespace medarc::dicom::senders
