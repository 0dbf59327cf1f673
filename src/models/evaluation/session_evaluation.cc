// SPDX-License-Identifier: MIT
// Trains for each seed and measures every detector.
#include "models/evaluation/session_evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <set>

#include "models/evaluation/session_model.h"
#include "models/evaluation/trivial_detectors.h"
#include "models/registry/detectors.h"
#include "models/training/trainer.h"

namespace alogd {
namespace {

// The sessions of one class with the scores of one detector.
struct Scored {
  std::vector<double> all;
  std::vector<double> unique;  // of the first of equal sessions
};

class Evaluation {
 public:
  Evaluation(const SessionTask& task, const SessionEvaluationOptions& options)
      : task_(task),
        options_(options),
        normal_first_(FirstOfEqual(task.normal)),
        abnormal_first_(FirstOfEqual(task.abnormal)),
        normal_cut_(Cut(task.normal.size())),
        abnormal_cut_(Cut(task.abnormal.size())) {
    result_.normal = task.normal.size() - normal_cut_;
    result_.abnormal = task.abnormal.size() - abnormal_cut_;
    result_.tuned_on = normal_cut_ + abnormal_cut_;
  }

  void Trivial() {
    for (const TrivialDetector& detector : TrainTrivialDetectors(task_.train)) {
      std::vector<double> normal, abnormal;
      for (const NumberedSession& s : task_.normal) normal.push_back(detector.abnormal(s));
      for (const NumberedSession& s : task_.abnormal) abnormal.push_back(detector.abnormal(s));
      DetectorQuality quality;
      quality.detector = detector.name;
      quality.trivial = true;
      Judge(normal, abnormal, 0.5, &quality);
    }
  }

  Status Seed(uint64_t seed, const GroupConfig& group, const Corpus& corpus) {
    TrainOptions train;
    train.detectors = options_.detectors;
    train.seed = seed;
    train.held_out = options_.held_out;
    train.alarms_per_day = options_.alarm_share * kSessionsPerDay;
    train.progress = [&](const std::string& step, double done) {
      const double all = (static_cast<double>(seed - 1) + done) / options_.seeds;
      return !options_.progress || options_.progress(fmt::format("seed {}: {}", seed, step), all);
    };
    const std::clock_t begin = std::clock();
    Result<Bundle> bundle =
        TrainBundle(corpus, group, train, seed == 1 ? &result_.remarks : nullptr);
    if (!bundle) return bundle.error();
    const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    Result<SessionModel> model = SessionModel::Create(group, *bundle);
    if (!model) return model.error();
    const auto normal = model->Score(task_.normal), abnormal = model->Score(task_.abnormal);
    const auto thresholds = model->Thresholds();
    for (const auto& [name, scores] : normal) {
      if (!options_.ablate && name.starts_with("ensemble without")) continue;
      if (!thresholds.contains(name)) continue;  // novelty, where only others were trained
      DetectorQuality quality;
      quality.detector = name;
      quality.seed = seed;
      quality.training_seconds = took;
      Judge(scores, abnormal.at(name), thresholds.at(name), &quality);
    }
    return {};
  }

  SessionEvaluation Take() { return std::move(result_); }

 private:
  static std::vector<bool> FirstOfEqual(const std::vector<NumberedSession>& sessions) {
    std::set<NumberedSession> seen;
    std::vector<bool> first;
    for (const NumberedSession& session : sessions) first.push_back(seen.insert(session).second);
    return first;
  }

  size_t Cut(size_t sessions) const {
    return static_cast<size_t>(options_.optimize_share * static_cast<double>(sessions));
  }

  static Scored Split(std::span<const double> scores, size_t cut, const std::vector<bool>& first) {
    Scored scored;
    for (size_t i = cut; i < scores.size(); ++i) {
      scored.all.push_back(scores[i]);
      if (first[i]) scored.unique.push_back(scores[i]);
    }
    return scored;
  }

  void Judge(std::span<const double> normal, std::span<const double> abnormal, double threshold,
             DetectorQuality* quality) {
    if (result_.tuned_on > 0 && !quality->trivial)
      threshold = BestThreshold(normal.first(normal_cut_), abnormal.first(abnormal_cut_),
                                task_.natural, threshold);
    const Scored n = Split(normal, normal_cut_, normal_first_);
    const Scored a = Split(abnormal, abnormal_cut_, abnormal_first_);
    quality->threshold = threshold;
    quality->all = Assess(n.all, a.all, threshold, task_.natural);
    quality->unique = Assess(n.unique, a.unique, threshold, {});
    result_.results.push_back(std::move(*quality));
  }

  const SessionTask& task_;
  const SessionEvaluationOptions& options_;
  std::vector<bool> normal_first_, abnormal_first_;
  size_t normal_cut_, abnormal_cut_;  // sessions before it choose thresholds
  SessionEvaluation result_;
};

}  // namespace

Result<SessionEvaluation> EvaluateSessions(const SessionTask& task, const GroupConfig& group,
                                           const SessionEvaluationOptions& options) {
  if (task.train.empty() || task.normal.empty() || task.abnormal.empty())
    return Error{"sessions to train on, normal and abnormal ones to test on are all needed"};
  Evaluation evaluation(task, options);
  evaluation.Trivial();
  GroupConfig sessions = SessionGroup(group);
  if (!options.detectors.empty())
    if (const Status status = SelectDetectors(options.detectors, &sessions); !status)
      return status.error();
  for (const DetectorSpec* spec : Detectors())
    if (spec->past) spec->info.enabled.set(sessions, false);  // single sessions have none
  const Corpus corpus = SessionCorpus(task.train);
  for (uint64_t seed = 1; seed <= options.seeds; ++seed)
    if (const Status status = evaluation.Seed(seed, sessions, corpus); !status)
      return status.error();
  return evaluation.Take();
}

std::vector<DetectorQuality> MedianSeeds(const std::vector<DetectorQuality>& results) {
  std::vector<std::string> names;
  std::map<std::string, std::vector<DetectorQuality>> by_name;
  for (const DetectorQuality& result : results) {
    auto& of = by_name[result.detector];
    if (of.empty()) names.push_back(result.detector);
    of.push_back(result);
  }
  std::vector<DetectorQuality> medians;
  for (const std::string& name : names) {
    auto& of = by_name[name];
    std::stable_sort(of.begin(), of.end(), [](const DetectorQuality& a, const DetectorQuality& b) {
      return a.all.f1 < b.all.f1;
    });
    medians.push_back(of[(of.size() - 1) / 2]);
  }
  return medians;
}

}  // namespace alogd
