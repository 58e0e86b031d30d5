// medarc senders: what senders got wrong: from a stopped archive, or from the server that runs on
// it, which shows the same at /admin/senders.
#include "base/fs.h"
#include "dicom/senders/report_json.h"
#include "tools/opened.h"
#include "tools/running_server.h"
#include "web/url.h"

namespace medarc::tools {
namespace {

struct SendersOptions {
  Common common;
  std::string day, sender, token_file;
};

Result<boost::json::object> report_of(Opened& opened, const SendersOptions& options) {
  MEDARC_TRY(opened.guard->authorise(operator_principal(), security::Action::administer,
                                     {security::Domain::system, "senders", {}}));
  MEDARC_ASSIGN(const auto report,
                dicom::senders::Report::open(posix_fs(), opened.data, *opened.index, nullptr,
                                             opened.settings.sender_counts));
  for (bool more = true; more;) {
    MEDARC_ASSIGN(more, report->step());
  }
  MEDARC_TRY(report->save());
  return dicom::senders::report_json(report->counts(), options.day, options.sender);
}

Result<boost::json::object> read(const SendersOptions& options) {
  auto opened = open_archive(options.common, false);
  if (opened.has_value()) return report_of(**opened, options);
  const auto server =
      opened.error().code == Code::conflict ? serving_at(options.common.data) : std::nullopt;
  if (!server) return opened.error();
  return ask_server(*server,
                    "/admin/senders?day=" + web::percent_encode(options.day) +
                        "&sender=" + web::percent_encode(options.sender),
                    options.token_file);
}

// As report_json writes it; a server of another version may write it otherwise.
const boost::json::array& list(const boost::json::object& in, const char* name) {
  static const boost::json::array kNone;
  const boost::json::value* found = in.if_contains(name);
  return found != nullptr && found->is_array() ? found->get_array() : kNone;
}

boost::json::object object(const boost::json::value& value) {
  return value.is_object() ? value.get_object() : boost::json::object();
}

Status run(const SendersOptions& options) {
  MEDARC_ASSIGN(const boost::json::object report, read(options));
  uint64_t lines = 0, count = 0;
  for (const boost::json::value& day : list(report, "days")) {
    const boost::json::object of_day = object(day);
    for (const boost::json::value& sender : list(of_day, "senders")) {
      const boost::json::object of_sender = object(sender);
      for (const boost::json::value& line : list(of_sender, "findings")) {
        boost::json::object shown;
        if (const auto* name = of_day.if_contains("day")) shown["day"] = *name;
        if (const auto* name = of_sender.if_contains("sender")) shown["sender"] = *name;
        for (const auto& [name, value] : object(line)) shown[name] = value;
        boost::system::error_code none;
        if (const auto* n = shown.if_contains("count")) count += n->to_number<uint64_t>(none);
        print_result(options.common, shown);
        ++lines;
      }
    }
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
  verb->add_option("--token-file", options->token_file,
                   "A file with a token of an administrator, for a running server");
  verb->callback([options, &exit_code] {
    const Status done = run(*options);
    exit_code = done.has_error() ? fail(done.error()) : kExitDone;
  });
}

}  // namespace medarc::tools
