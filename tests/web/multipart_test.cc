// The multipart reader in every split, and the writer read back.
#include "web/multipart.h"

#include <gtest/gtest.h>

#include <random>

namespace medarc::web {
namespace {

struct Part {
  std::string type, data;
  bool ended = false;
  bool operator==(const Part&) const = default;
};

class Recorder : public PartSink {
 public:
  Status begin_part(const Headers& headers) override {
    parts.push_back({std::string(headers.find("content-type")), "", false});
    return {};
  }
  Status part_data(ByteView bytes) override {
    parts.back().data += bytes;
    return {};
  }
  Status end_part() override {
    parts.back().ended = true;
    return {};
  }
  std::vector<Part> parts;
};

struct Outcome {
  std::vector<Part> parts;
  Status status;
};

Outcome parse(const std::string& boundary, const std::string& body, size_t step,
              MultipartLimits limits = {}) {
  Recorder recorder;
  MultipartParser parser(boundary, limits, recorder);
  Status status;
  for (size_t at = 0; at < body.size() && status; at += step) {
    status = parser.feed(ByteView(body).substr(at, step));
  }
  if (status) status = parser.finish();
  return {recorder.parts, status};
}

void expect_in_every_split(const std::string& body, const std::vector<Part>& want,
                           const std::string& boundary = "b") {
  for (size_t step = 1; step <= body.size(); ++step) {
    const Outcome got = parse(boundary, body, step);
    ASSERT_TRUE(got.status) << "step " << step << ": " << got.status.error().text;
    ASSERT_EQ(got.parts.size(), want.size()) << step;
    for (size_t i = 0; i < want.size(); ++i) {
      EXPECT_EQ(got.parts[i].type, want[i].type) << step;
      ASSERT_EQ(got.parts[i].data, want[i].data) << step;
      EXPECT_TRUE(got.parts[i].ended) << step;
    }
  }
}

TEST(Multipart, N12PartsInEverySplit) {
  expect_in_every_split(
      "--b\r\nContent-Type: a/b\r\n\r\none\r\n--b\r\nContent-Type:c/d\r\nX: "
      "y\r\n\r\ntwo\r\n\r\n--b--\r\n",
      {{"a/b", "one"}, {"c/d", "two\r\n"}});
}

TEST(Multipart, N12PreambleEpilogueAndPadding) {
  expect_in_every_split(
      "ignored --b\r\n--bx\r\n\r\n--b \t\r\nContent-Type: "
      "a/b\r\n\r\nx\r\n--b--\r\nepilogue\r\n--b\r\n\r\nno",
      {{"a/b", "x"}});
}

TEST(Multipart, N12LineFeedsAlone) {
  expect_in_every_split("--b\nContent-Type: a/b\n\none\n--b\n\ntwo\n--b--",
                        {{"a/b", "one"}, {"", "two"}});
}

TEST(Multipart, N12NoHeadersEmptyPartsAndFoldedHeaders) {
  expect_in_every_split("--b\r\n\r\n\r\n--b\r\n\r\n--b\r\nContent-Type: a/b;\r\n\tq=1\r\n\r\n--b--",
                        {{"", ""}, {"", ""}, {"a/b; q=1", ""}});
}

TEST(Multipart, N12DataThatLooksLikeBoundaries) {
  const std::string data =
      "\r\n--\r\n-\r--b\n--a\r\n--bb\r\n--b-\r\n--b-x\r\n--b--x\n--bx\r\r\n\n\r--b\r";
  expect_in_every_split("--b\r\n\r\n" + data + "\r\n--b--", {{"", data}});
  // Right behind the headers, where the line end before a boundary is the empty line's own.
  expect_in_every_split("--b\r\n\r\n--bx\r\n--b--\r\n", {{"", "--bx"}});
  expect_in_every_split("--b\r\n\r\n--\r\n--b--\r\n", {{"", "--"}});
  expect_in_every_split("--b\r\n\r\n\r\r\n--b--\r\n", {{"", "\r"}});
}

TEST(Multipart, RandomPartsRoundTripThroughTheWriter) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    const std::string boundary = round % 2 ? new_boundary() : std::string("a'()+_,-./:=?z");
    std::vector<Part> want;
    for (size_t i = 0, n = 1 + random() % 5; i < n; ++i) {
      std::string data;
      for (size_t j = 0, length = random() % 3000; j < length; ++j) {
        // Mostly the bytes that boundaries are made of.
        static constexpr char kBytes[] = "\r\n-\r\n-az";
        data += random() % 4 ? kBytes[random() % 8] : static_cast<char>(random());
      }
      if (random() % 3 == 0) data += "\r\n--" + boundary.substr(0, random() % boundary.size());
      want.push_back({"t/" + std::to_string(i), std::move(data), true});
    }
    size_t next = 0;
    auto source = multipart(boundary, [&]() -> Result<std::optional<OutgoingPart>> {
      if (next == want.size()) return std::optional<OutgoingPart>();
      OutgoingPart part{"Content-Type: " + want[next].type + "\r\n",
                        std::make_unique<StringSource>(want[next].data)};
      ++next;
      return std::optional<OutgoingPart>(std::move(part));
    });
    std::string body;
    char piece[97];
    for (;;) {
      const auto n = source->read(piece, sizeof piece);
      ASSERT_TRUE(n);
      if (*n == 0) break;
      body.append(piece, *n);
    }
    for (const size_t step :
         {size_t{1}, size_t{2}, size_t{7}, size_t{64}, size_t{1000}, body.size()}) {
      const Outcome got = parse(boundary, body, step);
      ASSERT_TRUE(got.status);
      ASSERT_TRUE(got.parts == want) << round << " step " << step;
    }
  }
}

TEST(Multipart, BrokenBodiesAreErrors) {
  for (const char* body :
       {"", "--b", "--b\r\n", "--b\r\n\r\ndata", "--b\r\n\r\ndata\r\n--b", "--b\r\nContent-Type: x",
        "no boundary at all\r\n", "--b text\r\n\r\n"}) {
    const Outcome got = parse("b", body, 3);
    ASSERT_FALSE(got.status) << body;
    EXPECT_EQ(got.status.error().code, Code::invalid_argument) << body;
  }
}

TEST(Multipart, LimitsOnPartsAndHeaders) {
  MultipartLimits limits;
  limits.parts_max = 3;
  limits.part_header_bytes_max = 100;
  const std::string part = "\r\n--b\r\nA: b\r\n\r\nx";
  EXPECT_TRUE(parse("b", part + part + part + "\r\n--b--", 5, limits).status);
  EXPECT_EQ(parse("b", part + part + part + part + "\r\n--b--", 5, limits).status.error().code,
            Code::too_large);
  const std::string wide = "--b\r\nA: " + std::string(200, 'x') + "\r\n\r\nx\r\n--b--";
  EXPECT_EQ(parse("b", wide, 7, limits).status.error().code, Code::too_large);
  EXPECT_EQ(parse("b", "--b\r\n" + std::string(5000, 'x'), 1, limits).status.error().code,
            Code::too_large);
}

TEST(Multipart, N12_Boundaries) {
  EXPECT_TRUE(is_boundary("gc0p4Jq0M:2Yt08jU534c0p"));
  EXPECT_TRUE(is_boundary(std::string(73, 'a')));  // Orthanc's
  EXPECT_TRUE(is_boundary(std::string(kBoundaryBytesMax, 'a')));
  EXPECT_FALSE(is_boundary(std::string(kBoundaryBytesMax + 1, 'a')));
  EXPECT_FALSE(is_boundary(""));
  EXPECT_FALSE(is_boundary("a "));
  EXPECT_FALSE(is_boundary("a\"b"));
  EXPECT_TRUE(is_boundary(new_boundary()));
  EXPECT_NE(new_boundary(), new_boundary());
}

// Plain mutation runs of the fuzz target's property: any bytes, any split, the same parts.
TEST(Multipart, R7MutatedBodiesGiveTheSameInAnySplit) {
  std::mt19937 random(11);
  const std::string seed =
      "pre\r\n--b\r\nContent-Type: a/b\r\n\r\none\r\n--b\r\n\r\n\r\n--b \r\nX: "
      "y\r\n\r\ntwo\r\n--b--\r\n";
  for (int round = 0; round < 20'000; ++round) {
    std::string body = seed;
    for (int edits = 1 + static_cast<int>(random() % 6); edits > 0; --edits) {
      const size_t at = random() % body.size();
      switch (random() % 4) {
        case 0: body[at] = "\r\n-b \t:x"[random() % 8]; break;
        case 1: body.erase(at, 1 + random() % 3); break;
        case 2: body.insert(at, "\r\n--b"); break;
        default: body.insert(at, 1, static_cast<char>(random())); break;
      }
      if (body.empty()) body = "x";
    }
    const Outcome whole = parse("b", body, body.size()), split = parse("b", body, 1 + random() % 9);
    ASSERT_EQ(whole.status.has_value(), split.status.has_value()) << body;
    ASSERT_TRUE(!whole.status || whole.parts == split.parts) << body;
  }
}

}  // namespace
}  // namespace medarc::web
