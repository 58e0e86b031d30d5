// medarc recompress: what [[dicom.recompress]] says, now and over all that is stored; with --expand
// back to the pixels as they came. What was done stays done when it is stopped: call it again.
#include "dicom/recompress/sweep.h"

#include "tools/opened.h"
#include "tools/progress.h"
#include "tools/walk.h"

namespace medarc::tools {
namespace {

struct RecompressVerb {
  Common common;
  bool expand = false, again = false;
};

Status audit(Opened& opened, const char* what) {
  const security::Object all{security::Domain::system, "archive", what};
  index::Facts facts{now(), {}};
  facts.ops.push_back(
      opened.guard->audit_op(operator_principal(), security::Action::administer, all));
  const auto audited = opened.index->commit({}, std::move(facts));
  return audited.has_error() ? Status(audited.error()) : Status();
}

boost::json::object shown(const dicom::RecompressCounts& counts, double seconds) {
  boost::json::object refused;
  for (size_t i = 0; i < counts.refused.size(); ++i) {
    refused[to_string(static_cast<dicom::NotRecompressed>(i))] = counts.refused[i];
  }
  return {{"objects", counts.objects},           {"chunks", counts.chunks},
          {"bytes_before", counts.bytes_before}, {"bytes_after", counts.bytes_after},
          {"not_recompressed", refused},         {"seconds", seconds}};
}

Result<int> recompress(const RecompressVerb& verb, Opened& opened, dicom::Recompressor& worker) {
  const Settings& s = opened.settings;
  if (s.recompress_rules.empty()) {
    return make_error(Code::invalid_argument,
                      "no [[dicom.recompress]] is configured: name the file with --config");
  }
  if (verb.again) MEDARC_TRY(dicom::RecompressSweep::forget(posix_fs(), opened.data));
  MEDARC_ASSIGN(const auto sweep,
                dicom::RecompressSweep::open(posix_fs(), opened.data, *opened.index,
                                             s.recompress_rules, s.recompress, worker));
  ProgressLine progress("recompress");
  while (true) {
    MEDARC_ASSIGN(const bool more, sweep->step([&] {
      progress.update(sweep->counts().objects, sweep->counts().bytes_before, 0);
      return !interrupted();
    }));
    if (!more) break;
  }
  MEDARC_ASSIGN(const dicom::RecompressProgress far, sweep->progress());
  boost::json::object out = shown(sweep->counts(), progress.seconds());
  out["commits"] = far.commits;
  out["commits_done"] = far.commits_done;
  print_result(verb.common, out);
  if (interrupted()) return make_error(Code::cancelled, "stopped; what was done is kept");
  return kExitDone;
}

Result<int> expand(const RecompressVerb& verb, Opened& opened, dicom::Recompressor& worker) {
  MEDARC_TRY(dicom::RecompressSweep::forget(posix_fs(), opened.data));
  ProgressLine progress("expand");
  dicom::RecompressCounts counts;
  uint64_t looked_at = 0, corrupt = 0;
  const auto view = opened.index->view();
  const Status done = for_each_version(*view, [&](const index::InstanceRow& row) -> Status {
    if (interrupted()) return make_error(Code::cancelled, "stopped; what was done is kept");
    const auto one = worker.expand(row);
    if (one.has_error() && one.error().code != Code::corrupt) return one.error();
    if (one.has_error()) {
      ++corrupt;
      print_result(verb.common, {{"corrupt", row.dataset.hex()}});
    } else {
      counts.add(*one);
    }
    progress.update(++looked_at, counts.bytes_after, 0);
    return {};
  });
  MEDARC_TRY(done);
  print_result(verb.common, {{"objects", counts.objects},
                             {"chunks", counts.chunks},
                             {"bytes_before", counts.bytes_before},
                             {"bytes_after", counts.bytes_after},
                             {"corrupt", corrupt},
                             {"seconds", progress.seconds()}});
  return corrupt == 0 ? kExitDone : kExitFound;
}

Result<int> run(const RecompressVerb& verb) {
  MEDARC_ASSIGN(const auto opened, open_archive(verb.common, false));
  MEDARC_TRY(audit(*opened, verb.expand ? "expand" : "recompress"));
  dicom::Recompressor worker(*opened->index, opened->settings.dicom_limits, *opened->codecs,
                             opened->settings.recompress);
  return verb.expand ? expand(verb, *opened, worker) : recompress(verb, *opened, worker);
}

}  // namespace

void add_recompress(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<RecompressVerb>();
  CLI::App* verb = app.add_subcommand(
      "recompress", "Keep native pixels as lossless HTJ2K where [[dicom.recompress]] says so");
  options->common.add_to(*verb);
  verb->add_flag("--expand", options->expand, "The other way: keep all pixels as they came");
  verb->add_flag("--again", options->again, "Look at what was looked at before as well");
  verb->callback([options, &exit_code] {
    catch_interrupt();
    const Result<int> code = run(*options);
    exit_code = code.has_error() ? fail(code.error()) : *code;
  });
}

}  // namespace medarc::tools
