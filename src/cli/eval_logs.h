// SPDX-License-Identifier: MIT
// Labelled raw logs through the pipeline: the highest score of each labelled unit, by detector.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"
#include "core/detection/detector.h"
#include "core/result.h"
#include "models/bundle/bundle.h"
#include "models/evaluation/session_evaluation.h"

namespace alogd {

// What a label is of.
enum class LabelKind : uint8_t { kLine, kSession, kFile, kDirectory };

// Rows "KEY,LABEL", more columns and a heading allowed; LABEL is 0, normal, 1, abnormal or anomaly.
// Keys: the line's number from 1, the session's key, the file's or its directory's name.
Result<std::map<std::string, bool>> ReadLabels(const std::string& path);

// Collects scores while a pipeline runs: feed it what the pipeline's observers are told.
class UnitScores {
 public:
  // `thresholds` by detector, in its own unit; `trained`: the texts of the bundle's templates.
  UnitScores(LabelKind kind, const std::map<std::string, double>& thresholds,
             const std::vector<std::string>& trained, double high_risk);

  // A record: its source and line, its session (empty: none), its message and its template.
  void Record(const std::string& source, uint64_t line, std::string_view session,
              std::string_view message, std::string_view template_text);
  // A window that ended with the latest record, or by a deadline.
  void Window(std::string_view stream_key, std::string_view detector, const Score& score,
              double risk);

  // By detector, the trivial ones first. Units without a label are left out, labels without a unit
  // are counted.
  std::vector<DetectorQuality> Judge(const std::map<std::string, bool>& labels,
                                     size_t* missing) const;

 private:
  using Scores = std::map<std::string, double, std::less<>>;  // highest, by detector
  std::string UnitOfFile(const std::string& source) const;
  void Raise(const std::string& unit, std::string_view detector, double score);

  LabelKind kind_;
  std::map<std::string, double> thresholds_;
  std::set<std::string, std::less<>> trained_;
  std::map<std::string, Scores> units_;
  std::string record_unit_;  // of the latest record
};

// The thresholds of a bundle's detectors, and of their joint score.
std::map<std::string, double> Thresholds(const Bundle& bundle);

// Logs at rest (files, directories, archives) through a pipeline with that bundle.
Status ScoreLogs(const Config& config, const GroupConfig& group, const Bundle& bundle,
                 const std::vector<std::string>& logs, std::span<UnitScores* const> scores);

}  // namespace alogd
