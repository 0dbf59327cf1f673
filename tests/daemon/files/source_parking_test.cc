// SPDX-License-Identifier: MIT
// More files than descriptors: the quiet ones are closed, and nothing is lost or read twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "daemon/files/crc32c.h"
#include "daemon/files/source_set.h"
#include "testing/tail_rig.h"

namespace alogd {
namespace {

using testing::AppendTo;
using testing::CopyFile;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Rename;
using ::testing::SizeIs;
using testing::TailDirectory;
using testing::TailRig;
using testing::Truncate;

class ParkedFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    AppendTo(log_, "one\n");
    rig_ = std::make_unique<TailRig>(log_);
    rig_->ReadAll();
    ASSERT_TRUE(rig_->files().Park(/*behind=*/false));
    EXPECT_EQ(rig_->info().open_files, 0u);
    EXPECT_EQ(rig_->info().state, "idle");
  }

  TailDirectory dir_;
  const std::string log_ = dir_ / "app.log";
  std::unique_ptr<TailRig> rig_;
};

TEST_F(ParkedFileTest, GoesOn) {
  AppendTo(log_, "two\n");
  rig_->ReadAll();
  EXPECT_THAT(rig_->lines(), ElementsAre("one", "two"));
  EXPECT_EQ(rig_->info().lines, 2u);
  rig_->Commit();
  ASSERT_THAT(rig_->rows(), SizeIs(1));
  EXPECT_EQ(rig_->rows().begin()->second.chain, Crc32c(0, "one\ntwo\n"));
}

// Its row is committed though it was closed before that.
TEST_F(ParkedFileTest, KilledWhileClosed) {
  rig_->Restart();
  AppendTo(log_, "two\n");
  rig_->ReadAll();
  EXPECT_THAT(rig_->lines(), ElementsAre("one", "two"));
}

TEST_F(ParkedFileTest, RotatedTwice) {
  AppendTo(log_, "two\n");
  Rename(log_, log_ + ".2");
  AppendTo(log_, "three\n");
  Rename(log_, log_ + ".1");
  AppendTo(log_, "four\n");
  rig_->ReadAll();
  EXPECT_THAT(rig_->lines(), ElementsAre("one", "two", "three", "four"));
  EXPECT_FALSE(rig_->files().Park(false)) << "rotated files stay open";
}

TEST_F(ParkedFileTest, CopiedAndTruncated) {
  AppendTo(log_, "two\n");
  CopyFile(log_, log_ + ".1");
  Truncate(log_);
  AppendTo(log_, "three\n");
  rig_->ReadAll();
  EXPECT_THAT(rig_->lines(), ElementsAre("one", "two", "three"));
}

TEST_F(ParkedFileTest, TextOfItsRecords) {
  const FileId id{1};
  EXPECT_EQ(rig_->files().ReadText({id, 0, 4}), "one");
  Rename(log_, log_ + ".1");
  AppendTo(log_, "another text\n");
  EXPECT_EQ(rig_->files().ReadText({id, 0, 4}), "");
}

TEST_F(ParkedFileTest, WhatIsNotReadOutStaysOpen) {
  AppendTo(log_, "two\nthr");
  rig_->ReadAll();
  EXPECT_FALSE(rig_->files().Park(false));
  EXPECT_TRUE(rig_->files().Park(/*behind=*/true));
  AppendTo(log_, "ee\n");
  rig_->ReadAll();
  EXPECT_THAT(rig_->lines(), ElementsAre("one", "two", "three"));
}

class FileBudgetTest : public ::testing::Test {
 protected:
  void Make(size_t max_open) {
    SourceSet::Sinks sinks;
    sinks.on_source = [](const std::string&, Time) { return SourceId{0}; };
    sinks.on_line = [this](SourceId, FileId, const Line& line) { lines_.emplace_back(line.text); };
    sinks.on_closed = [](FileId) {};
    sinks.on_problem = [this](const std::string& problem) { problems_.push_back(problem); };
    set_ = std::make_unique<SourceSet>(
        PathSet({dir_ / "*.log"}, {}), SourceFiles::Options{}, std::vector<FileCheckpoint>(),
        [this] { return FileId{++last_id_}; }, std::move(sinks));
    set_->set_max_open(max_open);
  }
  std::string Log(size_t i) const { return dir_ / ("app" + std::to_string(i) + ".log"); }
  std::vector<std::string> Logs(size_t count) {
    std::vector<std::string> logs;
    for (size_t i = 0; i < count; ++i) AppendTo(logs.emplace_back(Log(i)), "line\n");
    return logs;
  }
  void ReadAll(size_t max_open) {
    while (!set_->idle()) {
      set_->ReadOne(now_);
      ASSERT_LE(set_->totals().open, max_open);
    }
  }

  TailDirectory dir_{true};
  Time now_ = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  int64_t last_id_ = 0;
  std::vector<std::string> lines_, problems_;
  std::unique_ptr<SourceSet> set_;
};

TEST_F(FileBudgetTest, MoreFilesThanDescriptors) {
  constexpr size_t kFiles = 2000, kOpen = 100;
  Make(kOpen);
  set_->Start(Logs(kFiles), true, now_);
  ReadAll(kOpen);
  EXPECT_THAT(lines_, SizeIs(kFiles));
  for (size_t round = 0; round < 3; ++round) {
    for (size_t i = 0; i < kFiles; ++i) {
      AppendTo(Log(i), "more\n");
      if (i % 10 == 0) {
        Rename(Log(i), Log(i) + ".1");
        AppendTo(Log(i), "begun\n");
      }
      set_->MarkDirty(Log(i), now_);
      if (i % 50 == 49) ReadAll(kOpen + 10);
    }
    now_ += std::chrono::minutes(11);  // what was rotated away is held no longer
    set_->MarkOverdue(now_);
    ReadAll(kOpen);
  }
  EXPECT_THAT(lines_, SizeIs(kFiles + 3 * (kFiles + kFiles / 10)));
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("LimitNOFILE=")));
  EXPECT_EQ(set_->totals().lost, 0u);
}

TEST_F(FileBudgetTest, BeginningAtTheEnd) {
  constexpr size_t kFiles = 300, kOpen = 50;
  Make(kOpen);
  set_->Start(Logs(kFiles), false, now_);
  ReadAll(kOpen);
  EXPECT_THAT(lines_, IsEmpty());
  for (size_t i = 0; i < kFiles; ++i) {
    AppendTo(Log(i), "new\n");
    set_->MarkDirty(Log(i), now_);
  }
  ReadAll(kOpen);
  EXPECT_THAT(lines_, SizeIs(kFiles));
  EXPECT_EQ(std::count(lines_.begin(), lines_.end(), "new"), static_cast<long>(kFiles));
}

// Two names of one file: the second is not taken for another one while the first is closed.
TEST_F(FileBudgetTest, SecondNameOfAClosedFile) {
  AppendTo(Log(0), "one\n");
  Make(16);  // only the one whose turn it is
  set_->Start({Log(0)}, true, now_);
  ReadAll(16);
  AppendTo(Log(1), "other\n");
  set_->MarkDirty(Log(1), now_);
  ReadAll(16);
  ASSERT_EQ(::link(Log(0).c_str(), Log(2).c_str()), 0);
  set_->MarkDirty(Log(2), now_);
  ReadAll(16);
  EXPECT_THAT(lines_, ElementsAre("one", "other"));
}

}  // namespace
}  // namespace alogd
