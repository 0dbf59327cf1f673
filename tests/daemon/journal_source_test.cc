// SPDX-License-Identifier: MIT
// Who reads the journal, and a source that finds nothing, resumes, and crosses a boot. The running
// journal is read by tests/system/booted_test.sh.
#include "daemon/journal_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/journal_files.h"
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
  // Where syslog's files are missing; dpkg.log stands on every Debian, and the journal lacks it.
  group.journal = JournalUse::kAuto;
  EXPECT_EQ(ReadsJournal(group), !std::filesystem::exists("/var/log/syslog") &&
                                     !std::filesystem::exists("/var/log/auth.log"));
}

TEST(JournalSourceTest, EmptyJournalGivesNothingAndCommitsNothing) {
  const TemporaryDirectory directory;
  JournalSource::Options options;
  options.directory = directory.path();
  JournalSource source(options, std::nullopt, FileId{7});
  source.Start();
  int lines = 0;
  EXPECT_EQ(source.Read(Time{}, {[&](FileId, const Line&) { ++lines; }, {}}), 0U);
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
  const JournalSource::Sinks nothing{[](FileId, const Line&) {}, {}};
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

constexpr int64_t kStart = 1'795'308'978'000'000;

// A source over journals in a directory, and what it hands out.
struct Reading {
  explicit Reading(const std::string& directory,
                   std::optional<FileCheckpoint> checkpoint = std::nullopt)
      : source(Options(directory), std::move(checkpoint), FileId{7}) {
    source.Start();
    source.Read(Time{},
                {[this](FileId, const Line& line) {
                   offsets.push_back(line.offset);
                   messages.push_back(std::string(line.text.substr(line.text.rfind(" - - ") + 5)));
                 },
                 [this](Time time) { boots.push_back(Micros(time)); }});
  }
  static JournalSource::Options Options(const std::string& directory) {
    JournalSource::Options options;
    options.directory = directory;
    options.from_beginning = true;
    return options;
  }
  FileCheckpoint Checkpoint() {
    CommitUnit unit;
    source.TakeInto(&unit);
    return unit.files.at(0);
  }

  JournalSource source;
  std::vector<uint64_t> offsets;
  std::vector<std::string> messages;
  std::vector<int64_t> boots;
};

JournalLine Said(int64_t at, const std::string& message, const std::string& boot = kFirstBoot,
                 const std::string& unit = "shop.service") {
  return {kStart + at, {{"MESSAGE", message}, {"_SYSTEMD_UNIT", unit}}, boot};
}

TEST(JournalSourceTest, ReadsOnAcrossABootAndSkipsItsOwnWords) {
  if (!CanWriteJournals()) GTEST_SKIP() << kJournalRemote << " is not installed";
  const TemporaryDirectory directory;
  ASSERT_TRUE(WriteJournal(directory.path(), "a",
                           {Said(0, "one"), Said(1, "ours", kFirstBoot, "alogd.service")}));
  Reading first(directory.path());
  EXPECT_THAT(first.messages, ::testing::ElementsAre("one"));
  EXPECT_THAT(first.boots, ::testing::IsEmpty());
  EXPECT_EQ(first.source.own(), 1U);
  EXPECT_EQ(first.source.ReadText({FileId{7}, first.offsets[0], 0}).substr(0, 4), "<30>");

  ASSERT_TRUE(
      WriteJournal(directory.path(), "b",
                   {Said(2, "two"), Said(3, "three", kSecondBoot), Said(4, "four", kSecondBoot)}));
  Reading second(directory.path(), first.Checkpoint());
  EXPECT_THAT(second.messages, ::testing::ElementsAre("two", "three", "four"));
  EXPECT_THAT(second.boots, ::testing::ElementsAre(kStart + 3));
  EXPECT_GT(second.offsets[0], first.offsets[0]);
}

// The boot may pass while nobody looks: the last entry's boot is in the checkpoint.
TEST(JournalSourceTest, SeesABootBehindItsCheckpoint) {
  if (!CanWriteJournals()) GTEST_SKIP() << kJournalRemote << " is not installed";
  const TemporaryDirectory directory;
  ASSERT_TRUE(WriteJournal(directory.path(), "a", {Said(0, "one")}));
  const FileCheckpoint checkpoint = Reading(directory.path()).Checkpoint();
  ASSERT_TRUE(WriteJournal(directory.path(), "b", {Said(2, "two", kSecondBoot)}));
  EXPECT_THAT(Reading(directory.path(), checkpoint).boots, ::testing::ElementsAre(kStart + 2));
}

}  // namespace
}  // namespace alogd
