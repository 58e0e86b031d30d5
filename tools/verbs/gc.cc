// medarc gc: gives back what no row names any more; with --dry-run says what that would be.
#include <fmt/format.h>

#include "tools/opened.h"
#include "tools/progress.h"

namespace medarc::tools {
namespace {

struct GcOptions {
  Common common;
  bool dry_run = false;
};

Status collect(const GcOptions& options) {
  MEDARC_ASSIGN(auto opened, open_archive(options.common, false));
  ProgressLine progress("gc");
  MEDARC_ASSIGN(const archive::GcPlan plan, opened->index->blobs().plan_gc());
  if (!options.dry_run) {
    MEDARC_TRY(opened->index->blobs().collect(plan, progress.callback()));
    security::Object all{security::Domain::system, "archive", "collect"};
    index::Facts facts{now(), {}};
    facts.ops.push_back(opened->guard->audit_op(operator_principal(), security::Action::remove, all));
    const auto audited = opened->index->commit({}, std::move(facts));
    if (audited.has_error()) return audited.error();
  }
  print_result(options.common, {{"executed", !options.dry_run},
                                {"blobs", plan.blobs},
                                {"chunks", plan.chunks},
                                {"bytes", plan.bytes},
                                {"segments", plan.segments.size()},
                                {"seconds", progress.seconds()}});
  return {};
}

}  // namespace

void add_gc(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<GcOptions>();
  CLI::App* verb = app.add_subcommand("gc", "Remove bytes that nothing names any more");
  options->common.add_to(*verb);
  verb->add_flag("--dry-run", options->dry_run, "Only say what would be removed");
  verb->callback([options, &exit_code] {
    catch_interrupt();
    const Status done = collect(*options);
    exit_code = done.has_error() ? fail(done.error()) : kExitDone;
  });
}

}  // namespace medarc::tools
