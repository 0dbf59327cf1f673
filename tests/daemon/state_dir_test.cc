// SPDX-License-Identifier: MIT
// The state directory: made with its mode, locked against a second daemon.
#include "daemon/state_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "testing/service_harness.h"

namespace alogd {
namespace {

TEST(StateDirectoryTest, MadeWithParentsAndMode) {
  const TemporaryDirectory base;
  const std::string path = base / "a/b/state";
  const auto directory = StateDirectory::Open(path);
  ASSERT_TRUE(directory.ok()) << directory.error().message;
  struct stat st {};
  ASSERT_EQ(stat(path.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0750U);
}

TEST(StateDirectoryTest, OneDaemonAtATime) {
  const TemporaryDirectory base;
  {
    const auto first = StateDirectory::Open(base / "state");
    ASSERT_TRUE(first.ok());
    const auto second = StateDirectory::Open(base / "state");
    ASSERT_FALSE(second.ok());
    EXPECT_NE(second.error().message.find("another alogd (pid " + std::to_string(getpid()) + ")"),
              std::string::npos)
        << second.error().message;
  }
  EXPECT_TRUE(StateDirectory::Open(base / "state").ok()) << "the lock goes with its holder";
}

TEST(StateDirectoryTest, NoDirectory) {
  const TemporaryDirectory base;
  WriteTo(base / "file", "x");
  const auto file = StateDirectory::Open(base / "file");
  ASSERT_FALSE(file.ok());
  EXPECT_NE(file.error().message.find("is no directory"), std::string::npos)
      << file.error().message;
  const auto below = StateDirectory::Open(base / "file/state");
  ASSERT_FALSE(below.ok());
  EXPECT_NE(below.error().message.find("state_dir"), std::string::npos) << below.error().message;
}

TEST(StateDirectoryTest, LockIsNoSymlink) {
  const TemporaryDirectory base;
  WriteTo(base / "target", "x");
  std::filesystem::create_symlink(base / "target", base / "lock");
  EXPECT_FALSE(StateDirectory::Open(base.path()).ok());
  EXPECT_EQ(ReadAll(base / "target"), "x");
}

}  // namespace
}  // namespace alogd
