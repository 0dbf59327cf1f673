// SPDX-License-Identifier: MIT
// Anomalies, their evidence, and incidents: what detection produces and the store keeps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/types.h"

namespace alogd {

// Mildest first, so that "that or worse" is >=.
enum class RiskLevel : uint8_t { kInfo, kLow, kMedium, kHigh, kCritical };

std::string_view Name(RiskLevel level);                        // "INFO" .. "CRITICAL"
bool ParseRiskLevel(std::string_view name, RiskLevel* level);  // ASCII case ignored

// Why one detector held one window for abnormal, in words an operator understands.
struct Evidence {
  std::string detector;
  float raw = 0;        // in the detector's own unit
  float threshold = 0;  // in the same unit
  float anomaly = 0;    // anomaly score, 0 at the threshold to 100
  // One sentence: "after 'Accepted password for <*>' came 'session closed', which normally follows
  // in 0.01% of cases".
  std::string summary;
  // What was expected instead, likeliest first: template text and probability.
  std::vector<std::pair<std::string, float>> expected;
  // What stands out: term or template text and by how much, in `unit`.
  std::vector<std::pair<std::string, float>> found;
  std::string unit;
  // The events of the window that are blamed, [first, last], as indexes into it.
  uint32_t first = 0;
  uint32_t last = 0;
};

// The evidence column: a JSON array of objects, strongest first; invalid UTF-8 is replaced.
std::string EvidenceJson(const std::vector<Evidence>& evidence);
// Takes that column apart again. Leaves out what is malformed: the column may come from a damaged
// database, and half the evidence is better than none.
std::vector<Evidence> ParseEvidenceJson(std::string_view json);

// The `detector` of an anomaly that is a rule match.
inline constexpr std::string_view kRuleDetector = "rule";

enum class AnomalyState : uint8_t { kNew, kAcked, kConfirmed, kSuppressed };

std::string_view Name(AnomalyState state);  // "new", "acked", "confirmed", "suppressed"
std::optional<AnomalyState> ParseAnomalyState(std::string_view name);

// A run of windows of one stream that follow each other over their threshold, or one rule match.
struct Anomaly {
  uint64_t seq = 0;           // counts within the group, from 1; the store gives the database id
  uint64_t incident_seq = 0;  // likewise
  Time time = kNoTime;        // end of its first window
  Time last_time = kNoTime;   // end of its latest window
  RiskLevel level = RiskLevel::kInfo;
  float risk = 0;   // of its riskiest window, 0 to 100
  float score = 0;  // anomaly score of that window
  uint8_t severity = 0;
  std::string detector;  // the strongest one; "rule" for a rule match
  std::string source;
  std::string stream;
  TemplateId template_id = kNoTemplate;  // of the record blamed in the riskiest window
  std::string template_text;
  std::string message;             // that record's text
  std::vector<Evidence> evidence;  // the strongest of each detector
  RecordRef ref;                   // that record
  uint64_t first_offset = 0;       // of the first record of its first window, in ref.file
  uint64_t last_offset = 0;        // of its latest record
  uint64_t windows = 0;
  std::string bundle;  // in force when it began; empty without one
};

struct Incident {
  uint64_t seq = 0;
  Time first = kNoTime;
  Time last = kNoTime;
  RiskLevel level = RiskLevel::kInfo;
  float risk = 0;
  uint64_t anomalies = 0;
  uint64_t top_anomaly = 0;  // seq of the riskiest
  std::string title;         // one line: what happened, of the riskiest anomaly
  bool by_rule = false;      // holds a rule match: alerts whatever the budget
};

}  // namespace alogd
