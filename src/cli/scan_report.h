// SPDX-License-Identifier: MIT
// What a scan writes: CSV files by risk level, a summary, every window's scores.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/detection/anomaly.h"
#include "core/pipeline.h"
#include "core/result.h"

namespace alogd {

// A field of RFC 4180: quoted where it must be; control characters and invalid UTF-8 are escaped,
// and a leading = + - @ gets a ' so that no spreadsheet runs log text as a formula.
std::string CsvField(std::string_view text);

// Number, share and response of each level, worst first, and the mean and highest risk.
std::string RiskSummary(const std::vector<Anomaly>& anomalies, const std::string& what);

// anomalies_with_risk.csv, risk_critical.csv .. risk_info.csv and risk_summary.txt in `directory`,
// which is made where it does not exist. Files of an earlier scan are replaced.
Status WriteScanReport(const std::string& directory, const std::vector<Anomaly>& anomalies,
                       const std::string& what);

// --all-scores: a row a window in all_scores.csv. The joint score is that of all windows that end
// together; where a bundle has one, it decides, and `joint_threshold` is what it is held against.
class ScoreLog {
 public:
  static Result<std::unique_ptr<ScoreLog>> Create(const std::string& directory,
                                                  std::optional<double> joint_threshold);
  ~ScoreLog();
  void Write(const Pipeline::ScoredWindow& scored);
  Status Close();

 private:
  ScoreLog(std::FILE* file, std::string path, std::optional<double> joint_threshold)
      : file_(file), path_(std::move(path)), joint_threshold_(joint_threshold) {}
  std::FILE* file_;
  std::string path_;
  std::optional<double> joint_threshold_;
};

// UTC, "2026-11-22T13:45:01.123Z".
std::string UtcTime(Time time);

}  // namespace alogd
