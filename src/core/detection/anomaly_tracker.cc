// SPDX-License-Identifier: MIT
// Runs of abnormal windows become anomalies, anomalies near each other incidents.
#include "core/detection/anomaly_tracker.h"

#include <algorithm>
#include <utility>

namespace alogd {
namespace {

// What an incident is called: long enough for a message, short enough for a line.
constexpr size_t kTitleBytes = 240;

void KeepStrongest(std::vector<Evidence>* all, Evidence evidence) {
  const auto same = std::find_if(
      all->begin(), all->end(), [&](const Evidence& e) { return e.detector == evidence.detector; });
  if (same == all->end()) {
    all->push_back(std::move(evidence));
  } else if (evidence.anomaly > same->anomaly) {
    *same = std::move(evidence);
  }
  std::stable_sort(all->begin(), all->end(),
                   [](const Evidence& a, const Evidence& b) { return a.anomaly > b.anomaly; });
}

// Offsets are of one file: where the riskiest record stands. Records in other files (before a
// rotation) do not widen them.
void Span(const Finding& finding, Anomaly* anomaly) {
  const FileId file = anomaly->ref.file;
  if (finding.first.file == file)
    anomaly->first_offset = std::min(anomaly->first_offset, finding.first.offset);
  if (finding.last.file == file)
    anomaly->last_offset = std::max(anomaly->last_offset, finding.last.offset);
}

}  // namespace

void AnomalyTracker::Begin(Run* run, Finding finding, float risk) {
  Anomaly& a = run->anomaly;
  a = Anomaly();
  a.seq = next_anomaly_++;
  a.time = finding.time;
  a.source = finding.source;
  a.stream = finding.stream;
  a.bundle = bundle_;
  a.risk = -1;  // so that the first window sets everything
  Grow(run, std::move(finding), risk);
}

void AnomalyTracker::Grow(Run* run, Finding finding, float risk) {
  Anomaly& a = run->anomaly;
  a.last_time = finding.time;
  ++a.windows;
  if (risk > a.risk) {
    a.risk = risk;
    a.level = risk_.LevelOf(risk);
    a.score = finding.score;
    a.severity = finding.severity;
    a.detector = finding.detector_name;
    a.template_id = finding.template_id;
    a.template_text = std::move(finding.template_text);
    a.message = std::move(finding.message);
    if (a.windows == 1 || finding.ref.file != a.ref.file)
      a.first_offset = a.last_offset = finding.ref.offset;
    a.ref = finding.ref;
  }
  Span(finding, &a);
  run->window_begin = finding.window_begin;
  run->latest_score = finding.score;
  KeepStrongest(&a.evidence, std::move(finding.evidence));
}

bool AnomalyTracker::Over(Finding finding) {
  const float risk = risk_.Risk(finding.score, finding.severity);
  const uint32_t bit = 1u << finding.detector;
  auto it = runs_.find(finding.key);
  const bool begins = it == runs_.end();
  if (begins) it = runs_.emplace(std::string(finding.key), Run()).first;
  Run& run = it->second;
  run.over |= bit;
  if (begins) {
    Begin(&run, std::move(finding), risk);
    JoinIncident(&run.anomaly, false);
  } else {
    Grow(&run, std::move(finding), risk);
    UpdateIncident(run.anomaly);
  }
  changed_.insert(it->first);
  return begins;
}

void AnomalyTracker::Under(std::string_view key, uint32_t detector) {
  if (runs_.empty()) return;
  const auto it = runs_.find(key);
  if (it == runs_.end() || !(it->second.over & (1u << detector))) return;
  it->second.over &= ~(1u << detector);
  changed_.insert(it->first);
  if (it->second.over == 0) Finish(it);
}

void AnomalyTracker::Close(std::string_view key) {
  if (const auto it = runs_.find(key); it != runs_.end()) Finish(it);
}

void AnomalyTracker::Finish(Runs::iterator run) {
  if (changed_.erase(run->first) > 0) complete_.push_back(std::move(run->second.anomaly));
  saved_changes_.insert(run->first);
  runs_.erase(run);
}

void AnomalyTracker::Rule(Finding finding, RiskLevel level) {
  Run run;
  const float risk = risk_.FloorOf(level);
  Begin(&run, std::move(finding), risk);
  run.anomaly.level = level;
  JoinIncident(&run.anomaly, true);
  complete_.push_back(std::move(run.anomaly));
}

void AnomalyTracker::Raise(std::string_view key, uint64_t number, uint8_t severity) {
  const auto it = runs_.find(key);
  if (it == runs_.end() || number < it->second.window_begin) return;
  Run& run = it->second;
  Anomaly& a = run.anomaly;
  const float risk = risk_.Risk(run.latest_score, severity);
  if (risk <= a.risk && severity <= a.severity) return;
  a.severity = std::max(a.severity, severity);
  a.risk = std::max(a.risk, risk);
  a.level = std::max(a.level, risk_.LevelOf(a.risk));
  changed_.insert(it->first);
  UpdateIncident(a);
}

void AnomalyTracker::JoinIncident(Anomaly* a, bool by_rule) {
  const auto current = incidents_.find(current_incident_);
  const bool joins = current != incidents_.end() &&
                     a->time <= current->second.last + incident_gap_ &&
                     a->time + incident_gap_ >= current->second.first &&
                     a->time <= current->second.first + kMaxIncident;
  if (!joins) {
    Incident incident;
    incident.seq = current_incident_ = next_incident_++;
    incident.first = incident.last = a->time;
    incidents_.emplace(incident.seq, std::move(incident));
    DropIdleIncidents();
  }
  a->incident_seq = current_incident_;
  Incident& incident = incidents_.at(current_incident_);
  ++incident.anomalies;
  urgent_ = true;
  incident.by_rule |= by_rule;
  incident.first = std::min(incident.first, a->time);
  UpdateIncident(*a);
}

void AnomalyTracker::UpdateIncident(const Anomaly& a) {
  const auto it = incidents_.find(a.incident_seq);
  if (it == incidents_.end()) return;
  Incident& incident = it->second;
  incident.last = std::max(incident.last, a.last_time);
  urgent_ |= a.level > incident.level;
  incident.level = std::max(incident.level, a.level);
  if (incident.top_anomaly == 0 || a.risk > incident.risk) {
    incident.risk = a.risk;
    incident.top_anomaly = a.seq;
    incident.title = a.stream + ": " + a.message.substr(0, kTitleBytes);
  }
  changed_incidents_.insert(incident.seq);
}

// Keeps the current incident, those of open runs, and those that the next unit has to carry.
void AnomalyTracker::DropIdleIncidents() {
  std::set<uint64_t> wanted = changed_incidents_;
  wanted.insert(current_incident_);
  for (const auto& [key, run] : runs_) wanted.insert(run.anomaly.incident_seq);
  std::erase_if(incidents_, [&](const auto& entry) { return !wanted.contains(entry.first); });
}

void AnomalyTracker::RemapDetectors(const std::vector<uint32_t>& new_index) {
  for (auto it = runs_.begin(); it != runs_.end();) {
    uint32_t over = it->second.over & (1u << kWatch);
    for (uint32_t i = 0; i < new_index.size(); ++i)
      if ((it->second.over & (1u << i)) && new_index[i] < kWatch) over |= 1u << new_index[i];
    it->second.over = over;
    const auto here = it++;
    if (over == 0) Finish(here);
  }
}

void AnomalyTracker::Take(CommitUnit* unit) {
  unit->anomalies = std::move(complete_);
  complete_.clear();
  for (const std::string& key : changed_) {
    unit->anomalies.push_back(runs_.find(key)->second.anomaly);
    saved_changes_.insert(key);
  }
  changed_.clear();
  std::sort(unit->anomalies.begin(), unit->anomalies.end(),
            [](const Anomaly& a, const Anomaly& b) { return a.seq < b.seq; });
  for (const uint64_t seq : changed_incidents_) unit->incidents.push_back(incidents_.at(seq));
  changed_incidents_.clear();
  urgent_ = false;
  DropIdleIncidents();
}

}  // namespace alogd
