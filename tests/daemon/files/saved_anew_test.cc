// SPDX-License-Identifier: MIT
// Logs that an editor, sed -i or rsync saves anew: only what is new is read.
#include "daemon/files/saved_anew.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "daemon/files/crc32c.h"
#include "testing/tail_rig.h"

namespace alogd {
namespace {

using testing::AppendTo;
using testing::CopyFile;
using ::testing::ElementsAre;
using testing::ExpectLines;
using testing::Joined;
using testing::LogWriter;
using testing::Numbered;
using testing::Rename;
using testing::TailDirectory;
using testing::TailRig;

class SavedAnewTest : public ::testing::Test {
 protected:
  // Whole at once, as sed -i and rsync do it.
  void SaveWith(const std::string& added) {
    const std::string saved = dir_ / "saved";
    CopyFile(log_, saved);
    AppendTo(saved, added);
    Rename(saved, log_);
  }
  void ExpectChain(TailRig* rig) {
    rig->Commit();
    std::ifstream in(log_, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const FileCheckpoint& row = rig->rows().rbegin()->second;
    EXPECT_EQ(row.read_bytes, text.size());
    EXPECT_EQ(row.chain, Crc32c(0, text));
  }

  TailDirectory dir_;
  const std::string log_ = dir_ / "app.log";
};

TEST_F(SavedAnewTest, OnlyWhatIsNewIsRead) {
  AppendTo(log_, Joined(Numbered("line", 0, 5000)));
  TailRig rig(log_);
  rig.ReadAll();
  for (int i = 5000; i < 5003; ++i) {
    SaveWith("line " + std::to_string(i) + "\n");
    rig.ReadAll();
  }
  ExpectLines(rig.lines(), Numbered("line", 0, 5003));
  EXPECT_EQ(rig.info().lost_bytes, 0u);
  ExpectChain(&rig);
}

TEST_F(SavedAnewTest, WhileDown) {
  for (const int lines : {3, 5000}) {  // within the block that is compared, and far beyond it
    std::filesystem::remove(log_);
    AppendTo(log_, Joined(Numbered("line", 0, lines)));
    TailRig rig(log_);
    rig.ReadAll();
    rig.Commit();
    rig.Kill();
    SaveWith("new\n");
    rig.Start();
    rig.ReadAll();
    ASSERT_EQ(rig.lines().size(), static_cast<size_t>(lines) + 1);
    EXPECT_EQ(rig.lines().back(), "new");
    ExpectChain(&rig);
  }
}

// What had not been read of the old one comes from the old one, and what its writer adds to it.
TEST_F(SavedAnewTest, WithMoreThanWasRead) {
  LogWriter writer(log_);
  writer.Write("one\ntwo\n");
  TailRig rig(log_);
  rig.ReadAll();
  writer.Write("three\nfo");
  SaveWith("ur\nfive\n");
  writer.Write("ur by the old writer\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(),
              ElementsAre("one", "two", "three", "four by the old writer", "four", "five"));
  rig.KillAndRestart();
}

TEST_F(SavedAnewTest, AnotherTextIsReadWhole) {
  AppendTo(log_, "one\ntwo\nthree\n");
  TailRig rig(log_);
  rig.ReadAll();
  const std::string saved = dir_ / "saved";
  AppendTo(saved, "one\nTWO\nthree\n");
  Rename(saved, log_);
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("one", "two", "three", "one", "TWO", "three"));
}

// Programs may begin every log alike: a rotated log and its successor are two.
TEST_F(SavedAnewTest, RotatedLogThatBeginsAlike) {
  AppendTo(log_, "starting\n");
  TailRig rig(log_);
  rig.ReadAll();
  Rename(log_, log_ + ".1");
  AppendTo(log_, "starting\nready\n");
  rig.ReadAll();
  EXPECT_THAT(rig.lines(), ElementsAre("starting", "starting", "ready"));
}

}  // namespace
}  // namespace alogd
