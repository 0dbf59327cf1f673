// SPDX-License-Identifier: MIT
// Writes the files of a scan.
#include "cli/scan_report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <filesystem>

#include "core/detection/stream_key.h"
#include "core/text.h"

namespace alogd {
namespace {

constexpr std::array kLevels = {RiskLevel::kCritical, RiskLevel::kHigh, RiskLevel::kMedium,
                                RiskLevel::kLow, RiskLevel::kInfo};

constexpr std::string_view kHeader =
    "time,last_time,level,risk,score,severity,detector,source,stream,template_id,template,message,"
    "windows,first_offset,last_offset,bundle,explanation\n";

std::string_view Response(RiskLevel level) {
  switch (level) {
    case RiskLevel::kCritical:
      return "respond at once";
    case RiskLevel::kHigh:
      return "look at it the same day";
    case RiskLevel::kMedium:
      return "look at it this week";
    case RiskLevel::kLow:
      return "look at it this month";
    case RiskLevel::kInfo:
      return "for the record";
  }
  return "";
}

std::string LowerName(RiskLevel level) {
  std::string name(Name(level));
  for (char& c : name) c = static_cast<char>(c | 0x20);
  return name;
}

std::string Row(const Anomaly& a) {
  return fmt::format("{},{},{},{:.1f},{:.1f},{},{},{},{},{},{},{},{},{},{},{},{}\n",
                     UtcTime(a.time), UtcTime(a.last_time), Name(a.level), a.risk, a.score,
                     a.severity, CsvField(a.detector), CsvField(a.source), CsvField(a.stream),
                     a.template_id == kNoTemplate ? "" : std::to_string(Index(a.template_id)),
                     CsvField(a.template_text), CsvField(a.message), a.windows, a.first_offset,
                     a.last_offset, CsvField(a.bundle),
                     CsvField(a.evidence.empty() ? "" : a.evidence.front().summary));
}

Status WriteFile(const std::string& path, const std::string& content) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (!file) return ErrnoError("cannot write", path, errno);
  const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  if (std::fclose(file) != 0 || !written) return ErrnoError("cannot write", path, errno);
  return {};
}

Status MakeDirectory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error)
    return Error{fmt::format("cannot create {}: {}", directory, error.message()), error.value()};
  return {};
}

}  // namespace

std::string UtcTime(Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time - seconds).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(static_cast<time_t>(seconds.time_since_epoch().count())), ms);
}

std::string CsvField(std::string_view text) {
  std::string field = EscapeForTerminal(text);
  if (!field.empty() && std::string_view("=+-@\t").find(field[0]) != std::string_view::npos)
    field.insert(field.begin(), '\'');
  if (field.find_first_of(",\"\t") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

std::string RiskSummary(const std::vector<Anomaly>& anomalies, const std::string& what) {
  std::map<RiskLevel, size_t> counts;
  double sum = 0, highest = 0;
  for (const Anomaly& a : anomalies) {
    ++counts[a.level];
    sum += a.risk;
    highest = std::max(highest, static_cast<double>(a.risk));
  }
  const auto total = static_cast<double>(std::max<size_t>(anomalies.size(), 1));
  std::string text = fmt::format("{}\nanomalies: {}, mean risk {:.1f}, highest {:.1f}\n\n", what,
                                 anomalies.size(), sum / total, highest);
  for (const RiskLevel level : kLevels)
    text += fmt::format("{:<9} {:>7} {:>6.1f}%  {}\n", Name(level), counts[level],
                        100 * static_cast<double>(counts[level]) / total, Response(level));
  return text;
}

Status WriteScanReport(const std::string& directory, const std::vector<Anomaly>& anomalies,
                       const std::string& what) {
  if (Status status = MakeDirectory(directory); !status) return status;
  std::string all(kHeader);
  std::map<RiskLevel, std::string> by_level;
  for (const Anomaly& a : anomalies) {
    const std::string row = Row(a);
    all += row;
    by_level[a.level] += row;
  }
  if (Status status = WriteFile(directory + "/anomalies_with_risk.csv", all); !status)
    return status;
  for (const RiskLevel level : kLevels) {
    const std::string path = directory + "/risk_" + LowerName(level) + ".csv";
    if (Status status = WriteFile(path, std::string(kHeader) + by_level[level]); !status)
      return status;
  }
  return WriteFile(directory + "/risk_summary.txt", RiskSummary(anomalies, what));
}

Result<std::unique_ptr<ScoreLog>> ScoreLog::Create(const std::string& directory,
                                                   std::optional<double> joint_threshold) {
  if (Status status = MakeDirectory(directory); !status) return status.error();
  const std::string path = directory + "/all_scores.csv";
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (!file) return ErrnoError("cannot write", path, errno);
  std::fputs(
      "time,detector,source,stream,records,last_template_id,raw,threshold,anomaly_score,over,"
      "severity,risk,explanation,joint,joint_threshold\n",
      file);
  return std::unique_ptr<ScoreLog>(new ScoreLog(file, path, joint_threshold));
}

ScoreLog::~ScoreLog() {
  if (file_) std::fclose(file_);
}

void ScoreLog::Write(const Pipeline::ScoredWindow& scored) {
  const auto [source, stream] = StreamKeys::Split(scored.window->stream);
  const Evidence* evidence = scored.score->evidence.get();
  const bool joint = joint_threshold_ && !std::isnan(scored.score->joint);
  const std::string row = fmt::format(
      "{},{},{},{},{},{},{},{},{:.2f},{},{},{:.1f},{},{},{}\n", UtcTime(scored.window->end),
      scored.detector->name(), CsvField(source), CsvField(stream), scored.window->events.size(),
      Index(scored.window->events.back().id), scored.score->raw,
      evidence ? evidence->threshold : 0.0f, scored.score->anomaly, scored.score->anomaly > 0,
      scored.severity, scored.risk, CsvField(evidence ? evidence->summary : ""),
      joint ? fmt::format("{:.3f}", scored.score->joint) : "",
      joint ? fmt::format("{:.3f}", *joint_threshold_) : "");
  std::fwrite(row.data(), 1, row.size(), file_);
}

Status ScoreLog::Close() {
  const bool failed = std::ferror(file_) != 0;
  const bool closed = std::fclose(file_) == 0;
  file_ = nullptr;
  if (failed || !closed) return ErrnoError("cannot write", path_, errno);
  return {};
}

}  // namespace alogd
