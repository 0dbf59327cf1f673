// SPDX-License-Identifier: MIT
// One log at rest, run as the service runs it: trained, put through a pipeline, committed.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cli/retrain/left_out.h"
#include "core/config/config.h"
#include "core/parser.h"
#include "core/pipeline.h"
#include "core/result.h"
#include "core/store/store.h"
#include "models/bundle/bundle.h"

namespace alogd {

struct LogLines {
  std::string source;  // its name
  Time reference{};    // when the file was last written
  std::vector<std::string> lines;
};
// A file, compressed or not.
Result<LogLines> ReadLog(const std::string& path);

// Trains as `alogctl retrain` does, on lines [first, end) of the log.
struct LogSpan {
  const LogLines* log;
  size_t first, end;
};
Result<Bundle> TrainOnSpan(const Config& config, const GroupConfig& group, const LogSpan& span,
                           const LeftOut& left_out, std::vector<std::string>* remarks);

// The pipeline of one group over one source, and its database. Lines are fed one by one.
class LogRun {
 public:
  // `state`: what to go on from; empty begins anew.
  static Result<LogRun> Create(const Config& config, const GroupConfig& group, ModelSet models,
                               const LogLines& log, const GroupState* state);

  // The next line; true: anomalies came or grew, which `unit` has then. `at`: its place in offsets.
  void Feed(const std::string& line);
  // Everything up to here.
  CommitUnit Take();
  bool urgent() const { return pipeline_->urgent(); }
  Pipeline& pipeline() { return *pipeline_; }

 private:
  LogRun() = default;
  std::unique_ptr<Pipeline> pipeline_;
  SourceId source_{};
  uint64_t offset_ = 0;
};

// Commits and takes what it makes alert, as the daemon and its journal sender do.
Result<std::vector<Alert>> CommitAndSend(Store* store, const CommitUnit& unit);

// Incidents of a detector that says yes or no to a record: what comes within `gap` of the one
// before is the same, for at most an hour.
class YesNoIncidents {
 public:
  explicit YesNoIncidents(Duration gap) : gap_(gap) {}
  void Add(Time time);
  const std::vector<Time>& begun() const { return begun_; }

 private:
  Duration gap_;
  Time last_ = kNoTime;
  std::vector<Time> begun_;
};

}  // namespace alogd
