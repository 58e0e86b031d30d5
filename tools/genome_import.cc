#include "tools/genome_import.h"

#include <fstream>
#include <vector>

#include "archive/hash.h"
#include "genomics/sniff.h"

namespace medarc::tools {
namespace {

constexpr size_t kReadBytes = 1u << 20;

// The same file under the same name gives the same id, so that a second import stores nothing.
Result<std::string> id_of(const std::filesystem::path& path, std::ifstream& in) {
  archive::Sha256 hash;
  std::vector<char> buffer(kReadBytes);
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hash.update({buffer.data(), static_cast<size_t>(in.gcount())});
  }
  if (in.bad()) return make_error(Code::io, "cannot be read to its end");
  hash.update(path.filename().string());
  in.clear();
  in.seekg(0);
  return "g" + hash.finish().hex().substr(0, 24);
}

}  // namespace

bool looks_genomic(std::string_view head, bool whole) {
  if (head.empty() || genomics::is_region_index(head)) return false;
  const auto format = genomics::sniff(head, whole);
  // What is recognised but not taken is refused by name when it is imported, not passed over.
  return format.has_value() || format.error().code == Code::unsupported;
}

Result<bool> import_genome(Opened& opened, const security::Principal& principal,
                           const std::filesystem::path& path, const std::string& patient,
                           const std::function<void(uint64_t)>& progress) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return make_error(Code::io, "cannot be opened");
  genomics::UploadStart start;
  start.name = path.filename().string();
  start.patient = patient;
  MEDARC_ASSIGN(start.id, id_of(path, in));
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
  return !stored.existed;
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
