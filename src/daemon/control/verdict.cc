// SPDX-License-Identifier: MIT
// Verdicts go through the committer's thread, in order with the commits that they concern.
#include "daemon/control/verdict.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "core/text.h"

namespace alogd {
namespace {

using nlohmann::json;

constexpr size_t kMostIds = 1000;

json Refusal(const std::string& why) { return {{"ok", false}, {"error", EscapeForTerminal(why)}}; }

std::optional<AnomalyState> StateOf(const json& request) {
  const auto it = request.find("state");
  if (it == request.end() || !it->is_string()) return {};
  return ParseAnomalyState(it->get_ref<const std::string&>());
}

// Positive numbers; false for anything else.
bool TakeIds(const json& request, const char* key, std::vector<int64_t>* ids) {
  const auto it = request.find(key);
  if (it == request.end()) return true;
  if (!it->is_array() || it->size() > kMostIds) return false;
  for (const json& id : *it) {
    if (!id.is_number_integer() || id.get<int64_t>() <= 0) return false;
    ids->push_back(id.get<int64_t>());
  }
  return true;
}

}  // namespace

void AnswerVerdict(const json& request, Committer* committer, EventLoop* loop,
                   ControlServer::Answer answer) {
  const std::optional<AnomalyState> state = StateOf(request);
  if (!state) return answer(Refusal("state has to be new, acked, confirmed or suppressed"));
  VerdictTarget target;
  if (!TakeIds(request, "anomalies", &target.anomalies) ||
      !TakeIds(request, "incidents", &target.incidents) ||
      target.anomalies.size() + target.incidents.size() == 0)
    return answer(Refusal("anomalies and incidents have to be lists of at most 1000 ids"));
  committer->Call(
      [target = std::move(target), state, loop, answer = std::move(answer)](Store& store) {
        const Time now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
        const Result<uint64_t> changed = store.SetStates(target, *state, now);
        const json reply = changed.ok() ? json{{"ok", true}, {"changed", *changed}}
                                        : Refusal(changed.error().message);
        loop->Post([answer, reply] { answer(reply); });
      });
}

}  // namespace alogd
