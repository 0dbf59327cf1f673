// SPDX-License-Identifier: MIT
// Random schedules of writes, rotations, truncations, reads, commits and kills against a model.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "testing/tail_model.h"

namespace alogd {
namespace {

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? std::strtoull(value, nullptr, 10) : otherwise;
}

// In parts, so that they run side by side.
constexpr uint64_t kParts = 4;

class SourceScheduleTest : public ::testing::TestWithParam<uint64_t> {};

// ALOGD_SCHEDULES sets how many in all, ALOGD_SEED the first seed: a million on demand.
TEST_P(SourceScheduleTest, RandomSchedules) {
  const uint64_t first = Setting("ALOGD_SEED", 1);
  const uint64_t schedules = Setting("ALOGD_SCHEDULES", 10'000);
  using testing::TailModel;
  for (uint64_t seed = first + GetParam(); seed < first + schedules; seed += kParts) {
    const TailModel::Schedule schedule =
        TailModel::RandomSchedule(seed, 5 + static_cast<int>(seed % 60));
    if (TailModel(seed, schedule).Play().empty()) continue;
    const TailModel::Schedule shrunk = TailModel::Shrunk(seed, schedule);
    FAIL() << "seed " << seed << ", shrunk from " << schedule.size() << " to " << shrunk.size()
           << " steps:\n"
           << TailModel(seed, shrunk).Play();
  }
  std::cout << "seeds " << first + GetParam() << ", " << first + GetParam() + kParts
            << " ... below " << first + schedules << " held\n";
}

INSTANTIATE_TEST_SUITE_P(Part, SourceScheduleTest, ::testing::Range(uint64_t{0}, kParts));

}  // namespace
}  // namespace alogd
