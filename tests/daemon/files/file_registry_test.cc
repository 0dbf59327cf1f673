// SPDX-License-Identifier: MIT
// Two paths of one group that lead to one file, at once or one after the other: it is read once.
#include "daemon/files/file_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "daemon/files/source_files.h"
#include "testing/tail_rig.h"

namespace alogd {
namespace {

using testing::AppendTo;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Rename;
using testing::TailDirectory;
using namespace std::chrono_literals;

class FileRegistryTest : public ::testing::Test {
 protected:
  // The sources of a group, as its worker has them; lines are named "SOURCE:TEXT".
  void Start(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      std::vector<FileCheckpoint> rows;
      for (const auto& [id, row] : rows_) {
        if (row.source == dir_ / name) rows.push_back(row);
      }
      SourceFiles::Options options;
      options.registry = &registry_;
      sources_[name] = std::make_unique<SourceFiles>(
          dir_ / name, options, [this] { return FileId{++last_id_}; }, rows);
    }
  }
  void ReadAll() {
    for (int round = 0; round < 3; ++round) {
      for (const auto& [name, source] : sources_) {
        const auto line = [&, n = name](FileId, const Line& l) {
          lines_.push_back(n + ":" + std::string(l.text));
        };
        for (int turn = 0; turn < 1000 && source->Read(now_, line, [](FileId) {}); ++turn) {
        }
      }
      now_ += 2s;
    }
  }
  void Commit() {
    for (const auto& [name, source] : sources_) {
      for (const FileCheckpoint& row : source->TakeCheckpoints()) rows_[row.id] = row;
      for (const FileId id : source->TakeForgotten()) rows_.erase(id);
    }
  }

  TailDirectory dir_;
  FileRegistry registry_;
  std::map<std::string, std::unique_ptr<SourceFiles>> sources_;
  std::map<FileId, FileCheckpoint> rows_;
  std::vector<std::string> lines_;
  int64_t last_id_ = 0;
  Time now_ = FromMicros(1'795'000'000'000'000);
};

TEST_F(FileRegistryTest, SymlinkBesideItsTarget) {
  AppendTo(dir_ / "b", "1\n");
  ASSERT_EQ(::symlink((dir_ / "b").c_str(), (dir_ / "a").c_str()), 0);
  Start({"a", "b"});
  ReadAll();
  AppendTo(dir_ / "b", "2\n");
  ReadAll();
  EXPECT_THAT(lines_, ElementsAre("a:1", "a:2"));
  EXPECT_EQ(sources_["b"]->info().state, "alias");
  // The link swings on; the file it left goes over to the path that is its own.
  AppendTo(dir_ / "c", "c1\n");
  ::unlink((dir_ / "a").c_str());
  ASSERT_EQ(::symlink((dir_ / "c").c_str(), (dir_ / "a").c_str()), 0);
  AppendTo(dir_ / "b", "3\n");
  ReadAll();
  AppendTo(dir_ / "b", "4\n");
  ReadAll();
  EXPECT_THAT(lines_, ElementsAre("a:1", "a:2", "a:3", "a:c1", "b:4"));
  EXPECT_EQ(sources_["b"]->info().state, "idle");
}

TEST_F(FileRegistryTest, RenamedToAnotherSource) {
  AppendTo(dir_ / "app.log", "1\n");
  Start({"app.log"});
  ReadAll();
  AppendTo(dir_ / "app.log", "2\n");
  // A name that no suffix gives away as a rotated one.
  Rename(dir_ / "app.log", dir_ / "app-old.log");
  AppendTo(dir_ / "app.log", "n1\n");
  Start({"app-old.log"});
  ReadAll();
  AppendTo(dir_ / "app-old.log", "3\n");
  ReadAll();
  EXPECT_EQ(std::count_if(lines_.begin(), lines_.end(),
                          [](const std::string& line) { return line.ends_with(":n1"); }),
            1);
  EXPECT_THAT(lines_, ::testing::UnorderedElementsAre("app.log:1", "app.log:2", "app.log:n1",
                                                      "app-old.log:3"));
  Commit();
  EXPECT_EQ(rows_.size(), 2u);
}

TEST_F(FileRegistryTest, RenamedToAnotherSourceWhileDown) {
  AppendTo(dir_ / "app.log", "1\n");
  Start({"app.log"});
  ReadAll();
  Commit();
  sources_.clear();
  AppendTo(dir_ / "app.log", "2\n");
  Rename(dir_ / "app.log", dir_ / "app-old.log");
  AppendTo(dir_ / "app.log", "n1\n");
  Start({"app.log", "app-old.log"});
  ReadAll();
  EXPECT_THAT(lines_, ::testing::UnorderedElementsAre("app.log:1", "app-old.log:2", "app.log:n1"));
  now_ += 1min;
  ReadAll();
  Commit();
  EXPECT_EQ(rows_.size(), 2u);
  EXPECT_EQ(sources_["app.log"]->info().lost_bytes, 0u);
}

TEST_F(FileRegistryTest, SourceWhoseNameReadsLikeARotatedOne) {
  AppendTo(dir_ / "worker", "w1\n");
  AppendTo(dir_ / "worker.1", "x1\n");
  Start({"worker", "worker.1"});
  ReadAll();
  AppendTo(dir_ / "worker", "w2\n");
  Rename(dir_ / "worker", dir_ / "worker.2");
  AppendTo(dir_ / "worker", "w3\n");
  AppendTo(dir_ / "worker.1", "x2\n");
  ReadAll();
  EXPECT_THAT(lines_,
              ElementsAre("worker:w1", "worker.1:x1", "worker:w2", "worker:w3", "worker.1:x2"));
}

TEST_F(FileRegistryTest, NothingIsLeftBehind) {
  AppendTo(dir_ / "a", "1\n");
  Start({"a"});
  ReadAll();
  Commit();
  const FileId id = rows_.begin()->first;
  EXPECT_EQ(registry_.Find(id), sources_["a"].get());
  sources_.clear();
  EXPECT_EQ(registry_.Find(id), nullptr);
  Start({"a"});
  EXPECT_NE(registry_.Claimant(rows_.begin()->second.inode), nullptr);
  sources_.clear();
  EXPECT_EQ(registry_.Claimant(rows_.begin()->second.inode), nullptr);
}

}  // namespace
}  // namespace alogd
