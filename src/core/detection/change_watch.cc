// SPDX-License-Identifier: MIT
// The words of the kernel's first record, of dpkg and of systemd's reloads.
#include "core/detection/change_watch.h"

#include <algorithm>
#include <utility>

namespace alogd {
namespace {

bool IsBoot(std::string_view program, std::string_view message) {
  if (program != "kernel") return false;
  // Some writers keep the kernel's own time: "[    0.000000] Linux version 6.1.0-28-amd64 ...".
  if (message.starts_with('[')) {
    const size_t end = message.find("] ");
    if (end == std::string_view::npos || end > 20) return false;
    message.remove_prefix(end + 2);
  }
  return message.starts_with("Linux version ");
}

bool IsUpgrade(std::string_view source, std::string_view program, std::string_view message) {
  if (source.ends_with("/dpkg.log"))
    return message.starts_with("install ") || message.starts_with("upgrade ") ||
           message.starts_with("configure ") || message.starts_with("remove ") ||
           message.starts_with("status ") || message.starts_with("startup ");
  // What packages with units ask of systemd, and what apt's own units say.
  return program == "systemd" && (message.starts_with("Reexecuting") || message == "Reloading." ||
                                  message.starts_with("Starting apt-daily-upgrade.service"));
}

}  // namespace

void ChangeWatch::Observe(std::string_view source, std::string_view program,
                          std::string_view message, Time time) {
  if (IsBoot(program, message)) {
    ObserveBoot(time);
  } else if (IsUpgrade(source, program, message)) {
    if (upgrade_.begin == kNoTime || time - upgrade_.begin >= kLongestUpgrade + kAgain)
      upgrade_ = {time, time};
    // Each package lengthens it, within bounds.
    upgrade_.end =
        std::max(upgrade_.end, std::min(time, upgrade_.begin + kLongestUpgrade) + kQuietUpgrade);
    changed_ = true;
  }
}

void ChangeWatch::ObserveBoot(Time time) {
  if (boot_.begin != kNoTime && time - boot_.begin < kAgain) return;
  boot_ = {time, time + kQuietBoot};
  changed_ = true;
}

std::string_view ChangeWatch::Reason(Time time) const {
  if (boot_.Holds(time)) return kReboot;
  if (upgrade_.Holds(time)) return kUpgrade;
  return {};
}

std::vector<HostChange> ChangeWatch::TakeChanges() {
  std::vector<HostChange> changes;
  if (!std::exchange(changed_, false)) return changes;
  if (boot_.begin != kNoTime) changes.push_back({HostChange::Kind::kBoot, boot_.begin, boot_.end});
  if (upgrade_.begin != kNoTime)
    changes.push_back({HostChange::Kind::kUpgrade, upgrade_.begin, upgrade_.end});
  return changes;
}

void ChangeWatch::Save(StateWriter& out) const {
  for (const Quiet* quiet : {&boot_, &upgrade_}) {
    out.At(quiet->begin);
    out.At(quiet->end);
  }
}

bool ChangeWatch::Load(StateReader& in) {
  for (Quiet* quiet : {&boot_, &upgrade_}) {
    quiet->begin = in.At();
    quiet->end = in.At();
  }
  return in.ok();
}

}  // namespace alogd
