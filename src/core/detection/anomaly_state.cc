// SPDX-License-Identifier: MIT
// Open anomalies and incidents written to state and read back.
#include <utility>

#include "core/detection/anomaly_tracker.h"

namespace alogd {
namespace {

constexpr int kNewsShift = 32;

void SaveRef(const RecordRef& ref, StateWriter& out) {
  out.I64(Index(ref.file));
  out.U64(ref.offset);
  out.U64(ref.bytes);
}

RecordRef LoadRef(StateReader& in) {
  RecordRef ref;
  ref.file = FileId{in.I64()};
  ref.offset = in.U64();
  ref.bytes = in.U32();
  return ref;
}

using Pairs = std::vector<std::pair<std::string, float>>;

void SavePairs(const Pairs& pairs, StateWriter& out) {
  out.U64(pairs.size());
  for (const auto& [text, value] : pairs) {
    out.Bytes(text);
    out.F32(value);
  }
}

Pairs LoadPairs(StateReader& in) {
  Pairs pairs;
  for (size_t n = in.Count(5); n > 0 && in.ok(); --n) {
    std::string text(in.Bytes());
    pairs.emplace_back(std::move(text), in.F32());
  }
  return pairs;
}

void SaveEvidence(const Evidence& e, StateWriter& out) {
  out.Bytes(e.detector);
  out.F32(e.raw);
  out.F32(e.threshold);
  out.F32(e.anomaly);
  out.Bytes(e.summary);
  SavePairs(e.expected, out);
  SavePairs(e.found, out);
  out.Bytes(e.unit);
  out.U64(e.first);
  out.U64(e.last);
}

Evidence LoadEvidence(StateReader& in) {
  Evidence e;
  e.detector = in.Bytes();
  e.raw = in.F32();
  e.threshold = in.F32();
  e.anomaly = in.F32();
  e.summary = in.Bytes();
  e.expected = LoadPairs(in);
  e.found = LoadPairs(in);
  e.unit = in.Bytes();
  e.first = in.U32();
  e.last = in.U32();
  return e;
}

void SaveAnomaly(const Anomaly& a, StateWriter& out) {
  out.U64(a.seq);
  out.U64(a.incident_seq);
  out.At(a.time);
  out.At(a.last_time);
  out.U8(static_cast<uint8_t>(a.level));
  out.F32(a.risk);
  out.F32(a.score);
  out.U8(a.severity);
  for (const std::string* text :
       {&a.detector, &a.source, &a.stream, &a.template_text, &a.message, &a.bundle})
    out.Bytes(*text);
  out.U64(Index(a.template_id));
  out.U64(a.evidence.size());
  for (const Evidence& e : a.evidence) SaveEvidence(e, out);
  SaveRef(a.ref, out);
  out.U64(a.first_offset);
  out.U64(a.last_offset);
  out.U64(a.windows);
}

RiskLevel LoadLevel(StateReader& in) {
  const uint8_t level = in.U8();
  if (level > static_cast<uint8_t>(RiskLevel::kCritical)) in.Fail();
  return in.ok() ? static_cast<RiskLevel>(level) : RiskLevel::kInfo;
}

Anomaly LoadAnomaly(StateReader& in) {
  Anomaly a;
  a.seq = in.U64();
  a.incident_seq = in.U64();
  a.time = in.At();
  a.last_time = in.At();
  a.level = LoadLevel(in);
  a.risk = in.F32();
  a.score = in.F32();
  a.severity = in.U8();
  for (std::string* text :
       {&a.detector, &a.source, &a.stream, &a.template_text, &a.message, &a.bundle})
    *text = in.Bytes();
  a.template_id = TemplateId{in.U32()};
  for (size_t n = in.Count(10); n > 0 && in.ok(); --n) a.evidence.push_back(LoadEvidence(in));
  a.ref = LoadRef(in);
  a.first_offset = in.U64();
  a.last_offset = in.U64();
  a.windows = in.U64();
  return a;
}

}  // namespace

// Counters and incidents are few and written whole each time; runs by what changed.
void AnomalyTracker::SaveIncidents(StateWriter& out) const {
  out.U64(next_anomaly_);
  out.U64(next_incident_);
  out.U64(current_incident_);
  out.U64(incidents_.size());
  for (const auto& [seq, i] : incidents_) {
    out.U64(seq);
    out.At(i.first);
    out.At(i.last);
    out.U8(static_cast<uint8_t>(i.level));
    out.F32(i.risk);
    out.U64(i.anomalies);
    out.U64(i.top_anomaly);
    out.Bytes(i.title);
    out.Bool(i.by_rule);
  }
}

bool AnomalyTracker::LoadIncidents(StateReader& in) {
  next_anomaly_ = in.U64();
  next_incident_ = in.U64();
  current_incident_ = in.U64();
  incidents_.clear();
  for (size_t n = in.Count(10); n > 0 && in.ok(); --n) {
    Incident i;
    i.seq = in.U64();
    i.first = in.At();
    i.last = in.At();
    i.level = LoadLevel(in);
    i.risk = in.F32();
    i.anomalies = in.U64();
    i.top_anomaly = in.U64();
    i.title = in.Bytes();
    i.by_rule = in.Bool();
    incidents_.emplace(i.seq, std::move(i));
  }
  return in.ok();
}

void AnomalyTracker::SaveRun(const std::string& key, StateWriter& out) const {
  const auto it = runs_.find(key);
  out.Bytes(key);
  out.Bool(it != runs_.end());
  if (it == runs_.end()) return;
  // What news it is stands above the bits of the detectors, where older states have zeros.
  out.U64(it->second.over | uint64_t{static_cast<uint8_t>(it->second.latest_news)} << kNewsShift);
  out.U64(it->second.window_begin);
  out.F32(it->second.latest_score);
  SaveAnomaly(it->second.anomaly, out);
}

bool AnomalyTracker::LoadRun(StateReader& in) {
  std::string key(in.Bytes());
  if (!in.Bool()) {
    runs_.erase(key);
    return in.ok();
  }
  Run run;
  const uint64_t over = in.U64();
  run.over = static_cast<uint32_t>(over);
  const uint64_t news = over >> kNewsShift;
  if (news > static_cast<uint64_t>(News::kRare)) in.Fail();
  run.latest_news = static_cast<News>(news);
  run.window_begin = in.U64();
  run.latest_score = in.F32();
  run.anomaly = LoadAnomaly(in);
  if (in.ok()) runs_.insert_or_assign(std::move(key), std::move(run));
  return in.ok();
}

void AnomalyTracker::Clear() {
  runs_.clear();
  incidents_.clear();
  next_anomaly_ = next_incident_ = 1;
  current_incident_ = 0;
  changed_.clear();
  changed_incidents_.clear();
  saved_changes_.clear();
}

void AnomalyTracker::Save(StateWriter& out) const {
  SaveIncidents(out);
  out.U64(runs_.size());
  for (const auto& [key, run] : runs_) SaveRun(key, out);
}

bool AnomalyTracker::Load(StateReader& in) {
  runs_.clear();
  return ApplyChanges(in);
}

void AnomalyTracker::SaveChanges(StateWriter& out) {
  SaveIncidents(out);
  out.U64(saved_changes_.size());
  for (const std::string& key : saved_changes_) SaveRun(key, out);
  saved_changes_.clear();
}

bool AnomalyTracker::ApplyChanges(StateReader& in) {
  if (!LoadIncidents(in)) return false;
  for (size_t n = in.Count(2); n > 0; --n)
    if (!LoadRun(in)) return false;
  return in.ok();
}

}  // namespace alogd
