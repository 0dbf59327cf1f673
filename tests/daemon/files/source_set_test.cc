// SPDX-License-Identifier: MIT
// The sources of a group: which names are sources, and what is held of files that are gone.
#include "daemon/files/source_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"
#include "daemon/files/listings.h"
#include "testing/tail_rig.h"

namespace alogd {
namespace {

using testing::AppendTo;
using ::testing::ElementsAre;
using testing::Rename;
using testing::TailDirectory;

class SourceSetTest : public ::testing::Test {
 protected:
  void Make(const std::string& glob) {
    SourceSet::Sinks sinks;
    sinks.on_source = [](const std::string&, Time) { return SourceId{0}; };
    sinks.on_line = [this](SourceId, FileId, const Line& line) { lines_.emplace_back(line.text); };
    sinks.on_closed = [](FileId) {};
    sinks.on_gone = [this](SourceId, const std::string& path) { gone_.push_back(path); };
    sinks.on_problem = [](const std::string&) {};
    std::vector<FileCheckpoint> rows;
    for (const auto& [id, row] : rows_) rows.push_back(row);
    set_ = std::make_unique<SourceSet>(
        PathSet({glob}, {}), SourceFiles::Options{}, std::move(rows),
        [this] { return FileId{++last_id_}; }, std::move(sinks));
  }
  void ReadAll() {
    while (!set_->idle()) set_->ReadOne(now_);
    CommitUnit unit;
    set_->TakeInto(&unit);
    for (const FileCheckpoint& row : unit.files) {
      rows_[Index(row.id)] = row;
      // What the database makes of it.
      rows_[Index(row.id)].source = ToValidUtf8(row.source);
      rows_[Index(row.id)].path = ToValidUtf8(row.path);
    }
    for (const FileId id : unit.forgotten_files) rows_.erase(Index(id));
  }
  void See(const std::string& path) {
    set_->MarkDirty(path, now_);
    ReadAll();
  }

  TailDirectory dir_;
  Time now_ = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  int64_t last_id_ = 0;
  std::map<int64_t, FileCheckpoint> rows_;
  std::vector<std::string> lines_, gone_;
  std::unique_ptr<SourceSet> set_;
};

TEST_F(SourceSetTest, NameThatIsNoUtf8FindsItsCheckpoint) {
  const std::string path = dir_ / "caf\xe9.log";
  AppendTo(path, "one\n");
  Make(dir_ / "*.log");
  set_->Start({path}, true, now_);
  ReadAll();
  AppendTo(path, "two\n");
  Rename(path, path + ".1");
  Make(dir_ / "*.log");
  set_->Start({}, true, now_);
  ReadAll();
  EXPECT_THAT(lines_, ElementsAre("one", "two"));
}

// "worker.1" is a source like any other, unless there was a "worker".
TEST_F(SourceSetTest, RotatedNameIsToldByTheSourcesOfEarlierRuns) {
  const std::string path = dir_ / "worker", rotated = dir_ / "worker.1";
  AppendTo(path, "one\n");
  Make(dir_ / "*");
  set_->Start({path}, true, now_);
  ReadAll();
  Rename(path, rotated);
  Make(dir_ / "*");
  set_->Start({rotated}, true, now_);  // the watcher begins anew
  ReadAll();
  See(rotated);
  EXPECT_EQ(set_->size(), 1U);
  EXPECT_THAT(lines_, ElementsAre("one"));
  rows_.clear();
  Make(dir_ / "*");
  set_->Start({rotated}, true, now_);
  ReadAll();
  EXPECT_THAT(lines_, ElementsAre("one", "one")) << "without a checkpoint it is a name like others";
}

TEST_F(SourceSetTest, HeldFilesOfShortLivedLogsAreBounded) {
  Make(dir_ / "*.log");
  set_->Start({}, true, now_);
  constexpr size_t kFiles = SourceSet::kMaxHeld + 200;
  for (size_t i = 0; i < kFiles; ++i) {
    const std::string path = dir_ / ("job" + std::to_string(i) + ".log");
    AppendTo(path, "line\n");
    See(path);
    ASSERT_EQ(::unlink(path.c_str()), 0);
    See(path);
    now_ += std::chrono::milliseconds(1);
  }
  EXPECT_EQ(set_->size(), kFiles) << "deleted files are held for their writers";
  set_->LimitOpenFiles(100'000);
  ReadAll();
  EXPECT_EQ(set_->size(), SourceSet::kMaxHeld) << "those that grew last";
  EXPECT_EQ(rows_.size(), SourceSet::kMaxHeld);
  set_->LimitOpenFiles(100);
  ReadAll();
  EXPECT_EQ(set_->size(), 100U);
  EXPECT_EQ(lines_.size(), kFiles);
  EXPECT_EQ(gone_.size(), kFiles - 100) << "so that the pipeline forgets them too";
}

// In a directory of many names its listing is shared, and what was rotated away in between is found
// a moment later.
TEST_F(SourceSetTest, RotatedAwayInADirectoryOfManyThatLeave) {
  Make(dir_ / "*.log");
  set_->Start({}, true, now_);
  constexpr size_t kFiles = Listings::kSmall + 50;
  for (size_t i = 0; i < kFiles; ++i) {
    const std::string path = dir_ / ("job" + std::to_string(i) + ".log");
    AppendTo(path, "line\n");
    See(path);
  }
  const std::string app = dir_ / "app.log";
  AppendTo(app, "one\n");
  See(app);
  ASSERT_EQ(::unlink((dir_ / "job0.log").c_str()), 0);
  See(dir_ / "job0.log");  // has the directory listed
  Rename(app, app + ".2");
  AppendTo(app, "two\n");
  Rename(app, app + ".1");
  See(app);
  lines_.clear();
  now_ += std::chrono::seconds(1);
  set_->MarkOverdue(now_);
  ReadAll();
  EXPECT_THAT(lines_, ElementsAre("two"));
  EXPECT_EQ(set_->totals().lag, 0U);
}

TEST_F(SourceSetTest, FilesThatWereGoneBeforeTheirTurn) {
  Make(dir_ / "*.log");
  set_->Start({}, true, now_ - std::chrono::seconds(1));  // the file system's clock is a coarse one
  const std::string early = dir_ / "early.log", late = dir_ / "late.log", kept = dir_ / "kept.log";
  for (const std::string& path : {early, late, kept}) AppendTo(path, "line\n");
  ASSERT_EQ(::unlink(early.c_str()), 0);
  set_->MarkDirty(early, now_);
  EXPECT_EQ(set_->size(), 0U);
  EXPECT_EQ(set_->unseen(), 1U);
  set_->MarkDirty(early, now_);
  EXPECT_EQ(set_->unseen(), 1U) << "once";
  set_->MarkDirty(late, now_);
  set_->MarkDirty(kept, now_);
  EXPECT_EQ(set_->size(), 2U);
  ASSERT_EQ(::unlink(late.c_str()), 0);
  Rename(kept, kept + ".1");
  set_->MarkDirty(late, now_);
  set_->MarkDirty(kept, now_);
  EXPECT_EQ(set_->size(), 1U) << "its place is free at once";
  EXPECT_EQ(set_->unseen(), 2U);
  EXPECT_THAT(gone_, ElementsAre(late));
  ReadAll();
  EXPECT_THAT(lines_, ElementsAre("line")) << "of what was rotated, not deleted";
}

// While nothing is read, because others have their turns or the database stands.
TEST_F(SourceSetTest, NewFilesAreOpenedBeforeTheirTurn) {
  Make(dir_ / "*.log");
  set_->Start({}, true, now_);
  const std::string first = dir_ / "a.log", second = dir_ / "b.log";
  for (const std::string& path : {first, second}) {
    AppendTo(path, path.substr(path.size() - 5) + "\n");
    set_->MarkDirty(path, now_);
  }
  set_->OpenNew(now_, 1);
  EXPECT_THAT(lines_, ElementsAre());
  EXPECT_EQ(set_->totals().open, 1U) << "the limit";
  for (const std::string& path : {first, second}) {
    ASSERT_EQ(::unlink(path.c_str()), 0);
    set_->MarkDirty(path, now_);
  }
  ReadAll();
  EXPECT_THAT(lines_, ElementsAre("a.log"));
  EXPECT_EQ(set_->unseen(), 1U);
}

TEST_F(SourceSetTest, CopyTruncatedBetweenOpeningAndReading) {
  Make(dir_ / "*.log");
  set_->Start({}, true, now_ - std::chrono::seconds(1));
  for (const bool grows : {false, true}) {
    const std::string path = dir_ / (grows ? "grows.log" : "empty.log");
    AppendTo(path, "one\n");
    set_->MarkDirty(path, now_);
    set_->OpenNew(now_, 100);
    testing::CopyFile(path, path + ".1");
    testing::Truncate(path);
    if (grows) AppendTo(path, "two\n");
    See(path);
  }
  EXPECT_THAT(lines_, ElementsAre("one", "one", "two"));
}

TEST_F(SourceSetTest, RowsAreThoseThatMatter) {
  Make(dir_ / "*.log");
  set_->Start({}, true, now_);
  for (int i = 0; i < 30; ++i) {
    const std::string path = dir_ / ("quiet" + std::to_string(10 + i) + ".log");
    AppendTo(path, "line\n");
    See(path);
  }
  EXPECT_EQ(set_->Rows(1).size(), 30U);
  AppendTo(dir_ / "quiet20.log", "one\ntwo\n");
  See(dir_ / "quiet20.log");
  AppendTo(dir_ / "behind.log", std::string(600 * 1024, '\n'));
  set_->MarkDirty(dir_ / "behind.log", now_);
  set_->ReadOne(now_);
  const std::vector<SourceSet::Row> rows = set_->Rows(2, 3);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].path, dir_ / "behind.log");
  EXPECT_EQ(rows[0].info.lag, 600 * 1024 - 256 * 1024);
  EXPECT_EQ(rows[1].path, dir_ / "quiet20.log");
  EXPECT_EQ(rows[1].lines_per_s, 1.0);
  EXPECT_EQ(rows[2].path, dir_ / "quiet10.log");
  EXPECT_EQ(rows[2].lines_per_s, 0);
  EXPECT_EQ(set_->totals().lag, rows[0].info.lag);
  EXPECT_EQ(set_->totals().open, 31U);
  ReadAll();
  EXPECT_EQ(set_->totals().lag, 0U);
}

// What waits goes on waiting for as long as it would have, not a day longer.
TEST_F(SourceSetTest, ClockJumpsBackADay) {
  Make(dir_ / "*.log");
  set_->Start({}, true, now_);
  AppendTo(dir_ / "a.log", "no end");
  AppendTo(dir_ / "b.log", "line\n");
  See(dir_ / "a.log");
  See(dir_ / "b.log");
  ASSERT_EQ(::unlink((dir_ / "b.log").c_str()), 0);
  See(dir_ / "b.log");
  const auto pass = [&](Duration time) {
    now_ += time;
    set_->MarkOverdue(now_);
    ReadAll();
  };
  pass(std::chrono::seconds(1));
  pass(-std::chrono::hours(24));
  EXPECT_THAT(lines_, ElementsAre("line"));
  pass(std::chrono::seconds(3));
  EXPECT_THAT(lines_, ElementsAre("line")) << "not sooner either";
  pass(std::chrono::seconds(2));
  EXPECT_THAT(lines_, ElementsAre("line", "no end"));
  EXPECT_EQ(set_->size(), 2U) << "the deleted one is held for its writer";
  pass(std::chrono::minutes(10));
  EXPECT_EQ(set_->size(), 1U);
  AppendTo(dir_ / "a.log", " of it\n");
  See(dir_ / "a.log");
  EXPECT_EQ(lines_.back(), " of it");
}

}  // namespace
}  // namespace alogd
