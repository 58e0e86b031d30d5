// medarc import: files and directories into a stopped archive, by the same use cases as the doors.
#include <fmt/format.h>

#include "tools/importer.h"

namespace medarc::tools {
namespace {

struct ImportOptions {
  Common common;
  std::vector<std::string> paths;
  std::string patient;
};

Result<int> run(const ImportOptions& options) {
  MEDARC_ASSIGN(auto opened, open_archive(options.common, true));
  const auto tell = [&](const std::filesystem::path& path, const GenomeImported& genome) {
    if (options.common.json) {
      print_result(options.common,
                   {{"file", path.string()}, {"id", genome.id}, {"stored", genome.stored}});
    } else {
      fmt::print("genome {} {}\n", genome.id, path.string());
    }
  };
  Importer importer(*opened, options.patient, tell);
  for (const std::string& path : options.paths) MEDARC_TRY(importer.add(path));
  MEDARC_TRY(importer.finish());
  const ImportTotals& t = importer.totals();
  print_result(options.common, {{"files", t.files},
                                {"instances", t.instances},
                                {"genomes", t.genomes},
                                {"duplicates", t.duplicates},
                                {"new_versions", t.new_versions},
                                {"stale_indexes", t.stale_indexes},
                                {"refused", t.refused},
                                {"skipped", t.skipped},
                                {"bytes", t.bytes},
                                {"seconds", importer.seconds()}});
  return t.refused == 0 ? kExitDone : kExitFound;
}

}  // namespace

void add_import(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ImportOptions>();
  CLI::App* verb = app.add_subcommand(
      "import", "Store files, or all files below directories: DICOM and genomes");
  options->common.add_to(*verb);
  verb->add_option("paths", options->paths, "Files and directories")->required();
  verb->add_option("--patient", options->patient,
                   "Patient of the genomic files: ID, issuer|ID or Patient/key");
  verb->callback([options, &exit_code] {
    catch_interrupt();
    const Result<int> code = run(*options);
    exit_code = code.has_error() ? fail(code.error()) : *code;
  });
}

}  // namespace medarc::tools
