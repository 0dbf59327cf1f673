// SPDX-License-Identifier: MIT
// Beginnings and endings of messages, where no stranger's words stand.
#include "core/records/routine_report.h"

#include <algorithm>
#include <string_view>

namespace alogd {
namespace {

// Of systemd, before the name or description of a unit.
constexpr std::string_view kJobs[] = {
    "Starting ",     "Started ",        "Stopping ",      "Stopped ",
    "Reloading ",    "Reloaded ",       "Finished ",      "Mounting ",
    "Mounted ",      "Unmounting ",     "Unmounted ",     "Closed ",
    "Listening on ", "Reached target ", "Created slice ", "Removed slice ",
};

bool IsJob(std::string_view program, std::string_view message) {
  return program == "systemd" && std::ranges::any_of(kJobs, [message](std::string_view job) {
           return message.starts_with(job);
         });
}

// Takes `[client 203.0.113.5:50022] ` and `*98 ` away.
std::string_view WithoutClient(std::string_view message) {
  for (const std::string_view begin : {"[client ", "*"}) {
    if (!message.starts_with(begin)) continue;
    const size_t end = message.find(' ', begin.size());
    return end == std::string_view::npos ? message : message.substr(end + 1);
  }
  return message;
}

// What the server says of its own file system has no client behind it.
bool IsMissingFile(std::string_view message) {
  message = WithoutClient(message);
  if (message.starts_with("open() \""))
    return message.find("\" failed (2: No such file or directory), client: ") !=
           std::string_view::npos;
  if (message.starts_with("AH00128: File does not exist: ")) return true;
  return message.starts_with("script '") && message.ends_with("' not found or unable to stat");
}

}  // namespace

bool IsRoutineReport(std::string_view program, std::string_view message) {
  return IsJob(program, message) || IsMissingFile(message);
}

}  // namespace alogd
