// QIDO-RS (PS3.18 10.6): searches at three levels, answered from index rows of one view.
#include <algorithm>

#include "web/dicomweb/as_of.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/model_forms.h"
#include "web/dicomweb/results.h"
#include "web/dicomweb/search.h"
#include "web/http_error.h"

namespace medarc::web {
namespace {

using index::Kind;

constexpr uint32_t kPageRows = 500;  // read from the index at a time

struct Level {
  Kind kind;
  bool study_in_path = false, series_in_path = false;
};

// Who asks for which rows in which order: all of the request but which part of them.
std::string identity_of(const Request& request) {
  std::string out = request.principal.id + "\n" + request.path;
  for (const auto& [name, value] : request.query) {
    if (name == "limit" || name == "offset" || name == "includefield") continue;
    out += "\n" + std::to_string(name.size()) + ":" + name + "=" + value;
  }
  return out;
}

// The page asked for: from where the one before it ended, if that is known.
Result<index::Page> page_of(const DicomwebContext& context, const Request& request,
                            index::View& view, dicom::Question& question) {
  const uint64_t offset = question.query.offset;
  std::optional<Bytes> cursor;
  if (offset > 0) cursor = context.pages->find(identity_of(request), offset);
  if (cursor) {
    dicom::Question there = question;
    there.query.after = std::move(*cursor);
    there.query.offset = 0;
    auto page = context.imaging.find(at_door(request), view, there);
    // What has come since may have changed what the query is made of: then rows are counted.
    if (page.has_value() || page.error().code != Code::invalid_argument) {
      question = std::move(there);
      return page;
    }
  }
  return context.imaging.find(at_door(request), view, question);
}

Answer qido(const ContextPtr& context, const Level& level, const Request& request) {
  const auto model = model_form(request);
  if (model.has_error()) return problem(model.error());
  const DicomwebOptions& options = context->options;
  auto search =
      parse_search(level.kind, request.query,
                   {options.strict_query, options.results_max, &context->imaging.extras()});
  if (search.has_error()) return problem(search.error());
  dicom::Question question{std::move(search->query), std::move(search->compared),
                           std::move(search->zoned)};
  index::Query& query = question.query;
  if (level.study_in_path) query.study = index::StudyUid(request.captures[0]);
  if (level.series_in_path) query.series = index::SeriesUid(request.captures[1]);
  const uint64_t limit = query.limit, offset = query.offset;
  query.limit = static_cast<uint32_t>(std::min<uint64_t>(limit, kPageRows));

  const std::shared_ptr<index::View> view = context->imaging.index().view();
  const auto at = as_of(request);
  if (at.has_error()) return problem(at.error());
  bool anything = true;
  if (*at) {
    auto then = ask_then(*view, request, **at, context->imaging.limits().compared_instances_max,
                         search->include, question);
    if (then.has_error()) return problem(then.error());
    anything = *then;
    if (!anything) query.among = std::make_shared<const std::vector<Bytes>>();
  }
  auto page = page_of(*context, request, *view, question);
  if (page.has_error()) return problem(page.error());

  Response response;
  const auto warn = [&](const std::string& text) {
    response.headers.add("Warning", "299 " + request.base_url + std::string(kRoot) + ": " + text);
  };
  for (const std::string& text : search->warnings) warn(text);
  if (!page->next.empty() && (search->limited || limit > kPageRows)) {
    index::Query counted = query;
    counted.offset = 0;
    counted.after.clear();
    const uint64_t answered = offset + limit;
    const uint64_t counted_max =
        answered + std::min(options.counted_beyond_max, UINT64_MAX - answered);
    auto count = view->count(counted, counted_max);
    if (count.has_error()) return problem(count.error());
    if (count->rows > answered) {
      warn(std::string("There are ") + (count->exact ? "" : "at least ") +
           std::to_string(count->rows - answered) + " additional results that can be requested");
    }
  }
  if (page->matches.empty() && options.no_match_204) {
    response.status = 204;
    return response;
  }
  ResultForm form;
  form.kind = level.kind;
  // What the path names is known to the client.
  form.study_attributes = !level.study_in_path;
  form.series_attributes = !level.series_in_path;
  form.include_all = search->include_all;
  form.include = std::move(search->include);
  form.extras = &context->imaging.extras();
  form.base_url = request.base_url;
  const auto remember = [pages = context->pages, identity = identity_of(request),
                         next = offset + limit](Bytes cursor) {
    pages->remember(identity, next, std::move(cursor));
  };
  if (*model == ModelForm::xml) {
    Response parts = xml_parts(
        result_stream(std::move(form), view, std::move(query), std::move(*page), limit, remember));
    for (const Header& h : response.headers.entries()) parts.headers.add(h.name, h.value);
    return parts;
  }
  response.headers.add("Content-Type", std::string(kDicomJson));
  response.headers.add("Vary", "Accept");
  if (request.method == "HEAD") return response;
  if (page->next.empty() || page->matches.size() >= limit) {
    if (!page->next.empty()) remember(page->next);
    // The usual case: one page, one write.
    std::string text = "[";
    for (size_t i = 0; i < page->matches.size() && i < limit; ++i) {
      if (i > 0) text += ',';
      if (Status status = append_result(form, *view, page->matches[i], text); status.has_error()) {
        return problem(status.error());
      }
    }
    text += ']';
    response.body = std::move(text);
    return response;
  }
  response.body =
      result_stream(std::move(form), view, std::move(query), std::move(*page), limit, remember);
  return response;
}

}  // namespace

void add_qido_routes(const ContextPtr& context, std::vector<Route>& out) {
  const auto add = [&](std::string path, std::string summary, Level level) {
    out.push_back({"GET", std::string(kRoot) + std::move(path), std::move(summary),
                   [context, level](const Request& request) -> Answer {
                     return qido(context, level, request);
                   }});
  };
  add("/studies", "Search for studies (QIDO-RS).", {Kind::study});
  add("/series", "Search for series (QIDO-RS).", {Kind::series});
  add("/instances", "Search for instances (QIDO-RS).", {Kind::instance});
  add("/studies/{study}/series", "Search for the series of a study (QIDO-RS).",
      {Kind::series, true});
  add("/studies/{study}/instances", "Search for the instances of a study (QIDO-RS).",
      {Kind::instance, true});
  add("/studies/{study}/series/{series}/instances",
      "Search for the instances of a series (QIDO-RS).", {Kind::instance, true, true});
}

}  // namespace medarc::web
