// SPDX-License-Identifier: MIT
// A statement that nobody has ever seen gets the level of its severity, whatever the history; and a
// log in which nothing is wrong gets none. From raw lines through training to the anomaly.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "cli/corpus_builder.h"
#include "core/pipeline.h"
#include "models/training/trainer.h"
#include "testing/made_up_log.h"

namespace alogd {
namespace {

constexpr char kSource[] = "/var/log/shop.log";

Line Next(const std::string& text, uint64_t* offset) {
  const Line line{text, *offset, static_cast<uint32_t>(text.size() + 1), false, false};
  *offset += line.bytes;
  return line;
}

// A service that lived for a while, and lives on.
class Service {
 public:
  Service(LogShape shape, uint64_t records, Duration length, uint64_t seed)
      : records_(records),
        log_((shape.records_per_second =
                  static_cast<double>(records) / std::chrono::duration<double>(length).count(),
              shape),
             Time(std::chrono::hours(500'000)), seed) {}

  void Train() {
    auto builder = CorpusBuilder::Create(config_, group_, {});
    ASSERT_TRUE(builder.ok());
    builder->BeginFile(kSource, kSource, log_.now());
    uint64_t offset = 0;
    for (uint64_t i = 0; i < records_; ++i) builder->Add(Next(log_.Next(), &offset));
    std::vector<std::string> remarks;
    Result<Bundle> bundle = TrainBundle(builder->Finish(&remarks), group_, {}, &remarks);
    ASSERT_TRUE(bundle.ok()) << bundle.error().message;
    Begin(&*bundle);
  }
  // No bundle: what the group sees is all that it knows.
  void Learn() {
    Begin(nullptr);
    Live(records_);
  }
  void Live(uint64_t records) {
    for (uint64_t i = 0; i < records; ++i) Feed(log_.Next());
  }
  void Say(const char* level, const char* message) { Feed(log_.Line(level, message)); }

  std::map<uint64_t, Anomaly> Anomalies() {
    pipeline_->Flush();
    Take();
    return anomalies_;
  }
  // The worst level of an anomaly about that text; a syslog message has its level before it.
  std::optional<RiskLevel> LevelOf(std::string_view text) {
    std::optional<RiskLevel> worst;
    for (const auto& [seq, a] : Anomalies())
      if (a.message.ends_with(text)) worst = std::max(worst.value_or(RiskLevel::kInfo), a.level);
    return worst;
  }

 private:
  void Begin(const Bundle* bundle) {
    Result<ModelSet> models = MakeModelSet(group_, bundle);
    ASSERT_TRUE(models.ok()) << models.error().message;
    auto pipeline =
        Pipeline::Create(config_, group_, std::move(*models), [this](const RecordRef& ref) {
          const auto line = lines_.find(ref.offset);
          return line == lines_.end() ? std::string() : line->second;
        });
    ASSERT_TRUE(pipeline.ok());
    pipeline_ = std::move(*pipeline);
    source_ = pipeline_->AddSource(kSource, log_.now());
  }
  void Feed(const std::string& text) {
    lines_[offset_] = text;
    pipeline_->Feed(source_, FileId{1}, Next(text, &offset_));
    if (++fed_ % 500 == 0) Take();
  }
  void Take() {
    for (Anomaly& a : pipeline_->TakeUnit().anomalies) anomalies_[a.seq] = std::move(a);
  }

  const uint64_t records_;
  MadeUpLog log_;
  Config config_;
  GroupConfig group_;
  std::unique_ptr<Pipeline> pipeline_;
  SourceId source_{};
  uint64_t offset_ = 0, fed_ = 0;
  std::map<uint64_t, std::string> lines_;  // by offset
  std::map<uint64_t, Anomaly> anomalies_;
};

struct History {
  LogShape shape;
  uint64_t records;
  Duration length;
};

class NeverSeenTest : public ::testing::TestWithParam<History> {};

TEST_P(NeverSeenTest, GetsTheLevelOfItsSeverity) {
  Service service(GetParam().shape, GetParam().records, GetParam().length, 7);
  service.Train();
  service.Live(300);
  service.Say("FATAL", "cannot open ledger: giving up");
  service.Live(200);
  service.Say("ERROR", "stock database answered with garbage");
  service.Live(200);
  service.Say("WARN", "falling back to the spare printer");
  service.Live(200);
  service.Say("INFO", "nightly price list imported");
  service.Live(200);
  EXPECT_EQ(service.LevelOf("cannot open ledger: giving up"), RiskLevel::kCritical);
  EXPECT_GE(service.LevelOf("stock database answered with garbage"), RiskLevel::kHigh);
  EXPECT_GE(service.LevelOf("falling back to the spare printer"), RiskLevel::kMedium);
  EXPECT_GE(service.LevelOf("nightly price list imported"), RiskLevel::kLow);
  EXPECT_LE(service.LevelOf("nightly price list imported"), RiskLevel::kMedium);
  // What is quoted is the message, and the plainest reason comes first.
  for (const auto& [seq, a] : service.Anomalies()) {
    EXPECT_EQ(a.message.find("shop.Service"), std::string::npos) << a.message;
    EXPECT_EQ(a.message.find("web1"), std::string::npos) << a.message;
    if (a.message.ends_with("garbage")) {
      EXPECT_THAT(a.evidence.front().summary, ::testing::StartsWith("a new statement: never seen"));
    }
  }
}

// It does not wear off while it lasts, and is one anomaly, not hundreds.
TEST_P(NeverSeenTest, LastsAsOneAnomaly) {
  Service service(GetParam().shape, GetParam().records, GetParam().length, 8);
  service.Train();
  constexpr int kTimes = 150;
  for (int i = 0; i < kTimes; ++i) {
    service.Say("ERROR", "stock database answered with garbage");
    service.Say("INFO", "order 31337 of customer 4711 stored");
  }
  uint64_t windows = 0, anomalies = 0;
  for (const auto& [seq, a] : service.Anomalies()) {
    if (!a.message.ends_with("stock database answered with garbage")) continue;
    EXPECT_GE(a.level, RiskLevel::kHigh);
    windows += a.windows;
    ++anomalies;
  }
  EXPECT_GE(windows, static_cast<uint64_t>(kTimes));
  EXPECT_EQ(anomalies, 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Histories, NeverSeenTest,
    ::testing::Values(
        History{{Order::kRandom, Pace::kEven, LogForm::kService}, 1000, std::chrono::minutes(5)},
        History{{Order::kFixed, Pace::kEven, LogForm::kService}, 1000, std::chrono::hours(336)},
        History{{Order::kRandom, Pace::kBursty, LogForm::kSyslog}, 5000, std::chrono::hours(24)},
        History{{Order::kFixed, Pace::kPaused, LogForm::kSyslog}, 5000, std::chrono::hours(336)}));

// Before a bundle there is, a group judges by what it has seen: a little early on, in full later.
TEST(NeverSeenWithoutABundleTest, LevelRisesWithWhatWasLearned) {
  const LogShape shape{Order::kRandom, Pace::kEven, LogForm::kService};
  Service service(shape, 1000, std::chrono::minutes(10), 9);
  service.Learn();
  service.Say("ERROR", "stock database answered with garbage");
  EXPECT_EQ(service.LevelOf("stock database answered with garbage"), std::nullopt);
  service.Live(1500);
  service.Say("ERROR", "refund rejected by the bank");
  service.Say("FATAL", "cannot open ledger: giving up");
  EXPECT_EQ(service.LevelOf("refund rejected by the bank"), RiskLevel::kMedium);
  EXPECT_EQ(service.LevelOf("cannot open ledger: giving up"), RiskLevel::kHigh);
  service.Live(20'000);
  service.Say("ERROR", "warehouse door found open");
  EXPECT_GE(service.LevelOf("warehouse door found open"), RiskLevel::kHigh);
}

TEST(NeverSeenWithoutABundleTest, ADayIsEnoughOnASlowHost) {
  const LogShape shape{Order::kRandom, Pace::kEven, LogForm::kSyslog};
  Service service(shape, 400, std::chrono::hours(30), 10);
  service.Learn();
  service.Say("ERROR", "stock database answered with garbage");
  EXPECT_EQ(service.LevelOf("stock database answered with garbage"), RiskLevel::kMedium);
}

class QuietLogTest : public ::testing::TestWithParam<LogShape> {};

TEST_P(QuietLogTest, StaysQuiet) {
  Service service(GetParam(), 3000, std::chrono::hours(24), 11);
  service.Train();
  service.Live(9000);
  for (const auto& [seq, a] : service.Anomalies())
    EXPECT_LT(a.level, RiskLevel::kHigh) << a.detector << ": " << a.message;
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, QuietLogTest,
    ::testing::Values(LogShape{Order::kRandom, Pace::kEven, LogForm::kService},
                      LogShape{Order::kRandom, Pace::kBursty, LogForm::kService},
                      LogShape{Order::kFixed, Pace::kPaused, LogForm::kSyslog},
                      LogShape{Order::kFixed, Pace::kEven, LogForm::kService}));

}  // namespace
}  // namespace alogd
