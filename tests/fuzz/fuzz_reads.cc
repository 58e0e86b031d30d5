// Records that passed the checks of ingest, on their way out: as SAM and JSON, in depths and
// pileups. The first octet is the size of blocks, the rest the plain bytes of a BAM file.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "genomics/bam_stream.h"
#include "genomics/depth_scan.h"
#include "genomics/ingest.h"
#include "genomics/pileup.h"
#include "genomics/slice_text.h"
#include "tests/fuzz/bytes_store.h"

using namespace medarc;
using namespace medarc::genomics;

namespace {

class BytesReader final : public archive::BlobReader {
 public:
  explicit BytesReader(const Bytes& bytes) : bytes_(bytes) {}
  uint64_t size() const override { return bytes_.size(); }
  Status read(ByteRange range, char* out) override {
    if (range.end() > bytes_.size()) std::abort();  // never asked for what is not there
    bytes_.copy(out, range.length, range.begin);
    return {};
  }

 private:
  const Bytes& bytes_;
};

Limits small_limits() {
  Limits limits;
  limits.header_bytes_max = 64u << 10;
  limits.references_max = 1000;
  limits.record_bytes_max = 32u << 10;
  limits.samples_max = 10;
  limits.inflate_threads_max = 0;
  limits.depth_bases_max = limits.pileup_bases_max = 2'000;
  limits.pileup_lead_bases_max = 2'000;
  limits.pileup_depth_max = 50;
  return limits;
}

size_t read_all(std::unique_ptr<ByteSource> source) {
  Bytes piece(10'000, '\0');
  for (size_t total = 0;;) {
    const auto n = source->read(piece.data(), piece.size());
    if (n.has_error() || *n == 0) return total;
    total += *n;
  }
}

void use(const std::shared_ptr<const ReadSet>& set, const Bytes& file) {
  const Limits limits = small_limits();
  const auto reader = [&] { return std::make_unique<BytesReader>(file); };
  for (const RecordsForm form : {RecordsForm::sam, RecordsForm::json, RecordsForm::ndjson}) {
    auto scan = RecordScan::open(set, {}, limits, reader());
    if (scan.has_error()) std::abort();
    auto text = open_slice_text(std::move(*scan), form, true);
    if (text.has_value()) read_all(std::move(*text));
  }
  if (!set->map.sorted() || set->header.references.empty()) return;
  const Region region{0, 0, 1'000};
  auto depths = DepthScan::open(set, region, {}, limits, reader());
  for (uint64_t positions = 0; depths.has_value();) {
    const auto piece = depths->next();
    if (piece.has_error() || piece->empty()) break;
    positions += piece->size();
    if (positions > limits.depth_bases_max) std::abort();
  }
  PileupOptions options;
  options.base_quality_min = 0;
  options.orphans = options.reads = true;
  auto pileup = PileupScan::open(set, region, options, limits, reader());
  PileupColumn column;
  uint32_t last = 0;
  for (bool any = false; pileup.has_value(); any = true) {
    const auto more = pileup->next(column);
    if (more.has_error() || !*more) break;
    if (any && column.position <= last) std::abort();
    if (column.reads.size() != column.depth) std::abort();
    last = column.position;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const ByteView plain(reinterpret_cast<const char*>(data) + 1, size - 1);
  static const BgzfDeflater deflater;
  Bytes file;
  const size_t block = std::max<size_t>(1 + size_t{data[0]} * 17, plain.size() / 100 + 1);
  for (size_t at = 0; at < plain.size(); at += block) {
    deflater.deflate(plain.substr(at, block), file);
  }
  file += kBgzfEof;
  fuzz::BytesStore store;
  auto sink = open_ingest(Format::bam, store, small_limits());
  if (sink.has_error() || (*sink)->write(file).has_error()) return 0;
  const auto stored = (*sink)->finish();
  if (stored.has_error()) return 0;
  auto set = std::make_shared<ReadSet>();
  set->file_bytes = file.size();
  auto map = BlockMap::in_memory(fuzz::BytesStore::bytes_of(*stored->block_map));
  BamStream stream(read_whole(std::make_unique<BytesReader>(file)), 1000);
  auto header = stream.header(small_limits());
  if (map.has_error() || header.has_error()) std::abort();
  set->map = std::move(*map);
  set->header = std::move(*header);
  use(set, file);
  return 0;
}
