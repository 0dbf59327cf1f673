// SPDX-License-Identifier: MIT
// The formula of the quality score.
#include "models/training/quality.h"

#include <algorithm>
#include <cmath>

namespace alogd {
namespace {

double Share(double value) { return std::clamp(std::isfinite(value) ? value : 0.0, 0.0, 1.0); }

}  // namespace

QualityScore MeasureQuality(const QualityFacts& facts) {
  QualityScore quality;
  const double thousands = static_cast<double>(facts.records) / 1000;
  quality.data =
      7.5 * Share(thousands > 0 ? std::log10(thousands) / 2 : 0) + 7.5 * Share(facts.days / 7);
  const auto alerts = static_cast<double>(facts.alerts);
  const double allowed = std::max(1.0, facts.alerts_allowed);
  quality.alarms = facts.held_out == 0 ? 0 : 30 * (alerts <= allowed ? 1 : allowed / alerts);
  quality.coverage = 20 * Share((facts.coverage - 0.8) / 0.2);
  quality.golden = facts.golden ? 10 : 0;
  quality.recall =
      facts.faults == 0
          ? 0
          : 25 * Share(static_cast<double>(facts.faults_found) / static_cast<double>(facts.faults));
  return quality;
}

nlohmann::json QualityJson(const QualityFacts& facts) {
  const QualityScore quality = MeasureQuality(facts);
  const auto rounded = [](double value) { return std::round(value * 10) / 10; };
  return {{"score", rounded(quality.total())},
          {"parts",
           {{"data", rounded(quality.data)},
            {"alarms", rounded(quality.alarms)},
            {"coverage", rounded(quality.coverage)},
            {"golden", rounded(quality.golden)},
            {"recall", rounded(quality.recall)}}},
          {"facts",
           {{"records", facts.records},
            {"days", facts.days},
            {"held_out_records", facts.held_out},
            {"held_out_days", facts.held_out_days},
            {"alerts", facts.alerts},
            {"alerts_allowed", facts.alerts_allowed},
            {"coverage", facts.coverage},
            {"golden", facts.golden},
            {"faults", facts.faults},
            {"faults_found", facts.faults_found}}}};
}

}  // namespace alogd
