// SPDX-License-Identifier: MIT
// Logs that are allocated ahead of their writer, and logs with holes: each byte once.
#include "daemon/files/written_bytes.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "daemon/files/crc32c.h"
#include "testing/tail_rig.h"

namespace alogd {
namespace {

using testing::AppendTo;
using testing::CopyFile;
using ::testing::ElementsAre;
using testing::ExpectLines;
using ::testing::IsEmpty;
using testing::Joined;
using testing::LogWriter;
using testing::Numbered;
using testing::TailDirectory;
using testing::TailRig;
using testing::Truncate;

constexpr off_t kAhead = 1 << 20;

class WrittenBytesTest : public ::testing::Test {
 protected:
  void Allocate(off_t size) { ASSERT_EQ(::posix_fallocate(writer_.fd(), 0, size), 0); }

  TailDirectory dir_;
  const std::string log_ = dir_ / "app.log";
  LogWriter writer_{log_, 0};
};

TEST_F(WrittenBytesTest, FindsDataBetweenNuls) {
  Allocate(kAhead);
  const UniqueFd reader(::open(log_.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(*NextData(reader.get(), 0), UINT64_MAX);
  EXPECT_EQ(*EndOfData(reader.get(), kAhead), 0u);
  ASSERT_EQ(::pwrite(writer_.fd(), "a", 1, 300'000), 1);
  ASSERT_EQ(::ftruncate(writer_.fd(), 3 * kAhead), 0);  // a hole behind
  ASSERT_EQ(::pwrite(writer_.fd(), "b", 1, 2 * kAhead), 1);
  EXPECT_EQ(*NextData(reader.get(), 0), 300'000u);
  EXPECT_EQ(*NextData(reader.get(), 300'001), 2u * kAhead);
  EXPECT_EQ(*NextData(reader.get(), 2 * kAhead + 1), UINT64_MAX);
  EXPECT_EQ(*NextData(reader.get(), 9 * kAhead), UINT64_MAX);
  EXPECT_EQ(*EndOfData(reader.get(), 3 * kAhead), 2u * kAhead + 1);
  EXPECT_EQ(*EndOfData(reader.get(), 2 * kAhead), 300'001u);
}

TEST_F(WrittenBytesTest, ReadAsTheyAreWritten) {
  Allocate(kAhead);
  TailRig rig(log_);
  std::string text;
  for (int i = 0; i < 350; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    writer_.Write(line);
    text += line;
    rig.ReadAll();
    ASSERT_EQ(rig.lines().size(), static_cast<size_t>(i) + 1);
    EXPECT_EQ(rig.info().lag, 0u);
    if (i % 50 == 0) rig.Restart();
  }
  ExpectLines(rig.lines(), Numbered("line", 0, 350));
  rig.Commit();
  ASSERT_EQ(rig.rows().size(), 1u);
  EXPECT_EQ(rig.rows().begin()->second.read_bytes, text.size());
  EXPECT_EQ(rig.rows().begin()->second.chain, Crc32c(0, text));
  EXPECT_EQ(rig.info().lost_bytes, 0u);
  EXPECT_EQ(rig.info().truncations, 0u);
  EXPECT_THAT(rig.problems(), IsEmpty());
}

// Half lines, and what was allocated given back or grown.
TEST_F(WrittenBytesTest, WriterThatFillsAndGrowsIt) {
  Allocate(10);
  TailRig rig(log_);
  writer_.Write("abc\nde");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("abc"));
  writer_.Write("f\nghijk\n");  // over its end
  rig.ReadAll();
  Allocate(kAhead);
  rig.ReadAll();
  writer_.Write("l\n");
  rig.ReadAll();
  ASSERT_EQ(::ftruncate(writer_.fd(), 16), 0);
  rig.ReadAll();
  AppendTo(log_, "m\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("abc", "def", "ghijk", "l", "m"));
  EXPECT_EQ(rig.info().truncations, 0u);
}

// As a writer without O_APPEND leaves one after copytruncate, here with more allocated behind.
TEST_F(WrittenBytesTest, HoleBeforeAndSpaceBehind) {
  writer_.Write(Joined(Numbered("before", 0, 20'000)));
  TailRig rig(log_);
  rig.ReadAll();
  CopyFile(log_, dir_ / "app.log.1");
  Truncate(log_);
  ASSERT_EQ(::posix_fallocate(writer_.fd(), 0, 2 * kAhead), 0);
  rig.ReadAll();
  writer_.Write("behind the hole\n");
  rig.ReadAll();
  writer_.Write("more\n");
  rig.ReadAll();
  ASSERT_EQ(rig.lines().size(), 20'002u);
  EXPECT_EQ(rig.lines()[20'000], "behind the hole");
  EXPECT_EQ(rig.lines().back(), "more");
  EXPECT_EQ(rig.info().lost_bytes, 0u);
}

TEST_F(WrittenBytesTest, BeginningAtTheEndOfWhatIsWritten) {
  Allocate(kAhead);
  writer_.Write("old\n");
  SourceFiles::Options options;
  options.from_beginning = false;
  TailRig rig(log_, options);
  rig.ReadAll();
  writer_.Write("new\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("new"));
}

// The NUL behind a line's end belongs to it.
TEST_F(WrittenBytesTest, LineEndOfUtf16) {
  writer_.Write(
      std::string("\xff\xfe"
                  "a\0\n\0",
                  6));
  TailRig rig(log_);
  rig.ReadAll();
  rig.Commit();
  EXPECT_EQ(rig.info().lag, 0u);
  EXPECT_EQ(rig.info().size, 6u);
  EXPECT_THAT(rig.lines(), ElementsAre("a"));
}

TEST_F(WrittenBytesTest, RotatedWhileSpaceWasLeft) {
  Allocate(kAhead);
  writer_.Write("one\n");
  TailRig rig(log_);
  rig.ReadAll();
  testing::Rename(log_, dir_ / "app.log.1");
  AppendTo(log_, "three\n");
  writer_.Write("two\n");
  rig.ReadAll();
  rig.Wait(std::chrono::minutes(11));
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("one", "two", "three"));
  EXPECT_EQ(rig.info().open_files, 1u);  // the rotated one is read out, and was closed
}

}  // namespace
}  // namespace alogd
