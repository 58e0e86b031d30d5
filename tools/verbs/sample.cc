// medarc sample: writes the files of an invented patient, to try the archive with.
#include <fmt/format.h>

#include "tools/progress.h"
#include "tools/sample/patient.h"
#include "tools/verb.h"

namespace medarc::tools {
namespace {

struct Options {
  std::string directory;
  sample::SampleOptions sample;
  bool json = false;
};

Status run(const Options& options) {
  ProgressLine progress("sample");
  uint64_t objects = 0, bytes = 0;
  const auto written = sample::write_sample(options.directory, options.sample,
                                            [&](const sample::SampleFile& file) {
                                              bytes += file.bytes;
                                              progress.update(++objects, bytes, 0);
                                            });
  if (written.has_error()) return written.error();
  Common common;
  common.json = options.json;
  print_result(common, {{"patient_id", written->patient_id},
                        {"files", written->files.size()},
                        {"bytes", bytes},
                        {"seconds", progress.seconds()}});
  return {};
}

}  // namespace

void add_sample(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand(
      "sample", "Write the files of an invented patient: CT series, cine loop, BAM, FASTQ pair");
  verb->add_option("directory", options->directory, "Where to write them")->required();
  verb->add_option("--slices", options->sample.slices_count, "CT slices")
      ->check(CLI::Range(1, 2000))
      ->capture_default_str();
  verb->add_option("--size", options->sample.size, "Rows and columns of a slice")
      ->check(CLI::Range(16, 4096))
      ->capture_default_str();
  verb->add_option("--frames", options->sample.frames_count, "Frames of the cine loop")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  verb->add_option("--pairs", options->sample.pairs_count, "Read pairs")
      ->check(CLI::Range(1, 50'000'000))
      ->capture_default_str();
  verb->add_option("--seed", options->sample.seed, "Another number, another patient")
      ->capture_default_str();
  verb->add_flag("--json", options->json, "Answer in JSON");
  verb->callback([options, &exit_code] {
    const Status done = run(*options);
    exit_code = done.has_error() ? fail(done.error()) : kExitDone;
  });
}

}  // namespace medarc::tools
