// SPDX-License-Identifier: MIT
// Recognises reboots and package upgrades, after which new templates are expected.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/commit_unit.h"
#include "core/state.h"
#include "core/types.h"

namespace alogd {

// A function of the records in order and their event times; part of the group's state. It changes
// no score: notification hushes the whole host for that time (core/notify).
//
// The words can be forged by who may write to syslog. What that gains is bounded: rules and new
// errors alert all the same, the hush lasts kQuietBoot, and no other begins before kAgain has
// passed.
class ChangeWatch {
 public:
  static constexpr std::string_view kReboot = "a reboot";
  static constexpr std::string_view kUpgrade = "a package upgrade";
  static constexpr Duration kQuietBoot = std::chrono::minutes(10);    // until services have settled
  static constexpr Duration kQuietUpgrade = std::chrono::minutes(5);  // from the last package on
  static constexpr Duration kAgain = std::chrono::hours(1);
  static constexpr Duration kLongestUpgrade = std::chrono::hours(1);  // a distribution's upgrade

  // `source` is the path of the log; dpkg's own is known by its name.
  void Observe(std::string_view source, std::string_view program, std::string_view message,
               Time time);
  // The host booted, says who knows it otherwise than by the kernel's words.
  void ObserveBoot(Time time);
  // What happened shortly before `time`: "a reboot", "a package upgrade", or nothing.
  std::string_view Reason(Time time) const;
  // What began or went on since the last call, for those who watch the whole host.
  std::vector<HostChange> TakeChanges();

  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);

 private:
  struct Quiet {
    Time begin = kNoTime, end = kNoTime;
    bool Holds(Time time) const { return begin != kNoTime && time >= begin && time < end; }
  };
  Quiet boot_, upgrade_;
  bool changed_ = false;  // not saved: what was taken is committed with the state
};

}  // namespace alogd
