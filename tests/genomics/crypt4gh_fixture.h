// Keys and files for the tests of Crypt4GH.
#pragma once

#include <algorithm>

#include "genomics/crypt4gh_open.h"
#include "genomics/crypt4gh_vault.h"
#include "tests/genomics/store_fixture.h"
#include "tests/support/crypt4gh_maker.h"

namespace medarc::genomics {

inline crypt4gh::Secret secret_of(const test::Crypt4ghKey& key) {
  return *crypt4gh::Secret::from_view(key.secret);
}
inline crypt4gh::PublicKey public_of(const test::Crypt4ghKey& key) {
  return *crypt4gh::PublicKey::from_view(key.known);
}

// Bytes that no block of which is like another.
inline Bytes noise(size_t bytes, uint32_t seed = 1) {
  Bytes out(bytes, '\0');
  for (char& c : out) {
    seed = seed * 1664525 + 1013904223;
    c = static_cast<char>(seed >> 24);
  }
  return out;
}

class TextReader final : public archive::BlobReader {
 public:
  explicit TextReader(Bytes text) : text_(std::move(text)) {}
  uint64_t size() const override { return text_.size(); }
  Status read(ByteRange range, char* out) override {
    if (range.end() > text_.size()) return make_error(Code::internal, "outside");
    text_.copy(out, range.length, range.begin);
    return {};
  }

 private:
  const Bytes text_;
};

inline Result<Bytes> stream_open(ByteView file, std::vector<crypt4gh::Secret> keys, size_t step,
                                 const Crypt4ghLimits& limits = {}) {
  StringSink out;
  crypt4gh::StreamOpener opener(std::move(keys), limits, out);
  for (size_t at = 0; at < file.size(); at += step) {
    MEDARC_TRY(opener.write(file.substr(at, step)));
  }
  MEDARC_TRY(opener.finish());
  return std::move(out.text);
}

inline Bytes read_all(archive::BlobReader& reader) {
  Bytes out(reader.size(), '\0');
  must(reader.read({0, out.size()}, out.data()));
  return out;
}

}  // namespace medarc::genomics
