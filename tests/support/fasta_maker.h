// FASTA files for tests, and what refget must say of them, made without any of the code under test.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace medarc::test {

struct MadeSequence {
  std::string name;
  std::string letters;        // as written, in both cases
  std::string upper() const;  // as served
  std::string md5_hex() const;
  std::string ga4gh() const;  // "SQ.…"
  std::string trunc512() const;
};

// Random letters, some lower case, some N.
std::string make_letters(uint64_t seed, size_t count);

// Lines of `line_letters`; 0: all in one line.
std::string to_fasta(const std::vector<MadeSequence>& sequences, size_t line_letters = 60,
                     const std::string& line_end = "\n");

}  // namespace medarc::test
