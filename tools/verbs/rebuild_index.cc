// medarc rebuild-index: throws the rows away and derives them from the log again.
#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "base/fs.h"
#include "tools/opened.h"
#include "tools/progress.h"
#include "tools/row_dump.h"

namespace medarc::tools {
namespace {

struct RebuildOptions {
  Common common;
  bool compare = false;
};

Result<int> rebuild(const RebuildOptions& options) {
  MEDARC_ASSIGN(Config config, options.common.config());
  MEDARC_ASSIGN(const Settings settings, Settings::from(config));
  std::unique_ptr<RowDump> before;
  if (options.compare) {
    MEDARC_ASSIGN(auto opened, open_archive(options.common, false));
    opened->guard.reset();  // closes its open windows, which are rows as well
    MEDARC_ASSIGN(before, RowDump::write(*opened->index, options.common.data + "/rows-before"));
  } else {
    MEDARC_ASSIGN(const bool there, posix_fs().exists(options.common.data + "/log"));
    if (!there) return make_error(Code::not_found, "no archive in this directory");
  }
  ProgressLine progress("rebuild-index");
  MEDARC_TRY(index::rebuild_index(posix_fs(), options.common.data, settings.index,
                                  progress.callback()));
  MEDARC_ASSIGN(auto index,
                index::open_index(posix_fs(), options.common.data, settings.index));
  MEDARC_ASSIGN(const index::IndexStats rows, index->stats());
  boost::json::object result = {{"patients", rows.patients},   {"studies", rows.studies},
                                {"series", rows.series},       {"instances", rows.instances},
                                {"files", rows.files},         {"audit_entries", rows.audit_entries},
                                {"seconds", progress.seconds()}};
  bool equal = true;
  if (before) {
    MEDARC_ASSIGN(const RowComparison found, before->compare(*index));
    equal = found.equal();
    result["rows"] = found.rows;
    result["missing"] = found.missing;
    result["added"] = found.added;
    result["changed"] = found.changed;
    boost::json::array examples(found.examples.begin(), found.examples.end());
    if (!examples.empty()) result["examples"] = std::move(examples);
  }
  print_result(options.common, result);
  return equal ? kExitDone : kExitFound;
}

}  // namespace

void add_rebuild_index(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<RebuildOptions>();
  CLI::App* verb = app.add_subcommand("rebuild-index", "Derive every row from the log again");
  options->common.add_to(*verb);
  verb->add_flag("--compare", options->compare,
                 "Compare the new rows with the old ones, row by row; exit 1 when they differ");
  verb->callback([options, &exit_code] {
    catch_interrupt();
    const Result<int> code = rebuild(*options);
    exit_code = code.has_error() ? fail(code.error()) : *code;
  });
}

}  // namespace medarc::tools
