// SPDX-License-Identifier: MIT
// The watcher over real directories: by events, by re-stat alone, and without watches.
#include "daemon/files/source_watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include "testing/tail_rig.h"

namespace alogd {
namespace {

using testing::AppendTo;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LogWriter;
using testing::Rename;
using ::testing::SizeIs;
using testing::TailDirectory;
using namespace std::chrono_literals;

using Strings = std::vector<std::string>;

class SourceWatcherTest : public ::testing::Test {
 protected:
  void Watch(const Strings& globs, SourceWatcher::Options options = {},
             size_t max_files = PathSet::kMaxFiles) {
    Strings absolute, none;
    for (const std::string& glob : globs) absolute.push_back(dir_ / glob);
    auto watcher = SourceWatcher::Create(PathSet(absolute, none, max_files), options);
    ASSERT_TRUE(watcher) << watcher.error().message;
    watcher_ = std::move(*watcher);
  }
  // What the kernel has queued, and nothing else.
  Strings Events() {
    struct pollfd poll {
      watcher_->fd(), POLLIN, 0
    };
    while (::poll(&poll, 1, 0) > 0) watcher_->OnReadable();
    return Names(watcher_->TakeDirty());
  }
  Strings AfterRescan() {
    watcher_->Rescan();
    return Names(watcher_->TakeDirty());
  }
  Strings Names(const Strings& paths) const {
    Strings names;
    for (const std::string& path : paths) names.push_back(path.substr(dir_.path().size() + 1));
    return names;
  }

  TailDirectory dir_;
  std::unique_ptr<SourceWatcher> watcher_;
};

TEST_F(SourceWatcherTest, WhatStandsIsDirtyAtFirst) {
  AppendTo(dir_ / "a.log", "");
  AppendTo(dir_ / "b.log", "x\n");
  AppendTo(dir_ / "b.log.1", "x\n");
  AppendTo(dir_ / "other", "x\n");
  Watch({"*.log"});
  EXPECT_THAT(Events(), ElementsAre("a.log", "b.log"));
  EXPECT_THAT(Events(), IsEmpty());
  EXPECT_EQ(watcher_->sources(), 2u);
  AfterRescan();
  EXPECT_THAT(AfterRescan(), IsEmpty());
}

TEST_F(SourceWatcherTest, AppearedGrewTruncatedMovedDeleted) {
  Watch({"*.log"});
  const std::string log = dir_ / "a.log";
  LogWriter writer(log);
  EXPECT_THAT(Events(), ElementsAre("a.log"));
  writer.Write("x\n");
  writer.Write("y\n");
  EXPECT_THAT(Events(), ElementsAre("a.log"));
  testing::Truncate(log);
  EXPECT_THAT(Events(), ElementsAre("a.log"));
  Rename(log, log + ".1");
  EXPECT_THAT(Events(), ElementsAre("a.log"));
  writer.Write("the old descriptor\n");
  EXPECT_THAT(Events(), ElementsAre("a.log"));
  AppendTo(log, "new\n");
  EXPECT_THAT(Events(), ElementsAre("a.log"));
  ::unlink(log.c_str());
  EXPECT_THAT(Events(), ElementsAre("a.log"));
  EXPECT_EQ(watcher_->sources(), 0u);
  EXPECT_THAT(AfterRescan(), IsEmpty());
  EXPECT_THAT(watcher_->TakeProblems(), IsEmpty());
}

TEST_F(SourceWatcherTest, OverflowOfQueueCostsOnlyARescan) {
  AppendTo(dir_ / "a.log", "x\n");
  AppendTo(dir_ / "b.log", "x\n");
  Watch({"*.log"});
  Events();
  // No event is read from here on.
  AppendTo(dir_ / "a.log", "grew\n");
  EXPECT_THAT(AfterRescan(), ElementsAre("a.log"));
  Rename(dir_ / "b.log", dir_ / "b.log.1");
  EXPECT_THAT(AfterRescan(), ElementsAre("b.log"));
  AppendTo(dir_ / "b.log", "x\n");
  AppendTo(dir_ / "c.log", "x\n");
  EXPECT_THAT(AfterRescan(), ElementsAre("b.log", "c.log"));
  ::unlink((dir_ / "a.log").c_str());
  EXPECT_THAT(AfterRescan(), ElementsAre("a.log"));
}

TEST_F(SourceWatcherTest, RealOverflowIsCountedAndMended) {
  Watch({"*.log"});
  Events();
  std::string limit;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> limit;
  const int files = std::stoi(limit.empty() ? "16384" : limit) / 2 + 200;
  if (files > 20000) GTEST_SKIP() << "the queue is too long to fill here";
  // Two events each: created, deleted.
  for (int i = 0; i < files; ++i) {
    const std::string path = dir_ / ("noise" + std::to_string(i));
    ::close(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    ::unlink(path.c_str());
  }
  AppendTo(dir_ / "late.log", "x\n");
  EXPECT_THAT(Events(), ElementsAre("late.log"));
  EXPECT_EQ(watcher_->overflows(), 1u);
}

TEST_F(SourceWatcherTest, DirectoryCreatedLater) {
  Watch({"deep/*/*.log"});
  EXPECT_THAT(Events(), IsEmpty());
  ASSERT_EQ(::mkdir((dir_ / "deep").c_str(), 0755), 0);
  ASSERT_EQ(::mkdir((dir_ / "deep/er").c_str(), 0755), 0);
  AppendTo(dir_ / "deep/er/a.log", "x\n");
  EXPECT_THAT(Events(), ElementsAre("deep/er/a.log"));
  AppendTo(dir_ / "deep/er/b.log", "x\n");
  EXPECT_THAT(Events(), ElementsAre("deep/er/b.log"));
  AppendTo(dir_ / "deep/er/a.log", "x\n");
  EXPECT_THAT(Events(), ElementsAre("deep/er/a.log"));
}

TEST_F(SourceWatcherTest, DirectoryMovedAwayAndBack) {
  ASSERT_EQ(::mkdir((dir_ / "d").c_str(), 0755), 0);
  AppendTo(dir_ / "d/a.log", "x\n");
  Watch({"d/*.log"});
  EXPECT_THAT(Events(), ElementsAre("d/a.log"));
  Rename(dir_ / "d", dir_ / "e");
  EXPECT_THAT(Events(), ElementsAre("d/a.log"));
  AppendTo(dir_ / "e/b.log", "none of ours\n");
  EXPECT_THAT(Events(), IsEmpty());
  Rename(dir_ / "e", dir_ / "d");
  EXPECT_THAT(Events(), ElementsAre("d/a.log", "d/b.log"));
}

TEST_F(SourceWatcherTest, SymlinkTargetElsewhere) {
  ASSERT_EQ(::mkdir((dir_ / "data").c_str(), 0755), 0);
  AppendTo(dir_ / "data/one", "x\n");
  ASSERT_EQ(::symlink((dir_ / "data/one").c_str(), (dir_ / "a.log").c_str()), 0);
  Watch({"*.log"});
  EXPECT_THAT(Events(), ElementsAre("a.log"));
  AppendTo(dir_ / "data/one", "y\n");
  EXPECT_THAT(Events(), ElementsAre("a.log"));
  // The target is rotated beside itself.
  Rename(dir_ / "data/one", dir_ / "data/one.1");
  AppendTo(dir_ / "data/one", "z\n");
  EXPECT_THAT(Events(), ElementsAre("a.log"));
  AppendTo(dir_ / "data/one", "y\n");
  EXPECT_THAT(Events(), ElementsAre("a.log"));
  AppendTo(dir_ / "data/two", "y\n");
  ASSERT_EQ(::symlink((dir_ / "data/two").c_str(), (dir_ / "next").c_str()), 0);
  Rename(dir_ / "next", dir_ / "a.log");
  EXPECT_THAT(Events(), ElementsAre("a.log"));
}

TEST_F(SourceWatcherTest, WatchLimit) {
  AppendTo(dir_ / "a.log", "x\n");
  AppendTo(dir_ / "b.log", "x\n");
  SourceWatcher::Options options;
  options.max_watches = 2;  // the directory and one file
  Watch({"*.log"}, options);
  EXPECT_THAT(Events(), ElementsAre("a.log", "b.log"));
  const Strings problems = watcher_->TakeProblems();
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_THAT(problems[0], HasSubstr("fs.inotify.max_user_watches"));
  EXPECT_THAT(problems[0], HasSubstr("b.log"));
  LogWriter writer(dir_ / "b.log");
  AfterRescan();
  writer.Write("seen by polling\n");
  EXPECT_THAT(Events(), IsEmpty());
  EXPECT_THAT(AfterRescan(), ElementsAre("b.log"));
  EXPECT_THAT(watcher_->TakeProblems(), IsEmpty());  // said once
  // A rotated file that nothing watches is polled on.
  Rename(dir_ / "b.log", dir_ / "b.log.1");
  AppendTo(dir_ / "b.log", "new\n");
  AfterRescan();
  writer.Write("the old descriptor\n");
  EXPECT_THAT(AfterRescan(), ElementsAre("b.log"));
}

TEST_F(SourceWatcherTest, FilesAreBounded) {
  for (const char* name : {"a.log", "b.log", "c.log"}) AppendTo(dir_ / name, "x\n");
  Watch({"*.log"}, {}, 3);
  EXPECT_THAT(Events(), ElementsAre("a.log", "b.log", "c.log"));
  EXPECT_THAT(watcher_->TakeProblems(), IsEmpty());
  AppendTo(dir_ / "d.log", "x\n");
  EXPECT_THAT(Events(), IsEmpty());
  EXPECT_THAT(AfterRescan(), IsEmpty());
  const Strings problems = watcher_->TakeProblems();
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_THAT(problems[0], HasSubstr("more than 3 files match"));
  EXPECT_EQ(watcher_->sources(), 3U);
  ASSERT_EQ(::unlink((dir_ / "a.log").c_str()), 0);
  EXPECT_THAT(Events(), ElementsAre("a.log"));
  EXPECT_THAT(AfterRescan(), ElementsAre("d.log")) << "its turn has come";
}

TEST_F(SourceWatcherTest, NoWatchesAtAll) {
  SourceWatcher::Options options;
  options.max_watches = 0;
  Watch({"*.log"}, options);
  AppendTo(dir_ / "a.log", "x\n");
  EXPECT_THAT(Events(), IsEmpty());
  EXPECT_THAT(AfterRescan(), ElementsAre("a.log"));
  AppendTo(dir_ / "a.log", "x\n");
  EXPECT_THAT(AfterRescan(), ElementsAre("a.log"));
}

TEST_F(SourceWatcherTest, UnreadableDirectory) {
  ASSERT_EQ(::mkdir((dir_ / "d").c_str(), 0), 0);
  ASSERT_EQ(::chmod(dir_.path().c_str(), 0755), 0);
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  Watch({"d/*.log"});
  const Strings first = watcher_->TakeProblems();
  watcher_->Rescan();
  const Strings second = watcher_->TakeProblems();
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_THAT(first[0], HasSubstr(dir_ / "d"));
  EXPECT_THAT(second, IsEmpty());
  ASSERT_EQ(::chmod((dir_ / "d").c_str(), 0755), 0);
  AppendTo(dir_ / "d/a.log", "x\n");
  EXPECT_THAT(AfterRescan(), ElementsAre("d/a.log"));
}

TEST_F(SourceWatcherTest, ReadableAgainIsDirty) {
  AppendTo(dir_ / "a.log", "x\n");
  Watch({"*.log"});
  Events();
  ASSERT_EQ(::chmod((dir_ / "a.log").c_str(), 0640), 0);
  EXPECT_THAT(Events(), ElementsAre("a.log"));
}

TEST_F(SourceWatcherTest, ShortLivedFilesLeaveNothingBehind) {
  Watch({"*.log"});
  for (int i = 0; i < 500; ++i) {
    const std::string path = dir_ / ("job" + std::to_string(i) + ".log");
    AppendTo(path, "x\n");
    if (i % 2 == 0) Events();
    ::unlink(path.c_str());
    Events();
  }
  EXPECT_EQ(watcher_->sources(), 0u);
  EXPECT_LE(watcher_->watches(), 1u);
}

TEST_F(SourceWatcherTest, WatchesOfRotatedFilesAreDropped) {
  SourceWatcher::Options options;
  options.hold_rotated = 0s;
  Watch({"*.log"}, options);
  for (int i = 0; i < 20; ++i) {
    AppendTo(dir_ / "a.log", "x\n");
    Events();
    Rename(dir_ / "a.log", dir_ / ("a.log." + std::to_string(100 + i)));
    Events();
  }
  AppendTo(dir_ / "a.log", "x\n");
  AfterRescan();
  EXPECT_EQ(watcher_->watches(), 2u);  // the directory and the file
}

}  // namespace
}  // namespace alogd
