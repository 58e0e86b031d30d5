// Walks files and stores what they are: DICOM objects in groups that share one sync, genomic files
// one by one. Files of neither kind are skipped and counted.
#pragma once

#include <filesystem>

#include "tools/genome_import.h"
#include "tools/opened.h"
#include "tools/progress.h"

namespace medarc::tools {

struct ImportTotals {
  uint64_t files = 0;       // looked at
  uint64_t instances = 0;   // DICOM objects stored, new versions included
  uint64_t genomes = 0;     // genomic files stored
  uint64_t duplicates = 0;  // held already
  uint64_t new_versions = 0;
  uint64_t stale_indexes = 0;  // beside genomic files, but not of them; named on stderr
  uint64_t refused = 0;        // of a known kind, but damaged or not allowed; named on stderr
  uint64_t skipped = 0;        // neither DICOM nor genomic
  uint64_t bytes = 0;          // read
};

class Importer {
 public:
  // `tell` is called for each genomic file that the archive holds now.
  using Tell = std::function<void(const std::filesystem::path&, const GenomeImported&)>;
  Importer(Opened& opened, std::string patient, Tell tell);

  // A file, or everything below a directory (symbolic links to directories are not followed).
  // Errors stop the import: the disk, or Ctrl-C. What was stored stays.
  Status add(const std::filesystem::path& path);
  Status finish();  // commits what is still prepared
  const ImportTotals& totals() const { return totals_; }
  double seconds() const { return progress_.seconds(); }

 private:
  Status add_file(const std::filesystem::path& path);
  Status add_dicom(const std::filesystem::path& path);
  Status add_genome(const std::filesystem::path& path);
  Status commit();
  void refuse(const std::filesystem::path& path, const Error& error);

  Opened& opened_;
  const std::string patient_;
  const Tell tell_;
  const security::Principal principal_ = operator_principal();
  std::vector<dicom::Prepared> prepared_;
  uint64_t prepared_bytes_ = 0;
  ImportTotals totals_;
  ProgressLine progress_;
};

}  // namespace medarc::tools
