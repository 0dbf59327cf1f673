// SPDX-License-Identifier: MIT
// Detection quality from labelled scores: what was found, what was false, and how sure that is.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>

namespace alogd {

// How many normal and abnormal cases there are where the samples come from. A sample's counts are
// scaled by them: one false alarm among 5,619 sampled normals stands for 98 among 553,366.
struct Prevalence {
  double normal = 0, abnormal = 0;
};

// From `low` to `high`; exact (Clopper and Pearson 1934), two-sided, 95%.
struct Interval {
  double low = 0, high = 1;
};
Interval ExactBinomial(uint64_t hits, uint64_t of);

// False-alarm rates that recall is stated at: comparable without any threshold.
inline constexpr std::array<double, 3> kStatedRates = {0.0005, 0.001, 0.005};

struct Quality {
  // Of the samples as they are. Positive is abnormal.
  uint64_t true_positives = 0, false_negatives = 0, false_positives = 0, true_negatives = 0;
  // At the prevalence.
  double accuracy = 0, precision = 0, recall = 0, f1 = 0, specificity = 0;
  double composite = 0;  // 0.4 F1 + 0.3 accuracy + 0.2 recall + 0.1 precision
  double roc_auc = 0;
  double pr_auc = 0;  // average precision, at the prevalence; ties come at once
  Interval recall_interval, false_alarm_interval;
  // F1 with both rates at their worse, and at their better ends.
  Interval f1_interval;
  // Recall at the threshold that so large a share of the normal samples is over. A property of the
  // scores, not a result: the threshold is chosen on the samples that it is judged by.
  std::array<double, kStatedRates.size()> recall_at{};
};

// Scores over `threshold` are alarms; infinity and NaN are allowed (NaN: no opinion, never an
// alarm). Without a prevalence the samples are taken for it.
Quality Assess(std::span<const double> normal, std::span<const double> abnormal, double threshold,
               std::optional<Prevalence> prevalence);

// The threshold with the best F1 among the scores themselves; `otherwise` where none finds
// anything. For samples that nothing is judged by afterwards.
double BestThreshold(std::span<const double> normal, std::span<const double> abnormal,
                     std::optional<Prevalence> prevalence, double otherwise);

nlohmann::ordered_json ToJson(const Quality& quality);

}  // namespace alogd
