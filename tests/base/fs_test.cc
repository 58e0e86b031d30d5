#include "base/fs.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace medarc {
namespace {

class FsTest : public testing::Test {
 protected:
  Fs& fs_ = posix_fs();
  const test::TempDir temp_;
  const std::string dir_ = temp_.path();
};

TEST_F(FsTest, WritesReadsListsRenamesRemoves) {
  auto file = fs_.open(dir_ + "/a", OpenMode::create_new);
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE((*file)->write_at(3, {"xy", "", "z"}).has_value());
  ASSERT_TRUE((*file)->sync().has_value());
  char buffer[10];
  EXPECT_EQ(*(*file)->read_at(0, buffer, 10), 6u);
  EXPECT_EQ(ByteView(buffer, 6), ByteView("\0\0\0xyz", 6));
  EXPECT_EQ(*(*file)->read_at(6, buffer, 10), 0u);
  ASSERT_TRUE((*file)->preallocate(100).has_value());
  EXPECT_EQ(*(*file)->size(), 100u);
  ASSERT_TRUE((*file)->truncate(4).has_value());
  EXPECT_EQ(*(*file)->size(), 4u);
  EXPECT_EQ(fs_.open(dir_ + "/a", OpenMode::create_new).error().code, Code::already_exists);
  ASSERT_TRUE(fs_.rename(dir_ + "/a", dir_ + "/b").has_value());
  ASSERT_TRUE(fs_.sync_dir(dir_).has_value());
  EXPECT_EQ(*fs_.list(dir_), std::vector<std::string>{"b"});
  EXPECT_TRUE(*fs_.exists(dir_ + "/b"));
  ASSERT_TRUE(fs_.remove(dir_ + "/b").has_value());
  EXPECT_FALSE(*fs_.exists(dir_ + "/b"));
  EXPECT_EQ(fs_.open(dir_ + "/b", OpenMode::read).error().code, Code::not_found);
}

TEST_F(FsTest, MoreThanIovMaxPartsAreWrittenWhole) {
  std::vector<ByteView> parts(3000, "ab");
  auto file = fs_.open(dir_ + "/many", OpenMode::create_new);
  ASSERT_TRUE((*file)->write_at(0, parts).has_value());
  EXPECT_EQ(*(*file)->size(), 6000u);
}

TEST_F(FsTest, ALockIsHeldOnceAndFreedWithItsHolder) {
  ASSERT_TRUE(fs_.make_dirs(dir_ + "/x/y").has_value());
  auto first = fs_.lock(dir_ + "/x/y/lock");
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(fs_.lock(dir_ + "/x/y/lock").error().code, Code::conflict);
  first->reset();
  EXPECT_TRUE(fs_.lock(dir_ + "/x/y/lock").has_value());
}

}  // namespace
}  // namespace medarc
