// medarc jobs: the durable jobs of a stopped archive. A running server shows them at /admin/jobs.
#include "tools/opened.h"

namespace medarc::tools {
namespace {

constexpr uint32_t kPageRows = 1000;

Status run(const Common& common) {
  MEDARC_ASSIGN(auto opened, open_archive(common, false));
  const auto view = opened->index->view();
  uint64_t waiting = 0, failed = 0;
  Bytes after;
  for (;;) {
    MEDARC_ASSIGN(const auto page, view->jobs("", after, kPageRows));
    for (const index::JobRow& job : page) {
      const bool over = job.state == index::JobRow::State::failed;
      ++(over ? failed : waiting);
      print_result(common, {{"queue", job.queue},
                            {"name", job.name},
                            {"kind", job.kind},
                            {"state", over ? "failed" : "waiting"},
                            {"attempts", job.attempts},
                            {"due", to_rfc3339(job.due)},
                            {"problem", job.problem}});
    }
    if (page.size() < kPageRows) break;
    after = index::job_id(page.back().queue, page.back().name);
  }
  print_result(common, {{"waiting", waiting}, {"failed", failed}});
  return {};
}

}  // namespace

void add_jobs(CLI::App& app, int& exit_code) {
  auto common = std::make_shared<Common>();
  CLI::App* verb =
      app.add_subcommand("jobs", "List reports and deliveries that are still to be made");
  common->add_to(*verb);
  verb->callback([common, &exit_code] {
    const Status done = run(*common);
    exit_code = done.has_error() ? fail(done.error()) : kExitDone;
  });
}

}  // namespace medarc::tools
