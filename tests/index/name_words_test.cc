#include "index/name_words.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace medarc::index {
namespace {

bool found_by(std::string_view name, std::string_view word) {
  const auto words = name_words(name);
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& w) { return w.starts_with(fold_name(word)); });
}

TEST(NameWords, WordsOfEveryGroupWithoutCaseAndAccents) {
  EXPECT_EQ(name_words("Müller^Jean-Luc"),
            (std::vector<std::string>{"jean", "luc", "lucmuller", "muller", "mullerjean"}));
  EXPECT_EQ(name_words("DOE"), std::vector<std::string>{"doe"});
  for (std::string_view nobody : {"", "^^", "==", " ^ = "}) EXPECT_TRUE(name_words(nobody).empty());
  for (std::string_view word :
       {"yama", "TAROU", "山", "太郎", "やまだ", "ヤマ", "yamadat", "太郎山田"}) {
    EXPECT_EQ(found_by("Yamada^Tarou=山田^太郎=やまだ^たろう", word), word != "ヤマ") << word;
  }
}

TEST(NameWords, ChineseNamesByCharactersAndByPinyin) {
  for (std::string_view name : {"王^小明", "王小明", "Wang^XiaoMing=王^小明"}) {
    for (std::string_view word :
         {"王", "王小", "小明", "明", "wang", "xiaoming", "WangXiao", "ming"}) {
      EXPECT_TRUE(found_by(name, word)) << name << " by " << word;
    }
    for (std::string_view word : {"李", "小王", "li", "mingw", "ang"}) {
      EXPECT_FALSE(found_by(name, word)) << name << " by " << word;
    }
  }
  EXPECT_TRUE(found_by("吕^布", "lu"));  // ü is u
}

TEST(NameWords, HostileNamesStaySmall) {
  std::string long_han, broken = "Doe\xFF\xC0^\xE7\x8E";
  for (int i = 0; i < 10'000; ++i) long_han += "王";
  EXPECT_EQ(name_words(long_han).size(), 1u);
  EXPECT_EQ(name_words(broken), name_words(broken));
  EXPECT_LE(name_words(std::string(100'000, '^')).size(), 1u);
}

}  // namespace
}  // namespace medarc::index
