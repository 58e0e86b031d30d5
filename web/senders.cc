#include "web/senders.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "dicom/senders/corrections.h"
#include "dicom/senders/report_json.h"
#include "web/accept.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/retrieve.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using security::Action;
using security::Domain;

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem;color:#1d2733}"
    "table{border-collapse:collapse;margin:0 0 1.5rem}"
    "th,td{text-align:left;padding:.3rem .9rem .3rem 0;border-bottom:1px solid #dfe5ec;"
    "vertical-align:top}td.n{text-align:right}";

// "2026-11-21", or nothing.
bool is_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return text.empty();
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == '-' || (c >= '0' && c <= '9'); });
}

// nullopt: neither form will do.
std::optional<bool> wants_html(const Request& request) {
  if (!accept_given(request)) return false;
  for (const MediaRange& range : accepted_types(request)) {
    if (range.media.is("text/html")) return true;
    if (range.media.covers("application/json")) return false;
    if (range.media.covers("text/html")) return true;
  }
  return std::nullopt;
}

std::string text_of(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  if (value == nullptr) return {};
  return value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
}

std::string cell(std::string_view text) { return "<td>" + html_escape(text) + "</td>"; }

std::string row_html(const boost::json::object& line) {
  const std::string keyword = text_of(line, "keyword");
  std::string out = "<tr><td class=\"n\">" + html_escape(text_of(line, "count")) + "</td>";
  out += cell(text_of(line, "kind")) + cell(text_of(line, "text"));
  out += cell(keyword.empty() ? text_of(line, "attribute") : keyword);
  out += cell(text_of(line, "sop_class_name"));
  for (const char* time : {"first", "last"}) out += cell(text_of(line, time).substr(11, 8));
  return out + "<td><code>" + html_escape(text_of(line, "example")) + "</code></td></tr>";
}

std::string html_of(const boost::json::object& report) {
  std::string out =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>What senders get "
      "wrong</title><style>";
  out += kStyle;
  out += "</style></head><body><h1>What senders get wrong</h1>";
  const boost::json::array& days = report.at("days").as_array();
  if (days.empty()) out += "<p>Nothing has been found.</p>";
  for (const boost::json::value& day : days) {
    out += "<h2>" + html_escape(text_of(day.as_object(), "day")) + " (UTC)</h2>";
    for (const boost::json::value& sender : day.at("senders").as_array()) {
      const boost::json::object& of = sender.as_object();
      out += "<h3>" + html_escape(text_of(of, "sender")) + "</h3>";
      out +=
          "<table><tr><th>Count</th><th>Kind</th><th>What</th><th>Attribute</th><th>SOP class</th>"
          "<th>First</th><th>Last</th><th>Example</th></tr>";
      for (const boost::json::value& line : of.at("findings").as_array()) {
        out += row_html(line.as_object());
      }
      out += "</table>";
    }
  }
  return out + "</body></html>";
}

Result<Response> report(const SendersContext& c, const Request& request) {
  MEDARC_TRY(c.guard->admit(request.principal, Action::find, {Domain::system, "senders", {}}));
  const std::string_view day = request.query_value("day");
  if (!is_day(day)) return make_error(Code::invalid_argument, "day is written 2026-11-21");
  const auto html = wants_html(request);
  if (!html) {
    return make_error(Code::not_acceptable, "the report is application/json or text/html");
  }
  const boost::json::object out =
      dicom::senders::report_json(c.report->counts(), day, request.query_value("sender"));
  Response response = *html ? make_response(200, "text/html; charset=utf-8", html_of(out))
                            : make_response(200, "application/json", boost::json::serialize(out));
  response.headers.set("Vary", "Accept");
  return response;
}

Result<Response> findings(const SendersContext& c, const Request& request) {
  MEDARC_TRY(c.guard->admit(at_door(request), Action::read,
                            {Domain::images, "study/" + request.captures[0], {}}));
  const auto view = c.imaging->index().view();
  MEDARC_ASSIGN(const dicom::InstanceRow row, find_instance(*view, request));
  const dicom::senders::KeptFindings kept = dicom::senders::findings_of(row);
  boost::json::array all;
  for (const dicom::senders::Finding& f : kept.findings) {
    boost::json::object one{{"kind", f.kind}, {"text", f.text}};
    if (f.attribute.value != 0) one["attribute"] = dicom::tag_hex(f.attribute);
    if (!f.detail.empty()) one["detail"] = f.detail;
    all.emplace_back(std::move(one));
  }
  boost::json::object out;
  if (!kept.sender.empty()) out["sender"] = kept.sender;
  out["corrected"] = dicom::senders::is_corrected(row);
  out["findings"] = std::move(all);
  return make_response(200, "application/json", boost::json::serialize(out));
}

Answer answer(Result<Response> result) {
  if (result.has_error()) return problem(result.error());
  return std::move(*result);
}

}  // namespace

std::vector<Route> senders_routes(SendersContext context) {
  std::vector<Route> out;
  out.push_back({"GET", "/admin/senders", "What senders get wrong, by day.",
                 [context](const Request& r) { return answer(report(context, r)); }});
  out.push_back(
      {"GET", std::string(kRoot) + "/studies/{study}/series/{series}/instances/{instance}/findings",
       "What is wrong with an instance as it was received.",
       [context](const Request& r) { return answer(findings(context, r)); }});
  return out;
}

}  // namespace medarc::web
