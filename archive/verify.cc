#include "archive/verify.h"

#include <algorithm>
#include <thread>

#include "archive/hash.h"

namespace medarc::archive {
void Pace::spend(uint64_t bytes) {
  if (per_second_ == 0) return;
  spent_ += bytes;
  std::this_thread::sleep_until(start_ +
                                std::chrono::microseconds(spent_ * 1'000'000 / per_second_));
}

Result<VerifyReport> verify_blobs(const OpenBlob& open, Catalog& catalog,
                                  uint64_t bytes_per_second_max, const Progress& progress) {
  VerifyReport report;
  uint64_t total = 0;
  std::vector<std::pair<Digest, uint64_t>> page;
  MEDARC_TRY(catalog.for_each_blob([&](const BlobInfo& b) {
    total += b.size;
    return true;
  }));
  Pace pace(bytes_per_second_max);
  Bytes buffer(std::clamp<uint64_t>(total, 1, 1 << 20), '\0');
  Status stopped;
  MEDARC_TRY(catalog.for_each_blob([&](const BlobInfo& blob) {
    ++report.blobs;
    auto bad = [&](uint64_t& kind) {
      ++kind;
      if (report.corrupt_blobs.size() < 1000) report.corrupt_blobs.push_back(blob.digest);
    };
    auto reader = open(blob.digest);
    if (reader.has_error()) {
      bad(report.dangling);
      return true;
    }
    Sha256 hash;
    for (uint64_t at = 0; at < blob.size;) {
      const uint64_t n = std::min<uint64_t>(buffer.size(), blob.size - at);
      auto read = (*reader)->read({at, n}, buffer.data());
      if (read.has_error() &&
          (read.error().code == Code::unavailable || read.error().code == Code::deadline)) {
        stopped = read.error();
        return false;
      }
      if (read.has_error()) {
        const bool missing = read.error().text.find("is missing") != std::string::npos;
        bad(missing ? report.dangling : report.corrupt);
        return true;
      }
      hash.update({buffer.data(), n});
      at += n;
      report.bytes += n;
      pace.spend(n);
      if (progress && !progress(report.bytes, total)) {
        stopped = make_error(Code::cancelled, "stopped");
        return false;
      }
    }
    if (hash.finish() != blob.digest) bad(report.corrupt);
    return true;
  }));
  MEDARC_TRY(stopped);
  Status failed;
  MEDARC_TRY(catalog.for_each_chunk([&](const Digest& chunk, const ChunkLocation&) {
    ++report.chunks;
    auto referenced = catalog.chunk_referenced(chunk);
    if (referenced.has_error()) {
      failed = referenced.error();
      return false;
    }
    if (!*referenced) ++report.orphans;
    return true;
  }));
  MEDARC_TRY(failed);
  return report;
}

}  // namespace medarc::archive
