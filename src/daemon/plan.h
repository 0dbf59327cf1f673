// SPDX-License-Identifier: MIT
// A configuration with everything it asks for, loaded and checked beside the one in force.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/commit_unit.h"
#include "core/config/config.h"
#include "core/detection/detector.h"
#include "core/result.h"
#include "daemon/files/source_watcher.h"
#include "daemon/group_worker.h"

namespace alogd {

struct Plan {
  std::shared_ptr<const Config> config;  // shared with the swap requests of its groups
  std::vector<ModelSet> models;          // as config->groups
  std::vector<std::string> remarks;      // warnings, and what was put up with
};

// What a bundle that is there but cannot be used means: a start goes on without it (a host is never
// left unwatched), a reload is refused (something better is running).
enum class BadBundle { kGoOn, kRefuse };

// Checks everything that could make a swap fail. The error lists all that is wrong, one a line.
Result<Plan> LoadPlan(const std::string& config_path, bool must_exist, BadBundle bad_bundle);
// The same for a configuration that is loaded already: its bundles as they stand now.
Result<Plan> PlanFor(std::shared_ptr<const Config> config, BadBundle bad_bundle,
                     std::vector<std::string> remarks = {});

// A reload ready to be put in force: nothing in it can fail any more but the event loop itself.
struct PlanCandidate {
  Plan plan;
  // Groups that are new, with their committed state restored.
  std::map<std::string, std::unique_ptr<GroupWorker>> fresh;
  // Of groups that are new or have other paths.
  std::map<std::string, std::unique_ptr<SourceWatcher>> watchers;
};

struct ReloadInput {
  std::string config_path;
  bool must_exist = false;
  std::shared_ptr<const Config> current;
  std::map<std::string, std::string> bundles;  // in force, by group; "" without one
  GroupWorker::Env env;
  std::function<Result<GroupState>(const std::string& group)> load_state;
};

// On any thread but the event loop's: reads files, and waits for the committer.
Result<PlanCandidate> PrepareReload(const ReloadInput& input);

}  // namespace alogd
