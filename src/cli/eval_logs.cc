// SPDX-License-Identifier: MIT
// Reads labels and keeps the highest scores by unit.
#include "cli/eval_logs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "core/detection/stream_key.h"

namespace alogd {
namespace {

constexpr size_t kMaxUnits = 5'000'000;
constexpr std::string_view kErrorWords = "grep for error words";
constexpr std::string_view kNewTemplate = "template never seen";
constexpr std::string_view kAlert = "alert (HIGH or worse)";
constexpr std::string_view kJoint = "ensemble";

// What an operator without a detector greps for.
constexpr std::string_view kWords[] = {"error", "fail", "fatal", "exception", "critical", "panic"};

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

bool HasErrorWord(std::string_view message) {
  const std::string lower = Lower(message);
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

// -1 where it is none.
int LabelOf(std::string_view text) {
  const std::string lower = Lower(text.substr(0, 16));
  if (lower == "0" || lower == "normal" || lower == "false") return 0;
  if (lower == "1" || lower == "abnormal" || lower == "anomaly" || lower == "true") return 1;
  return -1;
}

}  // namespace

Result<std::map<std::string, bool>> ReadLabels(const std::string& path) {
  std::ifstream in(path);
  if (!in) return Error{fmt::format("cannot read {}: {}", path, std::strerror(errno)), errno};
  std::map<std::string, bool> labels;
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    const size_t comma = line.find(',');
    const std::string_view rest =
        comma == std::string::npos ? std::string_view() : std::string_view(line).substr(comma + 1);
    const int label = LabelOf(rest.substr(0, rest.find(',')));
    if (label < 0 && number == 1) continue;  // a heading
    if (label < 0 || labels.size() >= kMaxUnits)
      return Error{fmt::format(
          "{}:{}: not a label; a row is KEY,LABEL with LABEL 0, normal, 1, abnormal or anomaly",
          path, number)};
    labels[line.substr(0, comma)] = label == 1;
  }
  if (labels.empty()) return Error{fmt::format("{} holds no label", path)};
  return labels;
}

UnitScores::UnitScores(LabelKind kind, const std::map<std::string, double>& thresholds,
                       const std::vector<std::string>& trained, double high_risk)
    : kind_(kind), thresholds_(thresholds), trained_(trained.begin(), trained.end()) {
  thresholds_[std::string(kErrorWords)] = 0.5;
  thresholds_[std::string(kNewTemplate)] = 0.5;
  // A window of just that risk alerts.
  thresholds_[std::string(kAlert)] =
      std::nextafter(high_risk, -std::numeric_limits<double>::infinity());
}

std::string UnitScores::UnitOfFile(const std::string& source) const {
  const std::filesystem::path path(source);
  return kind_ == LabelKind::kFile ? path.filename().string()
                                   : path.parent_path().filename().string();
}

void UnitScores::Raise(const std::string& unit, std::string_view detector, double score) {
  Scores& scores = units_[unit];
  const auto [it, added] = scores.emplace(detector, score);
  if (!added && !(it->second >= score)) it->second = score;
}

void UnitScores::Record(const std::string& source, uint64_t line, std::string_view message,
                        std::string_view template_text) {
  // A record does not know its session's key: sessions are judged by windows alone.
  if (kind_ == LabelKind::kSession) return;
  const bool error = HasErrorWord(message), unknown = !trained_.contains(template_text);
  record_unit_ = kind_ == LabelKind::kLine ? std::to_string(line) : UnitOfFile(source);
  Raise(record_unit_, kErrorWords, error ? 1 : 0);
  Raise(record_unit_, kNewTemplate, unknown ? 1 : 0);
}

void UnitScores::Window(std::string_view stream_key, std::string_view detector, const Score& score,
                        double risk) {
  const auto [source, stream] = StreamKeys::Split(stream_key);
  const std::string unit = kind_ == LabelKind::kSession ? stream
                           : kind_ == LabelKind::kLine  ? record_unit_
                                                        : UnitOfFile(source);
  Raise(unit, detector, static_cast<double>(score.raw));
  if (thresholds_.contains(std::string(kJoint)))
    Raise(unit, kJoint, static_cast<double>(score.joint));
  Raise(unit, kAlert, risk);
}

std::vector<DetectorQuality> UnitScores::Judge(const std::map<std::string, bool>& labels,
                                               size_t* missing) const {
  *missing = 0;
  for (const auto& [unit, abnormal] : labels) *missing += !units_.contains(unit);
  std::vector<DetectorQuality> results;
  for (const auto& [detector, threshold] : thresholds_) {
    std::vector<double> normal, abnormal;
    for (const auto& [unit, scores] : units_) {
      const auto label = labels.find(unit);
      if (label == labels.end()) continue;
      const auto score = scores.find(detector);
      (label->second ? abnormal : normal)
          .push_back(score == scores.end() ? std::numeric_limits<double>::quiet_NaN()
                                           : score->second);
    }
    DetectorQuality quality;
    quality.detector = detector;
    quality.trivial = detector == kErrorWords || detector == kNewTemplate;
    if (quality.trivial && kind_ == LabelKind::kSession) continue;
    quality.threshold = threshold;
    quality.all = quality.unique = Assess(normal, abnormal, threshold, {});
    results.push_back(std::move(quality));
  }
  std::stable_partition(results.begin(), results.end(),
                        [](const DetectorQuality& q) { return q.trivial; });
  return results;
}

}  // namespace alogd
