// SPDX-License-Identifier: MIT
// The sources of a group: which names are sources, and what is held of files that are gone.
#include "daemon/files/source_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.h"
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
  set_->Rows(1);
  set_->LimitOpenFiles(100'000);
  ReadAll();
  EXPECT_EQ(set_->size(), SourceSet::kMaxHeld) << "those that grew last";
  EXPECT_EQ(rows_.size(), SourceSet::kMaxHeld);
  set_->Rows(1);
  set_->LimitOpenFiles(100);
  ReadAll();
  EXPECT_EQ(set_->size(), 100U);
  EXPECT_EQ(lines_.size(), kFiles);
  EXPECT_EQ(gone_.size(), kFiles - 100) << "so that the pipeline forgets them too";
}

}  // namespace
}  // namespace alogd
