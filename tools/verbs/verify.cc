// medarc verify: every stored byte against its digest, every row against the bytes it names.
#include <fmt/format.h>

#include "tools/opened.h"
#include "tools/progress.h"
#include "tools/walk.h"

namespace medarc::tools {
namespace {

struct VerifyOptions {
  Common common;
  uint64_t bytes_per_second_max = 0;
};

// Rows whose blob the store does not know at all; the store itself counts the blobs it knows and
// cannot read.
Result<uint64_t> rows_without_blob(index::Index& index, const VerifyOptions& options) {
  uint64_t missing = 0;
  const auto check = [&](const Digest& digest, const std::string& row) -> Status {
    const auto info = index.blobs().stat(digest);
    if (info.has_value()) return {};
    if (info.error().code != Code::not_found) return info.error();
    ++missing;
    if (options.common.json) {
      print_result(options.common, {{"dangling", row}, {"digest", digest.hex()}});
    } else {
      fmt::print("dangling: {} names sha256-{}\n", row, digest.hex());
    }
    return {};
  };
  const auto check_instance = [&](const index::InstanceRow& row) {
    return check(row.dataset, fmt::format("instance/{} version {}", row.uid.value, row.version));
  };
  const auto check_file = [&](const index::FileRow& row) -> Status {
    const std::string name = "file/" + row.id.value;
    MEDARC_TRY(check(row.blob, name));
    if (row.index_blob) MEDARC_TRY(check(*row.index_blob, name + "/index"));
    if (row.block_map_blob) MEDARC_TRY(check(*row.block_map_blob, name + "/blocks"));
    for (const auto& a : row.attachments) MEDARC_TRY(check(a.blob, name + "/" + a.role));
    return {};
  };
  auto view = index.view();
  MEDARC_TRY(for_each_version(*view, check_instance));
  MEDARC_TRY(for_each_file(*view, check_file));
  return missing;
}

Result<int> verify(const VerifyOptions& options) {
  MEDARC_ASSIGN(auto opened, open_archive(options.common, false));
  ProgressLine progress("verify");
  MEDARC_ASSIGN(const index::IndexStats counts, opened->index->stats());
  MEDARC_ASSIGN(const archive::VerifyReport report,
                opened->index->blobs().verify(options.bytes_per_second_max, progress.callback()));
  MEDARC_ASSIGN(const uint64_t missing, rows_without_blob(*opened->index, options));
  for (const Digest& digest : report.corrupt_blobs) {
    if (options.common.json) {
      print_result(options.common, {{"corrupt", digest.hex()}});
    } else {
      fmt::print("corrupt: sha256-{}\n", digest.hex());
    }
  }
  const uint64_t dangling = report.dangling + missing;
  print_result(options.common, {{"objects", counts.instances + counts.files},
                                {"blobs", report.blobs},
                                {"chunks", report.chunks},
                                {"bytes", report.bytes},
                                {"corrupt", report.corrupt},
                                {"dangling", dangling},
                                {"orphans", report.orphans},
                                {"seconds", progress.seconds()}});
  return report.corrupt + dangling == 0 ? kExitDone : kExitFound;
}

}  // namespace

void add_verify(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* verb = app.add_subcommand(
      "verify", "Check every stored byte against its digest and every row against its bytes");
  options->common.add_to(*verb);
  verb->add_option("--rate", options->bytes_per_second_max,
                   "Bytes a second to read at most (0: as fast as it goes)");
  verb->callback([options, &exit_code] {
    catch_interrupt();
    const Result<int> code = verify(*options);
    exit_code = code.has_error() ? fail(code.error()) : *code;
  });
}

}  // namespace medarc::tools
