// Settings of administrators in the index: rows that follow from the audit chain.
#include "index/setting.h"

#include <filesystem>

#include "tests/index/maker.h"

namespace medarc::index::test {
namespace {

AuditEntry somebody() {
  AuditEntry out;
  out.principal = "token:chief";
  out.door = "http";
  return out;
}

class SettingTest : public ::testing::Test {
 protected:
  SettingTest() { open(); }
  void open() {
    index_.reset();
    index_ = must(open_index(posix_fs(), dir_ / "data", quick_options()));
  }
  uint64_t set(const std::string& name, const std::string& value, Timestamp time = {1}) {
    std::vector<Op> ops{must(set_setting(somebody(), "peer", name, value))};
    return must(index_->commit({}, {time, std::move(ops)})).number.value;
  }
  void unset(const std::string& name) {
    run(*index_, must(unset_setting(somebody(), "peer", name)));
  }
  std::vector<SettingRow> all(const std::string& table = "peer") {
    const auto view = index_->view();
    return must(settings_of(*view, table));
  }
  TempDir dir_;
  std::unique_ptr<Index> index_;
};

TEST_F(SettingTest, TheLastOneOfEachNameIsKept) {
  set("WS2", "two", {7});
  const uint64_t first = set("WS 1/a", "one", {8});
  run(*index_, must(set_setting(somebody(), "peers", "WS3", "another table")));
  auto rows = all();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].name, "WS 1/a");
  EXPECT_EQ(rows[0].value, "one");
  EXPECT_EQ(rows[0].version, first);
  EXPECT_EQ(rows[0].changed, Timestamp{8});
  EXPECT_EQ(rows[1].name, "WS2");
  EXPECT_EQ(all("peers").size(), 1u);
  EXPECT_TRUE(all("pee").empty());
  EXPECT_GT(set("WS 1/a", "uno"), first);
  EXPECT_EQ(all()[0].value, "uno");
  unset("WS 1/a");
  unset("NOBODY");
  ASSERT_EQ(all().size(), 1u);
  EXPECT_EQ(all()[0].name, "WS2");
  EXPECT_GT(set("WS 1/a", "one"), first + 1);  // made anew: never a version it had before
}

TEST_F(SettingTest, WhoSetWhatIsInTheAuditChain) {
  set("WS1", "{}");
  unset("WS1");
  const auto view = index_->view();
  const auto entries = must(view->audit(0, 9));
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].principal, "token:chief");
  EXPECT_EQ(entries[0].object, "setting/peer/WS1");
  EXPECT_EQ(entries[0].detail, "{}");
  EXPECT_EQ(entries[1].action, "unset");
  EXPECT_FALSE(must(view->check_audit()).first_wrong);
}

TEST_F(SettingTest, OtherAuditEntriesSetNothing) {
  AuditEntry entry = must(set_setting(somebody(), "peer", "WS1", "x")).entry;
  EXPECT_TRUE(read_setting(entry));
  for (const char* object : {"setting/", "setting/peer", "setting/peer/", "setting//WS1",
                             "peer/WS1", "setting/Peer/WS1", "settings/peer/WS1"}) {
    AuditEntry other = entry;
    other.object = object;
    EXPECT_FALSE(read_setting(other)) << object;
  }
  AuditEntry other = entry;
  other.action = "administer";
  EXPECT_FALSE(read_setting(other));
  other = entry;
  other.allowed = false;
  EXPECT_FALSE(read_setting(other));
}

TEST_F(SettingTest, ComesBackFromTheLog) {
  set("WS1", "a", {3});
  set("WS2", "b", {4});
  unset("WS2");
  const auto before = dump(*index_);
  index_.reset();
  std::filesystem::remove_all(dir_ / "data/index");
  open();
  EXPECT_EQ(dump(*index_), before);
  ASSERT_EQ(all().size(), 1u);
  EXPECT_EQ(all()[0].value, "a");
}

TEST_F(SettingTest, NamesAndValuesHaveTheirLimits) {
  const auto refused = [](std::string_view table, std::string_view name, Bytes value) {
    const auto made = set_setting(somebody(), table, name, std::move(value));
    return made.has_error() && made.error().code == Code::invalid_argument;
  };
  EXPECT_FALSE(refused("peer", std::string(200, 'n'), std::string(kSettingValueBytesMax, 'x')));
  EXPECT_TRUE(refused("peer", "", "x"));
  EXPECT_TRUE(refused("peer", std::string(201, 'n'), "x"));
  EXPECT_TRUE(refused("peer", std::string("a\0b", 3), "x"));
  EXPECT_TRUE(refused("a/b", "WS1", "x"));
  EXPECT_TRUE(refused("", "WS1", "x"));
  EXPECT_TRUE(refused("peer", "WS1", std::string(kSettingValueBytesMax + 1, 'x')));
  const Bytes row = encode(SettingRow{"peer", "WS1", "x", 7, {9}});
  EXPECT_EQ(encode(must(decode_setting(row))), row);
  for (size_t n = 0; n < row.size(); ++n) EXPECT_FALSE(decode_setting(row.substr(0, n)));
  EXPECT_FALSE(decode_setting(row + "x"));
}

}  // namespace
}  // namespace medarc::index::test
