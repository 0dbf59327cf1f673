// SPDX-License-Identifier: MIT
// Calibrates detectors on held-out normal records.
#include "models/training/training_calibrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "models/bundle/golden.h"
#include "models/corpus/training_windows.h"

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
  Jury(const TrainingSplit& split, std::vector<Candidate>* candidates, HeldOutMoments* moments)
      : split_(split),
        catalog_(CatalogOf(split.vocabulary)),
        candidates_(*candidates),
        samplers_(candidates->size()),
        moments_(*moments) {
    moments_.detectors = candidates->size();
    for (const Candidate& candidate : *candidates)
      without_rare_.push_back(split.sessions > 0 && candidate.voice == Voice::kOrder);
  }

  void Score(std::span<const CorpusWindow> all) {
    raw_.assign(all.size(), std::numeric_limits<float>::quiet_NaN());
    for (size_t d = 0; d < candidates_.size(); ++d) ScoreWith(d, all);
    for (size_t i = 0; i < all.size(); ++i)
      if (all[i].held_out)
        AddToMoment(
            all[i], raw_[i],
            i == 0 || all[i].last != all[i - 1].last || all[i].window.end != all[i - 1].window.end);
  }

  void Forget(std::string_view stream) {
    for (Candidate& candidate : candidates_) candidate.detector->Forget(stream);
  }

 private:
  void ScoreWith(size_t d, std::span<const CorpusWindow> all) {
    Candidate& candidate = candidates_[d];
    windows_.clear();
    indexes_.clear();
    for (size_t i = 0; i < all.size(); ++i) {
      if (all[i].spec != d || (candidate.detector->stateless() && !all[i].held_out)) continue;
      windows_.push_back(all[i].window);
      indexes_.push_back(i);
    }
    scores_.clear();
    scores_.resize(windows_.size());
    ScoreContext context{.catalog = catalog_, .explain_all = false};
    context.numbers = all.front().numbers;
    candidate.detector->ScoreBatch(context, windows_, scores_);
    for (size_t i = 0; i < windows_.size(); ++i) {
      if (!all[indexes_[i]].held_out) continue;
      if (candidate.detector->stateless()) samplers_[d].Offer(windows_[i], &candidate.golden);
      if (std::isnan(scores_[i].raw)) continue;
      raw_[indexes_[i]] = scores_[i].raw;
      // Two faults among the normal sessions must not say how odd a normal session may be. The
      // joint threshold still takes them for normal. In streams without sessions what is rare comes
      // all the time, in half of all windows, and a curve that leaves these out knows no normal.
      if (without_rare_[d] && HasRare(windows_[i]))
        ++candidate.rare;
      else
        candidate.raw.push_back(scores_[i].raw);
    }
  }

  void AddToMoment(const CorpusWindow& item, float raw, bool first) {
    if (first) {
      moments_.ends.push_back(item.window.end);
      moments_.rare.push_back(false);
      moments_.raw.resize(moments_.raw.size() + moments_.detectors,
                          std::numeric_limits<float>::quiet_NaN());
    }
    moments_.raw[moments_.raw.size() - moments_.detectors + item.spec] = raw;
    if (without_rare_[item.spec] && HasRare(item.window)) moments_.rare.back() = true;
  }

  bool HasRare(const Window& window) const {
    return std::any_of(window.events.begin(), window.events.end(),
                       [&](const Event& event) { return split_.rare[Index(event.id)]; });
  }

  const TrainingSplit& split_;
  Catalog catalog_;
  std::vector<Candidate>& candidates_;
  std::vector<bool> without_rare_;  // by candidate
  std::vector<GoldenSampler> samplers_;
  HeldOutMoments& moments_;
  std::vector<Window> windows_;
  std::vector<size_t> indexes_;  // of windows_ among all
  std::vector<float> raw_;       // of all
  std::vector<alogd::Score> scores_;
};

// 0.36, 1.7, 17, 1300: what a person reads, never 1.3e+03.
std::string RateText(double rate) {
  return rate < 10 ? fmt::format("{:.2g}", rate) : fmt::format("{:.0f}", rate);
}

std::string Remark(const Candidate& candidate, const Calibrated& result, double days,
                   double allowed, double upper) {
  const std::string name(candidate.detector->name());
  if (candidate.raw.empty())
    return fmt::format("{}: no window in the held-out part, so it never alarms; give more logs",
                       name);
  std::string remark = fmt::format(
      "{}: threshold {:.4g}, over it {} of {} held-out windows in {}; with 95% confidence "
      "under {} alarms a day",
      name, result.calibration.threshold, result.metrics["held_out_alarms"].get<uint64_t>(),
      candidate.raw.size(), SpanText(days), RateText(upper));
  if (candidate.rare > 0)
    remark += fmt::format("; {} more hold rare templates and were left out", candidate.rare);
  if (candidate.fixed_threshold) return remark + " (threshold by configuration)";
  if (allowed < 1)
    remark += "; the budget allows less than one alarm in that time, more data would tell more";
  return remark;
}

}  // namespace

bool Judge(const Corpus& corpus, const TrainingSplit& split, const GroupConfig& group,
           std::vector<Candidate>* candidates, HeldOutMoments* moments,
           const std::function<bool(double)>& progress) {
  std::vector<uint32_t> words(split.vocabulary.size());
  for (uint32_t word = 0; word < words.size(); ++word)
    words[word] = split.train_counts[word] > 0 ? word : kUnknownWord;
  std::vector<WindowSpec> specs;
  for (const Candidate& candidate : *candidates) specs.push_back(candidate.detector->spec());
  Jury jury(split, candidates, moments);
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

Calibrated Calibrate(const Candidate& candidate, double held_out_days, double alarms_per_day) {
  const double n = static_cast<double>(std::max<size_t>(candidate.raw.size(), 1));
  const double allowed = alarms_per_day * held_out_days;
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
  const double upper = PoissonUpperBound(alarms) / held_out_days;
  result.metrics = {{"held_out_windows", candidate.raw.size()},
                    {"held_out_days", held_out_days},
                    {"held_out_alarms", alarms},
                    {"alarms_allowed", allowed},
                    {"alarms_per_day", static_cast<double>(alarms) / held_out_days},
                    {"alarms_per_day_upper_95", upper}};
  if (candidate.rare > 0) result.metrics["held_out_rare"] = candidate.rare;
  result.remark = Remark(candidate, result, held_out_days, allowed, upper);
  return result;
}

CalibratedJoint CalibrateJoint(const std::vector<Candidate>& candidates,
                               const std::vector<Calibration>& calibrations,
                               const HeldOutMoments& moments, const JointBudget& budget) {
  std::vector<SurpriseCurve> curves;
  for (size_t d = 0; d < candidates.size(); ++d)
    curves.push_back(FitCurve(std::string(candidates[d].detector->name()), candidates[d].voice,
                              candidates[d].raw, calibrations[d]));
  CalibratedJoint result;
  result.joint = FitJoint(std::move(curves), moments, budget, &result.metrics);
  if (moments.ends.empty()) {
    result.remark = "joint: no window in the held-out part, so each detector alarms by itself";
    return result;
  }
  const auto incidents = result.metrics["held_out_incidents"].get<uint64_t>();
  const double upper = PoissonUpperBound(incidents) / budget.days;
  result.metrics["incidents_allowed"] = budget.incidents_per_day * budget.days;
  result.metrics["incidents_per_day_upper_95"] = upper;
  result.remark = fmt::format(
      "all detectors together: threshold {:.3g} (sum of -log10 of their chances), {} incidents in "
      "{} of held-out records; with 95% confidence under {} a day",
      result.joint.threshold, incidents, SpanText(budget.days), RateText(upper));
  if (budget.incidents_per_day * budget.days < 1)
    result.remark += "; the budget allows less than one in that time, more data would tell more";
  return result;
}

}  // namespace alogd
