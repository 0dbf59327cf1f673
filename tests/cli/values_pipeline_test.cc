// SPDX-License-Identifier: MIT
// Numbers on their way from lines to anomalies: trained from a log, found in another, however the
// input is cut into batches and units.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "cli/corpus_builder.h"
#include "core/pipeline.h"
#include "models/training/trainer.h"

namespace alogd {
namespace {

using ::testing::HasSubstr;

// A request every second or two that takes 8 to 20 ms, now and then a tick, in ten sessions at a
// time.
std::vector<std::string> Log(size_t lines, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::string> log;
  for (size_t i = 0, second = 0; i < lines; ++i, second += 1 + random() % 2) {
    const std::string stamp = fmt::format("2026-03-{:02} {:02}:{:02}:{:02}", 1 + second / 86400,
                                          second / 3600 % 24, second / 60 % 60, second % 60);
    const size_t job = i / 100 * 10 + i % 10;
    if (random() % 8 == 0)
      log.push_back(fmt::format("{} INFO job_{} tick", stamp, job));
    else
      log.push_back(fmt::format("{} INFO job_{} request took {}.{} ms", stamp, job,
                                8 + random() % 12, random() % 10));
  }
  return log;
}

class ValuesPipelineTest : public ::testing::Test {
 protected:
  ValuesPipelineTest() { group_.stream.kind = StreamOptions::Kind::kSource; }

  Bundle Train(const std::vector<std::string>& log) {
    auto builder = CorpusBuilder::Create(config_, group_, {.max_records = 3000, .filter = false});
    EXPECT_TRUE(builder.ok());
    builder->BeginFile("a.log", "a.log", kNoTime);
    uint64_t offset = 0;
    for (const std::string& text : log) {
      builder->Add(Line{text, offset, static_cast<uint32_t>(text.size() + 1), false, false});
      offset += text.size() + 1;
    }
    std::vector<std::string> remarks;
    const Corpus corpus = builder->Finish(&remarks);
    TrainOptions options;
    options.detectors = {"values"};
    Result<Bundle> bundle = TrainBundle(corpus, group_, options, nullptr);
    EXPECT_TRUE(bundle.ok()) << (bundle.ok() ? "" : bundle.error().message);
    return std::move(*bundle);
  }

  // What a scan finds, in words; the pipeline is flushed and a unit taken after so many lines.
  std::vector<std::string> Find(const Bundle& bundle, const std::vector<std::string>& log,
                                size_t every) {
    GroupConfig group = group_;
    group.novelty.enabled = group.novelty.pairs = group.baseline.enabled = false;
    Result<ModelSet> models = MakeModelSet(group, &bundle);
    EXPECT_TRUE(models.ok()) << (models.ok() ? "" : models.error().message);
    auto pipeline = Pipeline::Create(config_, group, std::move(*models), nullptr);
    EXPECT_TRUE(pipeline.ok());
    const SourceId source = (*pipeline)->AddSource("a.log", kNoTime);
    std::map<uint64_t, std::string> found;
    const auto take = [&] {
      for (const Anomaly& a : (*pipeline)->TakeUnit().anomalies)
        found[a.seq] = fmt::format("{} {:.3f} {}", a.message, a.risk, a.evidence.at(0).summary);
    };
    uint64_t offset = 0;
    for (size_t i = 0; i < log.size(); ++i) {
      const auto bytes = static_cast<uint32_t>(log[i].size() + 1);
      (*pipeline)->Feed(source, FileId{1}, Line{log[i], offset, bytes, false, false});
      offset += bytes;
      if (i % every == every - 1) take();
    }
    (*pipeline)->Tick(kEndOfTime);
    take();
    std::vector<std::string> all;
    for (const auto& [seq, text] : found) all.push_back(text);
    return all;
  }

  Config config_;
  GroupConfig group_;
};

TEST_F(ValuesPipelineTest, NineSecondsAreFoundHoweverTheInputIsCut) {
  // More than the builder keeps: numbers are thinned out with their records.
  const Bundle bundle = Train(Log(9000, 1));
  EXPECT_EQ(bundle.manifest["detectors"]["values"]["parameters"]["templates"], 1);
  std::vector<std::string> log = Log(2000, 2);
  EXPECT_LE(Find(bundle, log, 5000).size(), 1u);
  log.insert(log.begin() + 1500, log[1499].substr(0, 19) + " INFO job_7 request took 9,000 ms");
  const std::vector<std::string> found = Find(bundle, log, 5000);
  ASSERT_FALSE(found.empty());
  EXPECT_THAT(found.back(), HasSubstr("request took 9,000 ms"));
  EXPECT_THAT(found.back(), HasSubstr(": 9,000 where "));
  for (const size_t every : {1u, 7u}) EXPECT_EQ(Find(bundle, log, every), found) << every;
}

// Their sessions end long after, but what is odd about a number is said at once.
TEST_F(ValuesPipelineTest, InSessionsToo) {
  group_.stream.kind = StreamOptions::Kind::kSession;
  group_.stream.session = "job_\\d+";
  const Bundle bundle = Train(Log(3000, 1));
  std::vector<std::string> log = Log(500, 2);
  log.insert(log.begin() + 400, log[399].substr(0, 19) + " INFO job_39 request took 9,000 ms");
  const std::vector<std::string> found = Find(bundle, log, 5000);
  ASSERT_FALSE(found.empty());
  EXPECT_THAT(found.back(), HasSubstr("request took 9,000 ms"));
  EXPECT_EQ(Find(bundle, log, 1), found);
}

TEST_F(ValuesPipelineTest, NothingIsReadWhereNobodyAsks) {
  group_.values.enabled = false;
  auto builder = CorpusBuilder::Create(config_, group_, {.filter = false});
  ASSERT_TRUE(builder.ok());
  builder->BeginFile("a.log", "a.log", kNoTime);
  for (const std::string& text : Log(100, 1))
    builder->Add(Line{text, 0, static_cast<uint32_t>(text.size() + 1), false, false});
  std::vector<std::string> remarks;
  EXPECT_TRUE(builder->Finish(&remarks).numbers.empty());
}

}  // namespace
}  // namespace alogd
