// SPDX-License-Identifier: MIT
// Runs of abnormal windows become anomalies, anomalies near each other incidents.
#include "core/detection/anomaly_tracker.h"

#include <algorithm>
#include <utility>

#include "core/detection/trouble.h"

namespace alogd {
namespace {

// What an incident is called: long enough for a message, short enough for a line.
constexpr size_t kTitleBytes = 240;

// The strongest of each detector, the plainest and then the strongest of them first.
void KeepStrongest(std::vector<Evidence>* all, Evidence evidence) {
  const auto same = std::find_if(
      all->begin(), all->end(), [&](const Evidence& e) { return e.detector == evidence.detector; });
  if (same == all->end()) {
    all->push_back(std::move(evidence));
  } else if (evidence.anomaly > same->anomaly) {
    *same = std::move(evidence);
  }
  // "Never seen before" is the plainest reason, however sure another one is.
  const auto rank = [](const Evidence& e) { return std::pair(!IsOfNovelty(e), -e.anomaly); };
  std::stable_sort(all->begin(), all->end(),
                   [&](const Evidence& a, const Evidence& b) { return rank(a) < rank(b); });
}

// Whether it blames a record that came after all that the anomaly has seen.
bool IsNewer(const Finding& finding, const Anomaly& anomaly) {
  if (finding.ref.file == anomaly.ref.file) return finding.ref.offset > anomaly.last_offset;
  return finding.time > anomaly.last_time;
}

bool SameTrouble(const Finding& finding, const Anomaly& anomaly) {
  const auto own = std::find_if(anomaly.evidence.begin(), anomaly.evidence.end(),
                                [&](const Evidence& e) { return e.detector == anomaly.detector; });
  if (own == anomaly.evidence.end()) return false;
  return TroubleOf(finding.detector_name, finding.template_text, finding.message, finding.evidence)
             .HostKey() ==
         TroubleOf(anomaly.detector, anomaly.template_text, anomaly.message, *own).HostKey();
}

constexpr char kPart = '\n';

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
  const bool extends = a.windows == 0 || finding.detector == kWatch || IsNewer(finding, a);
  if (extends) a.last_time = finding.time;
  ++a.windows;
  if (risk > a.risk) {
    a.risk = risk;
    a.level = decision_.risk().LevelOf(risk);
    a.score = finding.score;
    a.severity = finding.severity;
    a.detector = finding.detector_name;
    a.template_id = finding.template_id;
    a.template_text = std::move(finding.template_text);
    // The text of a record that it has already blamed may not be there any more.
    const bool other = finding.ref.file != a.ref.file || finding.ref.offset != a.ref.offset;
    if (a.message.empty() || other) a.message = std::move(finding.message);
    if (a.windows == 1 || finding.ref.file != a.ref.file)
      a.first_offset = a.last_offset = finding.ref.offset;
    a.ref = finding.ref;
  }
  if (extends) Span(finding, &a);
  run->window_begin = finding.window_begin;
  run->latest_score = finding.score;
  run->latest_news = finding.circumstances.news;
  KeepStrongest(&a.evidence, std::move(finding.evidence));
}

bool AnomalyTracker::Lasts(const Run* run, const Finding& finding) const {
  if (run != nullptr && run->anomaly.windows >= kLastingWindows && IsNewer(finding, run->anomaly))
    return true;
  const auto current = incidents_.find(current_incident_);
  return current != incidents_.end() && current->second.anomalies >= kLastingAnomalies &&
         finding.time <= current->second.last + incident_gap_;
}

bool AnomalyTracker::Over(Finding finding) {
  const auto decide = [&](bool lasts) {
    Circumstances circumstances = finding.circumstances;
    circumstances.severity = finding.severity;
    circumstances.lasts = lasts;
    return decision_.Score(finding.score, circumstances);
  };
  const auto level_of = [&](float score) {
    return risk().LevelOf(risk().Risk(score, finding.severity));
  };
  auto it = Find(finding, level_of(decide(false)));
  const bool begins = it == runs_.end();
  finding.score = decide(Lasts(begins ? nullptr : &it->second, finding));
  const float risk_value = risk().Risk(finding.score, finding.severity);
  if (begins) it = Open(finding.key);
  Run& run = it->second;
  run.over |= 1u << finding.detector;
  if (begins) {
    Begin(&run, std::move(finding), risk_value);
    JoinIncident(&run.anomaly, false);
  } else {
    Grow(&run, std::move(finding), risk_value);
    UpdateIncident(run.anomaly);
  }
  changed_.insert(it->first);
  return begins;
}

template <typename Visit>
void AnomalyTracker::ForEach(std::string_view key, Visit visit) {
  for (auto it = runs_.lower_bound(key); it != runs_.end() && it->first.starts_with(key);) {
    const auto here = it++;
    const char behind = here->first.size() > key.size() ? here->first[key.size()] : kPart;
    if (behind > kPart) break;
    if (behind == kPart) visit(here);
  }
}

AnomalyTracker::Runs::iterator AnomalyTracker::Find(const Finding& finding, RiskLevel level) {
  const bool watch = finding.detector == kWatch;
  auto going_on = runs_.end(), same = runs_.end(), holds = runs_.end();
  ForEach(finding.key, [&](Runs::iterator it) {
    const Run& run = it->second;
    if (going_on == runs_.end() && run.over != 0) going_on = it;
    if (same == runs_.end() && SameTrouble(finding, run.anomaly)) same = it;
    if (watch || IsNewer(finding, run.anomaly)) return;
    // Several may have seen the record: the one that ends nearest behind it.
    if (holds == runs_.end() || run.anomaly.last_offset < holds->second.anomaly.last_offset)
      holds = it;
  });
  auto found = same != runs_.end() ? same : holds;
  if (found == runs_.end() && level < RiskLevel::kHigh) found = going_on;
  if (found == runs_.end() || watch || !IsNewer(finding, found->second.anomaly)) return found;
  const Anomaly& anomaly = found->second.anomaly;
  const bool goes_on = found->second.over != 0 || finding.time <= anomaly.time + kMaxIncident;
  if (finding.time <= anomaly.last_time + incident_gap_ && goes_on) return found;
  Finish(found);
  return runs_.end();
}

AnomalyTracker::Runs::iterator AnomalyTracker::Open(std::string_view key) {
  size_t open = 0;
  auto oldest = runs_.end();
  ForEach(key, [&](Runs::iterator it) {
    ++open;
    if (oldest == runs_.end() || it->second.anomaly.seq < oldest->second.anomaly.seq) oldest = it;
  });
  if (open >= kMaxTroubles) Finish(oldest);
  std::string name(key);
  if (runs_.contains(name)) name += kPart + std::to_string(next_anomaly_);
  return runs_.emplace(std::move(name), Run()).first;
}

void AnomalyTracker::Under(std::string_view key, uint32_t detector) {
  bool ended = false;
  ForEach(key, [&](Runs::iterator it) {
    if (!(it->second.over & (1u << detector))) return;
    it->second.over &= ~(1u << detector);
    changed_.insert(it->first);
    ended |= it->second.over == 0;
  });
  if (ended) FinishOldestEnded();
}

void AnomalyTracker::FinishOldestEnded() {
  size_t ended = 0;
  auto oldest = runs_.end();
  for (auto it = runs_.begin(); it != runs_.end(); ++it) {
    if (it->second.over != 0) continue;
    ++ended;
    if (oldest == runs_.end() || it->second.anomaly.seq < oldest->second.anomaly.seq) oldest = it;
  }
  if (ended > kMaxOver) Finish(oldest);
}

void AnomalyTracker::Close(std::string_view key) {
  ForEach(key, [&](Runs::iterator it) { Finish(it); });
}

void AnomalyTracker::Finish(Runs::iterator run) {
  if (changed_.erase(run->first) > 0) complete_.push_back(std::move(run->second.anomaly));
  saved_changes_.insert(run->first);
  runs_.erase(run);
}

void AnomalyTracker::Rule(Finding finding, RiskLevel level) {
  Run run;
  Begin(&run, std::move(finding), risk().FloorOf(level));
  run.anomaly.level = level;
  JoinIncident(&run.anomaly, true);
  complete_.push_back(std::move(run.anomaly));
}

void AnomalyTracker::Raise(std::string_view key, uint64_t number, uint8_t severity) {
  ForEach(key, [&](Runs::iterator it) {
    Run& run = it->second;
    Anomaly& a = run.anomaly;
    if (number < run.window_begin) return;
    const float score = decision_.Score(run.latest_score, {severity, run.latest_news});
    const float raised = risk().Risk(score, severity);
    if (raised <= a.risk && severity <= a.severity) return;
    a.severity = std::max(a.severity, severity);
    a.risk = std::max(a.risk, raised);
    a.level = std::max(a.level, risk().LevelOf(a.risk));
    changed_.insert(it->first);
    UpdateIncident(a);
  });
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
    const bool ends = it->second.over != 0 && over == 0;
    it->second.over = over;
    const auto here = it++;
    if (ends) Finish(here);
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
