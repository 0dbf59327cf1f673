// SPDX-License-Identifier: MIT
// The three lines of train, for histories of several sizes.
#include "cli/training_summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/cli.h"
#include "testing/service_harness.h"

namespace alogd {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

struct History {
  double records = 0, days = 0, held_out_days = 0, incidents = 0;
  int rare = 0;
  double seen = 0, sessions = 0, files = 1;
  std::string mute = "";
};

std::string Said(const History& h, double budget = 1) {
  json manifest = {{"trained_on",
                    {{"records", h.records},
                     {"records_seen", h.seen},
                     {"files_total", h.files},
                     {"templates", 143},
                     {"streams", 12},
                     {"sessions", h.sessions},
                     {"first_us", 1e15},
                     {"last_us", 1e15 + h.days * 86'400e6},
                     {"held_out_days", h.held_out_days}}},
                   {"detectors", {{"novelty", {{"metrics", {{"held_out_windows", 400}}}}}}},
                   {"joint", {{"metrics", {{"held_out_incidents", h.incidents}}}}},
                   {"rare", json::array()}};
  for (int i = 0; i < h.rare; ++i) manifest["rare"].push_back(json::object());
  if (!h.mute.empty()) manifest["detectors"][h.mute] = {{"metrics", {{"held_out_windows", 0}}}};
  return fmt::format("{}", fmt::join(SummarizeTraining(manifest, budget), "\n"));
}

TEST(TrainingSummaryTest, TenMinutes) {
  EXPECT_EQ(Said({.records = 1000, .days = 10. / 1440, .held_out_days = 2. / 1440, .incidents = 3}),
            "learned:  1,000 records from 1 file, 10 minutes: 143 templates, 12 streams\n"
            "unknown:  what other hours of the day bring; how rare a rare thing is (1,000 records; "
            "10,000 or more tell)\n"
            "expect:   at most 1 HIGH alert a day one by one, the rest in one summary; 2 minutes "
            "of logs to try it on say no more");
}

TEST(TrainingSummaryTest, NineDaysOfAHost) {
  EXPECT_EQ(Said({.records = 20'000,
                  .days = 9,
                  .held_out_days = 2,
                  .incidents = 1,
                  .rare = 17,
                  .files = 3}),
            "learned:  20,000 records from 3 files, 9.0 days: 143 templates, 12 streams\n"
            "unknown:  what comes once a month; the order around 17 templates that came too "
            "seldom\n"
            "expect:   about 1 HIGH alert a day (1 incident in the last 2.0 days of these logs, of "
            "any level)");
}

TEST(TrainingSummaryTest, TwoMonthsOfSessions) {
  EXPECT_EQ(Said({.records = 500'000,
                  .days = 62,
                  .held_out_days = 12,
                  .incidents = 2,
                  .seen = 11'175'629,
                  .sessions = 26'000,
                  .files = 40},
                 3),
            "learned:  500,000 records (of 11,175,629) from 40 files, 62 days: 143 templates, "
            "26,000 sessions\n"
            "unknown:  what did not come in these 62 days\n"
            "expect:   about one HIGH alert in 6 days (2 incidents in the last 12 days of these "
            "logs, of any level)");
}

TEST(TrainingSummaryTest, OverTheBudgetAndNone) {
  EXPECT_THAT(Said({.records = 30'000, .days = 10, .held_out_days = 2, .incidents = 40}, 2),
              HasSubstr("about 2 HIGH alerts a day, and the rest in one summary (40 incidents"));
  EXPECT_THAT(Said({.records = 30'000, .days = 3, .held_out_days = 1.5}),
              HasSubstr("unknown:  what other days of the week bring\n"
                        "expect:   less than one HIGH alert in 1 day (0 incidents"));
}

TEST(TrainingSummaryTest, ADetectorThatStaysSilent) {
  EXPECT_THAT(Said({.records = 20'000, .days = 40, .held_out_days = 8, .mute = "baseline"}),
              HasSubstr("what baseline would find (too few records to set a threshold)"));
}

// Through the command: three lines, and all else in train.log.
TEST(TrainingSummaryTest, Train) {
  const TemporaryDirectory directory;
  std::string text;
  for (int i = 0; i < 2000; ++i)
    text += fmt::format("2026-11-{:02}T{:02}:{:02}:00+00:00 web1 shopd[7]: order {} {}\n",
                        1 + i / 1440, i / 60 % 24, i % 60, i, i % 2 == 0 ? "taken" : "sent away");
  WriteTo(directory / "shop.log", text);
  WriteTo(directory / "alogd.yaml", "state_dir: " + directory.path() + "\n");
  std::filesystem::permissions(directory / "alogd.yaml", std::filesystem::perms(0644));
  const std::string config = directory / "alogd.yaml", log = directory / "shop.log";
  const std::string out = directory / "bundle";
  const char* const argv[] = {"alogctl",   "--config", config.c_str(), "train",
                              log.c_str(), "--out",    out.c_str()};
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(RunCli(7, argv, {AddTrainCommand}), 0);
  const std::string said = ::testing::internal::GetCapturedStdout();
  const std::string beside = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 3) << said;
  EXPECT_THAT(said, HasSubstr("learned:  2,000 records from 1 file, 1.4 days: 2 templates, 1 "
                              "stream\n"));
  EXPECT_THAT(said + beside, Not(HasSubstr("held-out")));
  EXPECT_THAT(ReadAll(out + "/train.log"), HasSubstr("held-out windows"));
}

}  // namespace
}  // namespace alogd
