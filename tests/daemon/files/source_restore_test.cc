// SPDX-License-Identifier: MIT
// What may happen to a log while nobody reads it: after a restart no line is lost, none seen twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "daemon/files/crc32c.h"
#include "daemon/files/file_identity.h"
#include "daemon/files/file_registry.h"
#include "daemon/files/source_files.h"
#include "testing/tail_rig.h"

namespace alogd {
namespace {

using testing::AppendTo;
using testing::CopyFile;
using ::testing::ElementsAre;
using testing::ExpectLines;
using testing::Gzip;
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

class SourceRestoreTest : public ::testing::Test {
 protected:
  // Reads a1, then ends; a2 comes while it is down.
  void ReadThenDown(SourceFiles::Options options = {}) {
    AppendTo(log_, "a1\n");
    rig_ = std::make_unique<TailRig>(log_, options);
    rig_->ReadAll();
    rig_->Commit();
    rig_->Kill();
    AppendTo(log_, "a2\n");
  }
  void Up() {
    rig_->Start();
    rig_->ReadAll();
  }

  TailDirectory dir_;
  const std::string log_ = dir_ / "app.log";
  const std::string rotated_ = dir_ / "app.log.1";
  std::unique_ptr<TailRig> rig_;
};

TEST_F(SourceRestoreTest, GoesOnWhereItWas) {
  ReadThenDown();
  Up();
  EXPECT_THAT(rig_->lines(), ElementsAre("a1", "a2"));
  rig_->Commit();
  EXPECT_EQ(rig_->rows().begin()->second.chain, Crc32cPortable(0, "a1\na2\n"));
  rig_->Restart();
  rig_->ReadAll();
  EXPECT_THAT(rig_->files().TakeCheckpoints(), IsEmpty());
}

TEST_F(SourceRestoreTest, RotatedWhileDownPlain) {
  ReadThenDown();
  Rename(log_, rotated_);
  AppendTo(log_, "b1\n");
  Up();
  EXPECT_THAT(rig_->lines(), ElementsAre("a1", "a2", "b1"));
}

TEST_F(SourceRestoreTest, RotatedWhileDownAndNothingAtThePathYet) {
  ReadThenDown();
  Rename(log_, rotated_);
  Up();
  EXPECT_THAT(rig_->lines(), ElementsAre("a1", "a2"));
  AppendTo(log_, "b1\n");
  rig_->ReadAll();
  EXPECT_THAT(rig_->lines(), ElementsAre("a1", "a2", "b1"));
}

TEST_F(SourceRestoreTest, RotatedWhileDownThreeTimes) {
  ReadThenDown();
  Rename(log_, rotated_);
  AppendTo(log_, "b1\n");
  Rename(rotated_, dir_ / "app.log.2");
  Rename(log_, rotated_);
  AppendTo(log_, "c1\n");
  Rename(dir_ / "app.log.2", dir_ / "app.log.3");
  Rename(rotated_, dir_ / "app.log.2");
  Rename(log_, rotated_);
  AppendTo(log_, "d1\n");
  Up();
  EXPECT_THAT(rig_->lines(), ElementsAre("a1", "a2", "b1", "c1", "d1"));
}

TEST_F(SourceRestoreTest, RotatedWhileDownDated) {
  ReadThenDown();
  Rename(log_, log_ + "-20261121");
  AppendTo(log_, "b1\n");
  Rename(log_, log_ + "-20261122");
  AppendTo(log_, "c1\n");
  Up();
  EXPECT_THAT(rig_->lines(), ElementsAre("a1", "a2", "b1", "c1"));
}

TEST_F(SourceRestoreTest, RotatedWhileDownCompressed) {
  ReadThenDown();
  Rename(log_, rotated_);
  Gzip(rotated_);
  AppendTo(log_, "b1\n");
  Up();
  EXPECT_THAT(rig_->lines(), ElementsAre("a1", "a2", "b1"));
  EXPECT_EQ(rig_->info().lost_bytes, 0u);
  rig_->Commit();
  EXPECT_THAT(rig_->rows(), SizeIs(1));  // the copy is done with
}

TEST_F(SourceRestoreTest, RotatedWhileDownTwiceOneCompressedOnePlain) {
  ReadThenDown();
  AppendTo(log_, Joined(Numbered("long", 0, 5000)));
  Rename(log_, dir_ / "app.log.2");
  AppendTo(log_, "b1\n");
  Rename(log_, rotated_);
  AppendTo(log_, "c1\n");
  Gzip(dir_ / "app.log.2");
  Up();
  ASSERT_EQ(rig_->lines().size(), 5004u);
  EXPECT_EQ(rig_->lines()[2], "long 0");
  EXPECT_EQ(rig_->lines()[5002], "b1");
  EXPECT_EQ(rig_->lines()[5003], "c1");
}

TEST_F(SourceRestoreTest, OlderRotatedFilesAreNotReadAgain) {
  AppendTo(dir_ / "app.log.2", "years ago\n");
  Gzip(dir_ / "app.log.2");
  AppendTo(rotated_, "yesterday\n");
  ReadThenDown();
  Rename(dir_ / "app.log.2.gz", dir_ / "app.log.3.gz");
  Gzip(rotated_);
  Rename(rotated_ + ".gz", dir_ / "app.log.2.gz");
  Rename(log_, rotated_);
  AppendTo(log_, "b1\n");
  Up();
  EXPECT_THAT(rig_->lines(), ElementsAre("a1", "a2", "b1"));
}

TEST_F(SourceRestoreTest, KilledWhileItCatchesUpWithCompressedCopies) {
  SourceFiles::Options options;
  options.turn_bytes = 5000;
  ReadThenDown(options);
  std::vector<std::string> written = {"a1", "a2"};
  for (int i = 3; i >= 1; --i) {
    const auto some = Numbered("file " + std::to_string(i), 0, 2000);
    AppendTo(log_, Joined(some));
    written.insert(written.end(), some.begin(), some.end());
    Rename(log_, log_ + "." + std::to_string(i));
    if (i > 1) Gzip(log_ + "." + std::to_string(i));
  }
  AppendTo(log_, "now\n");
  written.emplace_back("now");
  rig_->Start();
  bool more = true;
  for (int turn = 1; more; ++turn) {
    more = rig_->ReadOnce();
    if (turn % 3 == 0) rig_->Commit();
    if (turn % 4 == 0) {
      rig_->KillAndRestart();
      more = true;
    }
    ASSERT_LT(turn, 1000);
  }
  ExpectLines(rig_->lines(), written);
  rig_->Commit();
  EXPECT_EQ(rig_->info().lost_bytes, 0u);
}

TEST_F(SourceRestoreTest, CopyTruncatedWhileDown) {
  LogWriter writer(log_);
  ReadThenDown();
  CopyFile(log_, rotated_);
  Truncate(log_);
  writer.Write("b1\n");
  Up();
  EXPECT_THAT(rig_->lines(), ElementsAre("a1", "a2", "b1"));
  rig_->Commit();
  ASSERT_THAT(rig_->rows(), SizeIs(1));
  EXPECT_EQ(rig_->rows().begin()->second.read_bytes, 9u);
  EXPECT_EQ(rig_->rows().begin()->second.chain, Crc32cPortable(0, "a1\na2\nb1\n"));
}

TEST_F(SourceRestoreTest, CopyTruncatedWhileDownCompressedAndRegrown) {
  LogWriter writer(log_);
  ReadThenDown();
  CopyFile(log_, rotated_);
  Gzip(rotated_);
  Truncate(log_);
  writer.Write("b1\n");
  CopyFile(log_, dir_ / "app.log.0");
  Truncate(log_);
  writer.Write("c1 is longer than what was read\n");
  Up();
  EXPECT_THAT(rig_->lines(), ElementsAre("a1", "a2", "b1", "c1 is longer than what was read"));
}

TEST_F(SourceRestoreTest, CopyTruncatedThenKilledWhileTheCopyIsRead) {
  SourceFiles::Options options;
  options.turn_bytes = 1000;
  const auto first = Numbered("first", 0, 1000);
  LogWriter writer(log_);
  writer.Write(Joined(first));
  rig_ = std::make_unique<TailRig>(log_, options);
  rig_->ReadOnce();
  rig_->Commit();
  CopyFile(log_, rotated_);
  Truncate(log_);
  writer.Write("second\n");
  for (int i = 0; i < 5; ++i) rig_->ReadOnce();
  rig_->Restart();
  for (int i = 0; i < 5; ++i) rig_->ReadOnce();
  rig_->KillAndRestart();
  rig_->ReadAll();
  auto written = first;
  written.emplace_back("second");
  ExpectLines(rig_->lines(), written);
  rig_->Commit();
  ASSERT_THAT(rig_->rows(), SizeIs(1));
  EXPECT_EQ(rig_->rows().begin()->second.chain, Crc32cPortable(0, Joined(written)));
}

// The path's inode number is the same, the file is another one: a file system gives a freed number
// to the next file.
TEST_F(SourceRestoreTest, ReplacedWhileDownOnSameInode) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    ::unlink(log_.c_str());
    ReadThenDown();
    const uint64_t inode = OpenRegular(log_)->stat.id.inode;
    ::unlink(log_.c_str());
    // Same start, same length and then more: neither size nor head tells.
    AppendTo(log_, "a1\nb2\nb3\n");
    if (OpenRegular(log_)->stat.id.inode != inode) continue;
    Up();
    EXPECT_THAT(rig_->lines(), ElementsAre("a1", "a1", "b2", "b3"));
    EXPECT_EQ(rig_->info().lost_bytes, 0u);  // a2 was never seen
    return;
  }
  GTEST_SKIP() << "this file system does not reuse inode numbers at once";
}

TEST_F(SourceRestoreTest, DeletedWhileDownSaysWhatIsLost) {
  SourceFiles::Options options;
  options.turn_bytes = 1000;
  AppendTo(log_, Joined(Numbered("line", 0, 1000)));
  rig_ = std::make_unique<TailRig>(log_, options);
  rig_->ReadOnce();
  rig_->Commit();
  rig_->Kill();
  ::unlink(log_.c_str());
  Up();
  EXPECT_GT(rig_->info().lost_bytes, 7000u);
  ASSERT_THAT(rig_->problems(), SizeIs(1));
  EXPECT_THAT(rig_->problems()[0], HasSubstr(log_));
  EXPECT_THAT(rig_->closed(), SizeIs(1));
  rig_->Commit();
  EXPECT_THAT(rig_->rows(), IsEmpty());
  EXPECT_TRUE(rig_->files().done());
}

TEST_F(SourceRestoreTest, HeldFileGrowsWhileDown) {
  LogWriter old(log_);
  old.Write("a1\n");
  rig_ = std::make_unique<TailRig>(log_);
  rig_->ReadAll();
  Rename(log_, rotated_);
  AppendTo(log_, "b1\n");
  rig_->ReadAll();
  rig_->Commit();
  rig_->Kill();
  old.Write("a2\n");
  AppendTo(log_, "b2\n");
  Rename(rotated_, dir_ / "app.log.2");
  Up();
  EXPECT_THAT(rig_->lines(), ElementsAre("a1", "b1", "a2", "b2"));
}

TEST_F(SourceRestoreTest, CheckpointOfAnotherVersion) {
  ReadThenDown();
  rig_->rows().begin()->second.identity = "99 what a later version writes";
  Up();
  EXPECT_THAT(rig_->lines(), ElementsAre("a1", "a2"));
}

TEST_F(SourceRestoreTest, DeviceNumberChangedAtReboot) {
  ReadThenDown();
  FileCheckpoint& row = rig_->rows().begin()->second;
  SavedIdentity saved;
  ASSERT_TRUE(SavedIdentity::Decode(row.identity, &saved));
  if (saved.id.handle == 0 || saved.id.birth_ns == 0) GTEST_SKIP() << "no generation or birth time";
  saved.id.fsid += 1;
  row.identity = saved.Encode();
  Up();
  EXPECT_THAT(rig_->lines(), ElementsAre("a1", "a2"));
}

// Its last writer wrote to the older file after the younger one was begun: the time of what was
// read is no measure, and what was read out and closed is not read again.
TEST_F(SourceRestoreTest, OlderFileIsTheYoungerOne) {
  AppendTo(log_, "a1\n");
  TailRig rig(log_);
  const LogWriter old(log_);
  rig.ReadAll();
  Rename(log_, rotated_);
  AppendTo(log_, "b1\n");
  rig.ReadAll();
  std::this_thread::sleep_for(20ms);
  old.Write("a2\n");
  rig.ReadAll();
  rig.Wait(11min);
  rig.ReadAll();  // the older one is closed
  Rename(rotated_, dir_ / "app.log.2");
  Rename(log_, rotated_);
  rig.Restart();
  rig.ReadAll();
  ExpectLines(rig.lines(), {"a1", "b1", "a2"});
}

TEST_F(SourceRestoreTest, RotatedWhileDownAfterTheLastCopyWasReadOut) {
  ReadThenDown();
  Rename(log_, rotated_);
  Gzip(rotated_);
  Up();  // reads a2 from the copy, which is then closed
  rig_->Commit();
  rig_->Kill();
  std::this_thread::sleep_for(20ms);
  Rename(rotated_ + ".gz", dir_ / "app.log.2.gz");
  AppendTo(log_, "b\n");
  Rename(log_, rotated_);
  Up();
  ExpectLines(rig_->lines(), {"a1", "a2", "b"});
}

// The last thing an old writer does to a file of which nothing was read, and the next rotation.
TEST_F(SourceRestoreTest, UnreadRotatedFileThatGrewAndWasCompressedWhileDown) {
  AppendTo(log_, "a\n");
  TailRig rig(log_);
  rig.ReadAll();
  Rename(log_, rotated_);
  const LogWriter old(log_);
  rig.ReadAll();
  Rename(rotated_, dir_ / "app.log.2");
  Rename(log_, rotated_);
  AppendTo(log_, "c\n");
  rig.ReadAll();
  std::this_thread::sleep_for(20ms);
  rig.Commit();
  rig.Kill();
  old.Write("b\n");
  Gzip(rotated_);
  rig.Start();
  rig.ReadAll();
  ExpectLines(rig.lines(), {"a", "c", "b"});
}

TEST_F(SourceRestoreTest, CopyOfAnUnreadLogIsFoundAfterASecondKill) {
  SourceFiles::Options options;
  options.turn_bytes = 2;  // each line is a turn
  AppendTo(log_, "a\n");
  TailRig rig(log_, options);
  rig.ReadAll();
  rig.Commit();
  rig.Kill();
  AppendTo(log_, "b\n");
  Rename(log_, dir_ / "app.log.2");
  Gzip(dir_ / "app.log.2");
  std::this_thread::sleep_for(20ms);
  AppendTo(rotated_, "c\n");
  std::this_thread::sleep_for(20ms);
  AppendTo(log_, "d\n");
  rig.Start();
  rig.ReadOnce();  // b, from the compressed file
  Rename(dir_ / "app.log.2.gz", dir_ / "app.log.3.gz");
  Rename(rotated_, dir_ / "app.log.2");
  std::this_thread::sleep_for(20ms);
  CopyFile(log_, rotated_);
  Truncate(log_);
  rig.Restart();
  rig.ReadOnce();  // c; the compressed file is closed
  rig.Restart();
  rig.ReadAll();
  ExpectLines(rig.lines(), {"a", "b", "c", "d"});
}

TEST_F(SourceRestoreTest, ClosedFileThatIsYoungerThanTheUnreadLogStaysClosed) {
  AppendTo(log_, "a1\n");
  TailRig rig(log_);
  rig.ReadAll();
  Rename(log_, rotated_);
  const LogWriter created(log_);
  std::this_thread::sleep_for(20ms);
  AppendTo(rotated_, "a2\n");
  rig.ReadAll();
  rig.Wait(11min);
  rig.ReadAll();  // the rotated one is closed
  rig.Commit();
  rig.Kill();
  created.Write("b\n");
  rig.Start();
  rig.ReadAll();
  ExpectLines(rig.lines(), {"a1", "a2", "b"});
}

// The old writer makes the file that is deleted unread younger than the one that came after it.
TEST_F(SourceRestoreTest, FileAfterOneThatGrewLaterAndWasDeletedWhileDown) {
  AppendTo(log_, "a1\n");
  SourceFiles::Options options;
  options.turn_bytes = 3;  // each line is a turn
  TailRig rig(log_, options);
  const LogWriter old(log_);
  rig.ReadAll();
  const std::string first = dir_ / "app.log-20260101", second = dir_ / "app.log-20260102";
  Rename(log_, first);
  old.Write("a2\n");
  rig.ReadOnce();
  AppendTo(log_, "b1\n");
  Rename(log_, second);
  std::this_thread::sleep_for(20ms);
  old.Write("a3\na4\n");
  rig.ReadOnce();  // the path is empty: the directory is searched every two seconds
  rig.Commit();
  rig.Kill();
  EXPECT_EQ(::unlink(first.c_str()), 0);
  rig.Start();
  rig.ReadAll();
  ExpectLines(rig.lines(), {"a1", "a2", "a3", "b1"});
}

// logrotate's scripts may move it by a name that is no rotated one, and a start may come just then.
TEST_F(SourceRestoreTest, FileOnItsWayBetweenTwoNamesAtTheStart) {
  FileRegistry registry;
  SourceFiles::Options options;
  options.registry = &registry;
  for (const bool back : {false, true}) {
    TailDirectory dir;
    const std::string log = dir / "app.log";
    TailRig rig(log, options);
    const LogWriter writer(log);
    writer.Write("one\n");
    rig.ReadAll();
    rig.Commit();
    rig.Kill();
    Rename(log, dir / "elsewhere");
    rig.Start();
    rig.ReadAll();
    writer.Write("two\n");
    Rename(dir / "elsewhere", back ? log : log + ".1");
    if (!back) AppendTo(log, "three\n");
    rig.ReadAll();
    const std::vector<std::string> want{"one", "two", "three"};
    ExpectLines(rig.lines(), back ? std::vector<std::string>{"one", "two"} : want);
  }
}

TEST(SavedIdentityTest, EncodedAndDecoded) {
  SavedIdentity saved;
  saved.id = {0, 11, 12, UINT64_MAX, -14};
  saved.seen_mtime_ns = 15;
  saved.mark = ContentMark::Of(5000);
  saved.mark.head = {16, 17};
  saved.mark.block = {18, UINT64_MAX};
  saved.successor = 20;
  SavedIdentity read;
  ASSERT_TRUE(SavedIdentity::Decode(saved.Encode(), &read));
  EXPECT_EQ(read.Encode(), saved.Encode());
  EXPECT_EQ(read.id.birth_ns, -14);
  EXPECT_EQ(read.mark.head_bytes, 1024u);
  EXPECT_EQ(read.mark.block_bytes, 4096u);
  EXPECT_EQ(read.mark.block.high, UINT64_MAX);
  EXPECT_EQ(read.successor, 20);
  for (const char* text :
       {"", "1", "2 0 0 0 0 0 0 0 0 0 0 0", "1 0 0 0 0 0 0 0 0 0 0 0 ", "1 0 0 0 0 0 0 0 0 0 0 0 0",
        "1 0 0 0 x 0 0 0 0 0 0 0", "1 0 0 0 0 0 0 0 0 0 0 11111111111111111"}) {
    EXPECT_FALSE(SavedIdentity::Decode(text, &read)) << text;
  }
}

}  // namespace
}  // namespace alogd
