// SPDX-License-Identifier: MIT
// Counts, rates, areas and exact intervals.
#include "models/evaluation/quality.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

namespace alogd {
namespace {

constexpr double kTail = 0.025;  // beyond each end of a 95% interval

// Continued fraction of the incomplete beta function (Numerical Recipes, section 6.4, by Lentz).
double BetaFraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr int kSteps = 10'000;  // it needs about sqrt(max(a, b))
  const auto away = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1, d = 1 / away(1 - (a + b) * x / (a + 1)), h = d;
  for (int m = 1; m <= kSteps; ++m) {
    const double k = m;
    const double even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    h *= d * c;
    const double odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    h *= d * c;
    if (std::abs(d * c - 1) < 1e-12) break;
  }
  return h;
}

// I_x(a, b): the chance that a beta(a, b) variable is under x.
double BetaBelow(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * BetaFraction(a, b, x) / a;
  return 1 - front * BetaFraction(b, a, 1 - x) / b;
}

double BetaQuantile(double a, double b, double share) {
  double low = 0, high = 1;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (BetaBelow(a, b, middle) < share ? low : high) = middle;
  }
  return (low + high) / 2;
}

double Ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

double F1(double recall, double false_alarms, const Prevalence& p) {
  const double tp = recall * p.abnormal, fp = false_alarms * p.normal;
  return Ratio(2 * tp, 2 * tp + fp + (1 - recall) * p.abnormal);
}

uint64_t Over(std::span<const double> scores, double threshold) {
  return static_cast<uint64_t>(
      std::count_if(scores.begin(), scores.end(), [&](double s) { return s > threshold; }));
}

// Highest first; what has no opinion comes last.
std::vector<double> Ranked(std::span<const double> scores) {
  std::vector<double> sorted(scores.begin(), scores.end());
  for (double& score : sorted)
    if (std::isnan(score)) score = -std::numeric_limits<double>::infinity();
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  return sorted;
}

// Goes down both lists at once, all of one score as one step.
void Areas(const std::vector<double>& normal, const std::vector<double>& abnormal,
           const Prevalence& p, Quality* q) {
  const double normals = static_cast<double>(normal.size());
  const double abnormals = static_cast<double>(abnormal.size());
  size_t fp = 0, tp = 0;
  double roc = 0, pr = 0;
  while (fp < normal.size() || tp < abnormal.size()) {
    const bool abnormal_next =
        fp == normal.size() || (tp < abnormal.size() && abnormal[tp] >= normal[fp]);
    const double score = abnormal_next ? abnormal[tp] : normal[fp];
    const size_t fp_before = fp, tp_before = tp;
    while (fp < normal.size() && normal[fp] == score) ++fp;
    while (tp < abnormal.size() && abnormal[tp] == score) ++tp;
    roc += static_cast<double>(fp - fp_before) * static_cast<double>(tp + tp_before) / 2;
    const double found = Ratio(static_cast<double>(tp), abnormals) * p.abnormal;
    const double alarms = Ratio(static_cast<double>(fp), normals) * p.normal;
    pr += static_cast<double>(tp - tp_before) * Ratio(found, found + alarms);
  }
  q->roc_auc = Ratio(roc, normals * abnormals);
  q->pr_auc = Ratio(pr, abnormals);
}

}  // namespace

Interval ExactBinomial(uint64_t hits, uint64_t of) {
  const double k = static_cast<double>(hits), n = static_cast<double>(of);
  Interval interval;
  if (of == 0) return interval;
  if (hits > 0) interval.low = BetaQuantile(k, n - k + 1, kTail);
  if (hits < of) interval.high = BetaQuantile(k + 1, n - k, 1 - kTail);
  return interval;
}

Quality Assess(std::span<const double> normal, std::span<const double> abnormal, double threshold,
               std::optional<Prevalence> prevalence) {
  const uint64_t normals = normal.size(), abnormals = abnormal.size();
  const Prevalence p =
      prevalence.value_or(Prevalence{static_cast<double>(normals), static_cast<double>(abnormals)});
  Quality q;
  q.true_positives = Over(abnormal, threshold);
  q.false_negatives = abnormals - q.true_positives;
  q.false_positives = Over(normal, threshold);
  q.true_negatives = normals - q.false_positives;
  q.recall = Ratio(static_cast<double>(q.true_positives), static_cast<double>(abnormals));
  const double alarms = Ratio(static_cast<double>(q.false_positives), static_cast<double>(normals));
  q.specificity = normals > 0 ? 1 - alarms : 0;
  const double tp = q.recall * p.abnormal, fp = alarms * p.normal;
  q.precision = Ratio(tp, tp + fp);
  q.accuracy = Ratio(tp + q.specificity * p.normal, p.normal + p.abnormal);
  q.f1 = F1(q.recall, alarms, p);
  q.composite = 0.4 * q.f1 + 0.3 * q.accuracy + 0.2 * q.recall + 0.1 * q.precision;
  q.recall_interval = ExactBinomial(q.true_positives, abnormals);
  q.false_alarm_interval = ExactBinomial(q.false_positives, normals);
  q.f1_interval = {F1(q.recall_interval.low, q.false_alarm_interval.high, p),
                   F1(q.recall_interval.high, q.false_alarm_interval.low, p)};
  const std::vector<double> sorted_normal = Ranked(normal), sorted_abnormal = Ranked(abnormal);
  Areas(sorted_normal, sorted_abnormal, p, &q);
  for (size_t i = 0; i < kStatedRates.size() && normals > 0; ++i) {
    const auto allowed = static_cast<size_t>(kStatedRates[i] * static_cast<double>(normals));
    q.recall_at[i] = Ratio(static_cast<double>(Over(abnormal, sorted_normal[allowed])),
                           static_cast<double>(abnormals));
  }
  return q;
}

double BestThreshold(std::span<const double> normal, std::span<const double> abnormal,
                     std::optional<Prevalence> prevalence, double otherwise) {
  const std::vector<double> n = Ranked(normal), a = Ranked(abnormal);
  const double normals = static_cast<double>(n.size()), abnormals = static_cast<double>(a.size());
  const Prevalence p = prevalence.value_or(Prevalence{normals, abnormals});
  double best = otherwise, best_f1 = 0;
  size_t fp = 0, tp = 0;
  while (fp < n.size() || tp < a.size()) {
    const double candidate = std::max(fp < n.size() ? n[fp] : a[tp], tp < a.size() ? a[tp] : n[fp]);
    const double f1 =
        F1(Ratio(static_cast<double>(tp), abnormals), Ratio(static_cast<double>(fp), normals), p);
    if (f1 > best_f1) best_f1 = f1, best = candidate;  // what is over the candidate was counted
    while (fp < n.size() && n[fp] == candidate) ++fp;
    while (tp < a.size() && a[tp] == candidate) ++tp;
  }
  return best;
}

nlohmann::ordered_json ToJson(const Quality& q) {
  nlohmann::ordered_json json = {{"f1", q.f1},
                                 {"precision", q.precision},
                                 {"recall", q.recall},
                                 {"accuracy", q.accuracy},
                                 {"specificity", q.specificity},
                                 {"roc_auc", q.roc_auc},
                                 {"pr_auc", q.pr_auc},
                                 {"composite", q.composite}};
  json["confusion"] = {{"true_positives", q.true_positives},
                       {"false_negatives", q.false_negatives},
                       {"false_positives", q.false_positives},
                       {"true_negatives", q.true_negatives}};
  json["f1_interval"] = {q.f1_interval.low, q.f1_interval.high};
  json["recall_interval"] = {q.recall_interval.low, q.recall_interval.high};
  json["false_alarm_interval"] = {q.false_alarm_interval.low, q.false_alarm_interval.high};
  json["recall_at"] = nlohmann::ordered_json::array();
  for (size_t i = 0; i < kStatedRates.size(); ++i)
    json["recall_at"].push_back({{"false_alarms", kStatedRates[i]}, {"recall", q.recall_at[i]}});
  return json;
}

}  // namespace alogd
