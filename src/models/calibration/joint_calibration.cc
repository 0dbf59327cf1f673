// SPDX-License-Identifier: MIT
// Fits curves and the joint threshold.
#include "models/calibration/joint_calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/detection/anomaly_tracker.h"

namespace alogd {
namespace {

using nlohmann::json;

constexpr double kStep = 0.1;          // least difference of two knots' surprises
constexpr double kMillion = 6;         // surprise at a calibration's top
constexpr double kTieMargin = 1e-4;    // as single thresholds have it, see calibration.cc
constexpr double kLeastSpan = 2;       // from threshold to top: orders of magnitude
constexpr double kTopSeldom = 1e-3;    // of the budget: what 100 stands for
constexpr size_t kLeastClusters = 50;  // fewer excesses do not tell a tail's shape
// Orders of magnitude beyond the highest held-out sum that a threshold is put at. More would be a
// guess about the tail that hides faults in logs of a few minutes.
constexpr double kMostBeyond = 1;
constexpr size_t kQuantiles = 20;  // of QQ data
constexpr size_t kMaxKnots = 256;  // of a curve that is read
constexpr size_t kMaxCurves = 32;
// Shares of the moments that a tail may begin at; the one with the most clusters is taken.
constexpr double kTailShares[] = {0.1, 0.05, 0.02, 0.01};

// Sums of all moments over the detectors that take part; 0 for rare ones without `with_rare`.
std::vector<double> Sums(const std::vector<SurpriseCurve>& curves, const HeldOutMoments& moments,
                         const std::vector<bool>& takes_part, bool with_rare = true) {
  std::vector<double> sums;
  for (size_t m = 0; m < moments.ends.size(); ++m) {
    if (!with_rare && m < moments.rare.size() && moments.rare[m]) {
      sums.push_back(0);
      continue;
    }
    JointSum sum;
    for (size_t d = 0; d < moments.detectors; ++d)
      if (takes_part[d])
        sum.Add(curves[d], curves[d].Surprise(moments.raw[m * moments.detectors + d]));
    sums.push_back(static_cast<double>(sum.total()));
  }
  return sums;
}

double EmpiricalThreshold(std::span<const Time> ends, const std::vector<double>& sums,
                          const JointBudget& budget) {
  std::vector<double> levels = sums;
  std::sort(levels.begin(), levels.end());
  const double allowed = budget.incidents_per_day * budget.days;
  // The least level that is within the budget, by bisection: incidents fall as the level rises,
  // but for the few that a higher level cuts in two.
  size_t low = 0, high = levels.size() - 1;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    const bool within =
        static_cast<double>(CountIncidents(ends, sums, levels[middle], budget.gap)) <= allowed;
    (within ? high : low) = within ? middle : middle + 1;
  }
  const double level = levels[high] + kTieMargin * std::max(1.0, levels[high]);
  // The budget is less than one incident in this time, and the highest of few sums is easily
  // passed: as surprises are powers of ten, so many more as the budget is below one.
  return allowed > 0 && allowed < 1 ? level + std::min(kMostBeyond, -std::log10(allowed)) : level;
}

// The highest sum of each incident over `level`.
std::vector<double> ClusterMaxima(std::span<const Time> ends, std::span<const double> sums,
                                  double level, Duration gap) {
  std::vector<double> maxima;
  Time last = kNoTime;
  for (size_t m = 0; m < sums.size(); ++m) {
    if (!(sums[m] > level)) continue;
    if (maxima.empty() || ends[m] > last + gap)
      maxima.push_back(sums[m]);
    else
      maxima.back() = std::max(maxima.back(), sums[m]);
    last = std::max(last, ends[m]);
  }
  return maxima;
}

// Excesses of the incidents' highest sums over `start`, and their tail; `excesses` is empty where
// there are too few to fit one.
struct Tail {
  double start = 0;
  std::vector<double> excesses;  // ascending
  ParetoTail pareto;

  // The sum that is reached so many times in the held-out part.
  double Level(double times) const {
    return start + pareto.Quantile(std::min(1.0, times / static_cast<double>(excesses.size())));
  }
};

Tail FitTail(std::span<const Time> ends, const std::vector<double>& sums, Duration gap) {
  std::vector<double> sorted = sums;
  std::sort(sorted.begin(), sorted.end());
  Tail tail;
  for (const double share : kTailShares) {
    const auto back = static_cast<size_t>(share * static_cast<double>(sorted.size()));
    const double level = sorted[sorted.size() - 1 - std::min(back, sorted.size() - 1)];
    std::vector<double> maxima = ClusterMaxima(ends, sums, level, gap);
    if (maxima.size() <= tail.excesses.size()) continue;
    tail.excesses = std::move(maxima);
    tail.start = level;
  }
  for (double& excess : tail.excesses) excess -= tail.start;
  if (tail.excesses.size() >= kLeastClusters) tail.pareto = FitPareto(tail.excesses);
  if (!(tail.pareto.scale > 0)) tail.excesses.clear();
  std::sort(tail.excesses.begin(), tail.excesses.end());
  return tail;
}

// The fitted tail's level for the budget: it rests on all of the tail, where the empirical one
// rests on the one or two highest sums (Siffer et al. 2017, "Anomaly detection in streams with
// extreme value theory", section 4.1). The empirical one where there is too little to fit.
double FitThreshold(std::span<const Time> ends, const std::vector<double>& sums, const Tail& tail,
                    const JointBudget& budget) {
  const double allowed = budget.incidents_per_day * budget.days;
  const double n = static_cast<double>(tail.excesses.size());
  if (tail.excesses.empty() || allowed >= n) return EmpiricalThreshold(ends, sums, budget);
  return tail.Level(allowed);
}

json TailJson(const Tail& tail) {
  json quantiles = json::array();
  for (size_t i = 0; i < kQuantiles; ++i) {
    const double share = (static_cast<double>(i) + 0.5) / kQuantiles;
    const double seen =
        tail.excesses[static_cast<size_t>(share * static_cast<double>(tail.excesses.size()))];
    quantiles.push_back({tail.start + seen, tail.start + tail.pareto.Quantile(1 - share)});
  }
  return {{"from", tail.start},
          {"incidents", tail.excesses.size()},
          {"shape", tail.pareto.shape},
          {"scale", tail.pareto.scale},
          {"quantiles", std::move(quantiles)}};
}

}  // namespace

SurpriseCurve FitCurve(std::string detector, Voice voice, std::span<const float> raw,
                       const Calibration& calibration) {
  SurpriseCurve curve{std::move(detector), {}, voice};
  std::vector<float> sorted;
  std::copy_if(raw.begin(), raw.end(), std::back_inserter(sorted),
               [](float v) { return !std::isnan(v); });
  if (sorted.empty()) return curve;
  std::sort(sorted.begin(), sorted.end());
  const double n = static_cast<double>(sorted.size());
  double surprise = 0, last = -kStep;
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i > 0 && sorted[i] == sorted[i - 1]) continue;
    surprise = std::log10(n / (n - static_cast<double>(i)));
    const bool highest = sorted[i] == sorted.back();
    if (surprise < last + kStep && !(highest && surprise > last)) continue;
    curve.knots.emplace_back(sorted[i], static_cast<float>(surprise));
    last = surprise;
  }
  // What is over the highest of n is at least as seldom as one in n, and one in a million at `top`.
  const double highest = static_cast<double>(sorted.back());
  const double span = std::max(calibration.top - highest, 1e-3 * std::max(1.0, std::abs(highest)));
  const double beyond = std::max(std::log10(n), last);
  if (beyond > last)
    curve.knots.emplace_back(static_cast<float>(highest + 1e-3 * span), static_cast<float>(beyond));
  curve.knots.emplace_back(static_cast<float>(highest + span),
                           static_cast<float>(std::max(kMillion, beyond + 1)));
  return curve;
}

size_t CountIncidents(std::span<const Time> ends, std::span<const double> sums, double threshold,
                      Duration gap) {
  size_t incidents = 0;
  Time first{}, last{};
  for (size_t m = 0; m < sums.size(); ++m) {
    if (!(sums[m] > threshold)) continue;
    const bool joins = incidents > 0 && ends[m] <= last + gap && ends[m] + gap >= first &&
                       ends[m] <= first + AnomalyTracker::kMaxIncident;
    if (!joins) {
      ++incidents;
      first = last = ends[m];
    }
    first = std::min(first, ends[m]);
    last = std::max(last, ends[m]);
  }
  return incidents;
}

JointModel FitJoint(std::vector<SurpriseCurve> curves, const HeldOutMoments& moments,
                    const JointBudget& budget, json* metrics) {
  JointModel joint;
  *metrics = json::object();
  if (!moments.ends.empty()) {
    const std::vector<bool> all(curves.size(), true);
    const std::vector<double> sums = Sums(curves, moments, all);
    const Tail tail = FitTail(moments.ends, sums, budget.gap);
    joint.threshold = FitThreshold(moments.ends, sums, tail, budget);
    joint.top = joint.threshold + kLeastSpan;
    if (!tail.excesses.empty()) {
      (*metrics)["tail"] = TailJson(tail);
      const double seldom = kTopSeldom * budget.incidents_per_day * budget.days;
      // One in a million by one detector is enough: a heavy tail must not leave what it is surest
      // of far from alarming.
      if (seldom > 0) joint.top = std::max(joint.top, std::min(kMillion, tail.Level(seldom)));
    }
    (*metrics)["held_out_moments"] = moments.ends.size();
    (*metrics)["held_out_incidents"] =
        CountIncidents(moments.ends, sums, joint.threshold, budget.gap);
    for (size_t d = 0; d < curves.size(); ++d) {
      if (curves[d].knots.empty()) continue;
      std::vector<bool> only(curves.size(), false), others(curves.size(), true);
      only[d] = true;
      others[d] = false;
      const auto threshold = [&](const std::vector<bool>& parts, bool with_rare) {
        const std::vector<double> of = Sums(curves, moments, parts, with_rare);
        return FitThreshold(moments.ends, of, FitTail(moments.ends, of, budget.gap), budget);
      };
      (*metrics)["alone"][curves[d].detector] = threshold(only, curves[d].voice != Voice::kOrder);
      if (curves.size() > 1) (*metrics)["without"][curves[d].detector] = threshold(others, true);
    }
  }
  std::erase_if(curves, [](const SurpriseCurve& curve) { return curve.knots.empty(); });
  joint.curves = std::move(curves);
  return joint;
}

json ToJson(const JointModel& joint) {
  json curves = json::object();
  for (const SurpriseCurve& curve : joint.curves) {
    curves[curve.detector] = json::array();
    for (const auto& [raw, surprise] : curve.knots)
      curves[curve.detector].push_back({raw, surprise});
  }
  return {{"threshold", joint.threshold},
          {"top", joint.top},
          {"content_is_one", true},
          {"curves", std::move(curves)}};
}

bool FromJson(const json& value, const VoiceLookup& voice_of, JointModel* joint) {
  const auto number = [](const json& object, const char* key, double* out) {
    if (!object.contains(key) || !object[key].is_number()) return false;
    *out = object[key].get<double>();
    return std::isfinite(*out);
  };
  if (!value.is_object() || !number(value, "threshold", &joint->threshold) ||
      !number(value, "top", &joint->top) || !(joint->top > joint->threshold) ||
      !value.contains("curves") || !value["curves"].is_object() ||
      value["curves"].size() > kMaxCurves)
    return false;
  // Thresholds of before are of plain sums.
  const bool content_is_one = value.contains("content_is_one");
  for (const auto& [detector, knots] : value["curves"].items()) {
    SurpriseCurve curve{detector, {}, content_is_one ? voice_of(detector) : Voice::kOwn};
    if (!knots.is_array() || knots.empty() || knots.size() > kMaxKnots) return false;
    for (const json& knot : knots) {
      if (!knot.is_array() || knot.size() != 2 || !knot[0].is_number() || !knot[1].is_number())
        return false;
      const auto raw = knot[0].get<float>(), surprise = knot[1].get<float>();
      if (!std::isfinite(raw) || !std::isfinite(surprise)) return false;
      if (!curve.knots.empty() &&
          (!(raw > curve.knots.back().first) || surprise < curve.knots.back().second))
        return false;
      curve.knots.emplace_back(raw, surprise);
    }
    joint->curves.push_back(std::move(curve));
  }
  return true;
}

}  // namespace alogd
