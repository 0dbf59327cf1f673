// SPDX-License-Identifier: MIT
// What an operator counts on of a host's own log: a new error line alerts.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "cli/corpus_builder.h"
#include "cli/log_files.h"
#include "cli/log_reader.h"
#include "core/pipeline.h"
#include "models/training/trainer.h"
#include "testing/grouping.h"

namespace alogd {
namespace {

class HostQualityTest : public ::testing::Test {
 protected:
  bool Read(const std::string& file) {
    const auto files =
        FindLogFiles({testing::TestDataPath() + "/" + file}, {.max_depth = 1, .max_files = 0});
    if (!files || files->sources.empty()) return false;
    LogReader reader(files->sources.front(), GroupConfig().max_line);
    while (const auto line = reader.Next()) {
      source_ = reader.source_name();
      reference_ = reader.reference();
      lines_.emplace_back(line->text);
    }
    return true;
  }

  Result<Bundle> Train(size_t lines) {
    auto builder = CorpusBuilder::Create(config_, group_, {});
    EXPECT_TRUE(builder.ok());
    builder->BeginFile(source_, source_, reference_);
    uint64_t offset = 0;
    for (size_t i = 0; i < lines; ++i) builder->Add(Next(lines_[i], &offset));
    std::vector<std::string> remarks;
    const Corpus corpus = builder->Finish(&remarks);
    return TrainBundle(corpus, group_, {}, &remarks);
  }

  static Line Next(const std::string& text, uint64_t* offset) {
    const Line line{text, *offset, static_cast<uint32_t>(text.size() + 1), false, false};
    *offset += line.bytes;
    return line;
  }

  // Stamped as the line before it.
  std::string NewError(const std::string& before) {
    std::string text = before.substr(0, 15) + " combo gaspump: error";
    for (int word = 0; word < 4; ++word) {
      text += ' ';
      for (int letter = 0; letter < 7; ++letter) text += static_cast<char>('a' + random_() % 26);
    }
    return text;
  }

  Config config_;
  GroupConfig group_;
  std::string source_;
  Time reference_ = kNoTime;
  std::vector<std::string> lines_;
  std::mt19937 random_{1};
};

TEST_F(HostQualityTest, NewErrorLinesAlert) {
  if (!Read("full/Linux.log.xz")) GTEST_SKIP() << "needs full/Linux.log.xz";
  const size_t trained = lines_.size() * 6 / 10;
  const Result<Bundle> bundle = Train(trained);
  ASSERT_TRUE(bundle.ok()) << (bundle.ok() ? "" : bundle.error().message);
  Result<ModelSet> models = MakeModelSet(group_, &*bundle);
  ASSERT_TRUE(models.ok()) << (models.ok() ? "" : models.error().message);
  auto pipeline = Pipeline::Create(config_, group_, std::move(*models), nullptr);
  ASSERT_TRUE(pipeline.ok());
  const SourceId source = (*pipeline)->AddSource(source_, reference_);
  std::map<std::string, RiskLevel> found;  // by message
  const auto take = [&] {
    for (const Anomaly& a : (*pipeline)->TakeUnit().anomalies)
      if (a.message.starts_with("error ")) found[a.message] = std::max(found[a.message], a.level);
  };
  uint64_t offset = 0;
  size_t errors = 0;
  for (size_t i = 0; i < lines_.size(); ++i) {
    const bool inserts = i > trained && i % 250 == 0;
    if (inserts) lines_[i] = NewError(lines_[i - 1]);
    errors += inserts;
    (*pipeline)->Feed(source, FileId{1}, Next(lines_[i], &offset));
    if (i % 100 == 99) take();
  }
  (*pipeline)->Flush();
  take();
  size_t high = 0;
  for (const auto& [message, level] : found) high += level >= RiskLevel::kHigh;
  EXPECT_EQ(found.size(), errors);
  EXPECT_EQ(high, errors);
}

}  // namespace
}  // namespace alogd
