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

#include "cli/log_files.h"
#include "cli/log_reader.h"
#include "core/detection/stream_key.h"
#include "core/parser.h"
#include "core/pipeline.h"
#include "models/bundle/model_set.h"

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

void Feed(MergedReader* reader, Pipeline* pipeline, const StreamKeys& keys, bool sessions,
          std::span<UnitScores* const> scores) {
  std::map<int64_t, std::pair<SourceId, uint64_t>> inputs;  // by file: its source and lines so far
  std::string source, key, session;
  uint64_t number = 0;
  pipeline->set_record_observer([&](const ParsedLine& line) {
    if (line.kind != Assembled::Kind::kRecord) return;
    session.clear();
    if (sessions && keys.Find(source, line.header, &key)) session = StreamKeys::Split(key).second;
    for (UnitScores* of : scores)
      of->Record(source, number, session, line.header.message, pipeline->catalog().Text(line.id));
  });
  pipeline->set_observer([&](const Pipeline::ScoredWindow& scored) {
    for (UnitScores* of : scores)
      of->Window(scored.window->stream, scored.detector->name(), *scored.score, scored.risk);
  });
  while (auto next = reader->ReadLine()) {
    auto input = inputs.find(next->file);
    if (input == inputs.end()) {
      const SourceId id = pipeline->AddSource(*next->source_name, next->reference);
      input = inputs.emplace(next->file, std::pair(id, uint64_t{0})).first;
    }
    source = *next->source_name;
    number = ++input->second.second;
    pipeline->Feed(input->second.first, FileId{next->file}, next->line);
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

void UnitScores::Record(const std::string& source, uint64_t line, std::string_view session,
                        std::string_view message, std::string_view template_text) {
  if (kind_ == LabelKind::kSession && session.empty()) return;
  const bool error = HasErrorWord(message), unknown = !trained_.contains(template_text);
  record_unit_ = kind_ == LabelKind::kSession ? std::string(session)
                 : kind_ == LabelKind::kLine  ? std::to_string(line)
                                              : UnitOfFile(source);
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
    quality.threshold = threshold;
    quality.all = quality.unique = Assess(normal, abnormal, threshold, {});
    results.push_back(std::move(quality));
  }
  std::stable_partition(results.begin(), results.end(),
                        [](const DetectorQuality& q) { return q.trivial; });
  return results;
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
