// SPDX-License-Identifier: MIT
// alogd and a journald that does not read, or is given 15,000 troubles at once.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <algorithm>

#include "testing/daemon_process.h"
#include "testing/journal_stand_in.h"

namespace alogd {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

constexpr char kRule[] = "  - {match: 'out of cheese', level: CRITICAL}\n";
constexpr char kRuleRows[] = "SELECT count(*) FROM anomalies WHERE detector = 'rule'";

std::string RuleLine(int number) {
  return fmt::format("2026-11-20T10:00:00+00:00 host app[1]: out of cheese {}\n", number);
}

class JournalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!JournalStandIn::Possible()) GTEST_SKIP() << "needs root, for a /run of its own";
    daemon_.set_before([this] { journal_.Enter(); });
  }
  JournalStandIn journal_;
  DaemonProcess daemon_;
};

// Reloads and alerts fill the socket; reading, storing, answering and ending go on.
TEST_F(JournalTest, ThatDoesNotReadHoldsNobodyUp) {
  daemon_.ConfigureWith(DaemonProcess::OneGroup(kRule));
  ASSERT_TRUE(daemon_.Start());
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(daemon_.Ask("reload")["ok"], true);
    AppendTo(daemon_.Log("app.log"), RuleLine(i));
  }
  EXPECT_TRUE(Eventually([&] { return daemon_.Number(kRuleRows) >= 1 && daemon_.CaughtUp(); }));
  for (int i = 0; i < 1000; ++i) daemon_.Signal(SIGHUP);
  const auto begin = steady_clock::now();
  EXPECT_EQ(daemon_.Ask("status")["ok"], true);
  EXPECT_EQ(daemon_.Terminate(), 0);
  EXPECT_LT(steady_clock::now() - begin, seconds(10)) << "not the 30 s of a blocked send";
}

// The alert comes through, and the rest is one example with its number.
TEST_F(JournalTest, FifteenThousandUnreadableFilesAndAnAlert) {
  daemon_.ConfigureWith(DaemonProcess::OneGroup(kRule));
  // Without these root reads no more than the modes allow.
  daemon_.set_before([this] {
    journal_.Enter();
    prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0);
    prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, 0, 0, 0);
  });
  constexpr int kFiles = 15'000;
  for (int i = 0; i < kFiles; ++i) {
    const std::string path = daemon_.Log(fmt::format("{:05}.log", i));
    WriteTo(path, "2026-11-20T10:00:00+00:00 host app[1]: hidden\n");
    ASSERT_EQ(chmod(path.c_str(), 0), 0);
  }
  ASSERT_TRUE(daemon_.Start());
  std::vector<std::string> entries;
  const auto has = [&](const std::string& text) {
    for (std::string& entry : journal_.Take()) entries.push_back(std::move(entry));
    return std::ranges::any_of(entries,
                               [&](const std::string& e) { return e.find(text) != e.npos; });
  };
  AppendTo(daemon_.Log("app.log"), RuleLine(1));
  EXPECT_TRUE(Eventually([&] { return has("CRITICAL rule match: out of cheese"); }, seconds(120)));
  EXPECT_TRUE(Eventually([&] { return has("more messages like this"); }, seconds(120)));
  EXPECT_LT(entries.size(), 1000U) << "journald takes 10,000 in 30 s";
  EXPECT_EQ(daemon_.Terminate(), 0);
}

}  // namespace
}  // namespace alogd
