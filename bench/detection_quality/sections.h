// SPDX-License-Identifier: MIT
// The sections of bench/detection_quality, and what they share.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "core/result.h"
#include "models/evaluation/session_evaluation.h"
#include "testing/paths.h"

namespace alogd {

struct QualityArguments {
  std::string data = testing::SourcePath("../shared/data");
  std::vector<std::string> only;     // sections; empty: all
  SessionEvaluationOptions options;  // of sessions; its detectors are those of logs too
  uint32_t log_seeds = 1;            // of labelled raw logs: they are trained for each
  uint32_t first_days = 14;          // of the rolling origin, before the first training
  uint32_t repeat_hours = 24;        // of the rolling origin: alerts.repeat_after
  uint32_t keep_days = 0;            // of its logs on disk; 0: all
  uint32_t places = 40;              // of a log, where a fault of each kind and size is spliced in
  bool json = false;
};

// Each prints its heading and tables (with `json` objects instead) and returns an exit status. What
// they need of the data and do not find makes them fail, which the caller takes for skipped.
using QualitySection = Result<int> (*)(const QualityArguments& args, const CliContext& context);

Result<int> RunHdfs(const QualityArguments& args, const CliContext& context);
Result<int> RunContaminated(const QualityArguments& args, const CliContext& context);
Result<int> RunOpenStack(const QualityArguments& args, const CliContext& context);
Result<int> RunHadoop(const QualityArguments& args, const CliContext& context);
Result<int> RunRawHdfs(const QualityArguments& args, const CliContext& context);
Result<int> RunRollingOrigin(const QualityArguments& args, const CliContext& context);
Result<int> RunSpliceCurves(const QualityArguments& args, const CliContext& context);
Result<int> RunSpliceSessions(const QualityArguments& args, const CliContext& context);
Result<int> RunLineLabels(const QualityArguments& args, const CliContext& context);

// What is being done: on a terminal a line that overwrites itself, else a line each half minute.
class ProgressLine {
 public:
  explicit ProgressLine(std::string task);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  // Always true: nobody stops it.
  bool operator()(const std::string& step, double done);

 private:
  using Clock = std::chrono::steady_clock;
  std::string task_;
  Clock::time_point begin_ = Clock::now();
  const bool terminal_;
  double next_ = 0;  // seconds
};

// Files that are taken apart for a section; gone with it.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// All members of an archive, or the one file that is compressed, as <to>/<last directory>/<name>.
Status Extract(const std::string& archive, const std::filesystem::path& to);

}  // namespace alogd
