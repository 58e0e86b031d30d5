#include "base/bytes.h"

#include <gtest/gtest.h>

#include <random>

namespace medarc {
namespace {

// One bit at a time, straight from the polynomial: the oracle for the fast forms.
uint32_t slow_crc32c(ByteView bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (unsigned char c : bytes) {
    crc ^= c;
    for (int k = 0; k < 8; ++k) crc = (crc & 1) ? (crc >> 1) ^ 0x82F63B78u : crc >> 1;
  }
  return ~crc;
}

TEST(Crc32c, KnownAnswers) {  // RFC 3720, appendix B.4
  EXPECT_EQ(crc32c(Bytes(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(Bytes(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
}

TEST(Crc32c, AnyLengthAnySplitEqualsTheSlowForm) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    Bytes data(random() % (round % 2 == 0 ? 100 : 20'000), '\0');
    for (char& c : data) c = static_cast<char>(random());
    const size_t cut = data.empty() ? 0 : random() % data.size();
    EXPECT_EQ(crc32c(data), slow_crc32c(data));
    EXPECT_EQ(crc32c(ByteView(data).substr(cut), crc32c(ByteView(data).substr(0, cut))),
              crc32c(data));
  }
}

TEST(Hex, RoundTripAndRefusals) {
  EXPECT_EQ(to_hex(Bytes("\x00\xAB\xFF", 3)), "00abff");
  EXPECT_EQ(from_hex("00ABff"), Bytes("\x00\xAB\xFF", 3));
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("zz"));
  EXPECT_FALSE(Digest::from_hex("ab"));
  const Digest d = *Digest::from_hex(std::string(64, 'a'));
  EXPECT_EQ(d.hex(), std::string(64, 'a'));
  EXPECT_EQ(Digest::from_view(d.view()), d);
}

TEST(Base64, Rfc4648Vectors) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},        {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (auto [plain, text] : cases) {
    EXPECT_EQ(to_base64(plain), text);
    EXPECT_EQ(from_base64(text), plain);
  }
  for (const char* bad : {"Zg=", "Z", "Zg==Zg==", "Z===", "Zm9 ", "Zm9v\n"}) {
    EXPECT_FALSE(from_base64(bad)) << bad;
  }
}

}  // namespace
}  // namespace medarc
