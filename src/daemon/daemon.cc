// SPDX-License-Identifier: MIT
// Start and end of the daemon, its timers and signals.
#include "daemon/daemon.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>
#include <utility>

#include "core/text.h"
#include "daemon/last_good.h"
#include "daemon/logging.h"
#include "daemon/sinks/make_sink.h"

namespace alogd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kTick{1};
constexpr seconds kRescan{2};
// A stage that waits stamps its heartbeat each second; whatever the interval of the watchdog, it is
// not held for stuck before this.
constexpr milliseconds kStaleAtLeast{3000};
// Ticks between two lines of status for the service manager.
constexpr uint64_t kStatusTicks = 5;
// Ticks after which every source has had its first turn, in which it looks for its files.
constexpr uint64_t kInheritanceTicks = 60;
// A commit that waits for a lock longer than this is tried again: no stage waits longer than a
// second.
constexpr milliseconds kBusy{250};
// SIGTERM ends within a second: what the threads get of it.
constexpr milliseconds kReloadPatience{50};
constexpr milliseconds kCommitPatience{650};
constexpr milliseconds kSendPatience{100};
// Databases set aside in one life of the process.
constexpr int kMostDamages = 5;
// Descriptors for everything that is no log: database, sockets, bundles being loaded.
constexpr size_t kOtherDescriptors = 128;

// The soft limit is 1024 for programs that use select; we do not.
size_t RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<size_t>(limit.rlim_cur);
}

// What waits for sinks that the configuration names no longer would wait for ever.
void DropOtherSinks(Store* store) {
  const auto dropped = store->DropOtherSinks();
  if (!dropped) return LogLines(LogLevel::kWarning, dropped.error().message);
  for (const auto& [sink, count] : *dropped)
    spdlog::warn("{} alerts that waited for the sink {} are dropped: it was removed", count,
                 EscapeForTerminal(sink));
}

}  // namespace

Time WallTime() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

StorePolicy PolicyOf(const Config& config) {
  StorePolicy policy{config.store_min, {}, config.keep, config.max_size};
  for (const SinkConfig& sink : AllSinks(config))
    policy.sinks.push_back({sink.name, sink.min_level});
  policy.notify = {config.repeat_after, config.rule_repeat_after, config.cascade,
                   config.incident_gap, static_cast<double>(config.budget_per_day)};
  // As the catalogs in memory have it.
  for (const GroupConfig& group : config.groups) {
    policy.max_templates = std::max(policy.max_templates, uint64_t{2} * group.drain.max_templates);
  }
  return policy;
}

Result<std::unique_ptr<Daemon>> Daemon::Create(DaemonOptions options, Plan plan) {
  Result<StateDirectory> directory = StateDirectory::Open(plan.config->state_dir);
  if (!directory) return directory.error();
  Result<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
  if (!loop) return loop.error();
  std::unique_ptr<Daemon> daemon(
      new Daemon(std::move(options), std::move(plan), std::move(*directory), std::move(*loop)));
  Result<OpenedStore> opened = daemon->OpenDatabase();
  if (!opened) return opened.error();
  daemon->PrepareEnvironment(opened->next_file_id);
  daemon->StartCommitting(std::move(opened->store));
  if (Status groups = daemon->StartGroups(std::move(opened->states)); !groups)
    return groups.error();
  if (Status started = daemon->StartLoop(); !started) return started.error();
  return daemon;
}

Daemon::Daemon(DaemonOptions options, Plan plan, StateDirectory directory,
               std::unique_ptr<EventLoop> loop)
    : options_(std::move(options)),
      config_(std::move(plan.config)),
      first_models_(std::move(plan.models)),
      remarks_(std::move(plan.remarks)),
      directory_(std::move(directory)),
      loop_(std::move(loop)) {}

Daemon::~Daemon() {
  if (!ran_) ShutDown();
}

Result<OpenedStore> Daemon::OpenDatabase() {
  StoreOpening opening;
  opening.path = config_->DatabasePath();
  opening.policy = PolicyOf(*config_);
  for (const GroupConfig& group : config_->groups) opening.groups.push_back(group.name);
  opening.damaged = options_.damaged;
  opening.busy = kBusy;
  opening.now = WallTime;
  opening.tell = [](const std::string& text) {
    Announce({Notice::Kind::kDatabaseTrouble, text, "", "", ""});
  };
  return OpenStore(opening);
}

// What the groups share.
void Daemon::PrepareEnvironment(int64_t next_file_id) {
  next_file_id_->store(next_file_id);
  env_.new_file_id = [next = next_file_id_] { return FileId{next->fetch_add(1)}; };
  env_.now = WallTime;
  own_pids_ = OwnPids(config_->state_dir + "/pids", getpid());
  env_.own_pids = &own_pids_;
  env_.fd_store = &fd_store_;
  env_.state_dir = config_->state_dir;
  env_.max_open_files =
      std::max<size_t>(RaiseDescriptorLimit(), 2 * kOtherDescriptors) - kOtherDescriptors;
  env_.max_open_files /= std::max<size_t>(config_->groups.size(), 1);
  const size_t cores = std::max(1U, std::thread::hardware_concurrency());
  pool_ = std::make_unique<WorkerPool>(options_.workers > 0 ? options_.workers : cores, &beats_);
}

void Daemon::StartCommitting(Store store) {
  DropOtherSinks(&store);
  committer_ =
      std::make_unique<Committer>(std::move(store), beats_.Add("committer"), CommitterHooks());
  env_.committer = committer_.get();
  sinks_ = std::make_unique<SinkSenders>(&beats_, SinkHooks());
  sinks_->Apply(AllSinks(*config_), kSendPatience);
}

SinkSenders::Hooks Daemon::SinkHooks() {
  SinkSenders::Hooks hooks;
  hooks.make = options_.make_sink ? options_.make_sink
                                  : [](const SinkConfig& config) { return MakeSink(config); };
  hooks.on_delivery = [c = committer_.get()](const std::string& sink, Delivery delivery) {
    c->Delivered(sink, std::move(delivery));
  };
  hooks.on_removed = [c = committer_.get()](const std::string& sink) { c->ForgetSink(sink); };
  return hooks;
}

void Daemon::ExchangeSinks() {
  sinks_->Reopen();
  if (!sinks_->Apply(AllSinks(*config_), kSendPatience)) left_threads_ = true;
  committer_->Call([policy = PolicyOf(*config_)](Store& store) {
    store.set_policy(policy);
    DropOtherSinks(&store);
  });
}

Committer::Hooks Daemon::CommitterHooks() {
  Committer::Hooks hooks;
  hooks.on_room = [this](const std::string& name) {
    loop_->Post([this, name] {
      if (const auto it = groups_.find(name); it != groups_.end()) it->second->OnRoom();
    });
  };
  hooks.on_alerts = [this](const std::string& sink, std::vector<Alert> alerts) {
    sinks_->Send(sink, std::move(alerts));
  };
  hooks.on_damage = [this] {
    loop_->Post([this] {
      damaged_ = true;
      loop_->Exit();
    });
  };
  return hooks;
}

Status Daemon::StartGroups(std::map<std::string, GroupState> states) {
  for (size_t i = 0; i < config_->groups.size(); ++i) {
    const GroupConfig& group = config_->groups[i];
    auto worker = MakeWorker(group, std::move(first_models_[i]), std::move(states[group.name]));
    if (!worker) return worker.error();
    auto watcher =
        SourceWatcher::Create(PathSet(group.paths, group.exclude).LeaveOut(config_->state_dir));
    if (!watcher) return watcher.error().With("group " + group.name);
    auto running = std::make_unique<Group>(loop_.get(), pool_.get(), std::move(*worker));
    if (Status started = running->Start(std::move(*watcher)); !started) return started;
    groups_[group.name] = std::move(running);
  }
  committer_->Start();
  return {};
}

// A state that cannot be read costs what was being learned, never the watch.
Result<std::unique_ptr<GroupWorker>> Daemon::MakeWorker(const GroupConfig& group, ModelSet models,
                                                        GroupState state) {
  auto worker = GroupWorker::Create(*config_, group, std::move(models), state, env_);
  if (worker || worker.error().code != kDamagedState) return worker;
  Announce({Notice::Kind::kDatabaseTrouble,
            worker.error().message +
                "; the group goes on where its files were read to, with empty windows and learning "
                "anew",
            group.name, "", ""});
  state.Discard();
  Result<Plan> plan = PlanFor(config_, BadBundle::kGoOn);
  if (!plan) return plan.error();
  for (size_t i = 0; i < config_->groups.size(); ++i) {
    if (config_->groups[i].name != group.name) continue;
    return GroupWorker::Create(*config_, group, std::move(plan->models[i]), state, env_);
  }
  return worker;
}

Status Daemon::StartLoop() {
  reloader_ = std::make_unique<Reloader>(loop_.get(), ReloaderHooks());
  ListenForControl();
  Status status = AddTimer(kTick, [this] { OnTick(); });
  if (status.ok()) {
    status = AddTimer(kRescan, [this] {
      for (auto& [name, group] : groups_) group->OnRescan();
    });
  }
  if (const auto interval = Notifier::WatchdogInterval(); status.ok() && interval.count() > 0) {
    status = AddTimer(interval / 4, [this] { FeedWatchdog(); });
  }
  if (!options_.signals) return status;
  if (status.ok()) status = AddSignal(SIGTERM, [this] { loop_->Exit(); });
  if (status.ok()) status = AddSignal(SIGINT, [this] { loop_->Exit(); });
  if (status.ok()) {
    status = AddSignal(SIGHUP, [this] { RequestReload([](const ReloadVerdict&) {}); });
  }
  return status;
}

Status Daemon::AddTimer(std::chrono::microseconds period, std::function<void()> on_tick) {
  Result<EventLoop::Source> source = loop_->AddTimer(period, std::move(on_tick));
  if (!source) return source.error();
  sources_.push_back(std::move(*source));
  return {};
}

Status Daemon::AddSignal(int signal, std::function<void()> on_signal) {
  Result<EventLoop::Source> source = loop_->AddSignal(signal, std::move(on_signal));
  if (!source) return source.error();
  sources_.push_back(std::move(*source));
  return {};
}

// A start on the last good configuration is told like a reload that was refused, which it is.
void Daemon::TellStart() {
  for (const std::string& remark : remarks_) LogLines(LogLevel::kWarning, remark);
  if (options_.config_trouble.empty()) {
    KeepLastGood();
  } else {
    last_reload_ = {WallTime(), false, EscapeForTerminal(options_.config_trouble, 64 * 1024)};
    Announce(
        {Notice::Kind::kReloadRefused,
         "the configuration is wrong; alogd runs on the last good one: " + options_.config_trouble,
         "", "", ""});
  }
  status_line_ = StatusLine(CollectStatus());
  Announce({Notice::Kind::kStarted, fmt::format("alogd {} watches {}", ALOGD_VERSION, status_line_),
            "", "", ""});
  notifier_.Ready(status_line_);
}

void Daemon::KeepLastGood() const {
  if (options_.last_good.empty()) return;
  const Status saved = SaveLastGood(*config_, options_.last_good);
  if (!saved) {
    LogLines(LogLevel::kWarning,
             "a start with a wrong configuration would fall back to an older one than this: " +
                 saved.error().message);
  }
}

Daemon::End Daemon::Run() {
  TellStart();
  if (Status run = loop_->Run(); !run) LogLines(LogLevel::kError, run.error().message);
  if (!damaged_) notifier_.Stopping();
  ShutDown();
  return damaged_ ? End::kDamaged : End::kTold;
}

void Daemon::OnTick() {
  for (auto& [name, group] : groups_) group->OnTick();
  if (++ticks_ == kInheritanceTicks) fd_store_.CloseInherited();
  if (ticks_ % kStatusTicks != 0) return;
  std::string line = StatusLine(CollectStatus());
  if (line == status_line_) return;
  status_line_ = std::move(line);
  notifier_.StatusLine(status_line_);
}

void Daemon::FeedWatchdog() {
  const auto limit = std::max(
      kStaleAtLeast, std::chrono::duration_cast<milliseconds>(Notifier::WatchdogInterval() / 2));
  const std::string stale = beats_.Stale(Heartbeat::Clock::now(), limit);
  if (stale.empty()) {
    stale_told_ = false;
    return notifier_.FeedWatchdog();
  }
  if (std::exchange(stale_told_, true)) return;
  spdlog::critical("the {} has not come round for {} s: the watchdog is not fed any more", stale,
                   std::chrono::duration_cast<seconds>(limit).count());
}

// In the order of the data: what reads ends first, what writes last.
void Daemon::ShutDown() {
  ran_ = true;
  sources_.clear();
  control_.reset();
  if (store_access_) CloseStoreAccess();
  if (reloader_) left_threads_ = !reloader_->Stop(kReloadPatience);
  if (pool_) pool_->Stop();
  for (auto& [name, group] : groups_) group->Stop();
  const milliseconds patience = damaged_ ? milliseconds(0) : kCommitPatience;
  if (committer_ && !committer_->Finish(patience) && !damaged_) {
    spdlog::warn(
        "the database did not take all that was read ({}); the rest is read again at the next "
        "start",
        committer_->stats().last_error);
  }
  if (sinks_ && !sinks_->Stop(kSendPatience)) {
    left_threads_ = true;
    spdlog::warn("a sink does not return; what it did not take is sent at the next start");
  }
  groups_.clear();
}

DaemonStatus Daemon::CollectStatus() const {
  DaemonStatus status;
  status.uptime = std::chrono::duration_cast<seconds>(std::chrono::steady_clock::now() - started_);
  status.config = options_.config_path;
  status.config_trouble = !options_.config_trouble.empty();
  status.state_dir = config_->state_dir;
  for (const auto& [name, group] : groups_) {
    status.groups.push_back(group->status());
    status.watch_limits["inotify_overflows"] += group->overflows();
  }
  if (control_) status.watch_limits["refused_connections"] = control_->refused();
  status.commit = committer_->stats();
  status.sinks = sinks_->status();
  for (SinkStatus& sink : status.sinks) {
    const auto waiting = status.commit.waiting.find(sink.name);
    if (waiting != status.commit.waiting.end()) sink.waiting = waiting->second;
  }
  status.last_reload = last_reload_;
  status.now = WallTime();
  return status;
}

int RunDaemon(DaemonOptions options) {
  options.last_good = LastGoodPath();
  Result<Plan> plan = LoadPlan(options.config_path, options.config_must_exist, BadBundle::kGoOn);
  if (!plan) {
    LogLines(LogLevel::kError, plan.error().message);
    if (access(options.last_good.c_str(), F_OK) != 0) return 2;
    options.config_trouble = plan.error().message;
    plan = LoadPlan(options.last_good, true, BadBundle::kGoOn);
  }
  if (!plan) {
    LogLines(LogLevel::kError, "nor can the last good one be used: " + plan.error().message);
    return 2;
  }
  bool left_threads = false;
  int status = 0;
  DaemonOptions next = options;
  for (int damaged = 0;;) {
    Result<std::unique_ptr<Daemon>> daemon = Daemon::Create(next, std::move(*plan));
    if (!daemon) {
      LogLines(LogLevel::kError, daemon.error().message);
      status = 1;
      break;
    }
    const Daemon::End end = (*daemon)->Run();
    left_threads |= (*daemon)->left_threads();
    if (end == Daemon::End::kTold) break;
    if (++damaged > kMostDamages) {
      LogLines(LogLevel::kError, "the database was damaged again and again: the disk is failing");
      status = 1;
      break;
    }
    next.damaged = true;
    plan = PlanFor((*daemon)->config(), BadBundle::kGoOn);
    if (plan) continue;
    LogLines(LogLevel::kError, plan.error().message);
    status = 1;
    break;
  }
  Announce({Notice::Kind::kStopped, "alogd ended", "", "", ""});
  if (!left_threads) return status;
  StopLogging(kSendPatience);
  spdlog::shutdown();
  _exit(status);
}

}  // namespace alogd
