#include "base/config.h"

#include <gtest/gtest.h>

namespace medarc {
namespace {

TEST(Config, ValuesDefaultsListsAndTables) {
  auto config = Config::parse(R"(
    [http]
    port = 80
    cors = "a b"
    [archive]
    sync = false
    kinds = ["x", "y"]
    [[dicom.peer]]
    aet = "CT1"
    port = 104
  )");
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->size("http.port", 1, ""), 80u);
  EXPECT_EQ(config->size("http.other", 7, ""), 7u);
  EXPECT_EQ(config->text("http.cors", "", ""), "a b");
  EXPECT_FALSE(config->flag("archive.sync", true, ""));
  EXPECT_EQ(config->list("archive.kinds", ""), (std::vector<std::string>{"x", "y"}));
  auto peers = config->tables("dicom.peer", "");
  ASSERT_EQ(peers.size(), 1u);
  EXPECT_EQ(peers[0]["aet"], "CT1");
  EXPECT_EQ(peers[0]["port"], "104");
  EXPECT_TRUE(config->check().has_value());
}

TEST(Config, MistakesAreErrorsThatNameTheKey) {
  EXPECT_EQ(Config::parse("a = ").error().code, Code::invalid_argument);
  auto unknown = Config::parse("[http]\nprot = 80\n");
  unknown->size("http.port", 1, "");
  EXPECT_NE(unknown->check().error().text.find("http.prot"), std::string::npos);
  auto text = Config::parse("[http]\nport = \"many\"\n");
  EXPECT_EQ(text->size("http.port", 5, ""), 5u);
  EXPECT_NE(text->check().error().text.find("http.port"), std::string::npos);
  auto outside = Config::parse("[http]\nport = 70000\n");
  outside->size("http.port", 5, "", 0, 65535);
  EXPECT_TRUE(outside->check().has_error());
  Config flag;
  ASSERT_TRUE(flag.set("a.b=maybe").has_value());
  EXPECT_TRUE(flag.flag("a.b", true, ""));
  EXPECT_TRUE(flag.check().has_error());
  EXPECT_TRUE(flag.set("novalue").has_error());
}

}  // namespace
}  // namespace medarc
