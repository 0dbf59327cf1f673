// SPDX-License-Identifier: MIT
// Lays out detection quality.
#include "cli/eval_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/output.h"

namespace alogd {
namespace {

// ".973": a leading zero would cost thirteen columns a row.
std::string Rate(double value) {
  const std::string text = fmt::format("{:.3f}", value);
  return text.starts_with("0.") ? text.substr(1) : text;
}

std::string SeedSpread(const std::vector<DetectorQuality>& results, const std::string& detector) {
  double low = 1, high = 0;
  size_t seeds = 0;
  for (const DetectorQuality& result : results) {
    if (result.detector != detector || result.seed == 0) continue;
    ++seeds;
    low = std::min(low, result.all.f1);
    high = std::max(high, result.all.f1);
  }
  if (seeds < 2) return "-";
  return Rate(low) + "-" + Rate(high);
}

void PrintLines(const std::vector<DetectorQuality>& results) {
  for (const DetectorQuality& result : results) {
    nlohmann::ordered_json json = {{"detector", result.detector},
                                   {"trivial", result.trivial},
                                   {"seed", result.seed},
                                   {"threshold", result.threshold},
                                   {"training_seconds", result.training_seconds}};
    json.update(ToJson(result.all));
    json["unique"] = ToJson(result.unique);
    PrintJson(json);
  }
}

}  // namespace

void PrintQualities(const CliContext& context, const std::vector<DetectorQuality>& results) {
  if (context.json) return PrintLines(results);
  Table table(context, {{"detector"},
                        {"F1", true},
                        {"95%"},
                        {"seeds"},
                        {"prec", true},
                        {"recall", true},
                        {"acc", true},
                        {"spec", true},
                        {"ROC", true},
                        {"PR", true},
                        {"comp", true},
                        {"TP", true},
                        {"FN", true},
                        {"FP", true},
                        {"TN", true},
                        {"r.05%", true},
                        {"r.1%", true},
                        {"r.5%", true}});
  for (const DetectorQuality& r : MedianSeeds(results)) {
    const Quality& q = r.all;
    table.Add({{r.detector, r.trivial ? Style::kDim : Style::kPlain},
               {Rate(q.f1), Style::kBold},
               Rate(q.f1_interval.low) + "-" + Rate(q.f1_interval.high),
               SeedSpread(results, r.detector),
               Rate(q.precision),
               Rate(q.recall),
               Rate(q.accuracy),
               Rate(q.specificity),
               Rate(q.roc_auc),
               Rate(q.pr_auc),
               Rate(q.composite),
               std::to_string(q.true_positives),
               std::to_string(q.false_negatives),
               std::to_string(q.false_positives),
               std::to_string(q.true_negatives),
               Rate(q.recall_at[0]),
               Rate(q.recall_at[1]),
               Rate(q.recall_at[2])});
  }
  table.Print();
}

void PrintUniqueQualities(const CliContext& context, const std::vector<DetectorQuality>& results) {
  Table table(context, {{"detector"},
                        {"F1", true},
                        {"95%"},
                        {"prec", true},
                        {"recall", true},
                        {"ROC", true},
                        {"PR", true},
                        {"FN", true},
                        {"FP", true},
                        {"r.05%", true},
                        {"r.1%", true},
                        {"r.5%", true}});
  for (const DetectorQuality& r : MedianSeeds(results)) {
    const Quality& q = r.unique;
    table.Add({{r.detector, r.trivial ? Style::kDim : Style::kPlain},
               {Rate(q.f1), Style::kBold},
               Rate(q.f1_interval.low) + "-" + Rate(q.f1_interval.high),
               Rate(q.precision),
               Rate(q.recall),
               Rate(q.roc_auc),
               Rate(q.pr_auc),
               std::to_string(q.false_negatives),
               std::to_string(q.false_positives),
               Rate(q.recall_at[0]),
               Rate(q.recall_at[1]),
               Rate(q.recall_at[2])});
  }
  table.Print();
}

}  // namespace alogd
