// A source made of pieces gives their bytes in order, whatever is asked at a time.
#include "base/piecewise_source.h"

#include <gtest/gtest.h>

#include <vector>

namespace medarc {
namespace {

class Broken : public ByteSource {
 public:
  Result<size_t> read(char*, size_t) override { return make_error(Code::corrupt, "broken"); }
};

struct Piece {
  std::string text, follows;
  bool broken = false;
};

class Pieces : public PiecewiseSource {
 public:
  explicit Pieces(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {}

 private:
  Result<bool> next_piece(Bytes& text, std::unique_ptr<ByteSource>& follows) override {
    const Piece& piece = pieces_[next_++];
    text += piece.text;
    if (!piece.follows.empty()) follows = std::make_unique<StringSource>(piece.follows);
    if (piece.broken) follows = std::make_unique<Broken>();
    return next_ < pieces_.size();
  }
  const std::vector<Piece> pieces_;
  size_t next_ = 0;
};

TEST(PiecewiseSource, GivesTextAndSourcesInOrder) {
  const std::vector<Piece> pieces = {{"", ""},      {"one,", ""}, {"two,", ""},  {"", "three"},
                                     {",", "four"}, {"", ""},     {",five", "!"}};
  for (const size_t capacity : {1u, 2u, 3u, 5u, 8u, 64u}) {
    Pieces source(pieces);
    std::string all;
    for (;;) {
      char buffer[64];
      const auto n = source.read(buffer, capacity);
      ASSERT_TRUE(n.has_value());
      if (*n == 0) break;
      ASSERT_LE(*n, capacity);
      all.append(buffer, *n);
    }
    EXPECT_EQ(all, "one,two,three,four,five!") << capacity;
    char more;
    EXPECT_EQ(*source.read(&more, 1), 0u);
  }
}

TEST(PiecewiseSource, JoinsShortTexts) {
  Pieces source({{"a", ""}, {"b", ""}, {"c", ""}});
  char buffer[64];
  EXPECT_EQ(*source.read(buffer, sizeof buffer), 3u);
}

TEST(PiecewiseSource, AnErrorOfASourceIsItsOwn) {
  Pieces source({{"a", "b"}, {"", "", true}});
  char buffer[64];
  EXPECT_EQ(*source.read(buffer, sizeof buffer), 1u);
  EXPECT_EQ(*source.read(buffer, sizeof buffer), 1u);
  EXPECT_EQ(source.read(buffer, sizeof buffer).error().code, Code::corrupt);
}

}  // namespace
}  // namespace medarc
