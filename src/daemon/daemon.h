// SPDX-License-Identifier: MIT
// The whole daemon: its parts put together, started, reloaded and ended in order.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/result.h"
#include "daemon/committer.h"
#include "daemon/control/control_server.h"
#include "daemon/control/status.h"
#include "daemon/event_loop.h"
#include "daemon/fd_store.h"
#include "daemon/group.h"
#include "daemon/heartbeat.h"
#include "daemon/notify.h"
#include "daemon/own_pids.h"
#include "daemon/plan.h"
#include "daemon/reloader.h"
#include "daemon/sinks/sink_senders.h"
#include "daemon/state_dir.h"
#include "daemon/store_opening.h"
#include "daemon/worker_pool.h"

namespace alogd {

struct DaemonOptions {
  std::string config_path = "/etc/alogd/alogd.yaml";
  bool config_must_exist = false;
  // Where what is in force is kept for a start with a wrong configuration; empty: nowhere.
  std::string last_good;
  // Why this start runs on it; empty: it does not.
  std::string config_trouble;
  // SIGHUP, SIGTERM and SIGINT end up in the loop; they must be blocked in every thread.
  bool signals = true;
  bool damaged = false;  // the database was found so while it ran: it is set aside first
  size_t workers = 0;    // threads that read and score at most; 0: as many as there are cores
  // What makes a configured sink; unset: MakeSink.
  std::function<std::unique_ptr<AlertSink>(const SinkConfig&)> make_sink;
};

Time WallTime();
StorePolicy PolicyOf(const Config& config);

class Daemon {
 public:
  // Takes the state directory, opens the database, restores the groups and opens what stands of
  // their sources. Lines appended from here on are read. `plan` was loaded from
  // options.config_path.
  static Result<std::unique_ptr<Daemon>> Create(DaemonOptions options, Plan plan);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  enum class End : uint8_t {
    kTold,     // by a signal or Stop
    kDamaged,  // the database is: another Daemon must be created, which sets it aside
  };
  // Everything read so far is committed at the end, unless the database does not take it within the
  // second: then it is read again.
  End Run();
  // Whether a thread had to be left behind in a call that did not return: the process must end by
  // _exit.
  bool left_threads() const { return left_threads_; }
  std::shared_ptr<const Config> config() const { return config_; }
  // From any thread.
  void Stop() { loop_->Exit(); }

 private:
  Daemon(DaemonOptions options, Plan plan, StateDirectory directory,
         std::unique_ptr<EventLoop> loop);

  // daemon.cc
  Result<OpenedStore> OpenDatabase();
  void PrepareEnvironment(int64_t next_file_id);
  void StartCommitting(Store store);
  Status StartGroups(std::map<std::string, GroupState> states);
  Result<std::unique_ptr<GroupWorker>> MakeWorker(const GroupConfig& group, ModelSet models,
                                                  GroupState state);
  Status StartLoop();
  Status AddTimer(std::chrono::microseconds period, std::function<void()> on_tick);
  Status AddSignal(int signal, std::function<void()> on_signal);
  Committer::Hooks CommitterHooks();
  SinkSenders::Hooks SinkHooks();
  void ExchangeSinks();
  void TellStart();
  void KeepLastGood() const;
  void OnTick();
  void FeedWatchdog();
  void ShutDown();
  DaemonStatus CollectStatus() const;

  // daemon_control.cc
  void ListenForControl();
  void HandleControl(const nlohmann::json& request, ControlServer::Answer answer);
  Reloader::Hooks ReloaderHooks();
  void RequestReload(Reloader::Answer answer);
  void Apply(PlanCandidate candidate, std::function<void(ReloadVerdict)> done);
  void PutInForce(PlanCandidate candidate, const std::function<void(ReloadVerdict)>& done);
  void OnReloaded(const ReloadVerdict& verdict);
  void CloseStoreAccess();
  std::map<std::string, std::string> Bundles() const;

  // What a reload's thread may use of the committer, until it ends. (shared_ptr: the thread may be
  // left behind.)
  struct StoreAccess;

  DaemonOptions options_;
  std::shared_ptr<const Config> config_;  // in force; shared with swaps and reloads under way
  std::vector<ModelSet> first_models_;    // until the groups have them
  std::vector<std::string> remarks_;
  StateDirectory directory_;
  std::unique_ptr<EventLoop> loop_;
  Notifier notifier_;
  // Before the groups, which use them.
  FdStore fd_store_;
  OwnPids own_pids_;
  Heartbeats beats_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::shared_ptr<std::atomic<int64_t>> next_file_id_ = std::make_shared<std::atomic<int64_t>>(1);
  GroupWorker::Env env_;

  std::unique_ptr<Committer> committer_;
  std::unique_ptr<SinkSenders> sinks_;  // after the committer: their threads call it
  std::unique_ptr<WorkerPool> pool_;
  std::map<std::string, std::unique_ptr<Group>> groups_;
  std::shared_ptr<StoreAccess> store_access_;
  std::unique_ptr<Reloader> reloader_;
  std::unique_ptr<ControlServer> control_;
  std::vector<EventLoop::Source> sources_;  // timers and signals

  ReloadStatus last_reload_;
  std::string status_line_;
  uint64_t ticks_ = 0;
  bool stale_told_ = false;
  bool ran_ = false;
  bool damaged_ = false;  // the database
  bool left_threads_ = false;
};

// alogd's main: loads, creates, runs. The exit status: 0 ended as told, 1 it failed, 2 the
// configuration is wrong.
int RunDaemon(DaemonOptions options);

}  // namespace alogd
