// SPDX-License-Identifier: MIT
// Joins windows over their threshold into anomalies, and anomalies into incidents.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/commit_unit.h"
#include "core/detection/anomaly.h"
#include "core/detection/decision.h"
#include "core/state.h"

namespace alogd {

// A window over its threshold, or a rule's match, with all that an anomaly says of it.
struct Finding {
  std::string_view key;   // the stream's, as the windower has it
  uint32_t detector = 0;  // index; below 31, or AnomalyTracker::kWatch
  std::string detector_name;
  Time time;                    // end of the window
  float score = 0;              // anomaly score, before the decision
  Circumstances circumstances;  // but for what the tracker knows
  uint8_t severity = 0;         // of the blamed records
  std::string source;
  std::string stream;
  TemplateId template_id = kNoTemplate;
  std::string template_text;
  std::string message;
  RecordRef ref;              // of the blamed record
  RecordRef first;            // of the window's first record
  RecordRef last;             // of its last
  uint64_t window_begin = 0;  // number of its first event within the stream
  Evidence evidence;
};

// The anomalies of one group. Windows of a stream that follow each other over their threshold are
// one anomaly, which goes on until no detector holds the stream's latest window for abnormal. What
// blames a record of it later still belongs to it, and so does the same trouble that comes again
// within `incident_gap`: a statement that repeats between normal ones is one anomaly. Its time goes
// on with each record that is blamed anew: a window that is abnormal only because it still holds
// one that was blamed before lengthens nothing, and what is blamed later than `incident_gap` begins
// another anomaly. So does another trouble (core/detection/trouble.h) that is HIGH or worse: it
// must not hide in one that goes on.
//
// Anomalies within `incident_gap` of each other are one incident.
class AnomalyTracker {
 public:
  // An incident takes in no anomaly that begins later than this after it began, so that trouble
  // which never pauses alerts anew.
  static constexpr Duration kMaxIncident = std::chrono::hours(1);

  // Anomalies of a stream that are open at once; beyond it the oldest is complete.
  static constexpr size_t kMaxTroubles = 16;
  // Anomalies of all streams that are over and may still be added to.
  static constexpr size_t kMaxOver = 256;
  // A trouble lasts with so many windows, each of which blames a record anew, or in an incident of
  // so many anomalies.
  static constexpr uint64_t kLastingWindows = 10;
  static constexpr uint64_t kLastingAnomalies = 20;

  // The index that stands for all watches, which are no detectors of a model.
  static constexpr uint32_t kWatch = 31;

  AnomalyTracker(const RiskOptions& risk, Duration incident_gap,
                 const SeverityOptions& severity = {})
      : decision_(risk, severity), incident_gap_(incident_gap) {}

  void set_options(const RiskOptions& risk, Duration incident_gap,
                   const SeverityOptions& severity) {
    decision_ = Decision(risk, severity);
    incident_gap_ = incident_gap;
  }
  void set_bundle(std::string bundle) { bundle_ = std::move(bundle); }
  const RiskModel& risk() const { return decision_.risk(); }
  const Decision& decision() const { return decision_; }
  // Anomalies and incidents to come have greater numbers than these.
  void NumberAfter(uint64_t anomaly, uint64_t incident) {
    next_anomaly_ = std::max(next_anomaly_, anomaly + 1);
    next_incident_ = std::max(next_incident_, incident + 1);
  }

  // A detector's window of the stream is over its threshold. True if that began an anomaly.
  bool Over(Finding finding);
  // ... or it is not, or the detector has no opinion.
  void Under(std::string_view key, uint32_t detector);
  // The stream paused or ended: its anomaly is complete.
  void Close(std::string_view key);
  // A rule matched: an anomaly of that level by itself.
  void Rule(Finding finding, RiskLevel level);
  // A continuation line raised the severity of the stream's record `number`.
  void Raise(std::string_view key, uint64_t number, uint8_t severity);
  // Detector indexes change at a swap: new_index[old], or UINT32_MAX where it is gone.
  void RemapDetectors(const std::vector<uint32_t>& new_index);

  // Something began or got worse since the last Take: worth a commit of its own.
  bool urgent() const { return urgent_; }
  // Moves what is new or grown since the last call into the unit.
  void Take(CommitUnit* unit);

  void Clear();  // as if nothing had been loaded; NumberAfter comes next
  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);
  void SaveChanges(StateWriter& out);
  [[nodiscard]] bool ApplyChanges(StateReader& in);

 private:
  // An anomaly that may still grow.
  struct Run {
    uint32_t over = 0;          // bit by detector: its latest window was over; 0: it ended
    uint64_t window_begin = 0;  // of the latest window over
    float latest_score = 0;     // of it
    News latest_news = News::kNone;
    Anomaly anomaly;
  };
  using Runs = std::map<std::string, Run, std::less<>>;

  // The open anomaly of its stream that the finding belongs to; end() if it begins one.
  Runs::iterator Find(const Finding& finding, RiskLevel level);
  Runs::iterator Open(std::string_view key);
  // Calls `visit` with each open anomaly of the stream, which may finish it.
  template <typename Visit>
  void ForEach(std::string_view key, Visit visit);
  // Whether the trouble that the finding adds to lasts; `run` is null where it begins one.
  bool Lasts(const Run* run, const Finding& finding) const;
  void FinishOldestEnded();
  void Begin(Run* run, Finding finding, float risk);
  void Grow(Run* run, Finding finding, float risk);
  void JoinIncident(Anomaly* anomaly, bool by_rule);
  void UpdateIncident(const Anomaly& anomaly);
  void Finish(Runs::iterator run);
  void DropIdleIncidents();
  void SaveIncidents(StateWriter& out) const;
  bool LoadIncidents(StateReader& in);
  void SaveRun(const std::string& key, StateWriter& out) const;
  bool LoadRun(StateReader& in);

  Decision decision_;
  Duration incident_gap_;
  std::string bundle_;
  uint64_t next_anomaly_ = 1;
  uint64_t next_incident_ = 1;
  uint64_t current_incident_ = 0;
  // By stream key, further ones of a stream by that, a line feed (which no key from a log holds)
  // and their number.
  Runs runs_;
  std::map<uint64_t, Incident> incidents_;      // the current one and those of open runs
  std::set<std::string, std::less<>> changed_;  // keys of runs to commit
  std::set<uint64_t> changed_incidents_;
  bool urgent_ = false;
  std::vector<Anomaly> complete_;  // closed or by rule, to commit
  std::set<std::string, std::less<>>
      saved_changes_;  // keys of runs to write at the next SaveChanges, after Take
};

}  // namespace alogd
