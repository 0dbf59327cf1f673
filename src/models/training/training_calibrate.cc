// SPDX-License-Identifier: MIT
// Calibrates detectors on held-out normal records.
#include "models/training/training_calibrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "models/bundle/golden.h"
#include "models/training/training_windows.h"

namespace alogd {
namespace {

constexpr size_t kGolden = 16;           // windows kept of a detector: 16 to 32 of them
constexpr size_t kLongestGolden = 1000;  // records; longer sessions would bloat the manifest

constexpr double kLeastSpan = 1;  // from threshold to top of a detector with a highest raw score

// Keeps every n-th of an unknown number of windows, n doubling as it fills up.
class GoldenSampler {
 public:
  void Offer(const Window& window, std::vector<GoldenWindow>* golden) {
    if (window.events.size() > kLongestGolden || offered_++ % every_ != 0) return;
    GoldenWindow kept;
    for (const Event& event : window.events) kept.words.push_back(Index(event.id));
    kept.session = window.session;
    golden->push_back(std::move(kept));
    if (golden->size() < 2 * kGolden) return;
    for (size_t i = 1; i < kGolden; ++i) (*golden)[i] = std::move((*golden)[2 * i]);
    golden->resize(kGolden);
    every_ *= 2;
  }

 private:
  uint64_t offered_ = 0;
  uint64_t every_ = 1;
};

class Jury {
 public:
  Jury(const TrainingSplit& split, std::vector<Candidate>* candidates)
      : catalog_(CatalogOf(split.vocabulary)),
        candidates_(*candidates),
        samplers_(candidates->size()) {}

  void Score(std::span<const CorpusWindow> all) {
    for (size_t d = 0; d < candidates_.size(); ++d) {
      Candidate& candidate = candidates_[d];
      windows_.clear();
      held_out_.clear();
      for (const CorpusWindow& item : all) {
        if (item.spec != d || (candidate.stateless && !item.held_out)) continue;
        windows_.push_back(item.window);
        held_out_.push_back(item.held_out);
      }
      scores_.clear();
      scores_.resize(windows_.size());
      candidate.detector->ScoreBatch({.catalog = catalog_, .explain_all = false}, windows_,
                                     scores_);
      for (size_t i = 0; i < windows_.size(); ++i) {
        if (!held_out_[i]) continue;
        if (candidate.stateless) samplers_[d].Offer(windows_[i], &candidate.golden);
        if (!std::isnan(scores_[i].raw)) candidate.raw.push_back(scores_[i].raw);
      }
    }
  }

  void Forget(std::string_view stream) {
    for (Candidate& candidate : candidates_) candidate.detector->Forget(stream);
  }

 private:
  Catalog catalog_;
  std::vector<Candidate>& candidates_;
  std::vector<GoldenSampler> samplers_;
  std::vector<Window> windows_;
  std::vector<bool> held_out_;
  std::vector<alogd::Score> scores_;
};

std::string Remark(const Candidate& candidate, const Calibrated& result, double days,
                   double allowed, double upper) {
  const std::string name(candidate.detector->name());
  if (candidate.raw.empty())
    return fmt::format("{}: no window in the held-out part, so it never alarms; give more logs",
                       name);
  std::string remark = fmt::format(
      "{}: threshold {:.4g}, over it {} of {} held-out windows in {}; with 95% confidence "
      "under {:.2g} alarms a day",
      name, result.calibration.threshold, result.metrics["held_out_alarms"].get<uint64_t>(),
      candidate.raw.size(), SpanText(days), upper);
  if (candidate.fixed_threshold) return remark + " (threshold by configuration)";
  if (allowed < 1)
    remark += "; the budget allows less than one alarm in that time, more data would tell more";
  return remark;
}

}  // namespace

bool Judge(const Corpus& corpus, const TrainingSplit& split, const GroupConfig& group,
           std::vector<Candidate>* candidates, const std::function<bool(double)>& progress) {
  std::vector<uint32_t> words(split.vocabulary.size());
  for (uint32_t word = 0; word < words.size(); ++word)
    words[word] = split.train_counts[word] > 0 ? word : kUnknownWord;
  std::vector<WindowSpec> specs;
  for (const Candidate& candidate : *candidates) specs.push_back(candidate.detector->spec());
  Jury jury(split, candidates);
  return RunWindows(corpus, split, group, specs, words,
                    {.windows = [&](std::span<const CorpusWindow> all) { jury.Score(all); },
                     .ended = [&](std::string_view stream) { jury.Forget(stream); },
                     .progress = progress});
}

std::string SpanText(double days) {
  if (days >= 9.95) return fmt::format("{:.0f} days", days);
  if (days >= 1) return fmt::format("{:.1f} days", days);
  if (days * 24 >= 1) return fmt::format("{:.1f} hours", days * 24);
  return fmt::format("{:.0f} minutes", days * 24 * 60);
}

double PoissonUpperBound(uint64_t count) {
  const double n = static_cast<double>(count) + 1;
  const double root = 1 - 1 / (9 * n) + 1.6449 / (3 * std::sqrt(n));
  return n * root * root * root;
}

Calibrated Calibrate(const Candidate& candidate, const TrainingSplit& split,
                     double alarms_per_day) {
  const double n = static_cast<double>(std::max<size_t>(candidate.raw.size(), 1));
  const double allowed = alarms_per_day * split.held_out_days;
  const double* fixed = candidate.fixed_threshold ? &*candidate.fixed_threshold : nullptr;
  Calibrated result;
  result.calibration = FitCalibration(candidate.raw, allowed / n, fixed, candidate.min_span);
  if (!fixed && result.calibration.threshold < candidate.least_threshold)
    SetThreshold(candidate.least_threshold, candidate.min_span, &result.calibration);
  if (candidate.reach > result.calibration.threshold) {
    const double span = 2 * (candidate.reach - result.calibration.threshold);
    result.calibration.top =
        result.calibration.threshold + std::clamp(span, kLeastSpan, candidate.min_span);
  }
  const auto alarms = static_cast<uint64_t>(std::count_if(
      candidate.raw.begin(), candidate.raw.end(),
      [&](float raw) { return result.calibration.Score(static_cast<double>(raw)) > 0; }));
  const double upper = PoissonUpperBound(alarms) / split.held_out_days;
  result.metrics = {{"held_out_windows", candidate.raw.size()},
                    {"held_out_days", split.held_out_days},
                    {"held_out_alarms", alarms},
                    {"alarms_allowed", allowed},
                    {"alarms_per_day", static_cast<double>(alarms) / split.held_out_days},
                    {"alarms_per_day_upper_95", upper}};
  result.remark = Remark(candidate, result, split.held_out_days, allowed, upper);
  return result;
}

}  // namespace alogd
