// SPDX-License-Identifier: MIT
// Reads a log, trains on a part of it, feeds a pipeline and commits what comes out.
#include "detection_quality/log_run.h"

#include <utility>

#include "cli/corpus_builder.h"
#include "cli/log_files.h"
#include "cli/log_reader.h"
#include "core/detection/anomaly_tracker.h"
#include "models/training/trainer.h"

namespace alogd {
namespace {

constexpr size_t kAlertsAtOnce = 1000;

Line LineOf(const std::string& text, uint64_t* offset) {
  const auto bytes = static_cast<uint32_t>(text.size() + 1);
  const Line line{text, *offset, bytes, false, false};
  *offset += bytes;
  return line;
}

}  // namespace

Result<LogLines> ReadLog(const std::string& path) {
  const auto files = FindLogFiles({path}, {.max_depth = 1, .max_files = 0});
  if (!files) return files.error();
  if (files->sources.empty()) return Error{path + " holds no log"};
  LogReader reader(files->sources.front(), GroupConfig().max_line);
  LogLines log;
  while (const auto line = reader.Next()) {
    log.source = reader.source_name();
    log.reference = reader.reference();
    log.lines.emplace_back(line->text);
  }
  return log;
}

Result<Bundle> TrainOnSpan(const Config& config, const GroupConfig& group, const LogSpan& span,
                           const LeftOut& left_out, std::vector<std::string>* remarks) {
  auto builder = CorpusBuilder::Create(config, group, RetrainingOptions(config, left_out));
  if (!builder) return builder.error();
  builder->BeginFile(span.log->source, span.log->source, span.log->reference);
  uint64_t offset = 0;
  for (size_t i = span.first; i < span.end; ++i) builder->Add(LineOf(span.log->lines[i], &offset));
  const Corpus corpus = builder->Finish(remarks);
  TrainOptions train;
  train.alarms_per_day = config.budget_per_day;
  return TrainBundle(corpus, group, train, remarks);
}

Result<LogRun> LogRun::Create(const Config& config, const GroupConfig& group, ModelSet models,
                              const LogLines& log, const GroupState* state) {
  LogRun run;
  auto pipeline = Pipeline::Create(config, group, std::move(models), nullptr);
  if (!pipeline) return pipeline.error();
  run.pipeline_ = std::move(*pipeline);
  if (state)
    if (const Status status = run.pipeline_->Restore(*state); !status) return status.error();
  run.source_ = run.pipeline_->AddSource(log.source, log.reference);
  return run;
}

void LogRun::Feed(const std::string& line) {
  pipeline_->Feed(source_, FileId{1}, LineOf(line, &offset_));
}

CommitUnit LogRun::Take() { return pipeline_->TakeUnit(); }

Result<std::vector<Alert>> CommitAndSend(Store* store, const CommitUnit& unit) {
  if (const Status status = store->Commit(unit); !status) return status.error();
  Result<std::vector<Alert>> alerts = store->Outbox(kJournalSink, kAlertsAtOnce);
  if (!alerts) return alerts.error();
  std::vector<int64_t> sent;
  for (const Alert& alert : *alerts) sent.push_back(alert.id);
  if (!sent.empty())
    if (const Status status = store->Sent(kJournalSink, sent); !status) return status.error();
  return alerts;
}

void YesNoIncidents::Add(Time time) {
  const bool same = !begun_.empty() && time - last_ <= gap_ &&
                    time - begun_.back() <= AnomalyTracker::kMaxIncident;
  if (!same) begun_.push_back(time);
  last_ = time;
}

}  // namespace alogd
