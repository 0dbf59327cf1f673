// SPDX-License-Identifier: MIT
// What may happen to a log while it is read: no line lost, none seen twice.
#include "daemon/files/source_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <thread>

#include "daemon/files/crc32c.h"
#include "testing/sanitized.h"
#include "testing/tail_rig.h"

namespace alogd {
namespace {

using testing::AppendTo;
using testing::CopyFile;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::ExpectLines;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Joined;
using testing::LogWriter;
using testing::Numbered;
using testing::Rename;
using ::testing::SizeIs;
using testing::TailDirectory;
using testing::TailRig;
using testing::Truncate;
using namespace std::chrono_literals;

class SourceFilesTest : public ::testing::Test {
 protected:
  TailDirectory dir_;
  const std::string log_ = dir_ / "app.log";
  const std::string rotated_ = dir_ / "app.log.1";
};

std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST_F(SourceFilesTest, LinesAsTheyComeAndTheirCheckpoint) {
  AppendTo(log_, "one\ntwo\n");
  TailRig rig(log_);
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("one", "two"));
  AppendTo(log_, "three\r\nfo");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("one", "two", "three"));
  rig.Commit();
  ASSERT_EQ(rig.rows().size(), 1u);
  const FileCheckpoint& row = rig.rows().begin()->second;
  EXPECT_EQ(row.source, log_);
  EXPECT_EQ(row.path, log_);
  EXPECT_EQ(row.offset, 15u);
  EXPECT_EQ(row.size, 17u);
  EXPECT_EQ(row.read_bytes, 15u);
  EXPECT_EQ(row.chain, Crc32cPortable(0, "one\ntwo\nthree\r\n"));
  EXPECT_EQ(row.state, FileCheckpoint::State::kActive);
  EXPECT_EQ(rig.info().lag, 2u);
  EXPECT_THAT(rig.files().TakeCheckpoints(), IsEmpty());
  rig.ReadAll();
  EXPECT_THAT(rig.files().TakeCheckpoints(), IsEmpty());  // nothing new, nothing to commit
}

TEST_F(SourceFilesTest, FirstSightFromTheEndKeepsTheLastLineWhole) {
  AppendTo(log_, "old\nlast li");
  SourceFiles::Options options;
  options.from_beginning = false;
  TailRig rig(log_, options);
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), IsEmpty());
  rig.Restart();
  AppendTo(log_, "ne\nnew\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("last line", "new"));
  // What comes later is read from its beginning.
  Rename(log_, rotated_);
  AppendTo(log_, "next file\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("last line", "new", "next file"));
}

TEST_F(SourceFilesTest, FileThatAppearsLaterIsReadFromItsBeginning) {
  SourceFiles::Options options;
  options.from_beginning = false;
  TailRig rig(log_, options);
  rig.ReadAll();
  EXPECT_TRUE(rig.files().done());
  AppendTo(log_, "first\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("first"));
  EXPECT_FALSE(rig.files().done());
}

TEST_F(SourceFilesTest, TurnsAreLimited) {
  SourceFiles::Options options;
  options.turn_bytes = 10000;
  const auto lines = Numbered("line", 0, 5000);
  AppendTo(log_, Joined(lines));
  TailRig rig(log_, options);
  EXPECT_TRUE(rig.ReadOnce());
  EXPECT_LT(rig.lines().size(), 1200u);
  rig.ReadAll();
  ExpectLines(rig.lines(), lines);
  rig.Commit();
  EXPECT_EQ(rig.rows().begin()->second.chain, Crc32cPortable(0, Joined(lines)));
}

TEST_F(SourceFilesTest, RotationByRenameWithWriterThatKeepsTheOldDescriptor) {
  LogWriter old(log_);
  old.Write("a1\n");
  TailRig rig(log_);
  rig.ReadAll();
  old.Write("a2\n");
  Rename(log_, rotated_);
  old.Write("a3\n");
  AppendTo(log_, "b1\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "a2", "a3", "b1"));
  old.Write("a4\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "a2", "a3", "b1", "a4"));
  rig.Wait(9min);
  old.Write("a5\n");
  rig.ReadAll();
  rig.Wait(9min);  // held ten minutes after it last grew
  old.Write("a6\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "a2", "a3", "b1", "a4", "a5", "a6"));
  rig.Commit();
  EXPECT_THAT(rig.rows(), SizeIs(2));
  EXPECT_LE(rig.files().deadline(), rig.now() + 10min);
  rig.Wait(11min);
  rig.ReadAll();
  EXPECT_THAT(rig.closed(), SizeIs(1));
  rig.Commit();
  EXPECT_THAT(rig.rows(), SizeIs(1));
  EXPECT_EQ(rig.info().rotations, 1u);
}

TEST_F(SourceFilesTest, RotationWithoutNewFileYet) {
  AppendTo(log_, "a1\n");
  TailRig rig(log_);
  rig.ReadAll();
  AppendTo(log_, "a2\n");
  Rename(log_, rotated_);
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "a2"));
  EXPECT_EQ(rig.info().state, "rotated");
  AppendTo(log_, "b1\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "a2", "b1"));
}

TEST_F(SourceFilesTest, CopyTruncate) {
  LogWriter writer(log_);
  writer.Write("a1\na2\n");
  TailRig rig(log_);
  rig.ReadAll();
  writer.Write("a3\n");  // not read before the truncation: stands in the copy only
  CopyFile(log_, rotated_);
  Truncate(log_);
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "a2", "a3"));
  writer.Write("b1\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "a2", "a3", "b1"));
  EXPECT_EQ(rig.info().lost_bytes, 0u);
  EXPECT_EQ(rig.info().truncations, 1u);
  // One row, and its counts go over the truncation.
  rig.Commit();
  ASSERT_EQ(rig.rows().size(), 1u);
  EXPECT_EQ(rig.rows().begin()->second.read_bytes, 12u);
  EXPECT_EQ(rig.rows().begin()->second.chain, Crc32cPortable(0, "a1\na2\na3\nb1\n"));
  EXPECT_EQ(rig.rows().begin()->second.offset, 3u);
}

TEST_F(SourceFilesTest, CopyTruncateAgainAndAgainOntoTheSameCopy) {
  LogWriter writer(log_);
  TailRig rig(log_);
  std::vector<std::string> written;
  for (int i = 0; i < 20; ++i) {
    const auto some = Numbered("round " + std::to_string(i), 0, 7);
    writer.Write(Joined(some));
    written = written + some;
    if (i % 3 == 0) rig.ReadAll();
    if (i % 5 == 0) rig.Restart();
    if (i % 2 == 0) {
      writer.Write("tail\n");
      written.push_back("tail");
      rig.ReadAll();
      CopyFile(log_, rotated_);
      Truncate(log_);
      rig.ReadAll();
    }
  }
  rig.ReadAll();
  ExpectLines(rig.lines(), written);
}

TEST_F(SourceFilesTest, CopyTruncateTwiceBetweenTwoReads) {
  LogWriter writer(log_);
  writer.Write("a1\n");
  TailRig rig(log_);
  rig.ReadAll();
  writer.Write("a2\n");
  CopyFile(log_, rotated_);
  Truncate(log_);
  writer.Write("b1\n");
  Rename(rotated_, dir_ / "app.log.2");
  CopyFile(log_, rotated_);
  Truncate(log_);
  writer.Write("c1\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "a2", "b1", "c1"));
}

TEST_F(SourceFilesTest, CopyTruncateOfALineThatIsBeingWritten) {
  LogWriter writer(log_);
  writer.Write("a1\nfirst ha");
  TailRig rig(log_);
  rig.ReadAll();
  CopyFile(log_, rotated_);
  Truncate(log_);
  writer.Write("lf\nb1\n");
  rig.ReadAll();
  // The tool tore the line in two; no byte of it is lost.
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "first ha", "lf", "b1"));
  EXPECT_EQ(rig.partials(), 1u);
}

TEST_F(SourceFilesTest, TruncatedWithoutCopySaysWhatIsLost) {
  AppendTo(log_, "a1\n");
  TailRig rig(log_);
  rig.ReadAll();
  AppendTo(log_, "b1\n");
  Truncate(log_);
  AppendTo(log_, "c\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "c"));
  EXPECT_EQ(rig.info().lost_bytes, 0u);  // nobody saw b1
}

// Lines of 200 bytes whose last 190 look alike.
std::string LookAlike(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) {
    std::string number = std::to_string(i);
    text += std::string(8 - number.size(), '0') + number + std::string(191, 'x') + "\n";
  }
  return text;
}

TEST_F(SourceFilesTest, TruncatedAndRegrownPastOffset) {
  AppendTo(log_, LookAlike(0, 50));
  TailRig rig(log_);
  rig.ReadAll();
  Truncate(log_);
  AppendTo(log_, LookAlike(100, 200));
  rig.ReadAll();
  ASSERT_EQ(rig.lines().size(), 150u);
  EXPECT_THAT(rig.lines()[50], ::testing::StartsWith("00000100"));
}

TEST_F(SourceFilesTest, TruncatedAndRegrownToSameSize) {
  AppendTo(log_, LookAlike(0, 50));
  TailRig rig(log_);
  rig.ReadAll();
  Truncate(log_);
  AppendTo(log_, LookAlike(100, 150));
  rig.ReadAll();
  ASSERT_EQ(rig.lines().size(), 100u);
  EXPECT_THAT(rig.lines()[50], ::testing::StartsWith("00000100"));
}

// Only the head tells them apart: the last 4 KiB before the offset are the same.
TEST_F(SourceFilesTest, TruncatedAndRegrownWithTheSameBlockBeforeTheOffset) {
  const std::string same = Joined(std::vector<std::string>(1000, "heartbeat"));
  AppendTo(log_, "first life\n" + same);
  TailRig rig(log_);
  rig.ReadAll();
  ASSERT_EQ(rig.lines().size(), 1001u);
  Truncate(log_);
  AppendTo(log_, "second one\n" + same);
  rig.ReadAll();
  ASSERT_EQ(rig.lines().size(), 2002u);
  EXPECT_EQ(rig.lines()[1001], "second one");
}

TEST_F(SourceFilesTest, TruncatedWhileDown) {
  AppendTo(log_, LookAlike(0, 50));
  TailRig rig(log_);
  rig.ReadAll();
  rig.Commit();
  rig.Kill();
  Truncate(log_);
  AppendTo(log_, LookAlike(100, 150));
  rig.Start();
  rig.ReadAll();
  EXPECT_EQ(rig.lines().size(), 100u);
}

TEST_F(SourceFilesTest, DeletedWhileWritten) {
  LogWriter writer(log_);
  writer.Write("a1\n");
  TailRig rig(log_);
  rig.ReadAll();
  writer.Write("a2\n");
  ::unlink(log_.c_str());
  writer.Write("a3\n");
  rig.ReadAll();
  AppendTo(log_, "b1\n");
  writer.Write("a4\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "a2", "a3", "a4", "b1"));
  rig.Commit();
  EXPECT_EQ(rig.rows().begin()->second.state, FileCheckpoint::State::kGone);
}

TEST_F(SourceFilesTest, DeletedAndNotReplacedIsForgottenAfterItsTime) {
  AppendTo(log_, "a1\n");
  TailRig rig(log_);
  rig.ReadAll();
  ::unlink(log_.c_str());
  rig.ReadAll();
  rig.Commit();
  EXPECT_FALSE(rig.files().done());
  rig.Wait(11min);
  rig.ReadAll();
  rig.Commit();
  EXPECT_TRUE(rig.files().done());
  EXPECT_THAT(rig.rows(), IsEmpty());
}

TEST_F(SourceFilesTest, DescriptorsAreGivenBackWhenTheyRunOut) {
  AppendTo(log_, "a1\n");
  TailRig rig(log_);
  rig.ReadAll();
  ::unlink(log_.c_str());
  rig.ReadAll();
  EXPECT_EQ(rig.info().open_files, 1u);
  EXPECT_EQ(rig.files().ReleaseHeld([](FileId) {}), 1u);
  EXPECT_EQ(rig.info().open_files, 0u);
}

TEST_F(SourceFilesTest, SymlinkSwapped) {
  const std::string a = dir_ / "app-a";
  const std::string b = dir_ / "app-b";
  AppendTo(a, "a1\n");
  ASSERT_EQ(::symlink(a.c_str(), log_.c_str()), 0);
  TailRig rig(log_);
  rig.ReadAll();
  AppendTo(a, "a2\n");
  AppendTo(b, "b1\n");
  ASSERT_EQ(::symlink(b.c_str(), (dir_ / "next").c_str()), 0);
  Rename(dir_ / "next", log_);
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "a2", "b1"));
  // It swings back: what was read stays read, even after the file was let go.
  rig.Wait(11min);
  rig.ReadAll();
  rig.Commit();
  EXPECT_THAT(rig.rows(), SizeIs(1));
  AppendTo(a, "a3\n");
  ASSERT_EQ(::symlink(a.c_str(), (dir_ / "next").c_str()), 0);
  Rename(dir_ / "next", log_);
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "a2", "b1", "a3"));
}

TEST_F(SourceFilesTest, SymlinkSwappedWhileDown) {
  const std::string a = dir_ / "app-a";
  const std::string b = dir_ / "app-b";
  AppendTo(a, "a1\n");
  ASSERT_EQ(::symlink(a.c_str(), log_.c_str()), 0);
  TailRig rig(log_);
  rig.ReadAll();
  rig.Commit();
  rig.Kill();
  AppendTo(a, "a2\n");
  AppendTo(b, "b1\n");
  ASSERT_EQ(::symlink(b.c_str(), (dir_ / "next").c_str()), 0);
  Rename(dir_ / "next", log_);
  rig.Start();
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "a2", "b1"));
}

TEST_F(SourceFilesTest, TargetOfSymlinkRotated) {
  ::mkdir((dir_ / "data").c_str(), 0755);
  const std::string target = dir_ / "data/real.log";
  AppendTo(target, "a1\n");
  ASSERT_EQ(::symlink(target.c_str(), log_.c_str()), 0);
  TailRig rig(log_);
  rig.ReadAll();
  rig.Commit();
  rig.Kill();
  AppendTo(target, "a2\n");
  Rename(target, target + ".1");
  AppendTo(target, "b1\n");
  Rename(target + ".1", target + ".2");
  Rename(target, target + ".1");
  AppendTo(target, "c1\n");
  rig.Start();
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "a2", "b1", "c1"));
}

TEST_F(SourceFilesTest, RenamedBack) {
  AppendTo(log_, "a1\n");
  TailRig rig(log_);
  rig.ReadAll();
  Rename(log_, rotated_);
  AppendTo(log_, "b1\n");
  rig.ReadAll();
  AppendTo(rotated_, "a2\n");
  Rename(rotated_, log_);
  rig.ReadAll();
  AppendTo(log_, "a3\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1", "b1", "a2", "a3"));
}

TEST_F(SourceFilesTest, PartialLineCompletedLater) {
  LogWriter writer(log_);
  writer.Write("half a li");
  TailRig rig(log_);
  rig.ReadAll();
  rig.Wait(4s);
  writer.Write("ne, longer");
  rig.ReadAll();
  rig.Wait(4s);
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), IsEmpty());
  writer.Write(" now\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("half a line, longer now"));
}

TEST_F(SourceFilesTest, PartialLineIsReadAgainAfterARestart) {
  AppendTo(log_, "one\nhalf");
  TailRig rig(log_);
  rig.ReadAll();
  rig.Restart();
  AppendTo(log_, " and whole\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("one", "half and whole"));
}

TEST_F(SourceFilesTest, LastLineNeverEnds) {
  AppendTo(log_, "one\nno end");
  TailRig rig(log_);
  rig.ReadAll();
  EXPECT_EQ(rig.files().deadline(), rig.now() + 5s);
  rig.Wait(5s);
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("one", "no end"));
  EXPECT_EQ(rig.partials(), 1u);
  rig.Commit();
  EXPECT_EQ(rig.rows().begin()->second.offset, 10u);
  EXPECT_EQ(rig.rows().begin()->second.chain, Crc32cPortable(0, "one\nno end"));
  rig.Restart();
  AppendTo(log_, " after all\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("one", "no end", " after all"));
}

TEST_F(SourceFilesTest, PartialLineWhenTheClockJumpsBack) {
  AppendTo(log_, "no end");
  TailRig rig(log_);
  rig.ReadAll();
  rig.Wait(-24h);
  rig.ReadAll();
  rig.Wait(5s);
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("no end"));
}

TEST_F(SourceFilesTest, EightMiBLine) {
  const std::string line(8 << 20, 'x');
  AppendTo(log_, "before\n" + line + "\nafter\n");
  {
    TailRig rig(log_);
    rig.ReadAll();
    ASSERT_EQ(rig.lines().size(), 3u);
    EXPECT_EQ(rig.lines()[1].size(), 64u * 1024);
    EXPECT_EQ(rig.lines()[2], "after");
    EXPECT_EQ(rig.cuts(), 1u);
    EXPECT_EQ(rig.info().cut_lines, 1u);
    rig.Commit();
    EXPECT_EQ(rig.rows().begin()->second.chain, Crc32cPortable(0, "before\n" + line + "\nafter\n"));
  }
  SourceFiles::Options options;
  options.max_line = 16 << 20;
  TailRig whole(log_, options);
  whole.ReadAll();
  EXPECT_THAT(whole.lines(), ElementsAre("before", line, "after"));
}

TEST_F(SourceFilesTest, NulHoleAfterCopyTruncate) {
  LogWriter writer(log_, 0);  // without O_APPEND: goes on at its old offset
  writer.Write(Joined(Numbered("before", 0, 20000)));
  TailRig rig(log_);
  rig.ReadAll();
  CopyFile(log_, rotated_);
  Truncate(log_);
  writer.Write("behind the hole\n");
  rig.ReadAll();
  ASSERT_EQ(rig.lines().size(), 20001u);
  EXPECT_EQ(rig.lines().back(), "behind the hole");
  rig.Restart();
  writer.Write("more\n");
  rig.ReadAll();
  EXPECT_EQ(rig.lines().back(), "more");
  EXPECT_EQ(rig.lines().size(), 20002u);
}

TEST_F(SourceFilesTest, NulsWithinALineStay) {
  const std::string nul(1, '\0');
  AppendTo(log_, "a" + nul + "b\n" + nul + nul + "c" + nul + "\n" + nul);
  for (const size_t turn : {size_t{1}, size_t{3}, size_t{1000}}) {
    SourceFiles::Options options;
    options.turn_bytes = turn;
    TailRig rig(log_, options);
    rig.ReadAll();
    EXPECT_THAT(rig.lines(), ElementsAre("a" + nul + "b", "c" + nul)) << turn;
  }
}

TEST_F(SourceFilesTest, ManyRotations) {
  // 40 rotations that keep 5, a look after every third.
  LogWriter first(log_);
  TailRig rig(log_);
  std::vector<std::string> written;
  for (int i = 0; i < 40; ++i) {
    const auto some = Numbered("file " + std::to_string(i), 0, 100);
    AppendTo(log_, Joined(some));
    written = written + some;
    if (i % 3 == 0) rig.ReadAll();
    if (i % 7 == 0) rig.Restart();
    for (int n = 4; n >= 1; --n) {
      ::rename((log_ + "." + std::to_string(n)).c_str(),
               (log_ + "." + std::to_string(n + 1)).c_str());
    }
    Rename(log_, rotated_);
  }
  rig.ReadAll();
  ExpectLines(rig.lines(), written);
}

TEST_F(SourceFilesTest, ManyRotationsDatedAndCompressed) {
  AppendTo(log_, "start\n");
  TailRig rig(log_);
  rig.ReadAll();
  std::vector<std::string> written = {"start"};
  for (int i = 0; i < 12; ++i) {
    const auto some = Numbered("day " + std::to_string(i), 0, 100);
    AppendTo(log_, Joined(some));
    written = written + some;
    if (i % 4 == 0) rig.ReadAll();
    const std::string dated = log_ + "-202611" + std::to_string(10 + i);
    Rename(log_, dated);
    if (i % 2 == 0 && i % 4 != 0) testing::Gzip(dated);
  }
  rig.ReadAll();
  ExpectLines(rig.lines(), written);
}

TEST_F(SourceFilesTest, TwoFilesSameContent) {
  const std::string text = Joined(Numbered("same", 0, 100));
  AppendTo(log_, text);
  TailRig rig(log_);
  rig.ReadAll();
  Rename(log_, rotated_);
  AppendTo(log_, text);
  rig.ReadAll();
  EXPECT_EQ(rig.lines().size(), 200u);
  rig.Commit();
  rig.Kill();
  Rename(rotated_, dir_ / "app.log.2");
  Rename(log_, rotated_);
  AppendTo(log_, text);
  rig.Start();
  rig.ReadAll();
  EXPECT_EQ(rig.lines().size(), 300u);
}

TEST_F(SourceFilesTest, FilesWithTheSameFirst64KiB) {
  const std::string head = Joined(Numbered("banner", 0, 8000));
  ASSERT_GT(head.size(), 64u * 1024);
  AppendTo(log_, head + "a\n");
  TailRig rig(log_);
  rig.ReadAll();
  Rename(log_, rotated_);
  AppendTo(log_, head + "b\n");
  rig.ReadAll();
  EXPECT_EQ(rig.lines().size(), 16002u);
  rig.Commit();
  rig.Kill();
  AppendTo(log_, "b2\n");
  Rename(log_, dir_ / "app.log.0");
  AppendTo(log_, head + "c\n");
  rig.Start();
  rig.ReadAll();
  EXPECT_EQ(rig.lines().size(), 24004u);
}

TEST_F(SourceFilesTest, FifoAtThePathIsNotRead) {
  ASSERT_EQ(::mkfifo(log_.c_str(), 0644), 0);
  TailRig rig(log_);
  rig.ReadAll();
  EXPECT_TRUE(rig.files().done());
  ::unlink(log_.c_str());
  AppendTo(log_, "a file now\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a file now"));
}

TEST_F(SourceFilesTest, UnreadableThenReadable) {
  if (::geteuid() == 0) {
    // Root reads everything; the test needs a user that does not.
    ASSERT_EQ(::chmod(dir_.path().c_str(), 0755), 0);
    AppendTo(log_, "a1\n");
    ASSERT_EQ(::chmod(log_.c_str(), 0), 0);
    ASSERT_EQ(::seteuid(65534), 0);
  } else {
    AppendTo(log_, "a1\n");
    ASSERT_EQ(::chmod(log_.c_str(), 0), 0);
  }
  TailRig rig(log_);
  rig.ReadAll();
  rig.ReadAll();
  const auto info = rig.info();
  const Time deadline = rig.files().deadline();
  ASSERT_EQ(::seteuid(::getuid()), 0);
  ASSERT_EQ(::chmod(log_.c_str(), 0644), 0);
  EXPECT_EQ(info.state, "unreadable");
  EXPECT_EQ(deadline, rig.now() + 2s);
  ASSERT_THAT(rig.problems(), SizeIs(1));  // said once
  EXPECT_THAT(rig.problems()[0], HasSubstr(log_));
  EXPECT_THAT(rig.problems()[0], HasSubstr("group"));
  rig.Wait(2s);
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1"));
  EXPECT_EQ(rig.info().problem, "");
}

TEST_F(SourceFilesTest, OutOfDescriptors) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer looks at objects through a pipe, and needs one";
  AppendTo(log_, "a1\n");
  TailRig rig(log_);
  struct rlimit old {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  const struct rlimit none = {3, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  rig.ReadAll();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  ASSERT_THAT(rig.problems(), SizeIs(1));
  EXPECT_THAT(rig.problems()[0], HasSubstr("LimitNOFILE"));
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("a1"));
}

TEST_F(SourceFilesTest, TextIsReadAgain) {
  AppendTo(log_, "one\ntwo\r\n");
  TailRig rig(log_);
  rig.ReadAll();
  rig.Commit();
  const FileId id = rig.rows().begin()->first;
  EXPECT_EQ(rig.files().ReadText({id, 4, 5}), "two");
  EXPECT_EQ(rig.files().ReadText({id, 4, 50}), "");
  EXPECT_EQ(rig.files().ReadText({FileId{99}, 0, 4}), "");
  // While the lines of a turn are handed out, the ones before can be read already.
  std::string first;
  rig.files().Read(
      rig.now(), [](FileId, const Line&) {}, [](FileId) {});
  AppendTo(log_, "four\nfive\n");
  rig.files().Read(
      rig.now(),
      [&](FileId, const Line& line) {
        if (line.text == "five") first = rig.files().ReadText({id, 9, 5});
      },
      [](FileId) {});
  EXPECT_EQ(first, "four");
  // After a truncation the old bytes are gone; the new ones have another id.
  Truncate(log_);
  AppendTo(log_, "three\n");
  rig.ReadAll();
  EXPECT_EQ(rig.files().ReadText({id, 0, 4}), "");
}

TEST_F(SourceFilesTest, RotatedAwayBeforeTheFirstLook) {
  AppendTo(dir_ / "app.log.3", "history\n");
  std::filesystem::last_write_time(dir_ / "app.log.3",
                                   std::filesystem::file_time_type::clock::now() - 1h);
  SourceFiles::Options options;
  options.watched_since = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  // Clocks of file systems tick each few milliseconds.
  std::this_thread::sleep_for(20ms);
  AppendTo(dir_ / "app.log.2", "one\n");
  AppendTo(rotated_, "two\n");
  AppendTo(log_, "three\n");
  TailRig rig(log_, options);
  rig.ReadAll();
  ExpectLines(rig.lines(), {"one", "two", "three"});
  // Not known since when: what stands under rotated names is history.
  TailRig other(log_);
  other.ReadAll();
  ExpectLines(other.lines(), {"three"});
}

// The path is empty, and nothing tells of the file that came and was rotated away meanwhile.
TEST_F(SourceFilesTest, RotatedTwiceWhileThePathIsEmpty) {
  AppendTo(log_, "one\n");
  TailRig rig(log_);
  rig.ReadAll();
  Rename(log_, rotated_);
  rig.ReadAll();
  Rename(rotated_, dir_ / "app.log.2");
  AppendTo(log_, "two\n");
  Rename(log_, rotated_);
  rig.ReadAll();
  Rename(rotated_, dir_ / "app.log.3");
  Rename(dir_ / "app.log.2", dir_ / "app.log.4");
  AppendTo(rotated_, "three\n");
  rig.ReadAll();
  EXPECT_LE(rig.files().deadline(), rig.now() + 2s) << "it looks again by itself";
  rig.Wait(2s);
  rig.ReadAll();
  ExpectLines(rig.lines(), {"one", "two", "three"});
}

}  // namespace
}  // namespace alogd
