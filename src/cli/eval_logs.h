// SPDX-License-Identifier: MIT
// Labelled raw logs through the pipeline: the highest score of each labelled unit, by detector.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/config/config.h"
#include "core/detection/detector.h"
#include "core/result.h"
#include "models/bundle/bundle.h"
#include "models/evaluation/session_evaluation.h"

namespace alogd {

// What is judged as one: abnormal or not, found or not.
enum class LabelKind : uint8_t { kLine, kWindow, kSession, kFile, kDirectory };
struct UnitKind {
  LabelKind kind = LabelKind::kSession;
  uint32_t window = 10;  // kWindow: lines that follow each other in a source, each in one window
};

// Rows "KEY,LABEL", more columns and a heading allowed; LABEL is 0, normal, 1, abnormal or anomaly.
// Keys: the number of the line or window, from 1 ("FILE:NUMBER" where there are several sources,
// FILE a path or its last component), the session's key, the file's or its directory's name.
Result<std::map<std::string, bool>> ReadLabels(const std::string& path);

// Labels of lines as those of windows: abnormal where one of the lines is. Keys that are no line's
// are left out.
std::map<std::string, bool> WindowLabels(const std::map<std::string, bool>& lines, uint32_t window);

// Collects scores while a pipeline runs: feed it what the pipeline's observers are told.
class UnitScores {
 public:
  // `thresholds` by detector, in its own unit; `trained`: the texts of the bundle's templates.
  UnitScores(UnitKind of, const std::map<std::string, double>& thresholds,
             const std::vector<std::string>& trained, double high_risk);

  // A record: its source and line, its session (empty: none), its message and its template.
  void Record(const std::string& source, uint64_t line, std::string_view session,
              std::string_view message, std::string_view template_text);
  // A window that ended with the latest record, or by a deadline.
  void Window(std::string_view stream_key, std::string_view detector, const Score& score,
              double risk);
  // What a watch found; it counts as an alert where its risk is high enough.
  void Watched(const std::string& source, const std::string& stream, double risk);

  struct Judged {
    std::vector<DetectorQuality> results;  // by detector, the trivial ones first
    size_t missing = 0;                    // labels without a unit
    size_t tuned_on = 0;                   // units that thresholds were chosen on
  };
  // Units without a label are left out. With `optimize_share`, so large a first share of the
  // labelled units, in order of appearance, chooses thresholds (the best F1), the rest is judged.
  Judged Judge(const std::map<std::string, bool>& labels, double optimize_share) const;

 private:
  struct Unit {
    std::string source;  // of lines and windows
    std::string key;
    std::vector<double> scores;  // highest, by detector; NaN: no opinion
  };
  size_t Column(std::string_view detector) const;
  size_t UnitOf(std::string_view source, std::string key);
  std::string FileKey(std::string_view source) const;
  void Raise(size_t unit, size_t column, double score);
  // The units with a label, in order, and whether they are abnormal.
  std::vector<std::pair<const Unit*, bool>> Labelled(const std::map<std::string, bool>& labels,
                                                     size_t* missing) const;

  UnitKind of_;
  std::vector<std::pair<std::string, double>> detectors_;  // with thresholds; columns of scores
  std::set<std::string, std::less<>> trained_;
  std::vector<Unit> units_;                         // in order of appearance
  std::unordered_map<std::string, size_t> by_key_;  // "SOURCE:KEY"
  std::set<std::string, std::less<>> sources_;      // of lines and windows
  size_t record_unit_ = 0;                          // of the latest record
};

// The thresholds of a bundle's detectors, and of their joint score.
std::map<std::string, double> Thresholds(const Bundle& bundle);

// Logs at rest (files, directories, archives) through a pipeline with that bundle.
Status ScoreLogs(const Config& config, const GroupConfig& group, const Bundle& bundle,
                 const std::vector<std::string>& logs, std::span<UnitScores* const> scores);

}  // namespace alogd
