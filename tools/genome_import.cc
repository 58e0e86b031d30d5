#include "tools/genome_import.h"

#include <fstream>
#include <vector>

#include "genomics/index_check.h"
#include "genomics/sniff.h"

namespace medarc::tools {
namespace {

constexpr size_t kReadBytes = 1u << 20;

// x.bam.bai and x.bai beside x.bam, and likewise for the other kinds.
Result<std::vector<GenomeImported::StaleIndex>> stale_indexes(Opened& opened,
                                                              const security::Principal& principal,
                                                              const std::filesystem::path& path,
                                                              const genomics::FileRow& row) {
  std::vector<GenomeImported::StaleIndex> out;
  if (!row.index_blob || row.index_kind == "fai") return out;
  const uint64_t bytes_max = opened.genomes->limits().index_bytes_max;
  Bytes own;
  for (const char* ending : {".bai", ".csi", ".tbi", ".crai"}) {
    for (const std::filesystem::path& beside :
         {std::filesystem::path(path.string() + ending),
          std::filesystem::path(path).replace_extension(ending)}) {
      std::ifstream in(beside, std::ios::binary | std::ios::ate);
      if (!in) continue;
      const auto size = static_cast<uint64_t>(in.tellg());
      if (size > bytes_max) {
        out.push_back({beside, "over genomics.index_bytes_max, not checked"});
        continue;
      }
      Bytes theirs(size, '\0');
      in.seekg(0);
      if (!in.read(theirs.data(), static_cast<std::streamsize>(size))) {
        out.push_back({beside, "cannot be read"});
        continue;
      }
      if (own.empty()) {
        MEDARC_ASSIGN(const auto reader, opened.genomes->index_file(principal, row));
        own.resize(reader->size());
        MEDARC_TRY(reader->read({0, own.size()}, own.data()));
      }
      const auto verdict = genomics::check_index(row, own, theirs, opened.genomes->limits());
      if (verdict.has_error()) {
        if (verdict.error().code == Code::corrupt) return verdict.error();  // ours
        out.push_back({beside, verdict.error().text});
      } else if (verdict->is == genomics::IndexVerdict::Is::stale) {
        out.push_back({beside, verdict->reason});
      }
    }
  }
  return out;
}

}  // namespace

std::optional<bool> looks_genomic(std::string_view head, bool whole) {
  if (head.empty() || genomics::is_region_index(head)) return false;
  const auto format = genomics::sniff(head, whole);
  // What is recognised but not taken is refused by name when it is imported, not passed over.
  if (format.has_error()) return format.error().code == Code::unsupported;
  return *format ? std::optional(true) : std::nullopt;
}

Result<GenomeImported> import_genome(Opened& opened, const security::Principal& principal,
                                     const std::filesystem::path& path, const std::string& patient,
                                     const std::function<void(uint64_t)>& progress) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return make_error(Code::io, "cannot be opened");
  genomics::UploadStart start;
  start.name = path.filename().string();
  start.patient = patient;
  start.id_of_content = true;  // so that a second import stores nothing
  MEDARC_ASSIGN(const auto upload, opened.genomes->begin(principal, std::move(start)));
  std::vector<char> buffer(kReadBytes);
  uint64_t bytes = 0;
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto n = static_cast<size_t>(in.gcount());
    MEDARC_TRY(upload->write({buffer.data(), n}));
    bytes += n;
    progress(bytes);
  }
  if (in.bad()) return make_error(Code::io, "cannot be read to its end");
  MEDARC_ASSIGN(const genomics::UploadResult stored, upload->finish());
  GenomeImported out{stored.file.id.value, !stored.existed, {}};
  MEDARC_ASSIGN(out.stale, stale_indexes(opened, principal, path, stored.file));
  return out;
}

Result<uint64_t> read_region(Opened& opened, const security::Principal& principal,
                             const std::string& file, const std::string& region) {
  genomics::GenomeStore& genomes = *opened.genomes;
  MEDARC_ASSIGN(const auto row, genomes.file(principal, genomics::FileId(file)));
  MEDARC_ASSIGN(const auto set, genomes.read_set(principal, row));
  MEDARC_ASSIGN(const auto asked, genomics::parse_samtools_region(region, set->header));
  const genomics::Selection selection{{{asked}}, {}};
  MEDARC_TRY(genomes.admit_slice(principal, row, *set, selection));
  MEDARC_ASSIGN(auto slice, genomics::make_slice(set, selection, genomes.limits()));
  MEDARC_ASSIGN(auto reader, genomes.open_admitted(set->content));
  MEDARC_ASSIGN(const auto content,
                genomics::open_slice(std::move(slice), std::move(reader), genomes.limits()));
  std::vector<char> buffer(kReadBytes);
  for (uint64_t bytes = 0;;) {
    MEDARC_ASSIGN(const size_t n, content.source->read(buffer.data(), buffer.size()));
    if (n == 0) return bytes;
    bytes += n;
  }
}

}  // namespace medarc::tools
