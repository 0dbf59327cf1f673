// SPDX-License-Identifier: MIT
// Who reads the journal, and a source that finds nothing or resumes from a checkpoint. Real
// journals are read by tests/system/booted_test.sh, where one runs.
#include "daemon/journal_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/service_harness.h"

namespace alogd {
namespace {

TEST(ReadsJournalTest, AsTheGroupSays) {
  GroupConfig group;
  group.paths = {"/srv/shop/*.log"};
  EXPECT_FALSE(ReadsJournal(group));  // auto is for syslog's own files
  group.journal = JournalUse::kOn;
  EXPECT_TRUE(ReadsJournal(group));
  group.journal = JournalUse::kOff;
  group.paths = SystemPaths();
  EXPECT_FALSE(ReadsJournal(group));
}

TEST(JournalSourceTest, EmptyJournalGivesNothingAndCommitsNothing) {
  const TemporaryDirectory directory;
  JournalSource::Options options;
  options.directory = directory.path();
  JournalSource source(options, std::nullopt, FileId{7});
  source.Start();
  int lines = 0;
  EXPECT_EQ(source.Read(Time{}, [&](FileId, const Line&) { ++lines; }), 0U);
  EXPECT_TRUE(source.idle());
  CommitUnit unit;
  source.TakeInto(&unit);
  EXPECT_TRUE(unit.files.empty());
  EXPECT_EQ(lines, 0);
  EXPECT_EQ(source.id(), FileId{7});
  EXPECT_EQ(source.info().state, "idle");
}

TEST(JournalSourceTest, GoesOnWithTheIdAndTheBytesOfItsCheckpoint) {
  const TemporaryDirectory directory;
  JournalSource::Options options;
  options.directory = directory.path();
  FileCheckpoint checkpoint;
  checkpoint.id = FileId{3};
  checkpoint.source = kJournalSource;
  checkpoint.offset = 4711;
  checkpoint.identity = "1 1795308978000042 s=abc;i=1";
  JournalSource source(options, checkpoint, FileId{7});
  source.Start();
  EXPECT_EQ(source.id(), FileId{3});
  EXPECT_EQ(source.info().offset, 4711U);
}

TEST(JournalSourceTest, UnreadableJournalIsToldOnceAndTriedAgain) {
  const TemporaryDirectory directory;
  JournalSource::Options options;
  options.directory = directory / "journal";
  JournalSource source(options, std::nullopt, FileId{7});
  const auto nothing = [](FileId, const Line&) {};
  source.Read(Time{}, nothing);
  EXPECT_THAT(source.TakeProblems(),
              ::testing::ElementsAre(::testing::HasSubstr("systemd-journal")));
  EXPECT_EQ(source.info().state, "unreadable");
  source.Read(Time{} + std::chrono::seconds(3), nothing);
  EXPECT_THAT(source.TakeProblems(), ::testing::IsEmpty());
  std::filesystem::create_directory(directory / "journal");
  source.Read(Time{} + std::chrono::seconds(6), nothing);
  EXPECT_EQ(source.info().state, "idle");
}

}  // namespace
}  // namespace alogd
