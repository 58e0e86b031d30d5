// What a genome file's way in costs beside inflating it once: processor and wall time of both.
//   ingest_cost FILE [COUNT]
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "archive/hash.h"
#include "genomics/bgzf.h"
#include "genomics/gzip_stream.h"
#include "genomics/ingest.h"
#include "tests/fuzz/bytes_store.h"

namespace {

using namespace medarc;
using namespace medarc::genomics;

struct Cost {
  double cpu = 0, wall = 0;
};

double cpu_seconds() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

template <class F>
Cost cost_of(F work) {
  const double cpu = cpu_seconds();
  const auto wall = std::chrono::steady_clock::now();
  const Status done = work();
  if (done.has_error()) {
    fmt::print(stderr, "{}\n", done.error().text);
    std::exit(1);
  }
  return {cpu_seconds() - cpu,
          std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count()};
}

Status inflate(const Bytes& file, Format format) {
  if (format == Format::fastq_gzip) {
    GzipStream gzip;
    return gzip.feed(file, [](ByteView) { return Status(); });
  }
  BgzfSplitter splitter(UINT32_MAX);
  const BgzfInflater inflater;
  ByteView rest = file;
  while (true) {
    MEDARC_ASSIGN(const bool full, splitter.feed(rest));
    BgzfBatch batch = splitter.take();
    MEDARC_TRY(batch.inflate(inflater));
    if (!full) return splitter.finish();
  }
}

Status ingest(const Bytes& file, Format format) {
  constexpr size_t kPiece = 256 << 10;
  fuzz::BytesStore store;
  archive::Md5 md5;
  archive::Sha256 sha256;  // as the store takes it
  MEDARC_ASSIGN(auto sink, open_ingest(format, store, Limits{}));
  for (size_t at = 0; at < file.size(); at += kPiece) {
    const ByteView piece = ByteView(file).substr(at, kPiece);
    md5.update(piece);
    sha256.update(piece);
    MEDARC_TRY(sink->write(piece));
  }
  const auto done = sink->finish();
  return done.has_error() ? Status(done.error()) : Status();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "ingest_cost FILE [COUNT]\n");
    return 2;
  }
  std::ifstream in(argv[1], std::ios::binary);
  const Bytes file((std::istreambuf_iterator<char>(in)), {});
  const auto format = sniff(file, true);
  if (format.has_error() || !*format) {
    fmt::print(stderr, "not a genome file\n");
    return 1;
  }
  Cost least_inflate{1e9, 1e9}, least_ingest{1e9, 1e9};
  for (int i = 0; i < (argc > 2 ? std::atoi(argv[2]) : 3); ++i) {
    const Cost a = cost_of([&] { return inflate(file, **format); });
    const Cost b = cost_of([&] { return ingest(file, **format); });
    least_inflate = {std::min(a.cpu, least_inflate.cpu), std::min(a.wall, least_inflate.wall)};
    least_ingest = {std::min(b.cpu, least_ingest.cpu), std::min(b.wall, least_ingest.wall)};
  }
  fmt::print("inflate once: {:.3f} s of processor, {:.3f} s\n", least_inflate.cpu,
             least_inflate.wall);
  fmt::print("way in:       {:.3f} s of processor, {:.3f} s: {:.2f} and {:.2f} times\n",
             least_ingest.cpu, least_ingest.wall, least_ingest.cpu / least_inflate.cpu,
             least_ingest.wall / least_inflate.wall);
  return 0;
}
