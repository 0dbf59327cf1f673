// SPDX-License-Identifier: MIT
// Faults spliced into whole normal sessions, where order and counts are regular.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "cli/output.h"
#include "detection_quality/sections.h"
#include "models/evaluation/session_model.h"
#include "models/evaluation/trivial_detectors.h"
#include "models/training/trainer.h"
#include "testing/splice.h"

namespace alogd {
namespace {

constexpr size_t kEvery = 5;  // of the normal test sessions
constexpr SpliceFault kFaults[] = {
    {SpliceKind::kDelete, 1}, {SpliceKind::kDelete, 2},   {SpliceKind::kDelete, 5},
    {SpliceKind::kSwap, 1},   {SpliceKind::kSwap, 3},     {SpliceKind::kSwap, 10},
    {SpliceKind::kRepeat, 1}, {SpliceKind::kRepeat, 5},   {SpliceKind::kRepeat, 20},
    {SpliceKind::kCut, 1},    {SpliceKind::kTemplate, 1},
};
Result<SessionModel> Train(const std::vector<NumberedSession>& sessions, double alarm_share,
                           std::map<std::string, double>* thresholds) {
  ProgressLine progress("splice, hdfs sessions");
  TrainOptions options;
  options.alarms_per_day = alarm_share * kSessionsPerDay;
  options.progress = [&](const std::string& step, double done) { return progress(step, done); };
  GroupConfig group = SessionGroup({});
  group.baseline.enabled = false;  // it judges a stream by its past
  const Result<Bundle> bundle = TrainBundle(SessionCorpus(sessions), group, options, nullptr);
  if (!bundle) return bundle.error();
  auto model = SessionModel::Create(group, *bundle);
  if (model) *thresholds = model->Thresholds();
  return model;
}

// The share of sessions that each detector, and each trivial one, is alarmed by.
std::map<std::string, double> Shares(SessionModel* model,
                                     const std::map<std::string, double>& thresholds,
                                     const std::vector<TrivialDetector>& trivial,
                                     const std::vector<NumberedSession>& sessions) {
  const double all = static_cast<double>(std::max<size_t>(1, sessions.size()));
  std::map<std::string, double> shares;
  for (const auto& [name, scores] : model->Score(sessions)) {
    if (name.starts_with("ensemble without")) continue;
    const double threshold = thresholds.at(name);
    const auto over = std::count_if(scores.begin(), scores.end(),
                                    [&](double score) { return score > threshold; });
    shares[name] = static_cast<double>(over) / all;
  }
  for (const TrivialDetector& detector : trivial)
    shares[detector.name] =
        static_cast<double>(std::count_if(sessions.begin(), sessions.end(), detector.abnormal)) /
        all;
  return shares;
}

void Print(const CliContext& context, const std::string& fault, uint32_t size, size_t sessions,
           const std::map<std::string, double>& shares, std::optional<Table>* table) {
  if (context.json) {
    nlohmann::ordered_json json = {{"section", "splice"},
                                   {"log", "hdfs sessions"},
                                   {"fault", fault},
                                   {"size", size},
                                   {"sessions", sessions}};
    for (const auto& [name, share] : shares) json[name] = share;
    return PrintJson(json);
  }
  if (!*table) {
    std::vector<Column> columns = {{"fault"}, {"size", true}, {"sessions", true}};
    for (const auto& [name, share] : shares) columns.push_back({name, true});
    table->emplace(context, std::move(columns));
  }
  std::vector<Cell> cells = {fault, std::to_string(size), std::to_string(sessions)};
  for (const auto& [name, share] : shares) cells.emplace_back(fmt::format("{:.3f}", share));
  (*table)->Add(std::move(cells));
}

}  // namespace

Result<int> RunSpliceSessions(const QualityArguments& args, const CliContext& context) {
  const auto train = ReadSessions(args.data + "/hdfs_seq/train_normal.txt");
  const auto normal = ReadSessions(args.data + "/hdfs_seq/dev_normal.txt");
  if (!train) return train.error();
  if (!normal) return normal.error();
  std::map<std::string, double> thresholds;
  auto model = Train(*train, args.options.alarm_share, &thresholds);
  if (!model) return fmt::print(stderr, "splice_sessions: {}\n", model.error().message), 1;
  const auto trivial = TrainTrivialDetectors(*train);
  if (!args.json)
    fmt::print(
        "\nsplice, hdfs sessions: trained as above, seed 1; one fault in every {}th normal test "
        "session that is long enough for it; share found, where {:.2g}% of normal sessions may be "
        "over a threshold\n",
        kEvery, 100 * args.options.alarm_share);
  std::optional<Table> table;
  const auto shares = Shares(&*model, thresholds, trivial, *normal);
  Print(context, "none", 0, normal->size(), shares, &table);
  for (const SpliceFault& fault : kFaults) {
    std::mt19937_64 random(1);
    std::vector<NumberedSession> faulty;
    for (size_t i = 0; i < normal->size(); i += kEvery)
      if (auto session = SpliceSession((*normal)[i], fault, random())) faulty.push_back(*session);
    Print(context, std::string(Name(fault.kind)), fault.size, faulty.size(),
          Shares(&*model, thresholds, trivial, faulty), &table);
  }
  if (table) fmt::print("{}", table->Render(250));
  return 0;
}

}  // namespace alogd
