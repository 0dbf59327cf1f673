// SPDX-License-Identifier: MIT
// How long notification keeps quiet about what it told.
#pragma once

#include "core/types.h"

namespace alogd {

// 0 switches each of them off: a store without options tells every anomaly that reaches a sink.
struct NotifyOptions {
  // Event time within which a trouble is told once; CRITICAL within a quarter of that.
  Duration repeat_after{0};
  // The same for rules. Shorter: somebody wrote the rule to hear of it.
  Duration rule_repeat_after{0};
  // What is HIGH and follows an alert within this time joins it in one further entry.
  Duration cascade{0};
  // An incident is over when nothing came for so long.
  Duration incident_gap{0};
  // Alerts below CRITICAL a day, of the whole host, rules apart; negative: as many as come.
  double budget_per_day = -1;
};

}  // namespace alogd
