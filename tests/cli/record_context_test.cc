// SPDX-License-Identifier: MIT
// The records around one: in their file, after rotation, and when they are gone.
#include "cli/record_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "testing/store_samples.h"

namespace alogd {
namespace {

using ::testing::HasSubstr;
using testing::StoreDir;

class RecordContextTest : public ::testing::Test {
 protected:
  // Lines "line 0" to "line 19", 8 bytes for those of two digits and 7 for the others.
  void SetUp() override {
    path_ = dir_.path() + "/app.log";
    std::ofstream file(path_);
    for (int i = 0; i < 20; ++i) file << "line " << i << "\n";
    file.close();
    struct stat info {};
    ASSERT_EQ(stat(path_.c_str(), &info), 0);
    inode_ = info.st_ino;
  }
  std::string Shown(const RecordRef& ref, size_t around = 2) {
    const Result<RecordContext> context = ReadRecordContext(path_, inode_, ref, around);
    if (!context.ok()) return context.error().message;
    std::string out;
    for (const ContextLine& line : context->lines)
      out += (line.blamed ? ">" : " ") + line.text + "|";
    return out;
  }

  StoreDir dir_;
  std::string path_;
  uint64_t inode_ = 0;
};

TEST_F(RecordContextTest, InTheMiddleAndAtTheEnds) {
  EXPECT_EQ(Shown({FileId{1}, 35, 7}), " line 3| line 4|>line 5| line 6| line 7|");
  EXPECT_EQ(Shown({FileId{1}, 0, 7}), ">line 0| line 1| line 2|");
  EXPECT_EQ(Shown({FileId{1}, 142, 8}), " line 17| line 18|>line 19|") << "70 + 9 x 8";
}

TEST_F(RecordContextTest, LongLinesAndCarriageReturns) {
  std::ofstream file(path_);
  file << std::string(200'000, 'a') << "\r\nhere\r\n" << std::string(200'000, 'b') << "\n";
  file.close();
  const Result<RecordContext> context =
      ReadRecordContext(path_, inode_, {FileId{1}, 200'002, 6}, 5);
  ASSERT_TRUE(context.ok()) << context.error().message;
  ASSERT_EQ(context->lines.size(), 2u);  // the line before does not begin within reach
  EXPECT_EQ(context->lines[0].text, "here");
  EXPECT_TRUE(context->lines[0].blamed);
  EXPECT_LE(context->lines[1].text.size(), 70'000u);
}

TEST_F(RecordContextTest, RenamedByRotation) {
  std::filesystem::rename(path_, path_ + ".1");
  std::ofstream(path_) << "another file\n";
  EXPECT_EQ(Shown({FileId{1}, 35, 7}), " line 3| line 4|>line 5| line 6| line 7|");
  EXPECT_EQ(ReadRecordContext(path_, inode_, {FileId{1}, 0, 7}, 1)->path, path_ + ".1");
}

TEST_F(RecordContextTest, GoneTruncatedOrRewritten) {
  std::filesystem::resize_file(path_, 20);
  EXPECT_THAT(Shown({FileId{1}, 35, 7}), HasSubstr("truncated since"));
  EXPECT_THAT(Shown({FileId{1}, UINT64_MAX - 2, 7}), HasSubstr("truncated since"));
  EXPECT_THAT(Shown({FileId{1}, 8, 7}), HasSubstr("written again"));
  std::filesystem::remove(path_);
  std::ofstream(path_) << "a file of another inode";
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  if (info.st_ino != inode_) {  // most file systems give it out again at once
    EXPECT_THAT(Shown({FileId{1}, 0, 7}), HasSubstr("removed, compressed"));
  }
  std::filesystem::remove(path_);
  EXPECT_THAT(Shown({FileId{1}, 0, 7}), HasSubstr("removed, compressed"));
}

TEST_F(RecordContextTest, PipeInItsPlaceDoesNotBlock) {
  std::filesystem::remove(path_);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  inode_ = info.st_ino;
  EXPECT_THAT(Shown({FileId{1}, 0, 7}), HasSubstr("not in"));
}

}  // namespace
}  // namespace alogd
