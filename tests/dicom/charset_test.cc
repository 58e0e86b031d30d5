// Character sets: the examples of PS3.5 annexes H to K, each repertoire, and bytes that mean nothing.
#include "dicom/charset.h"

#include <gtest/gtest.h>

#include <random>

namespace medarc::dicom {
namespace {

std::string name(const std::vector<std::string>& terms, ByteView bytes) {
  return Charset(terms).decode(bytes, true);
}

TEST(CharsetTest, M10_JapaneseByPs35AnnexH) {
  // H.3.1: no Katakana in the alphabetic group.
  EXPECT_EQ(name({"", "ISO 2022 IR 87"},
                 "Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B=\x1B$B$d$^$@\x1B(B^\x1B$B$?$m$&\x1B(B"),
            "Yamada^Tarou=山田^太郎=やまだ^たろう");
  // H.3.2: half-width Katakana and Romaji from JIS X 0201.
  EXPECT_EQ(name({"ISO 2022 IR 13", "ISO 2022 IR 87"},
                 "\xD4\xCF\xC0\xDE^\xC0\xDB\xB3=\x1B$B;3ED\x1B(J^\x1B$BB@O:\x1B(J="
                 "\x1B$B$d$^$@\x1B(J^\x1B$B$?$m$&\x1B(J"),
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう");
  // Supplementary kanji (JIS X 0212, IR 159): U+4E02 is row 16, cell 1.
  EXPECT_EQ(name({"", "ISO 2022 IR 159"}, "\x1B$(D\x30\x21\x1B(B"), "丂");
  // A backslash as the second byte of a kanji is no delimiter.
  EXPECT_EQ(name({"", "ISO 2022 IR 87"}, "\x1B$B%\\\x1B(B"), "ボ");
}

TEST(CharsetTest, M10_KoreanByPs35AnnexI) {
  EXPECT_EQ(name({"", "ISO 2022 IR 149"},
                 "Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7="
                 "\x1B$)C\xC8\xAB^\x1B$)C\xB1\xE6\xB5\xBF"),
            "Hong^Gildong=洪^吉洞=홍^길동");
  // Every value and line begins anew: without the escape the bytes mean nothing.
  bool clean = true;
  Charset({"", "ISO 2022 IR 149"}).decode("\x1B$)C\xB1\xE8\\\xC8\xF1", false, &clean);
  EXPECT_FALSE(clean);
}

TEST(CharsetTest, M10_ChineseByPs35AnnexJAndK) {
  EXPECT_EQ(name({"ISO_IR 192"}, "Wang^XiaoDong=\xE7\x8E\x8B^\xE5\xB0\x8F\xE6\x9D\xB1="),
            "Wang^XiaoDong=王^小東=");
  EXPECT_EQ(name({"GB18030"}, "Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB="), "Wang^XiaoDong=王^小东=");
  EXPECT_EQ(name({"GBK"}, "\xCD\xF5^\xD0\xA1\xB6\xAB"), "王^小东");
  EXPECT_EQ(name({"GB18030"}, "\x95\x32\x82\x36"), "𠀀");  // four bytes, beyond the BMP
  EXPECT_EQ(name({"", "ISO 2022 IR 58"},
                 "Zhang^XiaoDong=\x1B$)A\xD5\xC5^\x1B$)A\xD0\xA1\xB6\xAB="),
            "Zhang^XiaoDong=张^小东=");
  // 0x5C as the second byte of a GBK character.
  EXPECT_EQ(name({"GBK"}, "\x81\x5C"), "乗");
}

TEST(CharsetTest, EverySingleByteSetAndItsCodeExtensionForm) {
  struct Case {
    const char *number, *escape;
    Bytes bytes;
    std::string text;
  };
  const Case cases[] = {
      {"100", "-A", "\xC4neas^R\xFC" "diger", "Äneas^Rüdiger"},
      {"101", "-B", "Dvo\xF8\xE1k", "Dvořák"},
      {"109", "-C", "\xA1\xB1", "Ħħ"},
      {"110", "-D", "\xA3\xB3", "Ŗŗ"},
      {"144", "-L", "\xBB\xEE\xDA", "Люк"},
      {"127", "-G", "\xE2\xC8\xC7\xE6\xEA", "قباني"},
      {"126", "-F", "\xC4\xE9\xEF\xED", "Διον"},
      {"138", "-H", "\xF9\xF8\xE5\xEF", "שרון"},
      {"148", "-M", "\xDE" "ahin", "Şahin"},
      {"203", "-b", "\xA4", "€"},
      {"13", ")I", "\xD4\xCF\xC0\xDE", "ﾔﾏﾀﾞ"},
      {"166", "-T", "\xCA\xC1\xAA\xD2\xC2", "สมชาย"},
  };
  for (const Case& c : cases) {
    const std::string n = c.number;
    bool clean = false;
    EXPECT_EQ(Charset({"ISO_IR " + n}).decode(c.bytes, false, &clean), c.text) << n;
    EXPECT_TRUE(clean) << n;
    EXPECT_TRUE(Charset({"ISO_IR " + n}).known());
    EXPECT_EQ(Charset({"ISO 2022 IR " + n}).decode(c.bytes, false), c.text) << n;
    const Bytes escaped = Bytes("\x1B") + c.escape + c.bytes;
    EXPECT_EQ(Charset({"", "ISO 2022 IR " + n}).decode(escaped, false), c.text) << n;
  }
}

TEST(CharsetTest, SeveralSetsInOneValueEachUntilItsDelimiter) {
  const Charset c({"ISO 2022 IR 100", "ISO 2022 IR 144", "ISO 2022 IR 126"});
  EXPECT_EQ(c.decode("\xC4^\x1B-L\xBB\xEE^\x1B-F\xC4", true), "Ä^Лю^Δ");
  EXPECT_EQ(c.decode("\x1B-L\xBB\\\xC4", false), "Л\\Ä");      // a value ends it
  EXPECT_EQ(c.decode("\x1B-L\xBB\r\n\xC4", false), "Л\r\nÄ");  // a line ends it
  EXPECT_EQ(c.decode("\x1B-L\xBB^\xC4", false), "Л^Ф");        // ^ does not, outside names
}

TEST(CharsetTest, BytesThatMeanNothingBecomeReplacementsAndAreReported) {
  bool clean = true;
  EXPECT_EQ(Charset({"ISO_IR 192"}).decode("a\xFF\xC3", false, &clean), "a\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_FALSE(clean);
  // Without a set, UTF-8 is kept as what it surely is, and reported.
  EXPECT_EQ(Charset().decode("J\xC3\xB6rg", false, &clean), "Jörg");
  EXPECT_FALSE(clean);
  EXPECT_EQ(Charset().decode("J\xF6rg", false, &clean), "J\xEF\xBF\xBDrg");
  EXPECT_FALSE(clean);
  EXPECT_EQ(Charset().decode("Doe^Jane", true, &clean), "Doe^Jane");
  EXPECT_TRUE(clean);
  EXPECT_FALSE(Charset({"ISO_IR 999"}).known());
  EXPECT_EQ(Charset({"ISO_IR 999"}).decode("Doe", false), "Doe");
  EXPECT_FALSE(Charset({"", "ISO 2022 IR 999"}).known());
}

TEST(CharsetTest, ChineseNamesWithoutADeclaredSetAreTakenForGbk) {
  bool clean = true;
  // The first two bytes are a letter in UTF-8 too: the whole value decides.
  EXPECT_EQ(Charset().decode("\xC7\xAE^\xC6\xDF", true, &clean), "钱^七");
  EXPECT_FALSE(clean);
  EXPECT_EQ(Charset().decode("Qian^Qi=\xC7\xAE^\xC6\xDF", true), "Qian^Qi=钱^七");
  // A European name has letters beside them, an odd byte has no partner, a rare pair is no hanzi.
  EXPECT_EQ(Charset().decode("Gr\xF6\xDF" "er", true), "Gr\xEF\xBF\xBD\xEF\xBF\xBD" "er");
  EXPECT_EQ(Charset().decode("\xC7\xAE\xC6", true), "\xC7\xAE\xEF\xBF\xBD");
  EXPECT_EQ(Charset().decode("\xC0\x41", true), "\xEF\xBF\xBD" "A");
}

TEST(CharsetTest, AnyBytesGiveValidUtf8) {
  std::mt19937_64 random(3);
  const std::vector<std::vector<std::string>> sets = {
      {},          {"ISO_IR 192"},       {"GB18030"},          {"GBK"},
      {"ISO_IR 13"}, {"", "ISO 2022 IR 87", "ISO 2022 IR 159"}, {"", "ISO 2022 IR 149"},
      {"ISO 2022 IR 13", "ISO 2022 IR 58"}, {"ISO_IR 166"}};
  const char* const escapes[] = {"\x1B$B", "\x1B(B", "\x1B$)C", "\x1B(J", "\x1B$(D", "\x1B)I", "\x1B"};
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes;
    for (uint64_t n = random() % 20; n > 0; --n) {
      if (random() % 5 == 0) {
        bytes += escapes[random() % 7];
      } else {
        bytes += static_cast<char>(random());
      }
    }
    const std::string text = Charset(sets[random() % sets.size()]).decode(bytes, random() % 2 == 0);
    bool clean = false;
    ASSERT_EQ(Charset({"ISO_IR 192"}).decode(text, false, &clean), text);
    ASSERT_TRUE(clean) << round;
  }
}

}  // namespace
}  // namespace medarc::dicom
