// SPDX-License-Identifier: MIT
// Random schedules of writes, rotations, truncations, reads, commits and kills against a model.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "testing/tail_model.h"

namespace alogd {
namespace {

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? std::strtoull(value, nullptr, 10) : otherwise;
}

// ALOGD_SCHEDULES sets how many, ALOGD_SEED the first seed: a million on demand.
TEST(SourceScheduleTest, RandomSchedules) {
  const uint64_t first = Setting("ALOGD_SEED", 1);
  const uint64_t schedules = Setting("ALOGD_SCHEDULES", 500);
  for (uint64_t seed = first; seed < first + schedules; ++seed) {
    const int steps = 5 + static_cast<int>(seed % 60);
    std::string wrong = testing::TailModel(seed, steps).Play();
    if (wrong.empty()) continue;
    // The shortest beginning of the schedule that fails still.
    for (int fewer = 1; fewer < steps; ++fewer) {
      const std::string shorter = testing::TailModel(seed, fewer).Play();
      if (shorter.empty()) continue;
      wrong = shorter;
      break;
    }
    FAIL() << "seed " << seed << ":\n" << wrong;
  }
}

}  // namespace
}  // namespace alogd
