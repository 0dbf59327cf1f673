// SPDX-License-Identifier: MIT
// Lines in, steps queued: parsing, rules, streams and windows of one group.
#include "core/pipeline.h"

#include <algorithm>

#include "core/pipeline_impl.h"
#include "core/records/numbers.h"

namespace alogd {

Pipeline::Impl::Impl(const Config& config, const GroupConfig& group_config, ModelSet model_set,
                     ReadText read, Parser group_parser, RuleSet rule_set, StreamKeys stream_keys)
    : group(group_config),
      name(group_config.name),
      parser(std::move(group_parser)),
      read_text(std::move(read)),
      rules(std::move(rule_set)),
      watches(group_config, config.severity),
      keys(std::move(stream_keys)),
      models(std::move(model_set)),
      tracker(config.risk, config.incident_gap, config.severity) {
  windower.emplace(group.stream, group.max_gap, group.state_budget, Specs());
  batch_.by_detector.assign(models.detectors.size(), 0);
  BindJoint();
  tracker.set_bundle(models.bundle);
  AddParts();
  // Evidence quotes templates as they were when their record came, however late it is scored.
  parser.catalog().set_before_text_change([this] { Flush(); });
}

void Pipeline::Impl::Feed(SourceId source, FileId file, const Line& line) {
  if (!bound) Bind();
  dirty = true;
  ++stats.lines;
  stats.cut_lines += line.cut;
  stats.partial_lines += line.partial;
  const ParsedLine parsed = parser.Add(source, file, line);
  if (record_observer) record_observer(parsed);
  switch (parsed.kind) {
    case Assembled::Kind::kHeld:
      ++stats.held;
      return;
    case Assembled::Kind::kContinuation:
      OnContinuation(parsed);
      break;
    case Assembled::Kind::kRecord:
      OnRecord(parsed);
      break;
  }
  if (batch_.most >= Batch::kWindows) Flush();
}

void Pipeline::Impl::OnRecord(const ParsedLine& line) {
  ++stats.records;
  stats.new_templates += line.created;
  if (Index(line.source) >= totals.size()) totals.resize(Index(line.source) + 1);
  SourceTotals& total = totals[Index(line.source)];
  ++total.records;
  total.last = std::max(total.last, line.time);
  total.changed = true;
  OpenRecord& previous = open_records_[line.ref.file];
  previous.key.clear();  // complete now
  previous.changed = true;

  const Time watermark =
      parser.clock().watermark() == kNoTime ? line.time : parser.clock().watermark();
  if (parser.clock().moved_back()) {
    windower->MoveBack(watermark);
    watches.Jump(watermark);
  }
  AdvanceTo(watermark);
  changes.Observe(parser.SourceName(line.source), line.header.program, line.header.message,
                  line.time);

  previous.own = own_words && own_words(line.header.program, line.header.pid);
  if (previous.own) {
    ++stats.own;
    return;
  }
  const RuleSet::Matches matches = rules.Match({line.text, &line.header});
  const bool has_stream = keys.Find(parser.SourceName(line.source), line.header, line.text, &key_);
  for (const RuleConfig* rule : matches)
    if (!rule->ignore) OnRule(line, *rule);
  if (RuleSet::Ignored(matches)) {
    ++stats.ignored;
    return;
  }
  // Nothing can be learned of times before the first known one (a banner, the tail of a trace), nor
  // from one that is not believed yet.
  if (line.time > Time{} && !parser.clock().held()) Watch(line, has_stream, watermark);
  if (!has_stream) return;
  if (windower->EndedSinceRelease(key_)) Flush();

  Event event;
  event.time = line.time;
  event.id = line.id;
  event.word = WordOf(line.id);
  // A source that training did not see, whose header is a guess yet: a template that holds a part
  // of it is no news. What is bad by its own words is.
  constexpr uint8_t kBad = 60;
  if (line.guessed && event.word == kUnknownWord && line.severity < kBad && !models.formats.empty())
    return;
  event.seen = static_cast<uint32_t>(std::min<uint64_t>(line.seen, UINT32_MAX));
  event.severity = line.severity;
  event.created = line.created;
  if (event.word < models.number_words.size() && models.number_words[event.word]) {
    const Numbers found = FindNumbers(line.header.message);
    if (found.count > 0)
      event.numbers = batch_.AddNumbers(std::span(found.values).first(found.count));
  }
  emitted_.clear();
  const Windower::Place place = windower->Add(key_, event, line.ref, watermark, &emitted_);
  OpenRecord& open = open_records_[line.ref.file];
  open.key = key_;
  open.number = place.number;
  open.severity = line.severity;
  open.changed = true;
  if (emitted_.empty()) return;
  const uint32_t record = batch_.AddRecord(line.source, line.ref, line.id, line.time, line.severity,
                                           line.header.message);
  Queue(emitted_, record);
}

void Pipeline::Impl::OnContinuation(const ParsedLine& line) {
  ++stats.continuations;
  const auto open = open_records_.find(line.ref.file);
  if (open != open_records_.end() && open->second.own) return;
  for (const RuleConfig* rule : rules.Match(line.text))
    if (!rule->ignore) OnRule(line, *rule);
  if (open == open_records_.end() || open->second.key.empty()) return;
  if (line.severity <= open->second.severity) return;
  open->second.severity = line.severity;
  open->second.changed = true;
  BatchStep step;
  step.kind = BatchStep::Kind::kRaise;
  step.key = open->second.key;
  step.number = open->second.number;
  step.severity = line.severity;
  batch_.steps.push_back(std::move(step));
}

void Pipeline::Impl::OnRule(const ParsedLine& line, const RuleConfig& rule) {
  ++stats.rule_matches;
  const Time watermark = parser.clock().watermark();
  const bool is_record = line.kind == Assembled::Kind::kRecord;
  const Time time = is_record ? line.time : watermark == kNoTime ? Time{} : watermark;
  BatchStep step;
  if (rule.count > 1) {
    auto burst = rule_counts.Hit(
        rule, rules.KeyOf(rule, {line.text, is_record ? &line.header : nullptr}), time);
    if (!burst) return;
    step.burst = *std::move(burst);
  }
  step.kind = BatchStep::Kind::kRule;
  step.rule = &rule;
  step.key = is_record ? key_ : std::string();
  step.record = batch_.AddRecord(line.source, line.ref, line.id, time, line.severity,
                                 is_record ? line.header.message : line.text);
  batch_.steps.push_back(std::move(step));
}

void Pipeline::Impl::Queue(const std::vector<WindowEvent>& events, uint32_t record) {
  for (const WindowEvent& event : events) {
    BatchStep step;
    step.window = event;
    if (event.kind == WindowEvent::Kind::kWindow) {
      // What a limit or a deadline ended does not end with this record.
      const bool mine = record != BatchStep::kNoRecord && !event.tail &&
                        windower->Refs(event).back().offset == batch_.records[record].ref.offset &&
                        windower->Refs(event).back().file == batch_.records[record].ref.file;
      step.record = mine ? record : BatchStep::kNoRecord;
      ++stats.windows;
      batch_.most = std::max(batch_.most, ++batch_.by_detector[event.spec]);
      batch_.steps.push_back(std::move(step));
      continue;
    }
    step.kind = BatchStep::Kind::kClose;
    batch_.steps.push_back(step);
    if (event.kind != WindowEvent::Kind::kEnd) continue;
    step.kind = BatchStep::Kind::kForget;
    batch_.steps.push_back(std::move(step));
  }
}

void Pipeline::Impl::Tick(Time now) {
  if (!bound) Bind();
  AdvanceTo(now);
  if (batch_.most >= Batch::kWindows) Flush();
}

// The public face.

Pipeline::Pipeline(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Pipeline::~Pipeline() = default;

Result<std::unique_ptr<Pipeline>> Pipeline::Create(const Config& config, const GroupConfig& group,
                                                   ModelSet models, ReadText read_text) {
  auto parser = Parser::Create(group, config.severity);
  if (!parser) return parser.error().With("group " + group.name);
  auto rules = RuleSet::Create(config.rules);
  if (!rules) return rules.error();
  auto keys = StreamKeys::Create(group.stream);
  if (!keys) return keys.error().With("group " + group.name);
  auto impl = std::make_unique<Impl>(config, group, std::move(models), std::move(read_text),
                                     std::move(*parser), std::move(*rules), std::move(*keys));
  return std::unique_ptr<Pipeline>(new Pipeline(std::move(impl)));
}

Status Pipeline::Restore(const GroupState& state, std::vector<std::string>* remarks) {
  return impl_->Restore(state, remarks);
}

SourceId Pipeline::AddSource(std::string_view name, Time reference) {
  if (!impl_->bound) impl_->Bind();
  const SourceId id = impl_->parser.AddSource(name, reference);
  std::erase(impl_->leaving_, id);
  return id;
}

void Pipeline::ForgetSource(SourceId source) { impl_->leaving_.push_back(source); }

void Pipeline::Feed(SourceId source, FileId file, const Line& line) {
  impl_->Feed(source, file, line);
}
void Pipeline::NoteBoot(Time time) {
  impl_->changes.ObserveBoot(time);
  impl_->dirty = true;
}

void Pipeline::SetHostClock(Time now, Time passed) { impl_->parser.SetHostClock(now, passed); }
void Pipeline::Tick(Time now) { impl_->Tick(now); }
void Pipeline::Flush() { impl_->Flush(); }
CommitUnit Pipeline::TakeUnit() { return impl_->TakeUnit(); }
bool Pipeline::urgent() const { return impl_->tracker.urgent(); }

void Pipeline::CloseFile(FileId file) {
  impl_->parser.CloseFile(file);
  if (impl_->open_records_.erase(file) > 0) impl_->closed_files_.push_back(file);
  impl_->dirty = true;
}

Status Pipeline::Swap(const Config& config, const GroupConfig& group, ModelSet models) {
  auto rules = RuleSet::Create(config.rules);
  if (!rules) return rules.error();
  auto keys = StreamKeys::Create(group.stream);
  if (!keys) return keys.error().With("group " + group.name);
  auto redactor = Redactor::Create(group.redact);
  if (!redactor) return redactor.error();
  impl_->Swap(config, group, std::move(models), std::move(*rules), std::move(*keys));
  impl_->parser.set_redactor(std::move(*redactor));
  return {};
}

void Pipeline::set_observer(std::function<void(const ScoredWindow&)> observer) {
  impl_->observer = std::move(observer);
}
void Pipeline::set_finding_observer(std::function<void(const Finding&, float)> observer) {
  impl_->finding_observer = std::move(observer);
}
void Pipeline::set_record_observer(std::function<void(const ParsedLine&)> observer) {
  impl_->record_observer = std::move(observer);
}
void Pipeline::set_own_words(std::function<bool(std::string_view, std::string_view)> own) {
  impl_->own_words = std::move(own);
}
const Pipeline::Stats& Pipeline::stats() const {
  Stats& stats = impl_->stats;
  stats.evicted_templates = impl_->parser.drain().evicted();
  stats.evicted_streams = impl_->windower->evicted();
  stats.cut_sessions = impl_->windower->cut_sessions();
  stats.clamped_times = impl_->parser.clock().clamped();
  return stats;
}
const Catalog& Pipeline::catalog() const { return impl_->parser.catalog(); }
std::string_view Pipeline::bundle() const { return impl_->models.bundle; }
Time Pipeline::watermark() const { return impl_->parser.clock().watermark(); }
size_t Pipeline::memory() const { return impl_->windower->memory(); }

}  // namespace alogd
