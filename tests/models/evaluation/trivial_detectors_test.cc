// SPDX-License-Identifier: MIT
// The trivial detectors by hand, and on HDFS against figures of other programs.
#include "models/evaluation/trivial_detectors.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "models/evaluation/quality.h"
#include "testing/grouping.h"

namespace alogd {
namespace {

std::string DataPath(const std::string& name) { return testing::TestDataPath() + "/" + name; }

bool Says(const std::vector<TrivialDetector>& all, const std::string& name,
          const NumberedSession& session) {
  for (const TrivialDetector& detector : all)
    if (detector.name == name) return detector.abnormal(session);
  ADD_FAILURE() << "no detector " << name;
  return false;
}

TEST(TrivialDetectorsTest, EachSeesItsOwn) {
  const std::vector<NumberedSession> normal = {{1, 2, 3}, {1, 2, 2, 3}};
  const auto all = TrainTrivialDetectors(normal);
  EXPECT_TRUE(Says(all, "template never seen", {1, 9}));
  EXPECT_FALSE(Says(all, "template never seen", {3, 1}));
  EXPECT_TRUE(Says(all, "length out of range", {1, 3}));
  EXPECT_FALSE(Says(all, "length out of range", {9, 9, 9}));
  EXPECT_TRUE(Says(all, "new template or length", {1}));
  EXPECT_FALSE(Says(all, "count vector never seen", {3, 2, 1}));
  EXPECT_TRUE(Says(all, "count vector never seen", {1, 2, 3, 3}));
  EXPECT_FALSE(Says(all, "pair never seen", {1, 2, 2, 2, 3}));
  EXPECT_TRUE(Says(all, "pair never seen", {1, 2}));  // ended with 2
  EXPECT_TRUE(Says(all, "pair never seen", {1, 3, 2, 3}));
}

TEST(TrivialDetectorsTest, HdfsFiguresOfOtherPrograms) {
  if (!std::filesystem::exists(DataPath("hdfs_seq/train_normal.txt")))
    GTEST_SKIP() << "skipped: no " << DataPath("hdfs_seq");
  const auto train = ReadSessions(DataPath("hdfs_seq/train_normal.txt"));
  const auto normal = ReadSessions(DataPath("hdfs_seq/dev_normal.txt"));
  const auto abnormal = ReadSessions(DataPath("hdfs_seq/dev_abnormal.txt"));
  ASSERT_TRUE(train && normal && abnormal);
  std::map<std::string, double> f1;
  for (const TrivialDetector& detector : TrainTrivialDetectors(*train)) {
    std::vector<double> n, a;
    for (const auto& session : *normal) n.push_back(detector.abnormal(session));
    for (const auto& session : *abnormal) a.push_back(detector.abnormal(session));
    f1[detector.name] = Assess(n, a, 0.5, Prevalence{553'366, 16'838}).f1;
  }
  EXPECT_NEAR(f1["length out of range"], 0.541, 0.0015);
  EXPECT_NEAR(f1["new template or length"], 0.904, 0.0015);
  // All of the 8,506 found and 23 false alarms (counted by a script of its own): 23 x 98.48 =
  // 2,265.
  EXPECT_NEAR(f1["count vector never seen"], 2 * 16'838.0 / (2 * 16'838 + 2'265), 0.0005);
}

TEST(SessionFilesTest, LinesWithAndWithoutId) {
  const std::string path = ::testing::TempDir() + "/sessions.txt";
  std::ofstream(path) << "5 5 22\n\nab-1,7 8\r\n  9\n";
  const auto sessions = ReadSessions(path);
  ASSERT_TRUE(sessions) << sessions.error().message;
  EXPECT_EQ(*sessions, (std::vector<NumberedSession>{{5, 5, 22}, {7, 8}, {9}}));
  EXPECT_EQ(UniqueSessions({{1, 2}, {2, 1}, {1, 2}}).size(), 2u);
}

TEST(SessionFilesTest, NamesWhatIsNoSession) {
  const std::string path = ::testing::TempDir() + "/no_sessions.txt";
  std::ofstream(path) << "5 5\n1 two 3\n";
  const auto sessions = ReadSessions(path);
  ASSERT_FALSE(sessions);
  EXPECT_NE(sessions.error().message.find(path + ":2"), std::string::npos);
  std::ofstream(path) << "99999999999 1\n";
  EXPECT_FALSE(ReadSessions(path));
  EXPECT_FALSE(ReadSessions(path + ".missing"));
}

TEST(TrivialDetectorsTest, ErrorWordsInEitherCase) {
  EXPECT_TRUE(HasErrorWord("java.io.IOException: closed"));
  EXPECT_TRUE(HasErrorWord("connection FAILED"));
  EXPECT_TRUE(HasErrorWord("panic"));
  EXPECT_FALSE(HasErrorWord("er ror"));
  EXPECT_FALSE(HasErrorWord(""));
}

}  // namespace
}  // namespace alogd
