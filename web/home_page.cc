#include "web/home_page.h"

#include <array>

#include "base/clock.h"
#include "web/text.h"
#include "web/url.h"

namespace medarc::web {
namespace {

constexpr uint32_t kListed = 25;

constexpr std::string_view kStyle = R"(
:root{--ink:#1d2733;--soft:#5b6b7c;--line:#dfe5ec;--accent:#0b6bcb;--ground:#f6f8fa}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
header{background:#10273f;color:#fff;padding:1.6rem 2rem}
header h1{margin:0;font-size:1.5rem;font-weight:600}
header p{margin:.2rem 0 0;color:#b9cbe0}
main{max-width:72rem;margin:0 auto;padding:1.5rem 2rem 3rem}
.counts{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:1rem;margin:0 0 1.5rem}
.counts div{background:#fff;border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1.1rem}
.counts b{display:block;font-size:1.6rem;font-weight:600}
.counts span{color:var(--soft);font-size:.9rem}
section{background:#fff;border:1px solid var(--line);border-radius:.6rem;margin:0 0 1.5rem;padding:1rem 1.3rem;overflow-x:auto}
h2{font-size:1.1rem;margin:.2rem 0 .8rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th{text-align:left;color:var(--soft);font-weight:500;white-space:nowrap}
th,td{padding:.4rem .9rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
td.n{text-align:right;font-variant-numeric:tabular-nums}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
code{background:var(--ground);border-radius:.3rem;padding:.1rem .35rem;font-size:.88em}
.none{color:var(--soft)}
ul{margin:.2rem 0;padding-left:1.2rem}
@media (prefers-color-scheme:dark){:root{--ink:#e4ebf3;--soft:#9fb0c3;--line:#2c3a4a;--accent:#6cb2ff;--ground:#101822}
.counts div,section{background:#172230}}
)";

std::string size_text(uint64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

// "Doe^Jane=…" as people read it.
std::string name_text(std::string_view name) {
  std::string out(name.substr(0, name.find('=')));
  for (char& c : out) {
    if (c == '^') c = ' ';
  }
  return out;
}

std::string date_text(std::string_view date) {
  if (date.size() != 8) return std::string(date);
  return std::string(date.substr(0, 4)) + "-" + std::string(date.substr(4, 2)) + "-" +
         std::string(date.substr(6, 2));
}

void cell(std::string& out, std::string_view text) { out += "<td>" + html_escape(text) + "</td>"; }
void number_cell(std::string& out, std::string_view text) {
  out += "<td class=\"n\">" + html_escape(text) + "</td>";
}
std::string link(const std::string& url, std::string_view text) {
  return "<a href=\"" + html_escape(url) + "\">" + html_escape(text) + "</a>";
}

void counts(const index::IndexStats& stats, std::string& out) {
  const std::pair<const char*, uint64_t> shown[] = {{"patients", stats.patients},
                                                    {"studies", stats.studies},
                                                    {"series", stats.series},
                                                    {"instances", stats.instances},
                                                    {"genomic files", stats.files}};
  out += "<div class=\"counts\">";
  for (const auto& [name, n] : shown) {
    out += "<div><b>" + std::to_string(n) + "</b><span>" + name + "</span></div>";
  }
  out += "</div>";
}

Status studies(const index::Page& page, std::string& out) {
  out += "<section><h2>Newest studies</h2>";
  if (page.matches.empty()) {
    out +=
        "<p class=\"none\">None yet. Send some: <code>storescu -aec MEDARC HOST 4242 "
        "file.dcm</code></p></section>";
    return {};
  }
  out +=
      "<table><tr><th>Patient</th><th>ID</th><th>Date</th><th>Description</th><th>Modalities"
      "</th><th>Series</th><th>Instances</th><th>Size</th><th></th></tr>";
  for (const index::Match& match : page.matches) {
    MEDARC_ASSIGN(const index::StudyRow row, index::decode_study(match.row.value));
    const index::AttributeSet& a = row.attributes;
    const std::string url = "/dicom-web/studies/" + percent_encode(row.uid.value);
    std::string modalities;
    if (const auto* list = a.find(index::Tag{0x00080061})) {
      for (const std::string& one : list->values)
        modalities += (modalities.empty() ? "" : ", ") + one;
    }
    out += "<tr>";
    cell(out, name_text(a.first(index::Tag{0x00100010})));
    cell(out, a.first(index::Tag{0x00100020}));
    cell(out, date_text(a.first(index::Tag{0x00080020})));
    cell(out, a.first(index::Tag{0x00081030}));
    cell(out, modalities);
    number_cell(out, a.first(index::Tag{0x00201206}));
    number_cell(out, a.first(index::Tag{0x00201208}));
    number_cell(out, size_text(row.bytes));
    out += "<td>" + link(url + "/series", "series") + " · " +
           link(url + "/instances", "instances") + " · " + link(url + "/metadata", "metadata") +
           "</td></tr>";
  }
  out += "</table></section>";
  return {};
}

Status files(const index::Page& page, std::string& out) {
  out += "<section><h2>Newest genomic files</h2>";
  if (page.matches.empty()) {
    out +=
        "<p class=\"none\">None yet. Send some: <code>curl -X POST -T sample.bam "
        "'http://HOST/genomics/files?name=sample.bam'</code></p></section>";
    return {};
  }
  out +=
      "<table><tr><th>Name</th><th>Format</th><th>Samples</th><th>Size</th><th>Received</th>"
      "<th></th></tr>";
  for (const index::Match& match : page.matches) {
    MEDARC_ASSIGN(const index::FileRow row, index::decode_file(match.row.value));
    const std::string url = "/genomics/files/" + percent_encode(row.id.value);
    std::string samples;
    for (const std::string& one : row.samples) samples += (samples.empty() ? "" : ", ") + one;
    out += "<tr>";
    cell(out, row.name);
    cell(out, row.format);
    cell(out, samples);
    number_cell(out, size_text(row.bytes));
    cell(out, to_rfc3339(row.received).substr(0, 16));
    out += "<td>" + link(url, "facts") + " · " + link(url + "/content", "content") + "</td></tr>";
  }
  out += "</table></section>";
  return {};
}

}  // namespace

Result<std::string> home_page(const OperationsContext& context, const Request& request) {
  index::Index& index = context.imaging->index();
  security::Principal principal = request.principal;
  principal.door = "http";
  std::string out =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>Medarc</title><style>";
  out += kStyle;
  out +=
      "</style></head><body><header><h1>Medarc</h1><p>Images, genomes and records in one durable "
      "archive · version " +
      html_escape(context.version) + "</p></header><main>";
  MEDARC_ASSIGN(const index::IndexStats stats, index.stats());
  counts(stats, out);
  const auto view = index.view();
  index::Query query;
  query.order = index::Order::newest_first;
  query.limit = kListed;
  query.kind = index::Kind::study;
  auto page = context.imaging->find(principal, *view, query);
  if (page.has_value()) {
    MEDARC_TRY(studies(*page, out));
  } else if (page.error().code != Code::permission_denied) {
    return page.error();
  }
  const Status admitted = context.guard->admit(principal, security::Action::find,
                                               {security::Domain::genomes, "files", ""});
  if (admitted.has_value()) {
    query.kind = index::Kind::file;
    MEDARC_ASSIGN(const index::Page found, view->query(query));
    MEDARC_TRY(files(found, out));
  } else if (admitted.error().code != Code::permission_denied) {
    return admitted.error();
  }
  out += "<section><h2>Doors</h2><ul><li>" + link("/dicom-web/studies", "DICOMweb") +
         " <code>/dicom-web</code></li><li>" + link("/genomics/files", "Genomic files") +
         " <code>/genomics/files</code></li><li>" + link("/fhir/metadata", "FHIR R4") +
         " <code>/fhir</code></li><li>" + link("/openapi.json", "All routes") +
         " <code>/openapi.json</code></li><li>" + link("/metrics", "Metrics") +
         " <code>/metrics</code></li></ul></section></main></body></html>";
  return out;
}

}  // namespace medarc::web
