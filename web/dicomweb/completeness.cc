#include "web/dicomweb/completeness.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "web/dicomweb/doors.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

namespace json = boost::json;

constexpr uint32_t kLimit = 100, kLimitMax = 1000;

std::string_view name_of(dicom::Verdict verdict) {
  switch (verdict) {
    case dicom::Verdict::unknown: return "unknown";
    case dicom::Verdict::complete: return "complete";
    case dicom::Verdict::incomplete: return "incomplete";
  }
  return "";
}

std::string_view name_of(dicom::Says says) {
  switch (says) {
    case dicom::Says::nothing: return "nothing";
    case dicom::Says::complete: return "complete";
    case dicom::Says::incomplete: return "incomplete";
  }
  return "";
}

json::array json_of(const std::vector<dicom::ExpectedCount>& counts) {
  json::array out;
  for (const dicom::ExpectedCount& count : counts) {
    out.emplace_back(json::object{
        {"attribute", count.attribute}, {"expected", count.expected}, {"held", count.held}});
  }
  return out;
}

json::object json_of(const dicom::SeriesLook& series) {
  json::object out{
      {"series", series.uid.value}, {"modality", series.modality}, {"instances", series.instances}};
  if (const dicom::Numbering& n = series.numbering; n.numbered > 0) {
    json::array gaps;
    for (const dicom::NumberGap& gap : n.gaps) gaps.emplace_back(json::array{gap.from, gap.to});
    out["numbers"] =
        json::object{{"first", n.first},     {"last", n.last},       {"numbered", n.numbered},
                     {"doubled", n.doubled}, {"missing", n.missing}, {"gaps", std::move(gaps)}};
  }
  out["expected"] = json_of(series.counts);
  json::array parts;
  for (const dicom::Concatenation& c : series.concatenations) {
    parts.emplace_back(json::object{{"concatenation", c.uid},
                                    {"expected", c.expected},
                                    {"expected_given", c.expected_given},
                                    {"held", c.held}});
  }
  if (!parts.empty()) out["concatenations"] = std::move(parts);
  return out;
}

json::object json_of(const dicom::Assessment& a) {
  json::object out{{"study", a.study.uid.value},
                   {"verdict", name_of(a.verdict)},
                   {"at", to_rfc3339(a.at)},
                   {"received", to_rfc3339(a.study.received)},
                   {"changed", to_rfc3339(a.study.changed)},
                   {"instances", a.look.instances}};
  out["stable"] = nullptr;
  if (a.notes.stable_change == a.study.changed) {
    out["stable"] = json::object{{"since", to_rfc3339(a.notes.stable_since)}};
  }
  json::array evidence, series, missing, senders, commitments;
  for (const dicom::Evidence& one : a.evidence) {
    json::object item{{"what", one.what}, {"says", name_of(one.says)}, {"text", one.text}};
    if (one.series) item["series"] = one.series->value;
    evidence.emplace_back(std::move(item));
  }
  for (const dicom::SeriesLook& one : a.look.series) series.emplace_back(json_of(one));
  for (const std::string& uid : a.look.missing_told) missing.emplace_back(uid);
  for (const auto& one : a.notes.senders) {
    senders.emplace_back(json::object{{"name", one.name},
                                      {"released", one.released},
                                      {"instances", one.instances},
                                      {"ended", to_rfc3339(one.ended)}});
  }
  for (const auto& one : a.notes.commitments) {
    commitments.emplace_back(json::object{{"name", one.name},
                                          {"committed", one.committed},
                                          {"failed", one.failed},
                                          {"missing", one.missing},
                                          {"at", to_rfc3339(one.time)}});
  }
  out["evidence"] = std::move(evidence);
  out["expected"] = json_of(a.look.counts);
  out["series"] = std::move(series);
  out["missing_instances"] = std::move(missing);
  out["senders"] = std::move(senders);
  out["commitments"] = std::move(commitments);
  return out;
}

Result<Response> of_study(dicom::Completeness& completeness, const Request& request) {
  MEDARC_ASSIGN(const dicom::Assessment found,
                completeness.of(at_door(request), dicom::StudyUid(request.captures[0])));
  Response response = make_response(200, "application/json", json::serialize(json_of(found)));
  response.headers.set("Cache-Control", "private, no-cache");
  return response;
}

Result<uint64_t> number_in(const Request& request, std::string_view name, uint64_t fallback,
                           uint64_t min, uint64_t max) {
  const std::string_view text = request.query_value(name);
  if (text.empty()) return fallback;
  const auto number = parse_decimal(text);
  if (!number || *number < min || *number > max) {
    return make_error(Code::invalid_argument, std::string(name) + " is a number from " +
                                                  std::to_string(min) + " to " +
                                                  std::to_string(max));
  }
  return *number;
}

Result<Response> stable(dicom::Completeness& completeness, const Request& request) {
  MEDARC_ASSIGN(const uint64_t after, number_in(request, "after", 0, 0, INT64_MAX));
  MEDARC_ASSIGN(const uint64_t limit, number_in(request, "limit", kLimit, 1, kLimitMax));
  MEDARC_ASSIGN(const dicom::StablePage page,
                completeness.stable(at_door(request), {after}, static_cast<uint32_t>(limit)));
  json::array studies;
  for (const dicom::StableStudy& one : page.studies) {
    json::object item{{"study", one.study.value},
                      {"commit", one.commit.value},
                      {"changed_since", one.changed_since}};
    if (one.since.us != 0) item["since"] = to_rfc3339(one.since);
    studies.emplace_back(std::move(item));
  }
  const json::object out{{"studies", std::move(studies)}, {"next", page.next.value}};
  return make_response(200, "application/json", json::serialize(out));
}

Answer answer(Result<Response> result) {
  if (result.has_error()) return problem(result.error());
  return std::move(*result);
}

}  // namespace

std::vector<Route> completeness_routes(dicom::Completeness& completeness) {
  std::vector<Route> out;
  out.push_back({"GET", std::string(kRoot) + "/studies/{study}/completeness",
                 "Whether a study is complete, with the evidence.",
                 [&completeness](const Request& r) { return answer(of_study(completeness, r)); }});
  out.push_back({"GET", std::string(kRoot) + "/stable-studies",
                 "Studies that received nothing for a while, each change once, in order.",
                 [&completeness](const Request& r) { return answer(stable(completeness, r)); }});
  return out;
}

}  // namespace medarc::web
