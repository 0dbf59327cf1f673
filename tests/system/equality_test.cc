// SPDX-License-Identifier: MIT
// The daemon stores the same anomalies as the pipeline fed from memory with the same lines.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/pipeline.h"
#include "core/records/line_splitter.h"
#include "models/bundle/bundle.h"
#include "models/registry/detectors.h"
#include "testing/daemon_process.h"
#include "testing/tail_log.h"

namespace alogd {
namespace {

std::string Row(const std::string& detector, const std::string& level, const std::string& stream,
                const std::string& text, uint64_t first, uint64_t last, uint64_t windows,
                double score) {
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{:.3f}", detector, level, stream, text, first, last,
                     windows, score);
}

std::vector<std::string> InMemory(const Config& config, const std::string& path,
                                  const std::string& log) {
  auto models = MakeModelSet(config.groups[0], nullptr);
  EXPECT_TRUE(models.ok());
  auto pipeline = Pipeline::Create(config, config.groups[0], std::move(*models),
                                   [](const RecordRef&) { return std::string(); });
  EXPECT_TRUE(pipeline.ok());
  const SourceId source = (*pipeline)->AddSource(path, kNoTime);
  LineSplitter splitter(config.groups[0].max_line);
  splitter.Append(log);
  for (Line line; splitter.Next(&line);) (*pipeline)->Feed(source, FileId{1}, line);
  std::vector<std::string> rows;
  for (const Anomaly& a : (*pipeline)->TakeUnit().anomalies) {
    rows.push_back(Row(a.detector, std::string(Name(a.level)), a.stream, a.template_text,
                       a.first_offset, a.last_offset, a.windows, static_cast<double>(a.score)));
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

class EqualityTest : public ::testing::Test {
 protected:
  std::vector<std::string> Stored() const {
    auto rows = daemon_.Query(
        "SELECT printf('%s|%s|%s|%s|%d|%d|%d|%.3f', detector, level, stream, template, "
        "first_offset, "
        "last_offset, windows, score) FROM anomalies");
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  DaemonProcess daemon_;
};

TEST_F(EqualityTest, AppendedInPiecesAcrossRestarts) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  daemon_.ConfigureWith(kRhythmGroup);
  const LoadedConfig loaded = LoadConfig(daemon_.config_path(), true, AllDetectors());
  ASSERT_TRUE(loaded.ok()) << loaded.problems[0].message;
  const std::string log = MakeRhythmLog(seed, 6000);
  const std::string path = daemon_.Log("app.log");
  const std::vector<std::string> expected = InMemory(loaded.config, path, log);
  ASSERT_GT(expected.size(), 20U) << "the log has nothing to find";
  EXPECT_TRUE(std::any_of(expected.begin(), expected.end(), [](const std::string& row) {
    return !row.starts_with("rule|");
  })) << "nothing but rules matched";

  WriteTo(path, "");
  ASSERT_TRUE(daemon_.Start());
  int pieces = 0;
  for (size_t begin = 0; begin < log.size(); ++pieces) {
    // Pieces end anywhere, within lines and stack traces too.
    const size_t size = std::min<size_t>(1 + random() % 20'000, log.size() - begin);
    AppendTo(path, log.substr(begin, size));
    begin += size;
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 20));
    if (pieces % 20 == 19) {
      pieces % 40 == 39 ? daemon_.Kill() : daemon_.Terminate();
      ASSERT_TRUE(daemon_.Start());
    }
  }
  EXPECT_TRUE(Eventually([&] { return daemon_.CaughtUp(); }));
  EXPECT_EQ(daemon_.Terminate(), 0);
  EXPECT_EQ(Stored(), expected);
}

}  // namespace
}  // namespace alogd
