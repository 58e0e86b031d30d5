// medarc audit verify: the chain of audit entries from the first to the last.
#include <fmt/format.h>

#include "tools/opened.h"

namespace medarc::tools {
namespace {

Result<int> verify(const Common& common) {
  MEDARC_ASSIGN(auto opened, open_archive(common, false));
  MEDARC_ASSIGN(const index::AuditCheck check, opened->index->view()->check_audit());
  boost::json::object result = {{"entries", check.entries}, {"intact", !check.first_wrong}};
  if (check.first_wrong) result["first_wrong"] = *check.first_wrong;
  if (check.head) result["head"] = check.head->hex();
  print_result(common, result);
  return check.first_wrong ? kExitFound : kExitDone;
}

}  // namespace

void add_audit(CLI::App& app, int& exit_code) {
  CLI::App* group = app.add_subcommand("audit", "The audit trail");
  group->require_subcommand(1);
  auto common = std::make_shared<Common>();
  CLI::App* verb = group->add_subcommand(
      "verify", "Check the hash chain: no entry changed, removed or moved; exit 1 when one was");
  common->add_to(*verb);
  verb->callback([common, &exit_code] {
    const Result<int> code = verify(*common);
    exit_code = code.has_error() ? fail(code.error()) : *code;
  });
}

}  // namespace medarc::tools
