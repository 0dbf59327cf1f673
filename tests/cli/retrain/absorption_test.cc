// SPDX-License-Identifier: MIT
// What a retraining learns of what alerted.
#include "cli/retrain/absorption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/store_samples.h"

namespace alogd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Time kStart = testing::At(1'790'000'000);

StoredAnomaly Stored(int day, const std::string& state = "new",
                     RiskLevel level = RiskLevel::kHigh) {
  StoredAnomaly stored;
  stored.state = state;
  stored.anomaly = testing::SampleAnomaly(1, 1, level);
  stored.anomaly.time = kStart + std::chrono::hours(24 * day);
  stored.anomaly.last_time = stored.anomaly.time + std::chrono::seconds(2);
  return stored;
}

TEST(AbsorptionTest, LeavesOutWhatAlerted) {
  const Absorption absorption({Stored(0)});
  EXPECT_EQ(absorption.left_out(), 1u);
  const auto at = [&](int seconds) { return kStart + std::chrono::seconds(seconds); };
  EXPECT_FALSE(absorption.LeavesOut("sshd", at(0) - Duration(1)));
  EXPECT_TRUE(absorption.LeavesOut("sshd", at(0)));
  EXPECT_TRUE(absorption.LeavesOut("sshd", at(2)));
  EXPECT_FALSE(absorption.LeavesOut("sshd", at(2) + Duration(1)));
  EXPECT_FALSE(absorption.LeavesOut("cron", at(1)));
}

TEST(AbsorptionTest, LearnsWhatWasMildOrAcked) {
  const Absorption absorption({Stored(0, "new", RiskLevel::kMedium), Stored(1, "acked")});
  EXPECT_EQ(absorption.left_out(), 0u);
  EXPECT_FALSE(absorption.LeavesOut("sshd", kStart));
  EXPECT_FALSE(absorption.LeavesOut("sshd", kStart + std::chrono::hours(24)));
  EXPECT_THAT(absorption.absorbed(), ElementsAre("absorbed: 1 acked anomalies"));
}

TEST(AbsorptionTest, LearnsWhatCameOnThreeDaysUnlessConfirmed) {
  const Absorption two({Stored(0), Stored(1), Stored(1, "suppressed")});
  EXPECT_EQ(two.left_out(), 3u);
  EXPECT_THAT(two.absorbed(), IsEmpty());
  const Absorption three({Stored(0), Stored(1), Stored(2)});
  EXPECT_EQ(three.left_out(), 0u);
  EXPECT_THAT(three.absorbed(), ElementsAre(HasSubstr("alerted on 3 days and was not confirmed")));
  const Absorption confirmed({Stored(0), Stored(1, "confirmed"), Stored(2)});
  EXPECT_EQ(confirmed.left_out(), 3u);
  EXPECT_THAT(confirmed.absorbed(), IsEmpty());
}

TEST(AbsorptionTest, DaysOfOtherKindsDoNotCount) {
  StoredAnomaly other = Stored(2);
  other.anomaly.template_id = TemplateId{8};
  EXPECT_EQ(Absorption({Stored(0), Stored(1), other}).left_out(), 3u);
}

// A long anomaly that began first covers the ones within it, and what follows them.
TEST(AbsorptionTest, SpansMayOverlap) {
  StoredAnomaly lasting = Stored(0);
  lasting.anomaly.last_time = kStart + std::chrono::seconds(100);
  StoredAnomaly within = Stored(0);
  within.anomaly.time = kStart + std::chrono::seconds(10);
  within.anomaly.last_time = kStart + std::chrono::seconds(11);
  const Absorption absorption({within, lasting});
  EXPECT_TRUE(absorption.LeavesOut("sshd", kStart + std::chrono::seconds(50)));
  EXPECT_FALSE(absorption.LeavesOut("sshd", kStart + std::chrono::seconds(101)));
}

TEST(AbsorptionTest, WithoutAHistoryEverythingIsLearned) {
  const auto absorption = Absorption::Load("/nonexistent/alogd.db", "system");
  ASSERT_TRUE(absorption.ok());
  EXPECT_EQ(absorption->left_out(), 0u);
}

TEST(AbsorptionTest, LoadsTheGroupsHistory) {
  const testing::StoreDir directory;
  auto store = Store::Open(directory.db(), {});
  ASSERT_TRUE(store.ok());
  for (const char* group : {"system", "shop"}) {
    CommitUnit unit;
    unit.group = group;
    unit.state_seq = 1;
    unit.delta = "x";
    Incident& incident = unit.incidents.emplace_back();
    incident.seq = 1;
    incident.level = RiskLevel::kHigh;
    unit.anomalies.push_back(testing::SampleAnomaly(1, 1));
    if (group == std::string("shop")) unit.anomalies.back().stream = "shopd";
    ASSERT_TRUE(store->Commit(unit, kNoTime).ok());
  }
  const auto absorption = Absorption::Load(directory.db(), "shop");
  ASSERT_TRUE(absorption.ok()) << absorption.error().message;
  EXPECT_EQ(absorption->left_out(), 1u);
  const Time time = testing::SampleAnomaly(1, 1).time;
  EXPECT_TRUE(absorption->LeavesOut("shopd", time));
  EXPECT_FALSE(absorption->LeavesOut("sshd", time));
}

}  // namespace
}  // namespace alogd
