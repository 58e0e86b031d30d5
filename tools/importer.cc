#include "tools/importer.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <vector>

#include "genomics/sniff.h"

namespace medarc::tools {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBatchObjectsMax = 128;  // made durable with one sync
constexpr uint64_t kBatchBytesMax = 256u << 20;
constexpr size_t kReadBytes = 1u << 20;
constexpr size_t kHeadBytes = 512;

enum class Kind { dicom, genome, other };

// By the first bytes, never by the name. nullopt: more of them are needed.
std::optional<Kind> kind_of(const std::string& head, bool whole) {
  if (head.size() >= 132 && head.compare(128, 4, "DICM") == 0) return Kind::dicom;
  const auto genomic = looks_genomic(head, whole);
  if (!genomic) return std::nullopt;
  if (*genomic) return Kind::genome;
  // A dataset without preamble (PS3.10 allows none, old files have it): group 0002 or 0008 first.
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(head[i]); };
  if (head.size() >= 8 && (byte(0) == 0x02 || byte(0) == 0x08) && byte(1) == 0 && byte(3) == 0 &&
      (byte(2) == 0 || byte(2) == 0x05 || byte(2) == 0x08 || byte(2) == 0x16)) {
    return Kind::dicom;
  }
  return Kind::other;
}

}  // namespace

Importer::Importer(Opened& opened, std::string patient, Tell tell)
    : opened_(opened), patient_(std::move(patient)), tell_(std::move(tell)), progress_("import") {}

Status Importer::add(const fs::path& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) return add_file(path);
  if (!fs::is_directory(path, error)) {
    return make_error(Code::invalid_argument, "no such file or directory: " + path.string());
  }
  // Sorted, so that the same directory is imported in the same order everywhere.
  std::vector<fs::path> open{path};
  while (!open.empty()) {
    const fs::path directory = std::move(open.back());
    open.pop_back();
    std::vector<fs::directory_entry> entries;
    for (auto it = fs::directory_iterator(directory, error);
         !error && it != fs::directory_iterator(); it.increment(error)) {
      entries.push_back(*it);
    }
    if (error) {
      refuse(directory, make_error(Code::io, "cannot be read"));
      error.clear();
    }
    std::sort(entries.begin(), entries.end());
    for (const auto& entry : entries) {
      if (entry.is_regular_file(error)) {
        MEDARC_TRY(add_file(entry.path()));
      } else if (entry.is_directory(error) && !entry.is_symlink(error)) {
        open.push_back(entry.path());
      }
    }
  }
  return {};
}

Status Importer::add_file(const fs::path& path) {
  if (interrupted()) return make_error(Code::cancelled, "stopped; what was imported stays");
  ++totals_.files;
  std::ifstream in(path, std::ios::binary);
  std::string head;
  std::optional<Kind> kind;
  for (size_t bytes = kHeadBytes; !kind; bytes = genomics::kSniffBytesMax) {
    const size_t have = head.size();
    head.resize(bytes);
    in.read(head.data() + have, static_cast<std::streamsize>(bytes - have));
    head.resize(have + static_cast<size_t>(in.gcount()));
    kind = kind_of(head, head.size() < bytes);
  }
  switch (*kind) {
    case Kind::dicom: return add_dicom(path);
    case Kind::genome: return add_genome(path);
    case Kind::other: ++totals_.skipped; return {};
  }
  return {};
}

void Importer::refuse(const fs::path& path, const Error& error) {
  ++totals_.refused;
  fmt::print(stderr, "refused: {}: {}\n", path.string(), error.text);
}

Status Importer::add_dicom(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  auto incoming = dicom::receive_file(*opened_.imaging, principal_, {});
  std::vector<char> buffer(kReadBytes);
  uint64_t bytes = 0;
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto n = static_cast<size_t>(in.gcount());
    if (n == 0) break;
    bytes += n;
    if (const Status fed = incoming->write({buffer.data(), n}); fed.has_error()) {
      if (!opened_.index->blobs().writable()) return fed.error();
      refuse(path, fed.error());
      return {};
    }
    progress_.update(totals_.instances + totals_.genomes, totals_.bytes + bytes, 0);
  }
  if (in.bad()) {
    refuse(path, make_error(Code::io, "cannot be read to its end"));
    return {};
  }
  auto prepared = incoming->prepare();
  if (prepared.has_error()) {
    if (!opened_.index->blobs().writable()) return prepared.error();
    refuse(path, prepared.error());
    return {};
  }
  totals_.bytes += bytes;
  prepared_.push_back(std::move(*prepared));
  prepared_bytes_ += bytes;
  if (prepared_.size() < kBatchObjectsMax && prepared_bytes_ < kBatchBytesMax) return {};
  return commit();
}

Status Importer::add_genome(const fs::path& path) {
  const auto stored = import_genome(opened_, principal_, path, patient_, [&](uint64_t bytes) {
    progress_.update(totals_.instances + totals_.genomes, totals_.bytes + bytes, 0);
  });
  if (stored.has_error()) {
    if (!opened_.index->blobs().writable()) return stored.error();
    refuse(path, stored.error());
    return {};
  }
  std::error_code error;
  totals_.bytes += fs::file_size(path, error);
  ++(stored->stored ? totals_.genomes : totals_.duplicates);
  tell_(path, *stored);
  for (const auto& index : stored->stale) {
    ++totals_.stale_indexes;
    fmt::print(stderr, "stale index: {}: {}\n", index.path.string(), index.reason);
  }
  return {};
}

Status Importer::commit() {
  if (prepared_.empty()) return {};
  MEDARC_ASSIGN(const auto results,
                opened_.imaging->commit(principal_, std::exchange(prepared_, {})));
  prepared_bytes_ = 0;
  for (const dicom::StoreResult& result : results) {
    switch (result.state) {
      case index::State::duplicate: ++totals_.duplicates; break;
      case index::State::new_version:
        ++totals_.new_versions;
        ++totals_.instances;
        break;
      case index::State::done:
      case index::State::conflict:
      case index::State::precondition_failed:
      case index::State::not_found: ++totals_.instances; break;
    }
  }
  return {};
}

Status Importer::finish() { return commit(); }

}  // namespace medarc::tools
