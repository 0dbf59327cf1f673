// SPDX-License-Identifier: MIT
// Globs, excludes and rotated copies, on paper and on a real directory tree.
#include "core/config/path_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace alogd {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(RotationSuffixTest, Names) {
  const std::pair<const char*, const char*> cases[] = {
      {"syslog", "syslog"},
      {"syslog.1", "syslog"},
      {"syslog.2.gz", "syslog"},
      {"syslog.gz", "syslog"},
      {"app.log-20261122", "app.log"},
      {"app.log-20261122.xz", "app.log"},
      {"app.log-2026112203", "app.log"},
      {"app.log-20261122-1795305600.gz", "app.log"},
      {"app.log.20261122", "app.log"},
      {"app.log-2026-11-22", "app.log"},
      {"app.log.2026-11-22", "app.log"},
      {"access_20261122", "access"},
      {"app.log-20261122.1.bz2", "app.log"},
      {"app.log.1.old", "app.log"},
      {"app.log.old", "app.log"},
      {"Xorg.0.log.old", "Xorg.0.log"},
      {"app.log.zst", "app.log"},
      {"worker.1.2", "worker.1"},
      {"node.10", "node"},
      // Not suffixes.
      {"app-2", "app-2"},
      {"app-20261322", "app-20261322"},
      {"app-20260000", "app-20260000"},
      {"app.log.2026-1122", "app.log.2026-1122"},
      {"localhost.2026-11-22.log", "localhost.2026-11-22.log"},
      {"server.8080", "server.8080"},
      {"app-123456789012", "app-123456789012"},
      {"app.log-20261122-9999", "app.log-20261122-9999"},
      {".gz", ".gz"},
      {".1", ".1"},
      {"1", "1"},
      {"", ""},
      {"gz", "gz"},
      {"a.", "a."}};
  for (const auto& [name, base] : cases) EXPECT_EQ(WithoutRotationSuffix(name), base) << name;
}

TEST(PathSetTest, Globs) {
  struct Case {
    const char* glob;
    const char* path;
    bool matches;
  };
  const Case cases[] = {
      {"/var/log/syslog", "/var/log/syslog", true},
      {"/var/log/syslog", "/var/log/syslog2", false},
      {"/var/log//./syslog", "/var/log/syslog", true},
      {"/var/log/*.log", "/var/log/a.log", true},
      {"/var/log/*.log", "/var/log/.a.log", false},
      {"/var/log/.*.log", "/var/log/.a.log", true},
      {"/var/log/*.log", "/var/log/x/a.log", false},
      {"/var/log/*", "/var/log/x/a.log", false},
      {"/var/log/*/a.log", "/var/log/x/a.log", true},
      {"/var/log/*/a.log", "/var/log/x/y/a.log", false},
      {"/var/log/**/a.log", "/var/log/a.log", true},
      {"/var/log/**/a.log", "/var/log/x/y/a.log", true},
      {"/var/log/**/a.log", "/var/log/.x/a.log", false},
      {"/var/log/**", "/var/log/x/y", true},
      {"/var/log/**.log", "/var/log/a.log", true},
      {"/var/log/**.log", "/var/log/x/y/a.log", true},
      {"/var/log/**.log", "/var/log/x/y/a.txt", false},
      {"/var/log/**.log", "/var/log/.x/a.log", false},
      {"/var/log/***", "/var/log/x/y", true},
      {"/var/**x/*.log", "/var/a/b/x/1.log", true},
      {"/var/**x/*.log", "/var/a/b/y/1.log", false},
      {"/var/log/**", "/var/log", false},
      {"/var/**/x/**/*.log", "/var/a/x/b/x/c/1.log", true},
      {"/var/**/x/**/*.log", "/var/a/b/1.log", false},
      {"/var/log/app", "/var/log/app/deep/er", true},
      {"/var/log/app", "/var/log/app", true},
      {"/var/log/app/", "/var/log/app", false},
      {"/var/log/app/", "/var/log/app/x", true},
      {"/var/log/*/", "/var/log/app/x", true},
      {"/var/log/*/", "/var/log/x", false},
      {"/var/log/[a-c]?.log", "/var/log/b1.log", true},
      {"/var/log/[!a-c]?.log", "/var/log/b1.log", false},
      {"/", "/x", true},
      {"relative/*", "/relative/x", true},  // refused by the configuration
  };
  for (const Case& c : cases)
    EXPECT_EQ(PathSet({c.glob}, {}).Matches(c.path), c.matches) << c.glob << " " << c.path;
  EXPECT_FALSE(PathSet().Matches("/x"));
}

// One component more of ** must not double the work.
TEST(PathSetTest, ManyDoubleStars) {
  std::string glob, path;
  for (int i = 0; i < 60; ++i) glob += "/**/a", path += "/a";
  EXPECT_TRUE(PathSet({glob}, {}).Matches(path));
  EXPECT_FALSE(PathSet({glob + "/b"}, {}).Matches(path + path + "/c"));
}

TEST(PathSetTest, DoubleStarsWithinAName) {
  EXPECT_EQ(CheckDoubleStars("/srv/**/a/**.log"), "");
  EXPECT_EQ(CheckDoubleStars("/srv/app**.log"),
            "'app**.log' has ** within a name; write app*.log for names in one directory, or "
            "**/app*.log for those in any below it");
  EXPECT_NE(CheckDoubleStars("/srv/**a**"), "");
}

TEST(PathSetTest, TakesInState) {
  const auto taken = [](const std::string& glob, std::vector<std::string> exclude = {}) {
    return TakesInState(PathSet({glob}, std::move(exclude)), "/var/lib/alogd");
  };
  EXPECT_EQ(taken("/var/**.log"), "/var/lib/alogd/models/system/current/train.log");
  EXPECT_EQ(taken("/var/lib"), "/var/lib/alogd/alogd.db");
  EXPECT_EQ(taken("/var/lib/alogd/*"), "/var/lib/alogd/alogd.db");
  EXPECT_NE(taken("/**"), "");
  EXPECT_EQ(taken("/**", {"/var/lib/alogd"}), "");
  EXPECT_EQ(taken("/var/lib/*/log/*.log"), "");
  EXPECT_EQ(taken("/var/log/**"), "");
}

TEST(PathSetTest, Excludes) {
  const PathSet set({"/var/log/**"},
                    {"/var/log/journal", "**/*.tmp", "/var/log/apt*", "**/cache/*"});
  EXPECT_TRUE(set.Matches("/var/log/syslog"));
  EXPECT_FALSE(set.Matches("/var/log/journal/x/y"));
  EXPECT_FALSE(set.Matches("/var/log/a/b.tmp"));
  EXPECT_FALSE(set.Matches("/var/log/apt/history.log"));
  EXPECT_FALSE(set.Matches("/var/log/x/cache/y"));
  EXPECT_TRUE(set.Matches("/var/log/cache"));
}

class PathSetFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = ::testing::TempDir() + "alogd_paths_" + std::to_string(getpid());
    fs::remove_all(root_);
    fs::create_directories(root_);
    root_ = fs::canonical(root_).string();
  }
  void TearDown() override {
    std::error_code ignored;
    fs::permissions(root_ + "/closed", fs::perms::owner_all, ignored);
    fs::remove_all(root_);
  }
  void Touch(const std::string& name) {
    fs::create_directories(fs::path(root_ + "/" + name).parent_path());
    std::ofstream(root_ + "/" + name) << "x\n";
  }
  PathSet Set(std::vector<std::string> globs, std::vector<std::string> excludes = {}) {
    for (std::string& g : globs) g = root_ + "/" + g;
    return PathSet(std::move(globs), std::move(excludes));
  }
  std::vector<std::string> List(const PathSet& set) {
    PathSet::Listing listing = set.List();
    unreadable_ = std::move(listing.unreadable);
    return Relative(std::move(listing.files));
  }
  std::vector<std::string> Relative(std::vector<std::string> paths) {
    for (std::string& path : paths)
      if (path.starts_with(root_))
        path = path.size() == root_.size() ? "." : path.substr(root_.size() + 1);
    return paths;
  }
  std::string root_;
  std::vector<std::string> unreadable_;
};

TEST_F(PathSetFilesTest, ListAndDirectories) {
  for (const char* name :
       {"a.log", "b.txt", "x/c.log", "x/y/d.log", "x/y/e.log", ".h/f.log", "z/g.log"})
    Touch(name);
  EXPECT_THAT(List(Set({"*.log"})), ElementsAre("a.log"));
  EXPECT_THAT(Relative(Set({"*.log"}).Directories()), ElementsAre("."));
  EXPECT_THAT(List(Set({"**/*.log"})),
              ElementsAre("a.log", "x/c.log", "x/y/d.log", "x/y/e.log", "z/g.log"));
  EXPECT_THAT(Relative(Set({"**/*.log"}).Directories()), ElementsAre(".", "x", "x/y", "z"));
  EXPECT_THAT(List(Set({"x"})), ElementsAre("x/c.log", "x/y/d.log", "x/y/e.log"));
  EXPECT_THAT(Relative(Set({"x"}).Directories()), ElementsAre(".", "x", "x/y"));
  EXPECT_THAT(List(Set({"*/c.log", "x/y/d.log", "*.txt"})),
              ElementsAre("b.txt", "x/c.log", "x/y/d.log"));
  EXPECT_THAT(Relative(Set({"*/c.log"}).Directories()), ElementsAre(".", "x", "z"));
  EXPECT_THAT(Relative(Set({"x/y/d.log"}).Directories()), ElementsAre("x/y"));
  EXPECT_THAT(List(Set({"**"}, {root_ + "/x", "**/g.*"})), ElementsAre("a.log", "b.txt"));
  EXPECT_THAT(Relative(Set({"**"}, {root_ + "/x"}).Directories()), ElementsAre(".", "z"));
  EXPECT_THAT(unreadable_, IsEmpty());
}

TEST_F(PathSetFilesTest, DoubleStarsBeforeAName) {
  for (const char* name : {"a.log", "x/b.log", "x/y/c.log", "x/y/c.txt"}) Touch(name);
  EXPECT_THAT(List(Set({"**.log"})), ElementsAre("a.log", "x/b.log", "x/y/c.log"));
  EXPECT_THAT(Relative(Set({"**.log"}).Directories()), ElementsAre(".", "x", "x/y"));
}

// By its own name, by a link to it, and by a link to a directory above it.
TEST_F(PathSetFilesTest, LeftOutDirectories) {
  for (const char* name :
       {"a.log", "lib/state/b.log", "lib/state/models/c.log", "lib/state2/d.log"})
    Touch(name);
  fs::create_symlink(root_ + "/lib/state", root_ + "/link");
  fs::create_symlink(root_ + "/lib", root_ + "/above");
  const auto without = [&](std::vector<std::string> globs) {
    return Set(std::move(globs)).LeaveOut(root_ + "/lib/state/");
  };
  EXPECT_THAT(List(without({"**/*.log"})), ElementsAre("a.log", "lib/state2/d.log"));
  EXPECT_THAT(List(without({"link/*.log", "link"})), IsEmpty());
  EXPECT_THAT(List(without({"above/*/*.log"})), ElementsAre("above/state2/d.log"));
  EXPECT_THAT(Relative(without({"lib/**"}).Directories()), ElementsAre("lib", "lib/state2"));
  EXPECT_FALSE(without({"**/*.log"}).Matches(root_ + "/lib/state/b.log"));
  EXPECT_TRUE(without({"**/*.log"}).Matches(root_ + "/lib/state2/d.log"));
}

TEST_F(PathSetFilesTest, DirectoriesThatDoNotExistYet) {
  const PathSet set = Set({"new/deep/*.log"});
  EXPECT_THAT(Relative(set.Directories()), ElementsAre("."));
  fs::create_directories(root_ + "/new");
  EXPECT_THAT(Relative(set.Directories()), ElementsAre("new"));
  Touch("new/deep/a.log");
  EXPECT_THAT(Relative(set.Directories()), ElementsAre("new/deep"));
  EXPECT_THAT(List(set), ElementsAre("new/deep/a.log"));
  Touch("file");
  EXPECT_THAT(Relative(Set({"file/below/*"}).Directories()), ElementsAre("."));
}

TEST_F(PathSetFilesTest, SymbolicLinks) {
  Touch("real/a.log");
  fs::create_directory_symlink(root_ + "/real", root_ + "/link");
  fs::create_directory_symlink(root_, root_ + "/real/loop");
  fs::create_symlink(root_ + "/real/a.log", root_ + "/b.log");
  fs::create_symlink(root_ + "/nowhere", root_ + "/c.log");
  EXPECT_THAT(List(Set({"**/*.log"})), ElementsAre("b.log", "real/a.log"));
  EXPECT_THAT(List(Set({"link/*.log"})), ElementsAre("link/a.log"));
  EXPECT_THAT(List(Set({"*/*.log"})), ElementsAre("link/a.log", "real/a.log"));
  EXPECT_THAT(List(Set({"link"})), ElementsAre("link/a.log"));
}

TEST_F(PathSetFilesTest, RotatedCopiesAreNoSources) {
  for (const char* name : {"syslog", "syslog.1", "syslog.2.gz", "worker.1", "worker.2", "app.log",
                           "app.log-20261122", "app.log.1", "daily-20261121", "daily-20261122",
                           "put.old", "gone.log.1", "jul.log.0", "jul.log.1"})
    Touch(name);
  const PathSet set = Set({"*"});
  EXPECT_THAT(List(set), ElementsAre("app.log", "daily-20261121", "daily-20261122", "jul.log.0",
                                     "put.old", "syslog", "worker.1", "worker.2"));
  EXPECT_TRUE(set.Matches(root_ + "/worker.1"));
  EXPECT_FALSE(set.Matches(root_ + "/syslog.1"));
  EXPECT_FALSE(set.Matches(root_ + "/syslog.3.xz"));
}

// logrotate has moved the log away and has not made, or does not make, a new one.
TEST_F(PathSetFilesTest, RotatedCopyWhoseBaseIsMissing) {
  Touch("syslog");
  const PathSet set = Set({"*"});
  EXPECT_THAT(List(set), ElementsAre("syslog"));
  fs::rename(root_ + "/syslog", root_ + "/syslog.1");
  EXPECT_FALSE(set.Matches(root_ + "/syslog.1"));
  EXPECT_THAT(List(set), IsEmpty());
  PathSet restarted = Set({"*"});
  restarted.Remember(root_ + "/syslog");
  EXPECT_THAT(List(restarted), IsEmpty());
}

// A base that the globs leave out is not looked for, so that nothing is lost.
TEST(PathSetTest, RememberedNamesAreBounded) {
  const PathSet set({"/nowhere/*"}, {});
  for (size_t i = 0; i < PathSet::kMaxRemembered + 100; ++i) {
    set.Remember("/nowhere/worker" + std::to_string(i));
  }
  EXPECT_EQ(set.remembered(), PathSet::kMaxRemembered);
  const std::string latest = "/nowhere/worker" + std::to_string(PathSet::kMaxRemembered + 99);
  EXPECT_FALSE(set.Matches(latest + ".1")) << "the copy of a name that was there";
  EXPECT_TRUE(set.Matches("/nowhere/worker0.1")) << "the oldest name is forgotten";
}

TEST_F(PathSetFilesTest, CopyOfANameThatIsNotWatched) {
  Touch("app");
  Touch("app.1");
  EXPECT_THAT(List(Set({"*.1"})), ElementsAre("app.1"));
  EXPECT_THAT(List(Set({"*"}, {root_ + "/app"})), IsEmpty());
}

TEST_F(PathSetFilesTest, UnreadableDirectory) {
  Touch("closed/a.log");
  Touch("open/b.log");
  fs::permissions(root_ + "/closed", fs::perms::none);
  const bool root = geteuid() == 0;  // reads every directory: be somebody else meanwhile
  if (root) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  const std::vector<std::string> listed = List(Set({"**/*.log"}));
  if (root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  EXPECT_THAT(listed, ElementsAre("open/b.log"));
  EXPECT_THAT(unreadable_, ElementsAre(root_ + "/closed"));
}

TEST_F(PathSetFilesTest, DepthIsBounded) {
  std::string deep;
  for (int i = 0; i < 70; ++i) deep += "d/";
  Touch(deep + "too-deep.log");
  Touch("d/d/fine.log");
  EXPECT_THAT(List(Set({"**/*.log"})), ElementsAre("d/d/fine.log"));
}

}  // namespace
}  // namespace alogd
