// ZIP archives as a stream.
#include "web/zip.h"

#include <gtest/gtest.h>

#include "tests/web/unzip.h"

namespace medarc::web {
namespace {

using test::unzip;

// `bytes` of the digits, over and over.
class Digits : public ByteSource {
 public:
  explicit Digits(uint64_t bytes) : left_(bytes) {}
  Result<size_t> read(char* out, size_t capacity) override {
    const auto n = static_cast<size_t>(std::min<uint64_t>(capacity, left_));
    for (size_t i = 0; i < n; ++i) out[i] = static_cast<char>('0' + i % 10);
    left_ -= n;
    return n;
  }

 private:
  uint64_t left_;
};

struct Given {
  std::string path;
  uint64_t bytes = 0;
  std::optional<uint64_t> told;
};
std::unique_ptr<ByteSource> zip_of(std::vector<Given> files) {
  return zip(
      [files = std::move(files), at = size_t{0}]() mutable -> Result<std::optional<ZipFile>> {
        if (at == files.size()) return std::optional<ZipFile>();
        const Given& g = files[at++];
        return std::optional<ZipFile>(ZipFile{g.path, Timestamp{1'700'000'000'000'000}, g.told,
                                              std::make_unique<Digits>(g.bytes)});
      });
}

Result<Bytes> read_all(ByteSource& source, size_t capacity) {
  Bytes out, buffer(capacity, '\0');
  for (;;) {
    MEDARC_ASSIGN(const size_t n, source.read(buffer.data(), buffer.size()));
    if (n == 0) return out;
    out.append(buffer, 0, n);
  }
}

TEST(Zip, ContentsOfKnownAndUnknownLength) {
  for (const size_t capacity : {1u, 1000u, 1'000'000u}) {
    const auto source = zip_of({{"A/ONE", 5, 5}, {"A/TWO", 300'000, std::nullopt}, {"NONE", 0, 0}});
    const auto bytes = read_all(*source, capacity);
    ASSERT_TRUE(bytes.has_value()) << bytes.error().text;
    const auto files = unzip(*bytes);
    ASSERT_EQ(files.size(), 3u);
    EXPECT_EQ(files.at("A/ONE"), "01234");
    EXPECT_EQ(files.at("A/TWO").size(), 300'000u);
    EXPECT_EQ(files.at("NONE"), "");
  }
  const auto empty = read_all(*zip_of({}), 100);
  ASSERT_TRUE(empty.has_value());
  EXPECT_EQ(*empty, "PK\5\6" + Bytes(18, '\0'));  // nothing but the end of the directory
}

TEST(Zip, AContentOfAnotherLengthIsCorrupt) {
  for (const uint64_t told : {99u, 101u}) {
    const auto bytes = read_all(*zip_of({{"X", 100, told}}), 1000);
    ASSERT_TRUE(bytes.has_error());
    EXPECT_EQ(bytes.error().code, Code::corrupt);
  }
}

TEST(Zip, ErrorsOfTheFilesComeThrough) {
  int asked = 0;
  const auto source = zip([&]() -> Result<std::optional<ZipFile>> {
    if (++asked == 2) return make_error(Code::io, "no more");
    return std::optional<ZipFile>(ZipFile{"A", {}, std::nullopt, std::make_unique<Digits>(10)});
  });
  const auto bytes = read_all(*source, 1000);
  ASSERT_TRUE(bytes.has_error());
  EXPECT_EQ(bytes.error().code, Code::io);
  EXPECT_EQ(asked, 2);
}

// What waits to be read stays small, however large the files are.
TEST(Zip, MemoryDoesNotGrowWithTheFiles) {
  uint64_t given = 0, largest = 0;
  const auto source = zip([&, next = 0]() mutable -> Result<std::optional<ZipFile>> {
    if (++next > 3) return std::optional<ZipFile>();
    given += 20'000'000;
    return std::optional<ZipFile>(ZipFile{
        "F" + std::to_string(next), {}, std::nullopt, std::make_unique<Digits>(20'000'000)});
  });
  Bytes buffer(10'000'000, '\0');
  for (;;) {
    const auto n = source->read(buffer.data(), buffer.size());
    ASSERT_TRUE(n.has_value());
    if (*n == 0) break;
    largest = std::max<uint64_t>(largest, *n);
  }
  EXPECT_EQ(given, 60'000'000u);
  EXPECT_LT(largest, 200'000u);
}

}  // namespace
}  // namespace medarc::web
