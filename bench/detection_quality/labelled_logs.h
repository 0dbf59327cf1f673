// SPDX-License-Identifier: MIT
// Raw logs with labels: what a section trains on and judges.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cli/eval_logs.h"
#include "core/config/config.h"
#include "core/result.h"
#include "detection_quality/sections.h"

namespace alogd {

struct LogTask {
  struct Judged {
    UnitKind of;
    std::map<std::string, bool> labels;
    double optimize_share = 0;  // > 0: of the units, to choose thresholds on; the rest is judged
  };
  GroupConfig group;
  std::vector<std::string> train, test;  // files
  std::string what;                      // for the heading
  std::vector<Judged> judged;            // a table each
};

// Trains on the task's files as `alogctl train` does, without leaving files out.
Result<Bundle> TrainOnLogs(const LogTask& task, const Config& config, uint64_t seed,
                           const std::vector<std::string>& detectors, ProgressLine* progress);

// Trains with each seed, scores, and prints a table for each kind of unit.
int RunLogs(const QualityArguments& args, const CliContext& context, const std::string& name,
            const LogTask& task);

// The raw logs of Hadoop taken apart into `scratch`, with the labels of its applications.
struct HadoopLogs {
  std::map<std::string, bool> abnormal;  // by application
  // By application; paths in order.
  std::map<std::string, std::vector<std::string>> containers;
};
Result<HadoopLogs> ReadHadoop(const std::string& data, const std::filesystem::path& scratch);
inline constexpr size_t kHadoopTrained = 6;  // normal applications, the first by name

}  // namespace alogd
