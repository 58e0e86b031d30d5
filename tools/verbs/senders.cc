// medarc senders: what senders got wrong, from a stopped archive. A running server shows it at
// /admin/senders.
#include "base/fs.h"
#include "dicom/senders/report_json.h"
#include "tools/opened.h"

namespace medarc::tools {
namespace {

struct SendersOptions {
  Common common;
  std::string day, sender;
};

Status run(const SendersOptions& options) {
  MEDARC_ASSIGN(auto opened, open_archive(options.common, false));
  MEDARC_TRY(opened->guard->authorise(operator_principal(), security::Action::administer,
                                      {security::Domain::system, "senders", {}}));
  MEDARC_ASSIGN(const auto report,
                dicom::senders::Report::open(posix_fs(), opened->data, *opened->index, nullptr,
                                             opened->settings.sender_counts));
  for (bool more = true; more;) {
    MEDARC_ASSIGN(more, report->step());
  }
  MEDARC_TRY(report->save());
  uint64_t lines = 0, count = 0;
  const dicom::senders::Tally tally = report->counts();
  for (const auto& [key, line] : tally.lines()) {
    if (!options.day.empty() && key.day != options.day) continue;
    if (!options.sender.empty() && key.sender != options.sender) continue;
    boost::json::object shown{{"day", key.day}, {"sender", key.sender}};
    for (auto& [name, value] : dicom::senders::line_json(key, line)) shown[name] = value;
    print_result(options.common, shown);
    ++lines;
    count += line.count;
  }
  print_result(options.common, {{"findings", count}, {"lines", lines}});
  return {};
}

}  // namespace

void add_senders(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<SendersOptions>();
  CLI::App* verb = app.add_subcommand("senders", "List what senders got wrong, by day");
  options->common.add_to(*verb);
  verb->add_option("--day", options->day, "YYYY-MM-DD (UTC): only that one");
  verb->add_option("--sender", options->sender, "AE title or principal: only that one");
  verb->callback([options, &exit_code] {
    const Status done = run(*options);
    exit_code = done.has_error() ? fail(done.error()) : kExitDone;
  });
}

}  // namespace medarc::tools
