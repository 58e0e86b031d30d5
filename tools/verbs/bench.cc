// medarc bench: the use cases without the doors, in this process, on the archive in --data.
#include <fmt/format.h>

#include "tools/bench_cases.h"
#include "tools/opened.h"

namespace medarc::tools {
namespace {

int run(const BenchOptions& options, const BenchCase& bench) {
  auto opened = open_archive(options.common, bench.makes_data);
  if (opened.has_error()) return fail(opened.error());
  const Result<Timing> timing = bench.run(**opened, options);
  if (timing.has_error()) return fail(timing.error());
  if (options.common.json) {
    print_result(options.common, timing->json(bench.name));
  } else {
    fmt::print("{}\n", timing->line(bench.name));
  }
  return kExitDone;
}

}  // namespace

void add_bench(CLI::App& app, int& exit_code) {
  CLI::App* group = app.add_subcommand("bench", "Measure the use cases without network");
  group->require_subcommand(1);
  for (const BenchCase& bench : bench_cases()) {
    auto options = std::make_shared<BenchOptions>();
    CLI::App* verb = group->add_subcommand(bench.name, bench.meaning);
    options->common.add_to(*verb);
    verb->add_option("--count", options->count, "How often")->capture_default_str();
    verb->add_option("--threads", options->threads, "At the same time")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    if (bench.makes_data) {
      verb->add_option("--bytes", options->object_bytes, "Size of an object's pixel data")
          ->capture_default_str();
    }
    if (bench.takes_region) {
      verb->add_option("--file", options->file, "Id of the genomic file")->required();
      verb->add_option("--region", options->region, "Region as samtools writes it")->required();
    }
    verb->callback([options, bench, &exit_code] { exit_code = run(*options, bench); });
  }
}

}  // namespace medarc::tools
