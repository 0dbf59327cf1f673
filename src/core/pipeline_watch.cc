// SPDX-License-Identifier: MIT
// The detectors that learn online: when they are asked, and what becomes of what they say.
#include <algorithm>
#include <utility>

#include "core/pipeline_impl.h"

namespace alogd {

// Windows and watches have deadlines of their own. They fire in one order of time, the windows'
// first where both are due, so that a tick between them changes nothing.
void Pipeline::Impl::AdvanceTo(Time now) {
  const auto advance_windows = [this](Time until) {
    emitted_.clear();
    windower->Advance(until, &emitted_);
    dirty |= !emitted_.empty();
    Queue(emitted_, BatchStep::kNoRecord);
  };
  if (watches.IsJump(now)) watches.Jump(now);
  while (now != kEndOfTime && watches.NextDeadline() <= now) {
    const Time deadline = watches.NextDeadline();
    advance_windows(deadline);
    watches.Advance(deadline, parser.catalog(), &watched_);
    QueueWatched();
  }
  advance_windows(now);
}

void Pipeline::Impl::Watch(const ParsedLine& line, bool has_stream, Time watermark) {
  Sighting record;
  record.source = parser.SourceName(line.source);
  if (has_stream) record.stream = key_;
  record.session = group.stream.kind == StreamOptions::Kind::kSession;
  record.id = line.id;
  record.time = line.time;
  record.watermark = watermark;
  record.ref = line.ref;
  record.severity = line.severity;
  record.after_boot = changes.Reason(line.time) == ChangeWatch::kReboot;
  record.program = line.header.program;
  record.host = line.header.host;
  record.message = line.header.message.substr(0, Batch::kMaxQuote);
  if (watches.WantsParameters(line.id)) {
    record.fits = parser.drain().Parameters(line.header.message, parser.catalog().Text(line.id),
                                            &parameters_);
    record.parameters = parameters_;
  }
  watches.Observe(record, parser.catalog(), &watched_);
  if (!watched_.empty()) QueueWatched();
}

void Pipeline::Impl::QueueWatched() {
  dirty |= !watched_.empty();
  for (WatchStep& watched : watched_) {
    BatchStep step;
    step.kind = BatchStep::Kind::kWatch;
    step.number = batch_.watched.size();
    if (watched.over) {
      Finding& f = watched.finding;
      f.detector = AnomalyTracker::kWatch;
      // Now: what is read and quoted must not depend on when the batch is scored.
      if (f.template_id != kNoTemplate && f.template_text.empty())
        f.template_text = parser.catalog().Text(f.template_id);
      if (f.message.empty()) f.message = MessageOf(f.ref, f.template_text);
    }
    batch_.watched.push_back(std::move(watched));
    batch_.steps.push_back(std::move(step));
  }
  watched_.clear();
}

void Pipeline::Impl::JudgeWatch(WatchStep step) {
  if (!step.over) return tracker.Close(step.key);
  step.finding.key = step.key;
  if (finding_observer)
    finding_observer(step.finding, tracker.risk().Risk(step.finding.score, step.finding.severity));
  stats.anomalies += tracker.Over(std::move(step.finding));
}

}  // namespace alogd
