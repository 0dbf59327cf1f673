// SPDX-License-Identifier: MIT
// Reloads one after the other: loaded on a thread of their own, coalesced while one runs.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/result.h"
#include "daemon/event_loop.h"
#include "daemon/plan.h"

namespace alogd {

struct ReloadVerdict {
  bool ok = true;
  std::string message;                         // why not, or remarks; may have several lines
  std::map<std::string, std::string> bundles;  // by group, "" without one; those in force now
};

// On the event loop's thread. Requests that come while a reload runs are answered by one more after
// it: it sees what changed meanwhile, however many asked.
class Reloader {
 public:
  using Answer = std::function<void(const ReloadVerdict&)>;
  using Load = std::function<Result<PlanCandidate>(const std::atomic<bool>& stop)>;
  struct Hooks {
    // On the loop; gives what loads, on a thread of its own. That must end soon when `stop` is set,
    // and touch nothing of the daemon then.
    std::function<Load()> prepare;
    // On the loop; calls back on the loop when the candidate is in force, or could not be put
    // there.
    std::function<void(PlanCandidate, std::function<void(ReloadVerdict)>)> apply;
    // On the loop: the verdict of a refused load.
    std::function<ReloadVerdict(const Error&)> refuse;
    std::function<void()> on_begin;
    std::function<void(const ReloadVerdict&)> on_end;
  };

  Reloader(EventLoop* loop, Hooks hooks);
  // Stop(0) where it was not called.
  ~Reloader();
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  void Request(Answer answer);
  // Waits so long for a load that runs; false if it was left behind. Nobody is answered any more.
  bool Stop(std::chrono::milliseconds patience);

 private:
  struct Run;

  void Begin();
  void Loaded(std::shared_ptr<Run> run);
  void Conclude(const ReloadVerdict& verdict);

  EventLoop* loop_;
  Hooks hooks_;
  std::vector<Answer> current_;  // answered by the reload that runs
  std::vector<Answer> next_;
  std::shared_ptr<Run> run_;  // shared with its thread, which may have to be left behind
  std::thread thread_;
};

}  // namespace alogd
