// SPDX-License-Identifier: MIT
// How good a bundle is, as one figure from 0 to 100, from what was measured on records it never
// saw.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

namespace alogd {

// Measured on the latest part of the logs, by a bundle trained on the part before it.
struct QualityFacts {
  uint64_t records = 0;       // trained on
  double days = 0;            // that they span
  uint64_t held_out = 0;      // records measured on
  double held_out_days = 0;   //
  uint64_t alerts = 0;        // incidents of HIGH or worse there, rules left out
  double alerts_allowed = 0;  // by alerts.budget_per_day; at least 1
  double coverage = 0;        // share of held-out records whose template training had
  bool golden = false;        // the bundle loads, golden lines and windows come out right
  uint64_t faults = 0;        // spliced into the held-out part
  uint64_t faults_found = 0;  // under an anomaly of any level
};

// The score is a sum of five parts, each a share of its points:
//   15 data      half by log10(records / 1000) / 2 (100,000 records are enough), half by days / 7
//   30 alarms    1 within the budget, else allowed / alerts
//   20 coverage  (coverage - 0.8) / 0.2: below 80% nearly everything is new every day
//   10 golden    all or nothing
//   25 recall    faults found / faults
// 85 is good, 92 excellent. Each part is kept, so that a low figure says what is missing.
struct QualityScore {
  double data = 0, alarms = 0, coverage = 0, golden = 0, recall = 0;
  double total() const { return data + alarms + coverage + golden + recall; }
};

QualityScore MeasureQuality(const QualityFacts& facts);
// For the manifest: the score, its parts and the facts behind them.
nlohmann::json QualityJson(const QualityFacts& facts);

}  // namespace alogd
