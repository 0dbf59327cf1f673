// SPDX-License-Identifier: MIT
// What configuration and lists of names know of a detector; how it works only its own folder knows.
#pragma once

#include <string_view>

#include "core/config/config.h"
#include "core/detection/joint.h"

namespace alogd {

class OptionVisitor;
class SectionChecks;

// A detector's `enabled`, from the group that has it.
struct DetectorSwitch {
  bool (*get)(const GroupConfig& group);
  void (*set)(GroupConfig& group, bool on);
};
// From a lambda without captures that returns it: [](auto& group) -> auto& { return ...; }.
template <typename At>
constexpr DetectorSwitch SwitchAt(At) {
  return {[](const GroupConfig& group) -> bool { return At{}(group); },
          [](GroupConfig& group, bool on) { At{}(group) = on; }};
}

struct DetectorInfo {
  std::string_view name;     // in configuration, bundles, anomalies and lists
  std::string_view summary;  // what it finds, in one line, for help and the manual
  Voice voice = Voice::kOwn;
  bool online = false;  // learns while it runs: no bundle, no training, no share in the joint score
  bool numbers = false;  // it judges the numbers in records
  DetectorSwitch enabled;
  // The keys of its section detectors.NAME, `enabled` not among them. Null: it has no section, and
  // its switch is a key of another one.
  void (*describe)(OptionVisitor& v, GroupConfig& group) = nullptr;
  // What follows from other options, once all files are read. Null: nothing.
  void (*complete)(GroupConfig& group) = nullptr;
  // What does not fit together. Null: all of it does.
  void (*check)(const GroupConfig& group, SectionChecks& checks) = nullptr;
};

}  // namespace alogd
