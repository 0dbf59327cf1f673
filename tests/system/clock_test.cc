// SPDX-License-Identifier: MIT
// Lines whose times are ahead of the host's clock: what the daemon makes of them, and says.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "testing/daemon_process.h"

namespace alogd {
namespace {

using ::testing::HasSubstr;

std::string LineAt(std::chrono::system_clock::time_point time, const std::string& text) {
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.000000+00:00 host app[12]: {}\n",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), text);
}

class ClockTest : public ::testing::Test {
 protected:
  void SetUp() override {
    daemon_.ConfigureWith(
        DaemonProcess::OneGroup("  - {match: 'disk on fire', level: CRITICAL}\n"));
    WriteTo(daemon_.Log("app.log"), LineAt(Now(), "disk is cold"));
    WriteTo(daemon_.Log("other.log"), "");
    ASSERT_TRUE(daemon_.Start());
  }
  static std::chrono::system_clock::time_point Now() { return std::chrono::system_clock::now(); }

  DaemonProcess daemon_;
};

TEST_F(ClockTest, LinesOfAnotherCenturyTakeThePresentTime) {
  for (int i = 0; i < 40; ++i)
    AppendTo(daemon_.Log("app.log"),
             LineAt(Now() + std::chrono::hours(24 * 365 * 73 + i * 500), "disk on fire"));
  ASSERT_TRUE(Eventually([&] { return daemon_.Number("SELECT count(*) FROM anomalies") == 40; }));
  const int64_t now =
      std::chrono::duration_cast<std::chrono::microseconds>(Now().time_since_epoch()).count();
  for (const std::string& time : daemon_.Query("SELECT time_us FROM anomalies"))
    EXPECT_NEAR(static_cast<double>(std::stoll(time)), static_cast<double>(now), 60e6);
}

TEST_F(ClockTest, ASourceInAnotherZoneIsCorrectedAndTold) {
  for (int i = 0; i < 40; ++i)
    AppendTo(daemon_.Log("app.log"), LineAt(Now() + std::chrono::hours(6), "disk on fire"));
  ASSERT_TRUE(Eventually([&] { return daemon_.Number("SELECT count(*) FROM anomalies") == 40; }));
  EXPECT_TRUE(Eventually([&] {
    return daemon_.Ask("status").dump().find("clock 6 h ahead") != std::string::npos;
  })) << daemon_.Ask("status").dump(2);
}

}  // namespace
}  // namespace alogd
