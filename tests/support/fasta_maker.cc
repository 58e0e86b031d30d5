#include "tests/support/fasta_maker.h"

#include <openssl/evp.h>

#include <algorithm>
#include <random>
#include <stdexcept>

namespace medarc::test {
namespace {

std::string digest_of(const std::string& text, const EVP_MD* algorithm) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned bytes = 0;
  if (EVP_Digest(text.data(), text.size(), reinterpret_cast<uint8_t*>(out.data()), &bytes,
                 algorithm, nullptr) != 1) {
    throw std::runtime_error("no digest");
  }
  out.resize(bytes);
  return out;
}

std::string hex_of(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto u = static_cast<unsigned char>(c);
    out += kDigits[u >> 4];
    out += kDigits[u & 15];
  }
  return out;
}

}  // namespace

std::string MadeSequence::upper() const {
  std::string out = letters;
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

std::string MadeSequence::md5_hex() const { return hex_of(digest_of(upper(), EVP_md5())); }

std::string MadeSequence::trunc512() const {
  return hex_of(digest_of(upper(), EVP_sha512()).substr(0, 24));
}

std::string MadeSequence::ga4gh() const {
  const std::string bytes = digest_of(upper(), EVP_sha512()).substr(0, 24);
  std::string out(33, '\0');
  EVP_EncodeBlock(reinterpret_cast<uint8_t*>(out.data()),
                  reinterpret_cast<const uint8_t*>(bytes.data()), 24);
  out.pop_back();
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return "SQ." + out;
}

std::string make_letters(uint64_t seed, size_t count) {
  std::mt19937_64 random(seed);
  std::string out(count, '\0');
  for (char& c : out) c = "ACGTACGTACGTacgtNn"[random() % 18];
  return out;
}

std::string to_fasta(const std::vector<MadeSequence>& sequences, size_t line_letters,
                     const std::string& line_end) {
  std::string out;
  for (const MadeSequence& s : sequences) {
    out += ">" + s.name + " made for a test" + line_end;
    const size_t step = line_letters == 0 ? s.letters.size() : line_letters;
    for (size_t at = 0; at < s.letters.size(); at += step) {
      out += s.letters.substr(at, step) + line_end;
    }
  }
  return out;
}

}  // namespace medarc::test
