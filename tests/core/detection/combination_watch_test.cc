// SPDX-License-Identifier: MIT
// Values and pairs that never came, where few do.
#include "core/detection/combination_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/watch_rig.h"

namespace alogd {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::kMonday;
using testing::Only;
using testing::WatchRig;

// alice comes from the office, bob from home, each twice an hour; root from both.
void Logins(WatchRig* rig, TemplateId id, Time begin, int hours) {
  for (int hour = 0; hour < hours; ++hour) {
    const Time t = begin + hour * 1h;
    for (int i = 0; i < 2; ++i) {
      rig->SayValues(t + i * 20min, id, {"alice", "10.0.0.7"}, "sshd");
      rig->SayValues(t + i * 20min + 1min, id, {"bob", "192.168.1.2"}, "sshd");
      rig->SayValues(t + i * 20min + 2min, id, {"root", i ? "10.0.0.7" : "192.168.1.2"}, "sshd");
    }
  }
}

TEST(CombinationWatchTest, ValuesThatNeverWentTogether) {
  WatchRig rig(Only("combinations"));
  const TemplateId id = rig.Make("Accepted key for <*> from <*>");
  Logins(&rig, id, kMonday, 200);  // 1,200 records
  EXPECT_TRUE(rig.Findings().empty()) << rig.Describe();
  rig.SayValues(kMonday + 201h, id, {"alice", "192.168.1.2"}, "sshd");
  const auto found = rig.Findings();
  ASSERT_EQ(found.size(), 1u);
  // No pair came only once: log10(1201 / 1), and 40 + 20 for each order of magnitude over 3.
  EXPECT_NEAR(found[0].evidence.raw, 3.0795, 0.001);
  EXPECT_NEAR(found[0].score, 41.6, 0.1);
  EXPECT_EQ(found[0].stream, "sshd");
  EXPECT_EQ(found[0].time, kMonday + 201h);
  EXPECT_EQ(found[0].evidence.summary,
            "'alice' (value 1) and '192.168.1.2' (value 2) never went together in 1200 records "
            "'Accepted key for <*> from <*>', though they came 400 and 600 times");
  EXPECT_FALSE(rig.steps.back().over);
  // It is known now.
  rig.SayValues(kMonday + 300h, id, {"alice", "192.168.1.2"}, "sshd");
  EXPECT_EQ(rig.Findings().size(), 1u);
}

TEST(CombinationWatchTest, AValueThatNeverCame) {
  WatchRig rig(Only("combinations"));
  const TemplateId id = rig.Make("Accepted key for <*> from <*>");
  Logins(&rig, id, kMonday, 200);
  rig.SayValues(kMonday + 201h, id, {"mallory", "10.0.0.7"}, "sshd");
  rig.SayValues(kMonday + 201h, id, {"eve", "10.0.0.7"}, "sshd");  // no news so soon after
  const auto found = rig.Findings();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(
      found[0].evidence.summary,
      "'mallory' (value 1) never came before in 1200 records 'Accepted key for <*> from <*>', "
      "which have 3 others there");
}

TEST(CombinationWatchTest, TheProgramIsAValueToo) {
  WatchRig rig(Only("combinations"));
  const TemplateId id = rig.Make("session opened for user <*>");
  for (int hour = 0; hour < 400; ++hour) {
    rig.SayValues(kMonday + hour * 1h, id, {"root"}, "cron");
    rig.SayValues(kMonday + hour * 1h + 1min, id, {"backup"}, "cron");
    rig.SayValues(kMonday + hour * 1h + 2min, id, {"alice"}, "sshd");
  }
  rig.SayValues(kMonday + 400h, id, {"backup"}, "sshd");
  ASSERT_EQ(rig.Findings().size(), 1u);
  EXPECT_THAT(rig.Findings()[0].evidence.summary,
              HasSubstr("'backup' (value 1) and the program 'sshd' never went together"));
}

TEST(CombinationWatchTest, NotBeforeTheTemplateCameOftenEnough) {
  WatchRig rig(Only("combinations"));
  const TemplateId id = rig.Make("Accepted key for <*> from <*>");
  Logins(&rig, id, kMonday, 160);
  rig.SayValues(kMonday + 161h, id, {"mallory", "192.168.1.2"}, "sshd");
  EXPECT_TRUE(rig.Findings().empty());
}

// A date is new each day, a number each time: neither is news.
TEST(CombinationWatchTest, DatesAndNumbersAreNoNews) {
  WatchRig rig(Only("combinations"));
  const TemplateId id = rig.Make("rotated <*> as <*> of <*>");
  for (int day = 0; day < 22; ++day) {
    const std::string date = fmt::format("2026112{}", day);
    for (int i = 0; i < 300; ++i) {
      const std::string number = fmt::format("{}", day * 300 + i);
      rig.SayValues(kMonday + day * 24h + i * 1min, id, {"log", date, number});
    }
  }
  EXPECT_TRUE(rig.Findings().empty()) << rig.Describe();
}

TEST(CombinationWatchTest, TemplatesWhoseValuesAreAllFreeAreLookedAtNoMore) {
  WatchRig rig(Only("combinations"));
  const TemplateId id = rig.Make("request <*>"), plain = rig.Make("started");
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(rig.watches().WantsParameters(id), i < 25);
    rig.SayValues(kMonday + i * 1s, id, {fmt::format("{}", i)});
  }
  rig.SayValues(kMonday + 1h, plain, {});
  EXPECT_FALSE(rig.watches().WantsParameters(plain));
}

TEST(CombinationWatchTest, AnyNumberOfTemplatesIsBounded) {
  CombinationWatch watch({});
  WatchSteps steps;
  const std::vector<std::string_view> values = {"a", "b", "c", "d", "e", "f", "g"};
  for (uint32_t i = 0; i < 3000; ++i) {
    Sighting record;
    record.id = TemplateId{i};
    record.watermark = record.time = kMonday + i * 1s;
    watch.Observe(record, "<*>", values, &steps);
    EXPECT_LE(watch.patterns(), CombinationWatch::kMaxPatterns);
  }
  EXPECT_GT(watch.patterns(), CombinationWatch::kMaxPatterns / 2);
}

TEST(CombinationWatchTest, RestartsChangeNothing) {
  const auto play = [](uint64_t restarts) {
    GroupConfig group = Only("combinations");
    group.combinations.least = 1000;
    WatchRig rig(group, restarts);
    std::vector<TemplateId> ids;
    for (int i = 0; i < 3; ++i) ids.push_back(rig.Make(fmt::format("t{} <*> <*> <*>", i)));
    std::mt19937_64 rng(11);
    for (int n = 0; n < 12'000; ++n) {
      // Values are rarer the higher; some pairs never meet but by accident.
      const uint64_t a = rng() % 4, b = rng() % 1500 == 0 ? 1 - a % 2 : a % 2;
      const std::string first = fmt::format("u{}", rng() % 2500 == 0 ? 9 + rng() % 9 : a);
      const std::string second = fmt::format("h{}", b), third = fmt::format("{}", rng() % 40);
      rig.SayValues(kMonday + n * 10min, ids[rng() % 3], {first, second, third});
    }
    return rig.Describe();
  };
  const std::string plain = play(0);
  EXPECT_THAT(plain, HasSubstr("never came before"));
  EXPECT_THAT(plain, HasSubstr("never went together"));
  for (uint64_t seed = 1; seed <= 5; ++seed) EXPECT_EQ(play(seed), plain) << "seed " << seed;
}

TEST(CombinationWatchTest, DamagedStateIsRefusedOrSane) {
  WatchRig rig(Only("combinations"));
  const TemplateId id = rig.Make("Accepted key for <*> from <*>");
  Logins(&rig, id, kMonday, 20);
  LoadDamaged(&rig, "combinations", [&](Watches* watches) {
    WatchSteps steps;
    Sighting record;
    record.id = id;
    record.fits = true;
    record.watermark = record.time = kMonday + 500h;
    const std::vector<std::string_view> values = {"alice", "10.0.0.9"};
    record.parameters = values;
    watches->Observe(record, rig.catalog, &steps);
  });
}

}  // namespace
}  // namespace alogd
