// SPDX-License-Identifier: MIT
// Entries as lines, and a journal that is not there.
#include "core/journal/journal_reader.h"

#include <gtest/gtest.h>

#include "core/headers/header_parser.h"
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

Header Parsed(const std::string& line) {
  HeaderOptions options;
  options.format = "syslog-rfc5424";
  static auto parser = HeaderParser::Create(options);
  return parser->Parse(line);
}

TEST(RenderEntryTest, HeaderHasTimeHostProgramPidAndLevel) {
  const std::string line = RenderEntry(Entry("Accepted publickey"));
  EXPECT_EQ(line, "<27>1 2026-11-22T00:56:18.000042+00:00 web1 sshd 901 - - Accepted publickey\n");
  const Header header = Parsed(line.substr(0, line.size() - 1));
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
  const Header header = Parsed(RenderEntry(entry).substr(0, RenderEntry(entry).size() - 1));
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
