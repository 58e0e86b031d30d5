// FASTQ files (BGZF) of any size, made as fast as they can be compressed: each read is a place in a
// pool of letters and one in a pool of qualities, under a name of its own.
#pragma once

#include <cstdint>
#include <string>

#include "base/io.h"
#include "tools/sample/bgzf.h"
#include "tools/sample/random.h"

namespace medarc::test {

// Of at least `bytes`, compressed.
inline Status write_bulk_reads(uint64_t bytes, ByteSink& out) {
  struct Counting final : public ByteSink {
    explicit Counting(ByteSink& to) : into(to) {}
    Status write(ByteView view) override {
      count += view.size();
      return into.write(view);
    }
    ByteSink& into;
    uint64_t count = 0;
  };
  // Far more than deflate looks back, so that reads are as large compressed as real ones.
  constexpr uint64_t kPoolBytes = 4u << 20, kReadLetters = 150;
  tools::sample::Random random(1);
  std::string letters(kPoolBytes, ' '), qualities(kPoolBytes, ' ');
  for (char& letter : letters) letter = "ACGT"[random.below(4)];
  for (char& quality : qualities) quality = static_cast<char>('#' + random.below(40));
  Counting counting(out);
  tools::sample::BgzfWriter bgzf(counting, 1);
  std::string read;
  for (uint64_t i = 0; counting.count < bytes; ++i) {
    read = "@B";
    read += std::to_string(i);
    read += '\n';
    read.append(letters, random.below(kPoolBytes - kReadLetters), kReadLetters);
    read += "\n+\n";
    read.append(qualities, random.below(kPoolBytes - kReadLetters), kReadLetters);
    read += '\n';
    MEDARC_TRY(bgzf.write(read));
  }
  return bgzf.finish();
}

}  // namespace medarc::test
