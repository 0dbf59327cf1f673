// SPDX-License-Identifier: MIT
// Reads labels and keeps the highest scores by unit.
#include "cli/eval_logs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <tuple>

#include "cli/log_files.h"
#include "cli/log_reader.h"
#include "core/detection/anomaly_tracker.h"
#include "core/detection/stream_key.h"
#include "core/parser.h"
#include "core/pipeline.h"
#include "models/evaluation/trivial_detectors.h"

namespace alogd {
namespace {

constexpr size_t kMaxUnits = 5'000'000;
constexpr std::string_view kErrorWords = "grep for error words";
constexpr std::string_view kNewTemplate = "template never seen";
constexpr std::string_view kAlert = "alert (HIGH or worse)";
constexpr std::string_view kJoint = "ensemble";

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

// -1 where it is none.
int LabelOf(std::string_view text) {
  const std::string lower = Lower(text.substr(0, 16));
  if (lower == "0" || lower == "normal" || lower == "false") return 0;
  if (lower == "1" || lower == "abnormal" || lower == "anomaly" || lower == "true") return 1;
  return -1;
}

void Feed(MergedReader* reader, Pipeline* pipeline, const StreamKeys& keys, bool sessions,
          std::span<UnitScores* const> scores) {
  std::map<int64_t, SourceId> inputs;     // by file
  std::map<std::string, uint64_t> lines;  // so far, by source
  std::string source, key, session;
  uint64_t number = 0;
  pipeline->set_record_observer([&](const ParsedLine& line) {
    if (line.kind != Assembled::Kind::kRecord) return;
    session.clear();
    if (sessions && keys.Find(source, line.header, line.text, &key))
      session = StreamKeys::Split(key).second;
    for (UnitScores* of : scores)
      of->Record(source, number, session, line.header.message, pipeline->catalog().Text(line.id));
  });
  pipeline->set_observer([&](const Pipeline::ScoredWindow& scored) {
    for (UnitScores* of : scores)
      of->Window(scored.window->stream, scored.detector->name(), *scored.score, scored.risk);
  });
  pipeline->set_finding_observer([&](const Finding& finding, float risk) {
    for (UnitScores* of : scores)
      of->Watched(finding.source, finding.stream, static_cast<double>(risk));
  });
  while (auto next = reader->ReadLine()) {
    auto [input, is_new] = inputs.try_emplace(next->file);
    if (is_new) input->second = pipeline->AddSource(*next->source_name, next->reference);
    source = *next->source_name;
    number = ++lines[source];
    pipeline->Feed(input->second, FileId{next->file}, next->line);
    pipeline->Flush();  // so that a window is told right after the record that ended it
    static_cast<void>(pipeline->TakeUnit());
  }
  pipeline->Tick(kEndOfTime);
  pipeline->Flush();
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

std::map<std::string, bool> WindowLabels(const std::map<std::string, bool>& lines,
                                         uint32_t window) {
  std::map<std::string, bool> windows;
  for (const auto& [key, abnormal] : lines) {
    const size_t colon = key.rfind(':');
    const size_t digits = colon == std::string::npos ? 0 : colon + 1;
    uint64_t line = 0;
    const auto [end, error] = std::from_chars(key.data() + digits, key.data() + key.size(), line);
    if (error != std::errc() || end != key.data() + key.size() || line == 0) continue;
    windows[key.substr(0, digits) + std::to_string((line - 1) / window + 1)] |= abnormal;
  }
  return windows;
}

UnitScores::UnitScores(UnitKind of, const std::map<std::string, double>& thresholds,
                       const std::vector<std::string>& trained, double high_risk)
    : of_(of), trained_(trained.begin(), trained.end()) {
  detectors_.emplace_back(kErrorWords, 0.5);
  detectors_.emplace_back(kNewTemplate, 0.5);
  // A window of just that risk alerts.
  detectors_.emplace_back(kAlert,
                          std::nextafter(high_risk, -std::numeric_limits<double>::infinity()));
  for (const auto& [detector, threshold] : thresholds) detectors_.emplace_back(detector, threshold);
}

size_t UnitScores::Column(std::string_view detector) const {
  size_t column = 0;
  while (column < detectors_.size() && detectors_[column].first != detector) ++column;
  return column;
}

std::string UnitScores::FileKey(std::string_view source) const {
  const std::filesystem::path path(source);
  return of_.kind == LabelKind::kFile ? path.filename().string()
                                      : path.parent_path().filename().string();
}

size_t UnitScores::UnitOf(std::string_view source, std::string key) {
  std::string whole = fmt::format("{}:{}", source, key);
  const auto [known, is_new] = by_key_.emplace(std::move(whole), units_.size());
  if (is_new)
    units_.push_back(
        {std::string(source), std::move(key),
         std::vector<double>(detectors_.size(), std::numeric_limits<double>::quiet_NaN())});
  return known->second;
}

void UnitScores::Raise(size_t unit, size_t column, double score) {
  if (column >= detectors_.size()) return;
  double& highest = units_[unit].scores[column];
  if (!(highest >= score)) highest = score;
}

void UnitScores::Record(const std::string& source, uint64_t line, std::string_view session,
                        std::string_view message, std::string_view template_text) {
  switch (of_.kind) {
    case LabelKind::kSession:
      if (session.empty()) return;
      record_unit_ = UnitOf({}, std::string(session));
      break;
    case LabelKind::kLine:
    case LabelKind::kWindow:
      sources_.insert(source);
      if (of_.kind == LabelKind::kWindow) line = (line - 1) / of_.window + 1;
      record_unit_ = UnitOf(source, std::to_string(line));
      break;
    default:
      record_unit_ = UnitOf({}, FileKey(source));
  }
  Raise(record_unit_, Column(kErrorWords), HasErrorWord(message) ? 1 : 0);
  Raise(record_unit_, Column(kNewTemplate), trained_.contains(template_text) ? 0 : 1);
}

void UnitScores::Window(std::string_view stream_key, std::string_view detector, const Score& score,
                        double risk) {
  const auto [source, stream] = StreamKeys::Split(stream_key);
  const bool by_record = of_.kind == LabelKind::kLine || of_.kind == LabelKind::kWindow;
  if (by_record && units_.empty()) return;
  const size_t unit = by_record                         ? record_unit_
                      : of_.kind == LabelKind::kSession ? UnitOf({}, stream)
                                                        : UnitOf({}, FileKey(source));
  Raise(unit, Column(detector), static_cast<double>(score.raw));
  Raise(unit, Column(kJoint), static_cast<double>(score.joint));
  Raise(unit, Column(kAlert), risk);
}

void UnitScores::Watched(const std::string& source, const std::string& stream, double risk) {
  if (of_.kind == LabelKind::kSession) return Raise(UnitOf({}, stream), Column(kAlert), risk);
  if (of_.kind == LabelKind::kFile || of_.kind == LabelKind::kDirectory)
    return Raise(UnitOf({}, FileKey(source)), Column(kAlert), risk);
  if (!units_.empty()) Raise(record_unit_, Column(kAlert), risk);
}

std::vector<std::pair<const UnitScores::Unit*, bool>> UnitScores::Labelled(
    const std::map<std::string, bool>& labels, size_t* missing) const {
  std::vector<std::pair<const Unit*, bool>> labelled;
  for (const Unit& unit : units_) {
    auto label = labels.end();
    if (!unit.source.empty()) {
      const std::string name = std::filesystem::path(unit.source).filename().string();
      label = labels.find(fmt::format("{}:{}", unit.source, unit.key));
      if (label == labels.end()) label = labels.find(fmt::format("{}:{}", name, unit.key));
    }
    if (label == labels.end() && sources_.size() <= 1) label = labels.find(unit.key);
    if (label != labels.end()) labelled.emplace_back(&unit, label->second);
  }
  *missing = labels.size() - std::min(labels.size(), labelled.size());
  return labelled;
}

UnitScores::Judged UnitScores::Judge(const std::map<std::string, bool>& labels,
                                     double optimize_share) const {
  Judged judged;
  const auto units = Labelled(labels, &judged.missing);
  judged.tuned_on = static_cast<size_t>(optimize_share * static_cast<double>(units.size()));
  for (size_t column = 0; column < detectors_.size(); ++column) {
    std::vector<double> normal, abnormal, tuning_normal, tuning_abnormal;
    for (size_t i = 0; i < units.size(); ++i) {
      const auto& [unit, is_abnormal] = units[i];
      auto& to = i < judged.tuned_on ? (is_abnormal ? tuning_abnormal : tuning_normal)
                                     : (is_abnormal ? abnormal : normal);
      to.push_back(unit->scores[column]);
    }
    DetectorQuality quality;
    std::tie(quality.detector, quality.threshold) = detectors_[column];
    quality.trivial = quality.detector == kErrorWords || quality.detector == kNewTemplate;
    if (judged.tuned_on > 0 && !quality.trivial)
      quality.threshold = BestThreshold(tuning_normal, tuning_abnormal, {}, quality.threshold);
    quality.all = quality.unique = Assess(normal, abnormal, quality.threshold, {});
    judged.results.push_back(std::move(quality));
  }
  return judged;
}

std::map<std::string, double> Thresholds(const Bundle& bundle) {
  using Pointer = nlohmann::json::json_pointer;
  std::map<std::string, double> thresholds;
  const nlohmann::json detectors = bundle.manifest.value("detectors", nlohmann::json::object());
  const Pointer own("/calibration/threshold"), joint("/joint/threshold");
  for (const auto& [name, entry] : detectors.items())
    if (entry.contains(own)) thresholds[name] = entry.at(own).get<double>();
  if (bundle.manifest.contains(joint))
    thresholds[std::string(kJoint)] = bundle.manifest.at(joint).get<double>();
  return thresholds;
}

Status ScoreLogs(const Config& config, const GroupConfig& group, const Bundle& bundle,
                 const std::vector<std::string>& logs, std::span<UnitScores* const> scores) {
  auto models = MakeModelSet(group, &bundle);
  if (!models) return models.error();
  const auto files = FindLogFiles(logs, {.max_depth = 8, .max_files = 0});
  if (!files) return files.error();
  auto reader = MergedReader::Create(files->sources, group);
  if (!reader) return reader.error();
  const auto keys = StreamKeys::Create(group.stream);
  if (!keys) return keys.error();
  auto pipeline = Pipeline::Create(config, group, std::move(*models), nullptr);
  if (!pipeline) return pipeline.error();
  Feed(&*reader, pipeline->get(), *keys, group.stream.kind == StreamOptions::Kind::kSession,
       scores);
  return {};
}

}  // namespace alogd
