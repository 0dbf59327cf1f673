// SPDX-License-Identifier: MIT
// Faults in a log of three lines a minute.
#include "testing/splice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace alogd {
namespace {

using ::testing::ElementsAre;

// Ten seconds between two lines: "Jun  9 06:00:00 host p: step 0".
std::vector<SpliceLine> Log(int lines) {
  std::vector<SpliceLine> log;
  for (int i = 0; i < lines; ++i) {
    SpliceLine line;
    line.text = "Jun  9 06:0" + std::to_string(i / 6) + ":" + std::to_string(i % 6) + "0 host p: ";
    line.message = line.text.size();
    line.text += "step " + std::to_string(i);
    line.time = FromMicros(i * 10'000'000);
    log.push_back(line);
  }
  return log;
}

std::vector<std::string> Messages(const Spliced& spliced) {
  std::vector<std::string> messages;
  for (const std::string& line : spliced.lines)
    messages.push_back(line.substr(line.find("p: ") + 3));
  return messages;
}
std::vector<std::string> Times(const Spliced& spliced) {
  std::vector<std::string> times;
  for (const std::string& line : spliced.lines) times.push_back(line.substr(7, 8));
  return times;
}

TEST(SpliceTest, DeletedLinesAreGone) {
  const Spliced got = Splice(Log(6), {2}, {SpliceKind::kDelete, 2}, {}, 1);
  EXPECT_THAT(Messages(got), ElementsAre("step 0", "step 1", "step 4", "step 5"));
  EXPECT_THAT(got.origin, ElementsAre(0, 1, 4, 5));
  EXPECT_THAT(got.faults, ElementsAre(2));
}

TEST(SpliceTest, SwappedLinesKeepTheTimes) {
  const Spliced got = Splice(Log(5), {1}, {SpliceKind::kSwap, 2}, {}, 1);
  EXPECT_THAT(Messages(got), ElementsAre("step 0", "step 3", "step 2", "step 1", "step 4"));
  EXPECT_THAT(Times(got), ElementsAre("06:00:00", "06:00:10", "06:00:20", "06:00:30", "06:00:40"));
}

TEST(SpliceTest, RepeatedLinesFollow) {
  const Spliced got = Splice(Log(3), {1}, {SpliceKind::kRepeat, 2}, {}, 1);
  EXPECT_THAT(Messages(got), ElementsAre("step 0", "step 1", "step 1", "step 1", "step 2"));
  EXPECT_THAT(got.origin, ElementsAre(0, 1, 1, 1, 2));
}

// The pause of 10 s before line 2 becomes one of 50 s; what follows keeps its distance to it until
// it is later anyway.
TEST(SpliceTest, DelayMovesWhatFollows) {
  std::vector<SpliceLine> log = Log(4);
  log.push_back({"Jun  9 07:00:00 host p: step 4", 24, FromMicros(3'600'000'000)});
  const Spliced got = Splice(log, {2}, {SpliceKind::kDelay, 5}, {}, 1);
  EXPECT_THAT(Times(got), ElementsAre("06:00:00", "06:00:10", "06:01:00", "06:01:10", "07:00:00"));
  EXPECT_THAT(got.faults, ElementsAre(2));
}

TEST(SpliceTest, NumbersGrow) {
  const Spliced got = Splice(Log(4), {1}, {SpliceKind::kNumber, 10}, {}, 1);
  // 1 is too small to tell anything; the next line has a 2.
  EXPECT_THAT(Messages(got), ElementsAre("step 0", "step 1", "step 20", "step 3"));
  EXPECT_THAT(got.faults, ElementsAre(2));
  EXPECT_EQ(ScaleNumber("took 12 ms", 3), "took 36 ms");
  EXPECT_EQ(ScaleNumber("from 10.0.0.1 in 0x12", 3), std::nullopt);
}

TEST(SpliceTest, NewTemplatesHaveTheHeaderOfTheLineBefore) {
  const Spliced plain = Splice(Log(6), {1, 4}, {SpliceKind::kTemplate, 2}, {}, 1);
  ASSERT_EQ(plain.lines.size(), 10u);
  EXPECT_TRUE(plain.lines[1].starts_with("Jun  9 06:00:00 host p: "));
  EXPECT_EQ(plain.lines[1], plain.lines[2]);
  EXPECT_NE(Messages(plain)[1], Messages(plain)[6]);  // each place has words of its own
  const Spliced error = Splice(Log(6), {1}, {SpliceKind::kError, 1}, {}, 1);
  EXPECT_TRUE(Messages(error)[1].starts_with("error: "));
}

TEST(SpliceTest, PlacesWithoutWhatAKindNeedsAreLeftOut) {
  std::vector<SpliceLine> log = Log(6);
  for (SpliceLine& line : log) line.text.resize(line.message), line.text += "no number";
  const Spliced got = Splice(log, {1, 3}, {SpliceKind::kNumber, 3}, {}, 1);
  EXPECT_TRUE(got.faults.empty());
  EXPECT_EQ(got.lines.size(), 6u);
}

TEST(SpliceTest, TimesMoveInEveryFormat) {
  EXPECT_EQ(MoveTime("[Thu Jun 09 23:59:58 2005] x", {1, "%a %b %d %H:%M:%S %Y"},
                     std::chrono::seconds(3)),
            "[Fri Jun 10 00:00:01 2005] x");
  EXPECT_EQ(MoveTime("[10.30 16:49:06] x", {1, "%m.%d %H:%M:%S"}, std::chrono::minutes(1)),
            "[10.30 16:50:06] x");
  EXPECT_EQ(MoveTime("no time", {}, std::chrono::seconds(3)), std::nullopt);
}

TEST(SpliceTest, Sessions) {
  const NumberedSession session = {1, 2, 3, 4};
  using Kind = SpliceKind;
  EXPECT_EQ(SpliceSession(session, {Kind::kDelete, 1}, 1), (NumberedSession{1, 3, 4}));
  EXPECT_EQ(SpliceSession(session, {Kind::kSwap, 2}, 0), (NumberedSession{3, 2, 1, 4}));
  EXPECT_EQ(SpliceSession(session, {Kind::kRepeat, 2}, 1), (NumberedSession{1, 2, 2, 2, 3, 4}));
  EXPECT_EQ(SpliceSession(session, {Kind::kCut, 1}, 1), (NumberedSession{1, 2}));
  EXPECT_EQ(SpliceSession(session, {Kind::kTemplate, 1}, 1),
            (NumberedSession{1, kSplicedTemplate, 2, 3, 4}));
  EXPECT_EQ(SpliceSession(session, {Kind::kDelete, 3}, 1), std::nullopt);
  EXPECT_EQ(SpliceSession({5, 5, 5}, {Kind::kSwap, 1}, 1), std::nullopt);
  EXPECT_EQ(SpliceSession(session, {Kind::kNumber, 3}, 1), std::nullopt);
}

}  // namespace
}  // namespace alogd
