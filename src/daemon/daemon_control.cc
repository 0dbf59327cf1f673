// SPDX-License-Identifier: MIT
// What operators ask of the daemon: control requests, and reloads put in force group by group.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <future>
#include <mutex>
#include <utility>

#include "core/text.h"
#include "daemon/control/maintenance.h"
#include "daemon/control/verdict.h"
#include "daemon/daemon.h"
#include "daemon/logging.h"

namespace alogd {

using nlohmann::json;

struct Daemon::StoreAccess {
  std::mutex mutex;
  Committer* committer = nullptr;  // guarded by mutex; null once the daemon ends

  Result<GroupState> LoadGroup(const std::string& group, const std::atomic<bool>& stop);
};

// Through the committer's thread, after the units that it has: a group that was removed a moment
// ago may come back.
Result<GroupState> Daemon::StoreAccess::LoadGroup(const std::string& group,
                                                  const std::atomic<bool>& stop) {
  // Shared: the call may run after we gave up waiting.
  const auto promise = std::make_shared<std::promise<Result<GroupState>>>();
  std::future<Result<GroupState>> state = promise->get_future();
  {
    const std::lock_guard lock(mutex);
    if (committer == nullptr) return Error{"alogd is ending"};
    committer->Call([promise, group](Store& store) { promise->set_value(store.LoadGroup(group)); });
  }
  while (state.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
    if (stop) return Error{"alogd is ending"};
  }
  return state.get();
}

void Daemon::CloseStoreAccess() {
  const std::lock_guard lock(store_access_->mutex);
  store_access_->committer = nullptr;
}

// Without a control socket the daemon still does its job: it says so and goes on.
void Daemon::ListenForControl() {
  const std::string path = config_->ControlPath();
  auto server = ControlServer::Listen(loop_.get(), path,
                                      [this](const json& request, ControlServer::Answer answer) {
                                        HandleControl(request, std::move(answer));
                                      });
  if (server) {
    control_ = std::move(*server);
  } else {
    spdlog::error("alogctl cannot reach this daemon: {}",
                  EscapeForTerminal(server.error().message));
  }
}

void Daemon::HandleControl(const json& request, ControlServer::Answer answer) {
  const auto it = request.find("command");
  const std::string command = it != request.end() && it->is_string() ? it->get<std::string>() : "";
  if (command == "ping") return answer({{"ok", true}});
  if (command == "status") return answer(StatusJson(CollectStatus()));
  if (command == "maintenance")
    return AnswerMaintenance(request, committer_.get(), loop_.get(), std::move(answer));
  if (command == "verdict")
    return AnswerVerdict(request, committer_.get(), loop_.get(), std::move(answer));
  if (command == "reload") {
    return RequestReload([answer](const ReloadVerdict& verdict) {
      json reply = {{"ok", verdict.ok}, {"bundles", verdict.bundles}};
      if (!verdict.message.empty()) {
        reply[verdict.ok ? "message" : "error"] = EscapeForTerminal(verdict.message, 64 * 1024);
      }
      answer(reply);
    });
  }
  if (command == "reload-soon") {
    RequestReload([](const ReloadVerdict&) {});
    return answer({{"ok", true}});
  }
  answer({{"ok", false},
          {"error",
           fmt::format(
               "unknown command '{}'; known are ping, status, maintenance, verdict, reload and "
               "reload-soon",
               EscapeForTerminal(command, 64))}});
}

void Daemon::RequestReload(Reloader::Answer answer) { reloader_->Request(std::move(answer)); }

Reloader::Hooks Daemon::ReloaderHooks() {
  store_access_ = std::make_shared<StoreAccess>();
  store_access_->committer = committer_.get();
  Reloader::Hooks hooks;
  hooks.prepare = [this] {
    ReloadInput input{
        options_.config_path, options_.config_must_exist, config_, Bundles(), env_, {}};
    return [input, access = store_access_](const std::atomic<bool>& stop) mutable {
      input.load_state = [access, &stop](const std::string& group) {
        return access->LoadGroup(group, stop);
      };
      return PrepareReload(input);
    };
  };
  hooks.apply = [this](PlanCandidate candidate, std::function<void(ReloadVerdict)> done) {
    Apply(std::move(candidate), std::move(done));
  };
  hooks.refuse = [this](const Error& error) {
    return ReloadVerdict{false, error.message, Bundles()};
  };
  hooks.on_begin = [this] { notifier_.Reloading(); };
  hooks.on_end = [this](const ReloadVerdict& verdict) { OnReloaded(verdict); };
  return hooks;
}

// Each group swaps between two of its records; the rest follows when the last has.
void Daemon::Apply(PlanCandidate candidate, std::function<void(ReloadVerdict)> done) {
  struct Pending {
    PlanCandidate candidate;
    std::function<void(ReloadVerdict)> done;
    size_t waiting = 1;  // for the loop below itself
    std::string errors;
  };
  // Shared by the answers of the groups.
  const auto pending =
      std::make_shared<Pending>(Pending{std::move(candidate), std::move(done), 1, ""});
  const auto one_done = [this, pending](const Status& status) {
    if (!status) pending->errors += (pending->errors.empty() ? "" : "\n") + status.error().message;
    if (--pending->waiting > 0) return;
    if (!pending->errors.empty()) return pending->done({false, pending->errors, Bundles()});
    PutInForce(std::move(pending->candidate), pending->done);
  };
  const Plan& plan = pending->candidate.plan;
  for (size_t i = 0; i < plan.config->groups.size(); ++i) {
    const auto it = groups_.find(plan.config->groups[i].name);
    if (it == groups_.end()) continue;
    ++pending->waiting;
    GroupWorker::SwapRequest request{
        plan.config, plan.config->groups[i], std::move(pending->candidate.plan.models[i]), {}};
    request.done = [this, one_done](Status status) {
      loop_->Post([one_done, status = std::move(status)] { one_done(status); });
    };
    it->second->RequestSwap(std::move(request));
  }
  one_done({});
}

void Daemon::PutInForce(PlanCandidate candidate, const std::function<void(ReloadVerdict)>& done) {
  config_ = candidate.plan.config;
  ReloadVerdict verdict;
  const auto remark = [&verdict](const std::string& text) {
    verdict.message += (verdict.message.empty() ? "" : "\n") + text;
  };
  for (const std::string& text : candidate.plan.remarks) remark(text);
  std::map<std::string, std::unique_ptr<Group>> kept;
  for (const GroupConfig& group : config_->groups) {
    if (const auto it = groups_.find(group.name); it != groups_.end())
      kept.insert(groups_.extract(it));
  }
  for (auto& [name, group] : groups_) group->Stop();
  groups_ = std::move(kept);
  for (auto& [name, watcher] : candidate.watchers) {
    Status status;
    if (const auto it = groups_.find(name); it != groups_.end()) {
      status = it->second->Rewatch(std::move(watcher));
    } else {
      auto group =
          std::make_unique<Group>(loop_.get(), pool_.get(), std::move(candidate.fresh[name]));
      status = group->Start(std::move(watcher));
      groups_[name] = std::move(group);
    }
    if (!status) remark("group " + name + ": " + status.error().message);
  }
  ExchangeSinks();
  verdict.bundles = Bundles();
  done(verdict);
}

void Daemon::OnReloaded(const ReloadVerdict& verdict) {
  last_reload_ = {WallTime(), verdict.ok, EscapeForTerminal(verdict.message, 64 * 1024)};
  if (verdict.ok) {
    options_.config_trouble.clear();
    KeepLastGood();
    std::string bundles;
    for (const auto& [group, bundle] : verdict.bundles) {
      bundles += fmt::format("{}{}: {}", bundles.empty() ? "" : ", ", group,
                             bundle.empty() ? "no bundle" : bundle);
    }
    Announce({Notice::Kind::kReloadDone, fmt::format("reloaded ({})", bundles), "", "", ""});
    LogLines(LogLevel::kWarning, verdict.message);
  } else {
    Announce({Notice::Kind::kReloadRefused,
              "reload refused, everything stays as it was: " + verdict.message, "", "", ""});
  }
  status_line_ = StatusLine(CollectStatus());
  notifier_.Ready(status_line_);
}

std::map<std::string, std::string> Daemon::Bundles() const {
  std::map<std::string, std::string> bundles;
  for (const auto& [name, group] : groups_) bundles[name] = group->status().bundle;
  return bundles;
}

}  // namespace alogd
