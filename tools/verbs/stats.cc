// medarc stats: how much the archive holds, and what that costs on disk.
#include "tools/opened.h"

namespace medarc::tools {
namespace {

Status show(const Common& common) {
  MEDARC_ASSIGN(auto opened, open_archive(common, false));
  MEDARC_ASSIGN(const index::IndexStats rows, opened->index->stats());
  MEDARC_ASSIGN(const dicom::IndexingProgress attributes,
                dicom::indexing_progress(*opened->index->view(), opened->settings.extras));
  MEDARC_ASSIGN(const archive::StoreStats bytes, opened->index->blobs().stats());
  print_result(common, {{"patients", rows.patients},
                        {"studies", rows.studies},
                        {"series", rows.series},
                        {"instances", rows.instances},
                        {"files", rows.files},
                        {"audit_entries", rows.audit_entries},
                        {"blobs", bytes.blobs},
                        {"chunks", bytes.chunks},
                        {"plain_bytes", bytes.plain_bytes},
                        {"stored_bytes", bytes.stored_bytes},
                        {"log_bytes", bytes.log_bytes},
                        {"index_bytes", rows.index_bytes},
                        {"indexed_attributes", attributes.attributes},
                        {"indexed_attributes_commits", attributes.commits_done},
                        {"segments", bytes.segments},
                        {"last_commit", bytes.last_commit.value}});
  return {};
}

}  // namespace

void add_stats(CLI::App& app, int& exit_code) {
  auto common = std::make_shared<Common>();
  CLI::App* verb = app.add_subcommand("stats", "Count what the archive holds");
  common->add_to(*verb);
  verb->callback([common, &exit_code] {
    const Status done = show(*common);
    exit_code = done.has_error() ? fail(done.error()) : kExitDone;
  });
}

}  // namespace medarc::tools
