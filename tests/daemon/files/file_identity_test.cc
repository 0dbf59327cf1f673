// SPDX-License-Identifier: MIT
// Which files a log's name opens.
#include "daemon/files/file_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "testing/tail_rig.h"

namespace alogd {
namespace {

using testing::AppendTo;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TailDirectory;
using testing::TailRig;

class FileIdentityTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(logs_); }

  TailDirectory dir_;
  const std::string logs_ = dir_ / "logs";
  const std::string log_ = logs_ + "/app.log";
  const std::string secret_ = dir_ / "secret";
};

TEST_F(FileIdentityTest, LinkOutOfADirectoryThatEverybodyMayWrite) {
  AppendTo(secret_, "password\n");
  AppendTo(secret_ + ".1", "former password\n");
  ASSERT_EQ(chmod(logs_.c_str(), 0777), 0);
  std::filesystem::create_symlink(secret_, log_);
  EXPECT_EQ(OpenLog(log_).error().code, EXDEV);
  TailRig rig(log_);
  rig.ReadAll();
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), IsEmpty());
  EXPECT_THAT(rig.problems(), ElementsAre(HasSubstr("leads out of " + logs_)));
  // Its owner replaces it by a log: that is read, and nothing beside the secret.
  std::filesystem::remove(log_);
  AppendTo(log_, "one\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("one"));
}

TEST_F(FileIdentityTest, LinkOfTheServiceItself) {
  AppendTo(secret_, "one\n");
  std::filesystem::create_symlink(secret_, log_);
  const Result<OpenedFile> file = OpenLog(log_);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->path, log_);
  EXPECT_EQ(CurrentPath(file->fd.get()), std::filesystem::canonical(secret_));
}

TEST_F(FileIdentityTest, WhatIsNoFile) {
  EXPECT_EQ(OpenLog(log_).error().code, ENOENT);
  EXPECT_EQ(OpenLog(logs_).error().code, EINVAL);
  ASSERT_EQ(mkfifo(log_.c_str(), 0600), 0);
  EXPECT_EQ(OpenLog(log_).error().code, EINVAL);
}

}  // namespace
}  // namespace alogd
