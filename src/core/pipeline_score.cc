// SPDX-License-Identifier: MIT
// Steps out of the batch: windows scored together, judged in order; and the swap of models.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "core/pipeline_impl.h"

namespace alogd {
namespace {

std::string DescribeMatch(const RuleConfig& rule, const RuleBurst& burst) {
  const std::string& name = rule.name.empty() ? rule.match : rule.name;
  if (rule.count == 1) return fmt::format("the line matches the rule '{}'", name);
  const double seconds = std::chrono::duration<double>(burst.took).count();
  return fmt::format("{} lines within {:.3g} s match the rule '{}'{}", burst.count, seconds, name,
                     burst.key.empty() ? "" : fmt::format(", all by '{}'", burst.key));
}

bool IsUnknown(const Event& event) { return event.word == kUnknownWord; }

// The worst of the events, the latest where several are; none where `want` wants none.
template <typename Want>
std::optional<size_t> Worst(std::span<const Event> events, Want want) {
  std::optional<size_t> worst;
  for (size_t i = 0; i < events.size(); ++i)
    if (want(events[i]) && (!worst || events[i].severity >= events[*worst].severity)) worst = i;
  return worst;
}

}  // namespace

void Pipeline::Impl::Flush() {
  if (!batch_.steps.empty()) {
    std::vector<Score> scores(batch_.steps.size());
    ScoreSteps(&scores);
    JoinMoments(&scores);
    for (size_t i = 0; i < batch_.steps.size(); ++i) Judge(batch_.steps[i], std::move(scores[i]));
    batch_.Clear();
  }
  windower->Release();
}

// One call a detector, its windows in order of the steps.
void Pipeline::Impl::ScoreSteps(std::vector<Score>* scores) {
  std::vector<Window> windows;
  std::vector<size_t> indexes;
  std::vector<Score> found;
  ScoreContext context{parser.catalog(), observer != nullptr};
  context.numbers = batch_.numbers;
  for (uint32_t d = 0; d < models.detectors.size(); ++d) {
    if (batch_.by_detector[d] == 0) continue;
    // What cannot be scored again says why at once.
    context.explain_from = curves_[d] && !models.detectors[d]->stateless()
                               ? curves_[d]->RawOf(kTellingSurprise)
                               : std::numeric_limits<float>::infinity();
    windows.clear();
    indexes.clear();
    for (size_t i = 0; i < batch_.steps.size(); ++i) {
      const BatchStep& step = batch_.steps[i];
      if (step.kind != BatchStep::Kind::kWindow || step.window.spec != d) continue;
      windows.push_back(windower->View(step.window));
      indexes.push_back(i);
    }
    found.clear();
    found.resize(windows.size());
    models.detectors[d]->ScoreBatch(context, windows, found);
    for (size_t i = 0; i < indexes.size(); ++i) (*scores)[indexes[i]] = std::move(found[i]);
  }
}

void Pipeline::Impl::JoinMoments(std::vector<Score>* scores) {
  if (!models.joint) return;
  const auto same = [](const BatchStep& a, const BatchStep& b) {
    return b.kind == BatchStep::Kind::kWindow && a.window.stream == b.window.stream &&
           a.window.begin + a.window.count == b.window.begin + b.window.count &&
           a.window.end == b.window.end;
  };
  for (size_t begin = 0; begin < batch_.steps.size();) {
    size_t end = begin + 1;
    if (batch_.steps[begin].kind == BatchStep::Kind::kWindow) {
      while (end < batch_.steps.size() && same(batch_.steps[begin], batch_.steps[end])) ++end;
      JoinMoment(begin, end, scores);
    }
    begin = end;
  }
}

void Pipeline::Impl::JoinMoment(size_t begin, size_t end, std::vector<Score>* scores) {
  JointSum joint;
  float most = 0;
  const auto surprise = [&](size_t i) {
    return curves_[batch_.steps[i].window.spec]->Surprise((*scores)[i].raw);
  };
  for (size_t i = begin; i < end; ++i) {
    if (!curves_[batch_.steps[i].window.spec]) continue;
    joint.Add(*curves_[batch_.steps[i].window.spec], surprise(i));
    most = std::max(most, surprise(i));
  }
  const float anomaly = models.joint->Anomaly(static_cast<double>(joint.total()));
  const auto tells = [&](size_t i) { return anomaly > 0 && surprise(i) >= kTellingShare * most; };
  VoiceCount voices;
  bool unknown = false;  // one unknown statement is odd to every detector
  for (size_t i = begin; i < end; ++i) {
    const BatchStep& step = batch_.steps[i];
    if (!curves_[step.window.spec] || !tells(i)) continue;
    voices.Add(curves_[step.window.spec]->voice);
    const Window window = windower->View(step.window);
    unknown |= std::any_of(window.events.begin(), window.events.end(), IsUnknown);
  }
  for (size_t i = begin; i < end; ++i) {
    if (!curves_[batch_.steps[i].window.spec]) continue;
    Score& score = (*scores)[i];
    score.joint = joint.total();
    score.alone = unknown || voices.count() < 2;
    const float own = alone_[batch_.steps[i].window.spec] ? score.anomaly : 0;
    score.anomaly = std::max(own, tells(i) ? anomaly * surprise(i) / most : 0);
    if (score.anomaly > 0 && !score.evidence) ExplainAgain(batch_.steps[i], &score);
  }
}

void Pipeline::Impl::ExplainAgain(const BatchStep& step, Score* score) {
  Detector& detector = *models.detectors[step.window.spec];
  if (!detector.stateless()) return;
  const Window window = windower->View(step.window);
  Score again;
  detector.ScoreBatch({.catalog = parser.catalog(), .explain_all = true}, {&window, 1},
                      {&again, 1});
  score->evidence = std::move(again.evidence);
}

// A statement that training does not know is odd in every window that holds it, whatever else the
// detector finds there: it is blamed, and no innocent record beside it. Numbers are judged one by
// one.
size_t Pipeline::Impl::BlamedRecord(uint32_t detector, const Window& window,
                                    const Evidence& evidence) const {
  if (!models.vocabulary.empty() && !models.detectors[detector]->spec().each)
    if (const auto unknown = Worst(window.events, IsUnknown)) return *unknown;
  const size_t last = std::min<size_t>(evidence.last, window.events.size() - 1);
  const size_t first = std::min<size_t>(evidence.first, last);
  const auto any = [](const Event&) { return true; };
  return first + Worst(window.events.subspan(first, last - first + 1), any).value_or(0);
}

Circumstances Pipeline::Impl::CircumstancesOf(uint32_t detector, const Window& window,
                                              const Score& score) const {
  const Event& blamed = window.events[BlamedRecord(detector, window, *score.evidence)];
  Circumstances circumstances;
  circumstances.severity = blamed.severity;
  circumstances.news = score.news;
  circumstances.alone = score.alone;
  circumstances.unknown = !models.vocabulary.empty() && IsUnknown(blamed);
  return circumstances;
}

void Pipeline::Impl::Judge(const BatchStep& step, Score score) {
  switch (step.kind) {
    case BatchStep::Kind::kWindow: {
      const Window window = windower->View(step.window);
      const float undecided = score.anomaly;
      const uint32_t detector = step.window.spec;
      if (score.evidence && (score.anomaly > 0 || score.news != News::kNone))
        score.anomaly =
            tracker.decision().Score(score.anomaly, CircumstancesOf(detector, window, score));
      const bool over = score.anomaly > 0;
      if (observer) {
        uint8_t severity = 0;
        for (const Event& event : window.events) severity = std::max(severity, event.severity);
        const double risk = over ? tracker.risk().Risk(score.anomaly, severity) : 0;
        observer({&window, &score, models.detectors[step.window.spec].get(),
                  windower->Refs(step.window).back(), severity, risk});
      }
      if (!over) return tracker.Under(window.stream, step.window.spec);
      Finding finding = MakeFinding(step, window, std::move(score));
      finding.score = undecided;
      stats.anomalies += tracker.Over(std::move(finding));
      return;
    }
    case BatchStep::Kind::kClose:
      return tracker.Close(windower->Key(step.window.stream));
    case BatchStep::Kind::kForget:
      for (auto& detector : models.detectors) detector->Forget(windower->Key(step.window.stream));
      return;
    case BatchStep::Kind::kRaise:
      windower->RaiseSeverity(step.key, step.number, step.severity);
      return tracker.Raise(step.key, step.number, step.severity);
    case BatchStep::Kind::kRule:
      return JudgeRule(step);
    case BatchStep::Kind::kWatch:
      return JudgeWatch(std::move(batch_.watched[step.number]));
  }
}

void Pipeline::Impl::JudgeRule(const BatchStep& step) {
  ++stats.anomalies;
  const BatchRecord& record = batch_.records[step.record];
  Finding f;
  f.detector_name = "rule";
  f.time = record.time;
  f.severity = record.severity;
  f.source = parser.SourceName(record.source);
  f.stream = step.key.empty() ? f.source : StreamKeys::Split(step.key).second;
  f.template_id = record.id;
  if (record.id != kNoTemplate) f.template_text = parser.catalog().Text(record.id);
  f.message = batch_.Message(record);
  f.ref = f.first = f.last = record.ref;
  f.evidence.detector = "rule";
  f.evidence.summary = DescribeMatch(*step.rule, step.burst);
  // What tells its trouble from others, see Trouble: the rule, and what it counts by.
  const auto count = static_cast<float>(step.rule->count);
  f.evidence.found.emplace_back(step.rule->name.empty() ? step.rule->match : step.rule->name,
                                count);
  if (!step.burst.key.empty()) f.evidence.found.emplace_back(step.burst.key, count);
  f.evidence.unit = "matching lines";
  tracker.Rule(std::move(f), step.rule->level);
}

Finding Pipeline::Impl::MakeFinding(const BatchStep& step, const Window& window, Score score) {
  const std::span<const RecordRef> refs = windower->Refs(step.window);
  const auto count = static_cast<uint32_t>(window.events.size());
  Finding f;
  if (!score.evidence) score.evidence = std::make_unique<Evidence>();
  f.evidence = *score.evidence;
  f.evidence.last = std::min(f.evidence.last, count - 1);
  f.evidence.first = std::min(f.evidence.first, f.evidence.last);
  f.evidence.detector = models.detectors[step.window.spec]->name();
  f.evidence.raw = score.raw;
  f.evidence.anomaly = score.anomaly;
  f.key = window.stream;
  f.detector = step.window.spec;
  f.detector_name = f.evidence.detector;
  f.time = window.end;
  f.score = score.anomaly;
  f.circumstances = CircumstancesOf(step.window.spec, window, score);
  f.severity = f.circumstances.severity;
  const size_t blamed = BlamedRecord(step.window.spec, window, f.evidence);
  std::tie(f.source, f.stream) = StreamKeys::Split(window.stream);
  f.ref = refs[blamed];
  f.first = refs.front();
  f.last = refs.back();
  f.window_begin = step.window.begin;
  DescribeRecord(step, f.ref, window.events[blamed], &f);
  return f;
}

// Template and text of the blamed record: from the batch where it is the window's last, else read
// again.
void Pipeline::Impl::DescribeRecord(const BatchStep& step, const RecordRef& ref, const Event& event,
                                    Finding* f) {
  f->template_id = parser.catalog().Resolve(event.id);
  f->template_text = parser.catalog().Text(event.id);
  if (step.record != BatchStep::kNoRecord) {
    const BatchRecord& record = batch_.records[step.record];
    if (f->source.empty()) f->source = parser.SourceName(record.source);
    if (record.ref.file == ref.file && record.ref.offset == ref.offset) {
      f->message = batch_.Message(record);
      return;
    }
  }
  f->message = MessageOf(ref, f->template_text);
}

// The text of a record that is read again, without its header: the longest end of the line that is
// of its template. The template where it cannot be read.
std::string Pipeline::Impl::MessageOf(const RecordRef& ref, const std::string& template_text) {
  if (!read_text) return template_text;
  constexpr size_t kMostWords = 64;  // of a header
  const std::string line = parser.Redacted(read_text(ref));
  std::string_view rest = line;
  std::vector<std::string_view> parts;
  for (size_t words = 0; !rest.empty() && words < kMostWords; ++words) {
    if (parser.drain().Parameters(rest, template_text, &parts))
      return std::string(rest.substr(0, Batch::kMaxQuote));
    rest.remove_prefix(std::min(rest.find_first_of(" \t"), rest.size()));
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  }
  return line.empty() ? template_text : line.substr(0, Batch::kMaxQuote);
}

uint32_t Pipeline::Impl::WordOf(TemplateId id) const {
  return Index(id) < words_.size() ? words_[Index(id)] : kUnknownWord;
}

std::vector<WindowSpec> Pipeline::Impl::Specs() const {
  std::vector<WindowSpec> specs;
  for (const auto& detector : models.detectors) specs.push_back(detector->spec());
  return specs;
}

void Pipeline::Impl::Bind() {
  bound = true;
  BindModels();
}

void Pipeline::Impl::BindModels() {
  const Time now = parser.clock().watermark() == kNoTime ? Time{} : parser.clock().watermark();
  parser.SetFormats(models.formats);
  words_.clear();
  for (uint32_t word = 0; word < models.vocabulary.size(); ++word) {
    const uint32_t id = Index(parser.drain().AddTrained(models.vocabulary[word], now));
    if (id >= words_.size()) words_.resize(id + 1, kUnknownWord);
    words_[id] = word;
  }
  dirty |= !models.vocabulary.empty();
  windower->Rebind(Specs(), [this](TemplateId id) { return WordOf(parser.catalog().Resolve(id)); });
}

void Pipeline::Impl::BindJoint() {
  curves_.assign(models.detectors.size(), nullptr);
  alone_.assign(models.detectors.size(), false);
  for (size_t d = 0; models.joint && d < models.detectors.size(); ++d) {
    const std::string_view detector = models.detectors[d]->name();
    curves_[d] = models.joint->Find(detector);
    alone_[d] = std::find(models.alone.begin(), models.alone.end(), detector) != models.alone.end();
  }
}

void Pipeline::Impl::Swap(const Config& config, const GroupConfig& group_config, ModelSet model_set,
                          RuleSet rule_set, StreamKeys stream_keys) {
  Flush();
  const StreamOptions& now = group.stream;
  const StreamOptions& then = group_config.stream;
  const bool same_streams =
      now.kind == then.kind && now.session == then.session && now.idle == then.idle &&
      now.max == then.max && now.max_records == then.max_records &&
      group.max_gap == group_config.max_gap && group.state_budget == group_config.state_budget;
  if (!same_streams) {
    emitted_.clear();
    windower->EndAll(&emitted_);
    Queue(emitted_, BatchStep::kNoRecord);
    Flush();
    windower->Reconfigure(then, group_config.max_gap, group_config.state_budget);
  }
  std::vector<uint32_t> new_index(models.detectors.size(), UINT32_MAX);
  for (uint32_t d = 0; d < models.detectors.size(); ++d) {
    for (uint32_t e = 0; e < model_set.detectors.size(); ++e) {
      if (models.detectors[d]->name() != model_set.detectors[e]->name()) continue;
      new_index[d] = e;
      // A memory that the new one cannot take over (another format or size) is begun anew.
      std::string memory;
      StateWriter out(&memory);
      models.detectors[d]->Save(out);
      StateReader in(memory);
      static_cast<void>(model_set.detectors[e]->Load(in));
    }
  }
  tracker.RemapDetectors(new_index);
  tracker.set_options(config.risk, config.incident_gap, config.severity);
  tracker.set_bundle(model_set.bundle);
  parser.set_severity(config.severity);
  watches.set_options(group_config, config.severity, &watched_);
  QueueWatched();
  Flush();
  rules = std::move(rule_set);
  rule_counts.Keep(rules.rules());
  keys = std::move(stream_keys);
  models = std::move(model_set);
  AddDetectorParts();
  group = group_config;
  batch_.by_detector.assign(models.detectors.size(), 0);
  BindJoint();
  bound = true;
  dirty = rewrite_rest_ = true;
  BindModels();
}

}  // namespace alogd
