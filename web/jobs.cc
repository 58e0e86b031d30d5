#include "web/jobs.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "web/http_error.h"

namespace medarc::web {
namespace {

using index::JobRow;
using security::Action;
using security::Domain;

constexpr uint32_t kLimit = 100, kLimitMax = 1000;

security::Object object_of(const Request& request) {
  if (request.captures.size() < 2) return {Domain::system, "jobs", {}};
  return {Domain::system, "job/" + request.captures[0] + "/" + request.captures[1], {}};
}

std::string_view state_of(const JobRow& job, const index::Jobs& jobs) {
  if (jobs.running(job.queue, job.name)) return "running";
  return job.state == JobRow::State::failed ? "failed" : "waiting";
}

boost::json::object json_of(const JobRow& job, std::string_view state) {
  return {{"queue", job.queue},         {"name", job.name},
          {"kind", job.kind},           {"state", state},
          {"attempts", job.attempts},   {"created", to_rfc3339(job.created)},
          {"due", to_rfc3339(job.due)}, {"problem", job.problem}};
}

Result<uint32_t> limit_of(const Request& request) {
  const std::string_view text = request.query_value("limit");
  if (text.empty()) return kLimit;
  uint32_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size() || out == 0 || out > kLimitMax) {
    return make_error(Code::invalid_argument, "limit must be a number from 1 to 1000");
  }
  return out;
}

Result<Response> list(const JobsContext& c, const Request& request) {
  MEDARC_TRY(c.guard->admit(request.principal, Action::find, object_of(request)));
  MEDARC_ASSIGN(const uint32_t limit, limit_of(request));
  const std::string_view wanted = request.query_value("state");
  if (!wanted.empty() && wanted != "waiting" && wanted != "running" && wanted != "failed") {
    return make_error(Code::invalid_argument, "state must be waiting, running or failed");
  }
  // The id of a job as it is; NUL cannot be typed into a URL, so it is given in hexadecimal digits.
  const auto after = from_hex(request.query_value("after"));
  if (!after) return make_error(Code::invalid_argument, "after must be a `next` given before");
  const auto view = c.index->view();
  boost::json::array jobs;
  Bytes last = *after;
  bool more = true;
  while (more && jobs.size() < limit) {
    MEDARC_ASSIGN(const auto page, view->jobs(request.query_value("queue"), last, kLimitMax));
    more = page.size() == kLimitMax;
    for (const JobRow& job : page) {
      if (jobs.size() == limit) {
        more = true;
        break;
      }
      last = index::job_id(job.queue, job.name);
      const std::string_view state = state_of(job, *c.jobs);
      if (wanted.empty() || wanted == state) jobs.emplace_back(json_of(job, state));
    }
  }
  boost::json::object out{{"jobs", std::move(jobs)}};
  if (more) out["next"] = to_hex(last);
  return make_response(200, "application/json", boost::json::serialize(out));
}

// What an operator does to one job; audited in the commit that does it.
Result<Response> change(const JobsContext& c, const Request& request,
                        Status (index::Jobs::*act)(const std::string&, const std::string&,
                                                   std::vector<index::Op>)) {
  const security::Object object = object_of(request);
  MEDARC_TRY(c.guard->authorise(request.principal, Action::administer, object));
  MEDARC_TRY((c.jobs->*act)(request.captures[0], request.captures[1],
                            {c.guard->audit_op(request.principal, Action::administer, object)}));
  Response out;
  out.status = 204;
  return out;
}

Answer answer(Result<Response> result) {
  if (result.has_error()) return problem(result.error());
  return std::move(*result);
}

}  // namespace

std::vector<Route> jobs_routes(JobsContext context) {
  std::vector<Route> out;
  out.push_back({"GET", "/admin/jobs", "Jobs that wait, run or have failed.",
                 [context](const Request& r) { return answer(list(context, r)); }});
  out.push_back(
      {"POST", "/admin/jobs/{queue}/{name}/retry", "Tries a job again at once.",
       [context](const Request& r) { return answer(change(context, r, &index::Jobs::retry)); }});
  out.push_back(
      {"DELETE", "/admin/jobs/{queue}/{name}", "Cancels a job.",
       [context](const Request& r) { return answer(change(context, r, &index::Jobs::cancel)); }});
  return out;
}

}  // namespace medarc::web
