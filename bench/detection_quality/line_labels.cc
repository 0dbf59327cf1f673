// SPDX-License-Identifier: MIT
// Lines labelled by their level and words, in windows: a protocol without ground truth that is in
// use all the same.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "cli/eval_table.h"
#include "core/parser.h"
#include "detection_quality/labelled_logs.h"
#include "detection_quality/log_run.h"
#include "models/evaluation/trivial_detectors.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;

constexpr double kTrainShare = 0.6;  // of the lines, in order
constexpr double kTuneShare = 0.25;  // of the windows: thresholds chosen as such protocols do
constexpr size_t kLines[] = {50'000, 300'000};
constexpr uint32_t kWindows[] = {10, 15};

// The heuristic: WARN or worse, or one of the words. Continuation lines have no label.
Result<std::map<std::string, bool>> LabelLines(const std::vector<std::string>& lines,
                                               const GroupConfig& group, const std::string& name) {
  auto parser = Parser::Create(group, {});
  if (!parser) return parser.error();
  const SourceId source = parser->AddSource(name, Time{});
  std::map<std::string, bool> labels;
  uint64_t number = 0;
  for (const std::string& line : lines) {
    ++number;
    const ParsedLine parsed = parser->Add(
        source, FileId{1}, Line{line, number, static_cast<uint32_t>(line.size()), false, false});
    if (parsed.kind != Assembled::Kind::kRecord) continue;
    labels[std::to_string(number)] =
        parsed.header.level >= Level::kWarning || HasErrorWord(parsed.header.message);
  }
  return labels;
}

void Write(const fs::path& path, std::span<const std::string> lines) {
  std::ofstream out(path);
  for (const std::string& line : lines) out << line << '\n';
}

struct LineLog {
  std::string name;
  std::vector<std::string> lines;
};

Result<LineLog> Linux(const std::string& data) {
  auto log = ReadLog(data + "/full/Linux.log.xz");
  if (!log) return log.error();
  return LineLog{"Linux", std::move(log->lines)};
}

// Container after container.
Result<LineLog> Hadoop(const std::string& data) {
  const ScratchDirectory scratch;
  const auto logs = ReadHadoop(data, scratch.path());
  if (!logs) return logs.error();
  LineLog all{"Hadoop", {}};
  for (const auto& [application, paths] : logs->containers) {
    for (const std::string& path : paths) {
      std::ifstream in(path);
      for (std::string line; std::getline(in, line);) all.lines.push_back(line);
    }
  }
  return all;
}

Result<int> RunOne(const QualityArguments& args, const CliContext& context, const LineLog& log,
                   size_t wanted, uint32_t window) {
  const ScratchDirectory scratch;
  const size_t count = std::min(wanted, log.lines.size());
  const auto cut = static_cast<size_t>(kTrainShare * static_cast<double>(count));
  const std::span lines(log.lines.data(), count);
  LogTask task;
  task.group.stream.kind = StreamOptions::Kind::kSource;
  task.group.deeplog.window = task.group.loganomaly.window = window;
  task.train = {(scratch.path() / "train.log").string()};
  task.test = {(scratch.path() / "test.log").string()};
  Write(task.train[0], lines.first(cut));
  Write(task.test[0], lines.subspan(cut));
  const auto labels =
      LabelLines({lines.begin() + static_cast<ptrdiff_t>(cut), lines.end()}, task.group, log.name);
  if (!labels) return labels.error();
  const std::map<std::string, bool> windows = WindowLabels(*labels, window);
  const UnitKind of{LabelKind::kWindow, window};
  task.judged = {{of, windows, 0}, {of, windows, kTuneShare}};
  task.what = fmt::format(
      "labels are levels (WARN or worse) and words, which the first row greps for; trained on the "
      "first {:.0f}% of {} lines{}, whatever they say",
      100 * kTrainShare, count, wanted > count ? " (all there are)" : "");
  return RunLogs(args, context, log.name, task);
}

}  // namespace

Result<int> RunLineLabels(const QualityArguments& args, const CliContext& context) {
  int failed = 0;
  for (auto* read : {&Hadoop, &Linux}) {
    const Result<LineLog> log = read(args.data);
    if (!log) return log.error();
    for (const size_t wanted : kLines) {
      if (wanted != kLines[0] && log->lines.size() <= kLines[0]) continue;  // the same once more
      for (const uint32_t window : kWindows) {
        const Result<int> status = RunOne(args, context, *log, wanted, window);
        if (!status) return status.error();
        failed |= *status;
      }
    }
  }
  return failed;
}

}  // namespace alogd
