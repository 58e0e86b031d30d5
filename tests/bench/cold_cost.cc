// What the cold form of genome files in BGZF blocks saves and costs: a line a file.
//   cold_cost [--level N] FILE…
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iterator>

#include "genomics/bgzf_stager.h"
#include "genomics/cold/coded_blocks.h"
#include "genomics/sniff.h"

namespace {

using namespace medarc;
using namespace medarc::genomics;

// Keeps the pieces a file is cut into.
class Pieces final : public archive::BlobWriter {
 public:
  explicit Pieces(std::vector<Bytes>& out) : out_(out) { out_.emplace_back(); }
  Status write(ByteView bytes) override {
    out_.back().append(bytes);
    return {};
  }
  void cut() override {
    if (!out_.back().empty()) out_.emplace_back();
  }
  void content(archive::Content) override {}
  Result<archive::StagedBlob> finish() override { return archive::StagedBlob(); }

 private:
  std::vector<Bytes>& out_;
};

Result<std::vector<Bytes>> cut(ByteView rest) {
  std::vector<Bytes> out;
  BgzfStager stager(std::make_unique<Pieces>(out));
  BgzfSplitter splitter(UINT32_MAX);
  while (true) {
    MEDARC_ASSIGN(const bool full, splitter.feed(rest));
    MEDARC_TRY(stager.stage(splitter.take()));
    if (!full) return out;
  }
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

struct Sums {
  uint64_t before = 0, after = 0, plain = 0;  // of the chunks; inflated
  double code_s = 0, restore_s = 0;
};

// False: something did not come back.
bool measure(const std::vector<Bytes>& chunks, std::string_view format, int level, Sums& sums) {
  BlockRecoder recoder(layout_for(format), level);
  ColdDecoder decoder;
  for (const Bytes& chunk : chunks) {
    const double begun = cpu_seconds();
    const auto coded = recoder.encode(chunk);
    const double coded_at = cpu_seconds();
    sums.code_s += coded_at - begun;
    sums.before += chunk.size();
    if (!coded || coded->size() > chunk.size() * 9 / 10) {
      sums.after += chunk.size();
      continue;
    }
    const auto back = decoder.decode(*coded, static_cast<uint32_t>(chunk.size()));
    sums.restore_s += cpu_seconds() - coded_at;
    if (back.has_error() || *back != chunk) return false;
    sums.after += coded->size();
    for (ByteView rest = chunk; !rest.empty();) {
      const auto head = read_bgzf_head(rest);
      if (head.has_error() || !*head) break;
      sums.plain += read_bgzf_footer(rest.substr(0, (*head)->block_bytes)).plain_bytes;
      rest.remove_prefix((*head)->block_bytes);
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  int level = kZstdLevelDefault, exit_code = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--level" && i + 1 < argc) {
      level = std::clamp(std::atoi(argv[++i]), 1, kZstdLevelMax);
      continue;
    }
    std::ifstream in(argv[i], std::ios::binary);
    const Bytes file((std::istreambuf_iterator<char>(in)), {});
    const auto format = sniff(ByteView(file).substr(0, kSniffBytesMax), true);
    if (format.has_error() || !*format) continue;  // no genome file
    const auto chunks = cut(file);
    if (chunks.has_error()) {
      fmt::print("{}: not in whole BGZF blocks\n", argv[i]);
      continue;
    }
    Sums s;
    if (!measure(*chunks, to_string(**format), level, s)) {
      fmt::print("{}: did not come back\n", argv[i]);
      exit_code = 1;
    } else if (s.after == s.before) {
      fmt::print("{}: {} bytes, stays as it is\n", argv[i], s.before);
    } else {
      const auto gb = [](uint64_t bytes) { return static_cast<double>(bytes) / 1e9; };
      fmt::print(
          "{}: {} -> {} bytes, saves {:.1f} %; {:.0f} s of processor a GB, restores "
          "{:.3f} GB/s of the file, {:.2f} GB/s inflated\n",
          argv[i], s.before, s.after,
          100.0 * (1 - static_cast<double>(s.after) / static_cast<double>(s.before)),
          s.code_s / gb(s.before), gb(s.before) / s.restore_s, gb(s.plain) / s.restore_s);
    }
    std::fflush(stdout);
  }
  return exit_code;
}
