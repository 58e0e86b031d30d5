// What a region costs with HTSlib in a warm process: the bar for `medarc bench region`. Does what
// `samtools view -b FILE REGION` does, with file, header and index open once; the answer goes nowhere.
//   region_baseline FILE.bam REGION COUNT
#include <fmt/format.h>
#include <htslib/bgzf.h>
#include <htslib/sam.h>

#include <cstdlib>
#include <memory>

#include "tools/stopwatch.h"

namespace {

struct Close {
  void operator()(htsFile* f) const { hts_close(f); }
  void operator()(hts_idx_t* i) const { hts_idx_destroy(i); }
  void operator()(sam_hdr_t* h) const { sam_hdr_destroy(h); }
  void operator()(hts_itr_t* i) const { hts_itr_destroy(i); }
  void operator()(bam1_t* b) const { bam_destroy1(b); }
};
template <class T>
using Owned = std::unique_ptr<T, Close>;

medarc::Result<uint64_t> copy(htsFile* in, sam_hdr_t* header, hts_idx_t* index, const char* region) {
  const auto failed = make_error(medarc::Code::io, "HTSlib could not copy the region");
  const Owned<hts_itr_t> hits(sam_itr_querys(index, header, region));
  const Owned<htsFile> out(hts_open("/dev/null", "wb"));
  if (!hits || !out || sam_hdr_write(out.get(), header) != 0) return failed;
  const Owned<bam1_t> record(bam_init1());
  int state = 0;
  while ((state = sam_itr_next(in, hits.get(), record.get())) >= 0) {
    if (sam_write1(out.get(), header, record.get()) < 0) return failed;
  }
  if (state < -1 || hts_flush(out.get()) != 0) return failed;
  return static_cast<uint64_t>(bgzf_tell(out->fp.bgzf)) >> 16;  // compressed so far
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: region_baseline FILE.bam REGION COUNT\n");
    return 2;
  }
  const Owned<htsFile> file(hts_open(argv[1], "r"));
  const Owned<sam_hdr_t> header(file ? sam_hdr_read(file.get()) : nullptr);
  const Owned<hts_idx_t> index(file ? sam_index_load(file.get(), argv[1]) : nullptr);
  if (!header || !index) {
    fmt::print(stderr, "{}: the file or its index cannot be read\n", argv[1]);
    return 1;
  }
  const auto timing = medarc::tools::time_steps(
      std::strtoull(argv[3], nullptr, 10), 1, [&](unsigned, uint64_t) {
        return copy(file.get(), header.get(), index.get(), argv[2]);
      });
  if (timing.has_error()) {
    fmt::print(stderr, "{}\n", timing.error().text);
    return 1;
  }
  fmt::print("{}\n", timing->line("htslib"));
}
