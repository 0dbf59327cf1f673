// SPDX-License-Identifier: MIT
// What status says of each stage, and what it says comes next.
#include "cli/stage.h"

#include <gtest/gtest.h>

namespace alogd {
namespace {

using nlohmann::json;

TEST(StageTest, FromTheFirstRecordToTheNextTraining) {
  TrainingOptions training;
  const auto stage = [&](const json& group) { return DescribeStage(group, training, 20'000); };
  EXPECT_EQ(stage({{"bundle", nullptr}, {"records", 8000}}),
            "learns templates (new ones count after 12000 more records), alerts by rules and "
            "rates; next: trains by itself after 12000 more records that span 1d");
  EXPECT_EQ(stage({{"bundle", nullptr}, {"records", 25'000}}),
            "alerts by rules, rates and new templates; next: trains by itself when "
            "alogd-train.timer comes round");
  EXPECT_EQ(stage({{"bundle", "b"}, {"bundle_age_s", 3 * 86400}}),
            "all detectors, by a bundle that is 3d old; next: trained anew in 4d");
  EXPECT_EQ(stage({{"bundle", "b"}, {"bundle_age_s", 8 * 86400}}),
            "all detectors, by a bundle that is 8d old; next: trained anew when alogd-train.timer "
            "comes round");
  training.automatic = false;
  EXPECT_EQ(stage({{"bundle", "b"}, {"bundle_age_s", 60}}),
            "all detectors, by a bundle that is 1min old");
  EXPECT_EQ(stage({{"bundle", ""}, {"records", 30'000}}),
            "alerts by rules, rates and new templates; next: alogctl train LOG... --activate");
}

TEST(StageTest, Maintenance) {
  EXPECT_EQ(DescribeMaintenance({{"active", false}, {"held", 0}}),
            "no maintenance: alerts are sent");
  EXPECT_EQ(DescribeMaintenance({{"active", false}, {"held", 1}}),
            "no maintenance: alerts are sent; the last one: 1 alert held back");
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const double until = std::chrono::duration<double, std::micro>(now).count() + 25.2 * 60e6;
  EXPECT_EQ(DescribeMaintenance({{"active", true}, {"until_us", until}, {"held", 3}}),
            "maintenance for another 25min, 3 alerts held back");
}

}  // namespace
}  // namespace alogd
