// SPDX-License-Identifier: MIT
// The figures of doc/measurements-detection.md, held on subsets of the labelled sessions that are
// soon judged.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "models/evaluation/session_evaluation.h"
#include "testing/grouping.h"
#include "testing/splice.h"

namespace alogd {
namespace {

std::string DataPath(const std::string& file) { return testing::TestDataPath() + "/" + file; }

// The first `most` sessions; none where the file is missing.
std::vector<NumberedSession> First(const std::string& file, size_t most) {
  Result<std::vector<NumberedSession>> read = ReadSessions(DataPath(file));
  if (!read) return {};
  read->resize(std::min(read->size(), most));
  return *read;
}
// One session in `every`, evenly spread.
std::vector<NumberedSession> Spread(const std::string& file, size_t every) {
  const Result<std::vector<NumberedSession>> read = ReadSessions(DataPath(file));
  std::vector<NumberedSession> some;
  for (size_t i = 0; read && i < read->size(); i += every) some.push_back((*read)[i]);
  return some;
}

SessionTask Hdfs(size_t train, size_t normal_every, size_t abnormal_every) {
  return {First("hdfs_seq/train_normal.txt", train),
          Spread("hdfs_seq/dev_normal.txt", normal_every),
          Spread("hdfs_seq/dev_abnormal.txt", abnormal_every), Prevalence{553'366, 16'838}};
}

// F1 at the prevalence, by detector, of the first seed.
std::map<std::string, double> F1(const SessionTask& task, const GroupConfig& group,
                                 std::vector<std::string> detectors = {}) {
  SessionEvaluationOptions options;
  options.seeds = 1;
  options.detectors = std::move(detectors);
  const Result<SessionEvaluation> evaluation = EvaluateSessions(task, group, options);
  std::map<std::string, double> f1;
  if (!evaluation) ADD_FAILURE() << evaluation.error().message;
  if (!evaluation) return f1;
  for (const DetectorQuality& quality : evaluation->results) f1[quality.detector] = quality.all.f1;
  return f1;
}

// Fewer epochs than it wants, for a test's patience.
GroupConfig Hasty() {
  GroupConfig group;
  group.deeplog.epochs = 40;
  group.deeplog.patience = 5;
  return group;
}

TEST(DetectionQualityTest, HdfsWithoutNetworks) {
  const SessionTask task = Hdfs(SIZE_MAX, 1, 1);
  if (task.abnormal.empty()) GTEST_SKIP() << "skipped: no " << DataPath("hdfs_seq");
  auto f1 = F1(task, {}, {"novelty", "counts", "length"});
  EXPECT_GE(f1["counts"], 0.97);
  EXPECT_GE(f1["ensemble"], 0.96);
  EXPECT_GT(f1["ensemble"], f1["count vector never seen"]);
}

// Texts are numbers, so vectors are one-hot.
TEST(DetectionQualityTest, HdfsLogAnomalysNetwork) {
  const SessionTask task = Hdfs(1000, 3, 20);
  if (task.abnormal.empty()) GTEST_SKIP() << "skipped: no " << DataPath("hdfs_seq");
  GroupConfig group = Hasty();
  group.loganomaly_lstm.layers = {32};
  group.loganomaly_lstm.counts = 32;
  group.loganomaly_lstm.epochs = 20;
  EXPECT_GE(F1(task, group, {"loganomaly_lstm"})["loganomaly_lstm"], 0.90);
}

// One fault in every twentieth normal session: what of them is found without networks.
TEST(DetectionQualityTest, HdfsSpliced) {
  SessionTask task = Hdfs(SIZE_MAX, 1, 1);
  if (task.normal.empty()) GTEST_SKIP() << "skipped: no " << DataPath("hdfs_seq");
  const auto recall = [&](const SpliceFault& fault) {
    SessionTask spliced{task.train, task.normal, {}, {}};
    for (size_t i = 0; i < task.normal.size(); i += 20)
      if (auto session = SpliceSession(task.normal[i], fault, i))
        spliced.abnormal.push_back(std::move(*session));
    SessionEvaluationOptions options;
    options.seeds = 1;
    options.detectors = {"novelty", "counts", "length"};
    const Result<SessionEvaluation> evaluation = EvaluateSessions(spliced, {}, options);
    double found = 0;
    for (const DetectorQuality& quality : evaluation->results)
      if (quality.detector == "ensemble") found = quality.all.recall;
    return found;
  };
  EXPECT_GE(recall({SpliceKind::kTemplate, 1}), 0.99);
  EXPECT_GE(recall({SpliceKind::kCut, 1}), 0.9);
  EXPECT_GE(recall({SpliceKind::kDelete, 5}), 0.85);
}

// A third of the training sessions, two faulty ones among them: the support floor keeps them out.
TEST(DetectionQualityTest, HdfsContaminated) {
  SessionTask task = Hdfs(1600, 3, 20);
  if (task.abnormal.empty()) GTEST_SKIP() << "skipped: no " << DataPath("hdfs_seq");
  static constexpr uint32_t kFault = 20;  // a template that only faults have
  for (const size_t place : {500, 1000}) {
    const auto fault = std::find_if(
        task.abnormal.begin(), task.abnormal.end(),
        [](const NumberedSession& s) { return std::find(s.begin(), s.end(), kFault) != s.end(); });
    ASSERT_NE(fault, task.abnormal.end());
    task.train.insert(task.train.begin() + static_cast<ptrdiff_t>(place), *fault);
    task.abnormal.erase(fault);
  }
  auto f1 = F1(task, Hasty());
  EXPECT_GE(f1["deeplog"], 0.80);
  EXPECT_GE(f1["ensemble"], 0.90);
}

TEST(DetectionQualityTest, OpenStack) {
  const std::string at = "openstack_seq/openstack_";
  const SessionTask task{
      First(at + "train", 50), Spread(at + "test_normal", 4), Spread(at + "test_abnormal", 4), {}};
  if (task.abnormal.empty()) GTEST_SKIP() << "skipped: no " << DataPath("openstack_seq");
  auto f1 = F1(task, Hasty());
  EXPECT_GE(f1["ensemble"], 0.92);
  EXPECT_GT(f1["ensemble"], f1["template never seen"]);
}

}  // namespace
}  // namespace alogd
