// Crypt4GH files for tests, made and opened with OpenSSL alone, without any of the code under test.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace medarc::test {

struct Crypt4ghKey {
  std::string secret, known;  // 32 bytes each
  static Crypt4ghKey make();
};

// One packet for `reader` (a public key) of a writer made for it.
std::string crypt4gh_packet(const std::string& payload, const std::string& reader);
std::string crypt4gh_header(const std::vector<std::string>& packets);
std::string data_key_payload(const std::string& key);
std::string edit_list_payload(const std::vector<uint64_t>& lengths);
// Segments of `plain`, each under the next of `keys` in turn.
std::string crypt4gh_segments(const std::string& plain, const std::vector<std::string>& keys);

struct Crypt4ghOptions {
  size_t keys_count = 1;
  std::optional<std::vector<uint64_t>> edits;
};
// The whole file for these readers.
std::string seal_crypt4gh(const std::string& plain, const std::vector<std::string>& readers,
                          const Crypt4ghOptions& options = {});

// What is within, without an edit list; throws when it cannot be opened.
std::string open_crypt4gh(const std::string& file, const std::string& secret);

}  // namespace medarc::test
