// SPDX-License-Identifier: MIT
// Maintenance goes through the committer's thread, in order with the commits that it decides.
#include "daemon/control/maintenance.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

#include "core/text.h"

namespace alogd {
namespace {

using nlohmann::json;

// A day's work is planned as maintenance; what is longer is a configuration.
constexpr double kLongest = 7 * 86400;

Time Now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

json Describe(Store& store, const std::optional<std::chrono::seconds>& wanted) {
  const Time now = Now();
  if (wanted) {
    const Status status = store.SetMaintenance(now, now + *wanted);
    if (!status) return {{"ok", false}, {"error", EscapeForTerminal(status.error().message)}};
  }
  const Result<Maintenance> found = store.maintenance();
  if (!found) return {{"ok", false}, {"error", EscapeForTerminal(found.error().message)}};
  return {{"ok", true},
          {"active", found->Holds(now)},
          {"until_us", found->until == kNoTime ? json() : json(Micros(found->until))},
          {"held", found->held}};
}

}  // namespace

void AnswerMaintenance(const json& request, Committer* committer, EventLoop* loop,
                       ControlServer::Answer answer) {
  std::optional<std::chrono::seconds> wanted;
  if (const auto it = request.find("for_s"); it != request.end()) {
    const double seconds = it->is_number() ? it->get<double>() : -1;
    if (!(seconds >= 0 && seconds <= kLongest))
      return answer({{"ok", false}, {"error", "for_s has to be 0 to 604800 seconds"}});
    wanted = std::chrono::seconds(static_cast<int64_t>(seconds));
    spdlog::info("{}", wanted->count() > 0 ? "maintenance: alerts are held back and counted"
                                           : "maintenance ends: alerts are sent again");
  }
  committer->Call([wanted, loop, answer = std::move(answer)](Store& store) {
    loop->Post([answer, reply = Describe(store, wanted)] { answer(reply); });
  });
}

}  // namespace alogd
