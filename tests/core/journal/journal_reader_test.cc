// SPDX-License-Identifier: MIT
// Entries as lines, and a journal that is not there.
#include "core/journal/journal_reader.h"

#include <gtest/gtest.h>

#include "core/headers/header_parser.h"
#include "testing/journal_files.h"
#include "testing/service_harness.h"

namespace alogd {
namespace {

JournalEntry Entry(const std::string& message) {
  JournalEntry entry;
  entry.time = FromMicros(1'795'308'978'000'042);
  entry.host = "web1";
  entry.identifier = "sshd";
  entry.pid = "901";
  entry.priority = 3;
  entry.message = message;
  return entry;
}

// Refers to the line.
Header Parsed(const std::string& line) {
  HeaderOptions options;
  options.format = "syslog-rfc5424";
  static auto parser = HeaderParser::Create(options);
  return parser->Parse(line);
}

TEST(RenderEntryTest, HeaderHasTimeHostProgramPidAndLevel) {
  const std::string line = RenderEntry(Entry("Accepted publickey"));
  EXPECT_EQ(line, "<27>1 2026-11-22T00:56:18.000042+00:00 web1 sshd 901 - - Accepted publickey\n");
  const std::string shown = line.substr(0, line.size() - 1);
  const Header header = Parsed(shown);
  EXPECT_EQ(header.time, Entry("").time);
  EXPECT_EQ(header.level, Level::kError);
  EXPECT_EQ(header.host, "web1");
  EXPECT_EQ(header.program, "sshd");
  EXPECT_EQ(header.pid, "901");
  EXPECT_EQ(header.message, "Accepted publickey");
}

TEST(RenderEntryTest, FurtherLinesAreIndented) {
  const std::string text = RenderEntry(Entry("panic\n\tat main.go:3\n<2>1 2026 forged\n\nend"));
  const size_t second = text.find('\n') + 1;
  EXPECT_EQ(text.substr(second), "\tat main.go:3\n <2>1 2026 forged\n \n end\n");
}

TEST(RenderEntryTest, HeaderWordsHaveNoBlanksAndAreBounded) {
  JournalEntry entry = Entry("x");
  entry.identifier = "my prog\n<0>" + std::string(100, 'y');
  entry.pid = "";
  entry.host = "";
  std::string line = RenderEntry(entry);
  line.pop_back();
  const Header header = Parsed(line);
  EXPECT_EQ(header.program.substr(0, 11), "my_prog_<0>");
  EXPECT_EQ(header.program.size(), 48U);
  EXPECT_EQ(header.message, "x");
}

TEST(JournalReaderTest, EmptyDirectory) {
  const TemporaryDirectory directory;
  auto reader = JournalReader::Open({{"sshd.service"}, {"cron"}}, directory.path(), 65536);
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  JournalEntry entry;
  for (const Status& sought :
       {(*reader)->SeekEnd(), (*reader)->SeekBeginning(), (*reader)->SeekTime(Time{}),
        (*reader)->SeekAfter("not a cursor", Time{})}) {
    EXPECT_TRUE(sought.ok());
    const Result<bool> there = (*reader)->Next(&entry);
    ASSERT_TRUE(there.ok()) << there.error().message;
    EXPECT_FALSE(*there);
  }
}

constexpr int64_t kStart = 1'795'308'978'000'000;

// What the entries say, in order, from where the reader stands.
std::vector<std::string> Rest(JournalReader& reader) {
  std::vector<std::string> messages;
  JournalEntry entry;
  for (;;) {
    const Result<bool> there = reader.Next(&entry);
    EXPECT_TRUE(there.ok());
    if (!there.ok() || !*there) return messages;
    messages.push_back(entry.message);
  }
}

class RealJournalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!CanWriteJournals()) GTEST_SKIP() << kJournalRemote << " is not installed";
  }
  std::unique_ptr<JournalReader> Open(const JournalSelection& selection) const {
    auto reader = JournalReader::Open(selection, directory_.path(), 65536);
    EXPECT_TRUE(reader.ok());
    EXPECT_TRUE((*reader)->SeekBeginning().ok());
    return std::move(*reader);
  }

  const TemporaryDirectory directory_;
};

TEST_F(RealJournalTest, Fields) {
  ASSERT_TRUE(WriteJournal(directory_.path(), "a",
                           {{kStart,
                             {{"MESSAGE", "one\n  two\n"},
                              {"PRIORITY", "3"},
                              {"SYSLOG_IDENTIFIER", "sshd"},
                              {"_PID", "901"},
                              {"_HOSTNAME", "web1"},
                              {"_SYSTEMD_UNIT", "ssh.service"}}},
                            {kStart + 5, {{"PRIORITY", "3"}}},
                            {kStart + 7, {{"MESSAGE", "bare"}, {"_COMM", "sh"}}, kSecondBoot}}));
  const auto reader = Open({});
  JournalEntry entry;
  ASSERT_TRUE(*reader->Next(&entry));
  EXPECT_EQ(entry.time, FromMicros(kStart));
  EXPECT_EQ(entry.boot, kFirstBoot);
  EXPECT_EQ(entry.unit, "ssh.service");
  EXPECT_EQ(entry.identifier, "sshd");
  EXPECT_EQ(entry.pid, "901");
  EXPECT_EQ(entry.host, "web1");
  EXPECT_EQ(entry.priority, 3);
  EXPECT_EQ(entry.message, "one\n  two");
  ASSERT_TRUE(*reader->Next(&entry));  // the one without a message is passed over
  EXPECT_EQ(entry.message, "bare");
  EXPECT_EQ(entry.identifier, "sh");
  EXPECT_EQ(entry.priority, 6);
  EXPECT_EQ(entry.boot, kSecondBoot);
  EXPECT_FALSE(*reader->Next(&entry));
}

TEST_F(RealJournalTest, UnitsWhatIsSaidOfThemAndIdentifiersAreAlternatives) {
  ASSERT_TRUE(WriteJournal(
      directory_.path(), "a",
      {{kStart, {{"MESSAGE", "in"}, {"_SYSTEMD_UNIT", "ssh.service"}}},
       {kStart + 1, {{"MESSAGE", "of"}, {"_SYSTEMD_UNIT", "init.scope"}, {"UNIT", "ssh.service"}}},
       {kStart + 2, {{"MESSAGE", "by"}, {"SYSLOG_IDENTIFIER", "cron"}}},
       {kStart + 3, {{"MESSAGE", "other"}, {"_SYSTEMD_UNIT", "web.service"}}}}));
  using Messages = std::vector<std::string>;
  EXPECT_EQ(Rest(*Open({{"ssh.service"}, {"cron"}})), (Messages{"in", "of", "by"}));
  EXPECT_EQ(Rest(*Open({{"ssh.service"}, {}})), (Messages{"in", "of"}));
  EXPECT_EQ(Rest(*Open({{}, {"cron"}})), (Messages{"by"}));
  EXPECT_EQ(Rest(*Open({})), (Messages{"in", "of", "by", "other"}));
}

TEST_F(RealJournalTest, GoesOnBehindACursorAndWhereItWasIfThatIsVacuumed) {
  const auto entry = [](int64_t at, const char* text) {
    return JournalLine{kStart + at, {{"MESSAGE", text}}};
  };
  ASSERT_TRUE(WriteJournal(directory_.path(), "a", {entry(0, "a0"), entry(1, "a1")}));
  const auto reader = Open({});
  JournalEntry read;
  ASSERT_TRUE(*reader->Next(&read));
  const Result<std::string> cursor = reader->Cursor();
  ASSERT_TRUE(cursor.ok());
  const auto later = Open({});
  ASSERT_TRUE(later->SeekAfter(*cursor, read.time).ok());
  EXPECT_EQ(Rest(*later), std::vector<std::string>{"a1"});

  ASSERT_TRUE(WriteJournal(directory_.path(), "b", {entry(2, "b2"), entry(3, "b3")}));
  std::filesystem::remove(directory_ / "a.journal");
  const auto vacuumed = Open({});
  ASSERT_TRUE(vacuumed->SeekAfter(*cursor, read.time).ok());
  EXPECT_EQ(Rest(*vacuumed), (std::vector<std::string>{"b2", "b3"}));
}

TEST_F(RealJournalTest, WhatComesAfterTheEndIsSeen) {
  ASSERT_TRUE(WriteJournal(directory_.path(), "a", {{kStart, {{"MESSAGE", "old"}}}}));
  const auto reader = Open({});
  ASSERT_TRUE(reader->SeekEnd().ok());
  EXPECT_TRUE(Rest(*reader).empty());
  ASSERT_TRUE(reader->fd().ok());
  ASSERT_TRUE(WriteJournal(directory_.path(), "b", {{kStart + 9, {{"MESSAGE", "new"}}}}));
  reader->Refresh();
  EXPECT_EQ(Rest(*reader), std::vector<std::string>{"new"});
}

TEST(JournalReaderTest, MissingDirectory) {
  EXPECT_FALSE(JournalReader::Open({}, "/nonexistent/journal", 65536).ok());
}

TEST(IsOwnUnitTest, ServiceAndTrainerOnly) {
  EXPECT_TRUE(IsOwnUnit("alogd.service"));
  EXPECT_TRUE(IsOwnUnit("alogd-train.service"));
  EXPECT_FALSE(IsOwnUnit("alogd.service.evil"));
  EXPECT_FALSE(IsOwnUnit(""));
}

}  // namespace
}  // namespace alogd
