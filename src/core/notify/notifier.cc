// SPDX-License-Identifier: MIT
// The order of the questions: seen before? told lately? held? a flood? a cascade? within budget?
#include "core/notify/notifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/store/anomaly_row.h"
#include "core/store/maintenance.h"
#include "core/store/outbox.h"
#include "core/text.h"

namespace alogd {
namespace {

// As doubles: log text may give any time, and integers would overflow.
double Apart(Time a, Time b) {
  return std::abs(static_cast<double>(Micros(a)) - static_cast<double>(Micros(b)));
}

bool Within(Time a, Time b, Duration most) {
  return a != kNoTime && b != kNoTime && Apart(a, b) <= static_cast<double>(most.count());
}

bool IsRule(const Anomaly& a) { return a.detector == kRuleDetector; }

std::string ScopeOf(const Trouble& trouble) {
  return ToValidUtf8(trouble.family == "rule"
                         ? fmt::format("rule {}", trouble.about)
                         : fmt::format("{} of {}", trouble.family, trouble.stream_class),
                     kMaxName);
}

}  // namespace

Status Notifier::Begin(Time now, Time event_time) {
  Result<NotifyState> state = ledger_.LoadState();
  if (!state.ok()) return state.error();
  state_ = std::move(*state);
  if (now == kNoTime) now = std::max(event_time, state_.clock);
  if (now != kNoTime) state_.clock = now;
  if (state_.clock == kNoTime) state_.clock = Time{};
  return hold_ ? Status() : SendDue();
}

void Notifier::NoteChange(const HostChange& change) {
  const bool boot = change.kind == HostChange::Kind::kBoot;
  const Duration longest = boot ? kLongestBoot : kLongestUpgrade;
  // Several groups see one change, and each package lengthens an upgrade.
  const bool same = alogd::Within(change.begin, state_.hush_from, kHushAgain);
  if (!same) {
    state_.hush_from = change.begin;
    state_.hush_until = change.begin;
  }
  state_.hush_until = std::max(state_.hush_until, std::min(change.end, state_.hush_from + longest));
  state_.hush_title = boot ? "a reboot" : "a package upgrade";
}

bool Notifier::Hushed(const Anomaly& a) const {
  return a.last_time != kNoTime && state_.hush_from != kNoTime && a.last_time >= state_.hush_from &&
         a.last_time < state_.hush_until && !IsRule(a) && !IsNewError(a);
}

Duration Notifier::Within(const Anomaly& a) const {
  if (IsRule(a)) return options_.rule_repeat_after;
  if (a.level == RiskLevel::kCritical) return options_.repeat_after / int64_t{kCriticalPart};
  return options_.repeat_after;
}

Result<std::optional<Fate>> Notifier::Decide(const Anomaly& a, const Place& place) {
  using Nothing = std::optional<Fate>;
  const bool reaches = IsRule(a) || std::any_of(sinks_.begin(), sinks_.end(), [&](auto& sink) {
                         return a.level >= sink.min_level;
                       });
  const Trouble trouble = TroubleOf(a);
  scope_ = ScopeOf(trouble);
  host_key_ = ToValidUtf8(trouble.HostKey(), 2 * Trouble::kMaxKey);
  if (!reaches) {
    if (hold_ || options_.cascade == Duration(0) || a.windows != 1 || !IsNewStatement(a))
      return Nothing();
    const Status added = CollectNew(a, place, true);
    return added.ok() ? Result<Nothing>(Nothing()) : added.error();
  }
  const std::string key = ToValidUtf8(trouble.Key(), 2 * Trouble::kMaxKey);
  const Result<Ledger::Trouble> told = ledger_.Find(place.group_id, key);
  if (!told.ok()) return told.error();
  told_ = *told;
  const auto before = ledger_.Decision(place.anomaly_id);
  if (!before.ok()) return before.error();

  const Duration within = Within(a);
  const bool timed = a.last_time != kNoTime && told_.time != kNoTime && within > Duration(0);
  const bool lately = timed && Apart(a.last_time, told_.time) < static_cast<double>(within.count());
  if (*before && (*before)->level >= a.level) {
    // What lasts is told again; what maintenance held is not told late.
    const bool lasts = timed && !lately && (*before)->fate != Fate::kHeld;
    if (!lasts) return Nothing();
  }
  Fate fate = Fate::kRepeats;
  int64_t trouble_id = told_.id;
  Status status = KeepOpen(place.incident_id);
  if (!status.ok()) return status.error();
  if (lately && told_.level >= a.level) {
    if (!*before) status = ledger_.CountAgain(told_.id);
  } else if (hold_) {
    fate = Fate::kHeld;
    status = CountHeldAlert(db_);
  } else {
    const Result<Fate> routed = Route(a, place);
    if (!routed.ok()) return routed.error();
    fate = *routed;
    const auto id = ledger_.Told({place.group_id, key, host_key_, scope_, a.level, a.last_time,
                                  state_.clock, IsNewStatement(a), fate == Fate::kTold});
    if (!id.ok()) return id.error();
    trouble_id = *id;
  }
  if (status.ok()) status = ledger_.Decide(place.anomaly_id, trouble_id, {a.level, fate});
  if (!status.ok()) return status.error();
  return Nothing(fate);
}

Result<Fate> Notifier::Route(const Anomaly& a, const Place& place) {
  const bool unlimited = IsRule(a) || a.level == RiskLevel::kCritical;
  if (Hushed(a)) return Collect(AlertKind::kHushed, Fate::kHushed, a, place);
  if (!IsRule(a) && options_.cascade > Duration(0)) {
    const auto elsewhere =
        ledger_.FindElsewhere(place.group_id, host_key_, a.level, a.last_time, kElsewhere);
    if (!elsewhere.ok()) return elsewhere.error();
    if (*elsewhere != 0) {
      const Status named = ledger_.NameElsewhere(*elsewhere, place.group);
      return named.ok() ? Result<Fate>(Fate::kElsewhere) : named.error();
    }
  }
  if (unlimited) {
    const Result<bool> flood = Floods(place);
    if (!flood.ok()) return flood.error();
    if (*flood) return Collect(AlertKind::kFlood, Fate::kFlood, a, place);
  } else {
    if (options_.cascade > Duration(0) && IsNewStatement(a)) {
      const auto lately =
          ledger_.NewStatementsSince(state_.clock - kWaveTime, place.group_id, scope_);
      if (!lately.ok()) return lately.error();
      if (*lately >= kWaveAfter) {
        const Status added = CollectNew(a, place, false);
        return added.ok() ? Result<Fate>(Fate::kWave) : added.error();
      }
    }
    if (state_.cascade_until != kNoTime && state_.clock < state_.cascade_until &&
        alogd::Within(a.last_time, state_.cascade_event, options_.cascade))
      return Collect(AlertKind::kCascade, Fate::kCascade, a, place);
    if (!TakeToken()) return Collect(AlertKind::kSummary, Fate::kSummary, a, place);
  }
  const Status sent = Send(a, place);
  return sent.ok() ? Result<Fate>(Fate::kTold) : sent.error();
}

Result<bool> Notifier::Floods(const Place& place) {
  if (options_.cascade == Duration(0)) return false;
  const Time since = state_.clock - kNextSummary;
  const auto of_scope = ledger_.AlertsSince(since, place.group_id, scope_);
  if (!of_scope.ok()) return of_scope.error();
  if (*of_scope >= kScopeFlood) return true;
  const auto of_host = ledger_.AlertsSince(since, 0, "");
  if (!of_host.ok()) return of_host.error();
  return *of_host >= kHostFlood;
}

Result<Fate> Notifier::Collect(AlertKind kind, Fate fate, const Anomaly& a, const Place& place) {
  std::string title;
  Time due = state_.clock + kFirstSummary;
  const auto hourly = [&](Time told) {
    if (told != kNoTime && told <= state_.clock) due = std::max(due, told + kNextSummary);
  };
  if (kind == AlertKind::kCascade) {
    title = state_.cascade_title;
    due = state_.cascade_until;
  } else if (kind == AlertKind::kHushed) {
    title = state_.hush_title;
    due = state_.clock + (state_.hush_until - a.last_time);
  } else {
    hourly(kind == AlertKind::kFlood ? state_.flood_told : state_.summary_told);
  }
  const Status added =
      lists_.Add({kind, 0, ""}, title, place.anomaly_id, a.level, false, state_.clock, due);
  return added.ok() ? Result<Fate>(fate) : added.error();
}

Status Notifier::CollectNew(const Anomaly& a, const Place& place, bool quiet) {
  return lists_.Add({AlertKind::kWave, place.group_id, scope_}, StreamClass(a.stream),
                    place.anomaly_id, a.level, quiet, state_.clock, state_.clock + kWaveLasts);
}

bool Notifier::TakeToken() {
  if (options_.budget_per_day < 0) return true;
  const double most = options_.budget_per_day * kBurstDays;
  if (state_.tokens_at == kNoTime) {
    state_.tokens = most;
  } else {
    const double days = static_cast<double>((state_.clock - state_.tokens_at).count()) /
                        static_cast<double>(Duration(std::chrono::hours(24)).count());
    // Not for a clock that was set back.
    state_.tokens = std::min(most, state_.tokens + std::max(0.0, days) * options_.budget_per_day);
  }
  state_.tokens_at = state_.clock;
  if (state_.tokens < 1) return false;
  state_.tokens -= 1;
  return true;
}

Status Notifier::Send(const Anomaly& a, const Place& place) {
  if (Status status = lists_.Remove(place.anomaly_id); !status.ok()) return status;
  NewAlert alert;
  alert.anomaly_id = place.anomaly_id;
  if (place.incident_id != 0) alert.incident_id = place.incident_id;
  alert.group_id = place.group_id;
  alert.level = a.level;
  alert.any_level = IsRule(a);
  alert.created = state_.clock;
  alert.title = ToValidUtf8(a.stream + ": " + a.message, kMaxName);
  if (told_.again > 0)
    alert.body = fmt::format("{{\"again\":{},\"since_us\":{}}}", told_.again, Micros(told_.time));
  if (Status status = EnqueueAlert(db_, alert, sinks_); !status.ok()) return status;
  if (options_.cascade > Duration(0)) {
    state_.cascade_until = state_.clock + options_.cascade;
    state_.cascade_event = a.last_time;
    state_.cascade_title = alert.title;
  }
  return db_->Run("UPDATE incident_rows SET alerted_level = max(alerted_level, ?) WHERE id = ?",
                  static_cast<int>(a.level), place.incident_id);
}

Status Notifier::SendDue() {
  const auto due = lists_.Due(state_.clock);
  if (!due.ok()) return due.error();
  for (const DueList& list : *due) {
    const NewAlert alert = ListAlert(list, state_.clock);
    if (!alert.title.empty()) {
      if (Status status = EnqueueAlert(db_, alert, sinks_); !status.ok()) return status;
      if (list.key.kind == AlertKind::kSummary) state_.summary_told = state_.clock;
      if (list.key.kind == AlertKind::kFlood) state_.flood_told = state_.clock;
    }
    for (const DueList::Item& item : list.items) {
      if (item.quiet || item.incident_id == 0) continue;
      const Status told =
          db_->Run("UPDATE incident_rows SET alerted_level = max(alerted_level, ?) WHERE id = ?",
                   static_cast<int>(item.level), item.incident_id);
      if (!told.ok()) return told;
    }
    if (Status status = lists_.Delete(list.id); !status.ok()) return status;
  }
  return CloseIncidents();
}

Result<Time> Notifier::NextDue(Database* db) {
  const auto due = db->Int(
      "SELECT min(due_us) FROM (SELECT min(due_us) AS due_us FROM list_rows "
      "UNION ALL SELECT min(due_us) FROM open_incidents)");
  if (!due.ok()) return due.error();
  return *due ? FromMicros(**due) : kNoTime;
}

}  // namespace alogd
