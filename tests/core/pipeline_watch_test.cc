// SPDX-License-Identifier: MIT
// What learns online, in the pipeline: flushes, ticks, restarts and swaps change nothing.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "testing/pipeline_driver.h"

namespace alogd {
namespace {

using testing::Given;
using ::testing::HasSubstr;

Given Syslog(int64_t seconds, const std::string& rest) {
  return {seconds,
          fmt::format("2026-11-{:02}T{:02}:{:02}:{:02}.000000+00:00 web1 {}", 2 + seconds / 86400,
                      seconds / 3600 % 24, seconds / 60 % 60, seconds % 60, rest)};
}

// A fortnight of a small host: a heartbeat each two minutes, a job each ten of which the second
// record follows at once, requests by day. On the 12th day a burst, then the heartbeat stops for
// two hours, and one job does not end; on the 13th the host is off for five hours.
std::vector<Given> Fortnight() {
  constexpr int64_t kDay = 86400, kHour = 3600;
  std::vector<Given> lines;
  std::mt19937_64 rng(3);
  for (int64_t t = 0; t < 14 * kDay; t += 120) {
    if (t >= 12 * kDay + 3 * kHour && t < 12 * kDay + 8 * kHour) continue;
    const bool stopped = t >= 11 * kDay + 12 * kHour && t < 11 * kDay + 14 * kHour;
    if (!stopped) lines.push_back(Syslog(t, "app[7]: heartbeat"));
    if (t % 600 == 0) {
      lines.push_back(Syslog(t + 1, fmt::format("cron[9]: job {} started", t / 600)));
      if (t != 11 * kDay + 18 * kHour)
        lines.push_back(Syslog(t + 3, fmt::format("cron[9]: job {} finished", t / 600)));
    }
    const bool day = t % kDay >= 8 * kHour && t % kDay < 18 * kHour;
    for (uint64_t i = 0; i < (day ? rng() % 3 : 0); ++i)
      lines.push_back(Syslog(t + 10 + static_cast<int64_t>(i) * 9,
                             fmt::format("web[3]: request {} served", rng() % 9999)));
    for (int i = 0; t == 11 * kDay + 2 * kHour && i < 400; ++i)
      lines.push_back(Syslog(t + 5 + i / 10, fmt::format("web[3]: request {} served", i)));
  }
  return lines;
}

const std::vector<Given>& Lines() {
  static const std::vector<Given> lines = Fortnight();
  return lines;
}

class Host : public testing::PipelineDriver {
 public:
  Host() : PipelineDriver("/var/log/syslog", {}, {}, {}) {}
  void Restart() {
    Commit();
    Start({}, Saved());
  }
  Status Swap() { return pipeline().Swap({}, group_, {}); }
};

const std::string& Plain() {
  static const std::string plain = [] {
    Host host;
    for (const Given& line : Lines()) host.Feed(line.text);
    return host.Finish();
  }();
  return plain;
}

TEST(PipelineWatchTest, WhatHappenedIsSaidAndNothingElse) {
  EXPECT_THAT(Plain(), HasSubstr("a burst: "));
  EXPECT_THAT(Plain(), HasSubstr("records 'request <*> served' within five minutes"));
  EXPECT_THAT(Plain(), HasSubstr("app has been silent for "));
  EXPECT_THAT(Plain(), HasSubstr("the whole group has been silent for "));
  EXPECT_THAT(Plain(), HasSubstr("'job <*> started' was not followed within 120 s by 'job <*> "
                                 "finished', which followed 1"));
  // The burst is one of the template and of the source.
  Host host;
  for (const Given& line : Lines()) host.Feed(line.text);
  host.Finish();
  EXPECT_LE(host.anomalies().size(), 5u) << Plain();
}

// When each anomaly began, and by whom.
std::vector<std::pair<Time, std::string>> Told(const Host& host) {
  std::vector<std::pair<Time, std::string>> told;
  for (const auto& [seq, a] : host.anomalies()) told.emplace_back(a.time, a.detector);
  return told;
}

// A line hours ahead, just before the burst, the silence and the rest, neither hides these nor is
// taken for a silence of everything else.
TEST(PipelineWatchTest, OneLineAheadBlindsNobody) {
  Host plain;
  for (const Given& line : Lines()) plain.Feed(line.text);
  plain.Finish();
  for (const int64_t ahead : {6 * 3600, 2 * 86400}) {
    Host host;
    for (const Given& line : Lines()) {
      host.Feed(line.text);
      const int64_t of_day = line.seconds % 86400;
      if (line.seconds / 86400 == 11 && of_day % 3600 == 0 && line.text.ends_with("heartbeat"))
        host.Feed(Syslog(line.seconds + ahead, "app[7]: heartbeat").text);
    }
    host.Finish();
    EXPECT_EQ(Told(host), Told(plain)) << ahead;
  }
}

TEST(PipelineWatchTest, FlushesAndCommitsChangeNothing) {
  std::mt19937_64 rng(1);
  Host host;
  for (const Given& line : Lines()) {
    host.Feed(line.text);
    if (rng() % 5 == 0) host.pipeline().Flush();
    if (rng() % 50 == 0) host.Commit();
  }
  EXPECT_EQ(host.Finish(), Plain());
}

TEST(PipelineWatchTest, TicksChangeNothing) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    std::mt19937_64 rng(seed);
    Host host;
    for (size_t i = 0; i < Lines().size(); ++i) {
      host.Feed(Lines()[i].text);
      if (i + 1 == Lines().size() || rng() % 3 != 0) continue;
      const int64_t wait = Lines()[i + 1].seconds - Lines()[i].seconds;
      int64_t passed = 0;
      const Time now = host.pipeline().watermark();
      // The service's clock is a little behind: that is no step back.
      host.pipeline().Tick(now - std::chrono::seconds(rng() % 900));
      while (rng() % 3 != 0) {
        passed += static_cast<int64_t>(rng() % static_cast<uint64_t>(wait - passed + 1));
        host.pipeline().Tick(now + std::chrono::seconds(passed));
        if (rng() % 20 == 0) host.Commit();
      }
    }
    EXPECT_EQ(host.Finish(), Plain()) << "seed " << seed;
  }
}

TEST(PipelineWatchTest, RestartsChangeNothing) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    std::mt19937_64 rng(seed);
    Host host;
    for (size_t i = 0; i < Lines().size(); ++i) {
      host.Feed(Lines()[i].text);
      if (rng() % 30 == 0) host.Commit();
      if (rng() % 150 == 0) host.Restart();
      // After a tick that nothing was committed of, too: it comes again.
      if (rng() % 150 != 0 || i + 1 == Lines().size()) continue;
      host.Commit();
      const int64_t wait = Lines()[i + 1].seconds - Lines()[i].seconds;
      host.pipeline().Tick(host.pipeline().watermark() + std::chrono::seconds(wait));
      host.Restart();
    }
    EXPECT_EQ(host.Finish(), Plain()) << "seed " << seed;
  }
}

TEST(PipelineWatchTest, SwapsChangeNothing) {
  Host host;
  for (size_t i = 0; i < Lines().size(); ++i) {
    host.Feed(Lines()[i].text);
    if (i % 97 == 0) {
      ASSERT_TRUE(host.Swap().ok());
    }
  }
  EXPECT_EQ(host.Finish(), Plain());
}

// Nothing passes before the first record, and a jump of years is not walked through.
TEST(PipelineWatchTest, JumpsOfTheClock) {
  Host host;
  host.pipeline().Tick(Time(std::chrono::hours(24 * 20'000)));
  host.Feed(Lines()[0].text);
  for (int i = 0; i < 40; ++i)
    host.Feed(fmt::format("2126-11-02T00:00:{:02}.000000+00:00 web1 app[7]: heartbeat", i));
  for (int i = 0; i < 40; ++i)
    host.Feed(fmt::format("2001-11-02T00:00:{:02}.000000+00:00 web1 app[7]: heartbeat", i));
  const std::string said = host.Finish();
  EXPECT_TRUE(host.anomalies().empty()) << said;
}

}  // namespace
}  // namespace alogd
