// medarc recompress: what [[dicom.recompress]] and [[genomics.cold]] say, now and over all that is
// stored; with --expand back to the bytes as they came. What was done stays done when it is
// stopped: call it again.
#include "dicom/recompress/sweep.h"

#include <algorithm>

#include "genomics/cold/sweep.h"
#include "tools/opened.h"
#include "tools/progress.h"
#include "tools/walk.h"

namespace medarc::tools {
namespace {

struct RecompressVerb {
  Common common;
  bool expand = false, again = false;
};

struct Workers {
  dicom::Recompressor& images;
  genomics::ColdFiles& genomes;
};

Status forget(const Opened& opened) {
  MEDARC_TRY(dicom::RecompressSweep::forget(posix_fs(), opened.data));
  return genomics::ColdSweep::forget(posix_fs(), opened.data);
}

Status audit(Opened& opened, const char* what) {
  const security::Object all{security::Domain::system, "archive", what};
  index::Facts facts{now(), {}};
  facts.ops.push_back(
      opened.guard->audit_op(operator_principal(), security::Action::administer, all));
  const auto audited = opened.index->commit({}, std::move(facts));
  return audited.has_error() ? Status(audited.error()) : Status();
}

boost::json::object shown(const dicom::RecompressCounts& counts) {
  boost::json::object refused;
  for (size_t i = 0; i < counts.refused.size(); ++i) {
    refused[to_string(static_cast<dicom::NotRecompressed>(i))] = counts.refused[i];
  }
  return {{"objects", counts.objects},
          {"chunks", counts.chunks},
          {"bytes_before", counts.bytes_before},
          {"bytes_after", counts.bytes_after},
          {"not_recompressed", refused}};
}

boost::json::object shown(const genomics::ColdCounts& counts) {
  boost::json::object refused;
  for (size_t i = 0; i < counts.refused.size(); ++i) {
    refused[to_string(static_cast<genomics::NotCold>(i))] = counts.refused[i];
  }
  return {{"files", counts.files},
          {"chunks", counts.chunks},
          {"bytes_before", counts.bytes_before},
          {"bytes_after", counts.bytes_after},
          {"not_cold", refused}};
}

Result<int> recompress(const RecompressVerb& verb, Opened& opened, Workers workers) {
  const Settings& s = opened.settings;
  if (s.recompress_rules.empty() && s.cold_rules.empty()) {
    return make_error(Code::invalid_argument,
                      "no [[dicom.recompress]] and no [[genomics.cold]] is configured: name the "
                      "file with --config");
  }
  if (verb.again) MEDARC_TRY(forget(opened));
  MEDARC_ASSIGN(const auto images,
                dicom::RecompressSweep::open(posix_fs(), opened.data, *opened.index,
                                             s.recompress_rules, s.recompress, workers.images));
  MEDARC_ASSIGN(const auto genomes,
                genomics::ColdSweep::open(posix_fs(), opened.data, *opened.index, s.cold_rules,
                                          s.recompress, workers.genomes));
  ProgressLine progress("recompress");
  const auto go_on = [&] {
    progress.update(images->counts().objects + genomes->counts().files,
                    images->counts().bytes_before + genomes->counts().bytes_before, 0);
    return !interrupted();
  };
  for (bool more = true; more;) {
    MEDARC_ASSIGN(more, images->step(go_on));
  }
  for (bool more = true; more;) {
    MEDARC_ASSIGN(more, genomes->step(go_on));
  }
  MEDARC_ASSIGN(const index::SweepProgress far, images->progress());
  MEDARC_ASSIGN(const index::SweepProgress far_too, genomes->progress());
  boost::json::object out = shown(images->counts());
  out["seconds"] = progress.seconds();
  out["commits"] = far.commits;
  out["commits_done"] = std::min(far.commits_done, far_too.commits_done);
  out["genomes"] = shown(genomes->counts());
  print_result(verb.common, out);
  if (interrupted()) return make_error(Code::cancelled, "stopped; what was done is kept");
  return kExitDone;
}

// Takes one back; what is damaged is named and left.
template <class Counts>
Status expand_one(const RecompressVerb& verb, Result<Counts> one, const Digest& blob, Counts& sum,
                  uint64_t& corrupt) {
  if (one.has_error() && one.error().code != Code::corrupt) return one.error();
  if (one.has_error()) {
    ++corrupt;
    print_result(verb.common, {{"corrupt", blob.hex()}});
  } else {
    sum.add(*one);
  }
  return {};
}

Result<int> expand(const RecompressVerb& verb, Opened& opened, Workers workers) {
  MEDARC_TRY(forget(opened));
  ProgressLine progress("expand");
  dicom::RecompressCounts counts;
  genomics::ColdCounts files;
  uint64_t looked_at = 0, corrupt = 0;
  const auto stopped = [&]() -> Status {
    progress.update(++looked_at, counts.bytes_after + files.bytes_after, 0);
    if (interrupted()) return make_error(Code::cancelled, "stopped; what was done is kept");
    return {};
  };
  const auto view = opened.index->view();
  const Status images = for_each_version(*view, [&](const index::InstanceRow& row) -> Status {
    MEDARC_TRY(stopped());
    return expand_one(verb, workers.images.expand(row), row.dataset, counts, corrupt);
  });
  MEDARC_TRY(images);
  const Status genomes = for_each_file(*view, [&](const index::FileRow& row) -> Status {
    MEDARC_TRY(stopped());
    return expand_one(verb, workers.genomes.expand(row), row.blob, files, corrupt);
  });
  MEDARC_TRY(genomes);
  print_result(verb.common, {{"objects", counts.objects},
                             {"files", files.files},
                             {"chunks", counts.chunks + files.chunks},
                             {"bytes_before", counts.bytes_before + files.bytes_before},
                             {"bytes_after", counts.bytes_after + files.bytes_after},
                             {"corrupt", corrupt},
                             {"seconds", progress.seconds()}});
  return corrupt == 0 ? kExitDone : kExitFound;
}

Result<int> run(const RecompressVerb& verb) {
  MEDARC_ASSIGN(const auto opened, open_archive(verb.common, false));
  MEDARC_TRY(audit(*opened, verb.expand ? "expand" : "recompress"));
  dicom::Recompressor images(*opened->index, opened->settings.dicom_limits, *opened->codecs,
                             opened->settings.recompress);
  genomics::ColdFiles genomes(*opened->index, opened->settings.recompress);
  const Workers workers{images, genomes};
  return verb.expand ? expand(verb, *opened, workers) : recompress(verb, *opened, workers);
}

}  // namespace

void add_recompress(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<RecompressVerb>();
  CLI::App* verb = app.add_subcommand(
      "recompress",
      "Keep native pixels as lossless HTJ2K where [[dicom.recompress]] says so, and genome files "
      "smaller where [[genomics.cold]] does");
  options->common.add_to(*verb);
  verb->add_flag("--expand", options->expand, "The other way: keep all bytes as they came");
  verb->add_flag("--again", options->again, "Look at what was looked at before as well");
  verb->callback([options, &exit_code] {
    catch_interrupt();
    const Result<int> code = run(*options);
    exit_code = code.has_error() ? fail(code.error()) : *code;
  });
}

}  // namespace medarc::tools
