// SPDX-License-Identifier: MIT
// A disk that fails, or a rotation, in the middle of a look: nothing is taken for another file,
// lost or read twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <utility>

#include "testing/tail_rig.h"

// The linker hands every pread of this program to the first (see tests/CMakeLists.txt).
extern "C" {
ssize_t __wrap_pread(int fd, void* data, size_t size, off_t at);
ssize_t __real_pread(int fd, void* data, size_t size, off_t at);
}

namespace {
thread_local bool failing = false;
thread_local std::function<void()> meanwhile;  // called by the next pread, once
}  // namespace

ssize_t __wrap_pread(int fd, void* data, size_t size, off_t at) {
  if (const auto happens = std::exchange(meanwhile, nullptr)) happens();
  if (!failing) return __real_pread(fd, data, size, at);
  errno = EIO;
  return -1;
}

namespace alogd {
namespace {

using testing::AppendTo;
using testing::ExpectLines;
using ::testing::HasSubstr;
using testing::Joined;
using testing::Numbered;
using testing::Rename;
using ::testing::SizeIs;
using testing::TailDirectory;
using testing::TailRig;
using namespace std::chrono_literals;

class ReadErrorsTest : public ::testing::Test {
 protected:
  ~ReadErrorsTest() override { failing = false; }

  // Longer than the block that is compared, so that head and block are read apart.
  const std::vector<std::string> first_ = Numbered("first", 0, 1000);
  TailDirectory dir_;
  const std::string log_ = dir_ / "app.log";
};

// The new log is opened, and rotated away before the rotated names are looked through.
TEST_F(ReadErrorsTest, RotatedDuringTheStart) {
  AppendTo(log_, "one\n");
  TailRig rig(log_);
  rig.ReadAll();
  rig.Commit();
  rig.Kill();
  Rename(log_, log_ + ".1");
  AppendTo(log_, "two\n");
  bool rotated = false;
  meanwhile = [&] {
    Rename(log_ + ".1", log_ + ".2");
    Rename(log_, log_ + ".1");
    rotated = true;
  };
  rig.Start();
  rig.ReadAll();
  EXPECT_TRUE(rotated);
  AppendTo(log_, "three\n");
  rig.ReadAll();
  ExpectLines(rig.lines(), {"one", "two", "three"});
}

TEST_F(ReadErrorsTest, WhileReading) {
  AppendTo(log_, Joined(first_));
  TailRig rig(log_);
  rig.ReadAll();
  AppendTo(log_, "more\n");
  failing = true;
  for (int i = 0; i < 3; ++i) {
    rig.ReadAll();
    rig.Wait(2s);
  }
  ASSERT_THAT(rig.problems(), SizeIs(1));
  EXPECT_THAT(rig.problems()[0], HasSubstr("Input/output error"));
  EXPECT_EQ(rig.info().state, "unreadable");
  EXPECT_EQ(rig.info().lost_bytes, 0u);
  failing = false;
  rig.ReadAll();
  std::vector<std::string> all = first_;
  all.push_back("more");
  ExpectLines(rig.lines(), all);
  EXPECT_EQ(rig.info().problem, "");
}

TEST_F(ReadErrorsTest, WhileRotated) {
  AppendTo(log_, Joined(first_));
  TailRig rig(log_);
  rig.ReadAll();
  AppendTo(log_, "more\n");
  failing = true;
  Rename(log_, dir_ / "app.log.1");
  rig.ReadAll();
  AppendTo(log_, "next\n");
  rig.ReadAll();
  failing = false;
  rig.Wait(2s);
  rig.ReadAll();
  std::vector<std::string> all = first_;
  all.insert(all.end(), {"more", "next"});
  ExpectLines(rig.lines(), all);
  EXPECT_EQ(rig.info().lost_bytes, 0u);
}

TEST_F(ReadErrorsTest, AtAStart) {
  AppendTo(log_, Joined(first_));
  TailRig rig(log_);
  rig.ReadAll();
  rig.Commit();
  rig.Kill();
  AppendTo(log_, "more\n");
  failing = true;
  rig.Start();
  rig.ReadAll();
  failing = false;
  rig.Wait(2s);
  rig.ReadAll();
  std::vector<std::string> all = first_;
  all.push_back("more");
  ExpectLines(rig.lines(), all);
}

TEST_F(ReadErrorsTest, AtAStartAfterARotation) {
  AppendTo(log_, Joined(first_));
  TailRig rig(log_);
  rig.ReadAll();
  rig.Commit();
  rig.Kill();
  AppendTo(log_, "more\n");
  Rename(log_, dir_ / "app.log.1");
  failing = true;
  rig.Start();
  rig.ReadAll();
  rig.Wait(2s);
  rig.ReadAll();
  failing = false;
  rig.Wait(2s);
  rig.ReadAll();
  std::vector<std::string> all = first_;
  all.push_back("more");
  ExpectLines(rig.lines(), all);
}

}  // namespace
}  // namespace alogd
