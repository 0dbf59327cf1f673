// SPDX-License-Identifier: MIT
// Alerts as the store hands them to sinks, and as they are put into its outbox.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/detection/anomaly.h"
#include "core/types.h"

namespace alogd {

// The journal's, which is there without configuration.
inline constexpr const char* kJournalSink = "journal";

// Stored as its number: a kind keeps its own for ever.
enum class AlertKind : uint8_t {
  kAnomaly = 0,         // told from the columns of its anomaly; all others from title and body
  kCascade = 1,         // what followed an alert within seconds
  kSummary = 2,         // what the budget did not allow
  kWave = 3,            // many new statements of a program
  kFlood = 4,           // different troubles outside the budget that came too fast
  kIncidentClosed = 5,  // it is over
  kHushed = 6,          // what was held back after a reboot or an upgrade
};

// An alert as it waits for one sink.
struct Alert {
  int64_t id = 0;  // the same for every sink
  AlertKind kind = AlertKind::kAnomaly;
  int64_t anomaly_id = 0;   // database ids; 0 where the anomaly is not kept any more, or there is
  int64_t incident_id = 0;  // none
  RiskLevel level = RiskLevel::kInfo;
  std::string group;       // empty: the whole host
  Time created = kNoTime;  // by the host's clock
  std::string title;       // one line, escaped
  std::string body;        // JSON object: what the kind's text needs beside title and anomaly
  bool uncommitted =
      false;        // sent before its commit, because that fails; it comes again with its id
  Anomaly anomaly;  // what it is about
};

// What is put into the outbox; ids are those of the database.
struct NewAlert {
  AlertKind kind = AlertKind::kAnomaly;
  std::optional<int64_t> incident_id{};
  std::optional<int64_t> anomaly_id{};
  std::optional<int64_t> group_id{};  // unset: the whole host
  RiskLevel level = RiskLevel::kInfo;
  bool any_level = false;  // a rule match: it passes every sink's minimum
  Time created = kNoTime;
  std::string title;
  std::string body = "{}";
};

// An alert that a sink did not take, and why.
struct RefusedAlert {
  int64_t id = 0;
  std::string error;
};

// Which alerts a sink gets.
struct SinkPolicy {
  std::string name;
  RiskLevel min_level = RiskLevel::kHigh;
  bool operator==(const SinkPolicy&) const = default;
};

}  // namespace alogd
