// SPDX-License-Identifier: MIT
// Links that are followed anywhere, and links that may not leave their directory.
#include "core/config/trusted_links.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

namespace alogd {
namespace {

namespace fs = std::filesystem;

class TrustedLinksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "alogd_links_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = fs::canonical(name).string();
    fs::create_directories(root_ + "/log");
    std::ofstream(root_ + "/secret") << "x\n";
    std::ofstream(root_ + "/log/inside") << "x\n";
  }
  void TearDown() override { fs::remove_all(root_); }

  void Link(const std::string& to, const std::string& name) {
    fs::create_symlink(to, root_ + "/log/" + name);
  }
  // Without the directory of the test, or the code of the error.
  std::string Resolved(const std::string& name, uid_t service = geteuid()) {
    const Result<std::string> real = ResolveLinks(root_ + "/log/" + name, service);
    if (!real) return std::to_string(real.error().code);
    return real->starts_with(root_) ? real->substr(root_.size()) : *real;
  }
  const std::string refused_ = std::to_string(EXDEV);
  std::string root_;
};

TEST_F(TrustedLinksTest, OfTheServiceInADirectoryOfItsOwn) {
  Link(root_ + "/secret", "absolute");
  Link("../secret", "relative");
  Link("relative", "twice");
  Link("..", "up");
  EXPECT_EQ(Resolved("inside"), "/log/inside");
  EXPECT_EQ(Resolved("absolute"), "/secret");
  EXPECT_EQ(Resolved("twice"), "/secret");
  EXPECT_EQ(Resolved("up/secret"), "/secret");
  EXPECT_EQ(Resolved("nothing/there"), "/log/nothing/there");
}

TEST_F(TrustedLinksTest, InADirectoryThatEverybodyMayWrite) {
  Link(root_ + "/secret", "absolute");
  Link("../secret", "relative");
  Link("../log/inside", "back");
  Link(root_ + "/log/inside", "stays");
  Link("..", "up");
  Link("relative", "twice");
  ASSERT_EQ(chmod((root_ + "/log").c_str(), 0777), 0);
  for (const char* name : {"absolute", "relative", "twice", "up/secret"})
    EXPECT_EQ(Resolved(name), refused_) << name;
  EXPECT_EQ(Resolved("back"), "/log/inside");
  EXPECT_EQ(Resolved("stays"), "/log/inside");
  ASSERT_EQ(chmod((root_ + "/log").c_str(), 01777), 0);  // others' links are others' own
  EXPECT_EQ(Resolved("absolute"), "/secret");
}

TEST_F(TrustedLinksTest, OfAnotherOwner) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  Link("../secret", "link");
  EXPECT_EQ(Resolved("link", 4711), "/secret");  // root's
  ASSERT_EQ(lchown((root_ + "/log/link").c_str(), 4711, 4711), 0);
  EXPECT_EQ(Resolved("link", 4711), "/secret");
  EXPECT_EQ(Resolved("link", 4712), refused_);
  ASSERT_EQ(lchown((root_ + "/log/link").c_str(), 0, 0), 0);
  ASSERT_EQ(chown((root_ + "/log").c_str(), 4711, 4711), 0);
  EXPECT_EQ(Resolved("link", 4711), "/secret");
  EXPECT_EQ(Resolved("link", 4712), refused_);
}

TEST_F(TrustedLinksTest, Loops) {
  Link("b", "a");
  Link("a", "b");
  EXPECT_EQ(Resolved("a"), std::to_string(ELOOP));
}

}  // namespace
}  // namespace alogd
