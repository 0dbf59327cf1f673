// SPDX-License-Identifier: MIT
// Loads and checks configuration and bundles; finds out what differs from those in force.
#include "daemon/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/config/path_set.h"
#include "core/pipeline.h"
#include "models/bundle/bundle.h"
#include "models/registry/detectors.h"

namespace alogd {
namespace {

std::string Text(const ConfigProblem& problem) {
  return problem.where.empty() ? problem.message : problem.where + ": " + problem.message;
}

Result<std::shared_ptr<const Config>> LoadChecked(const std::string& path, bool must_exist,
                                                  std::vector<std::string>* remarks) {
  LoadedConfig loaded = LoadConfig(path, must_exist, AllDetectors());
  std::string errors;
  for (const ConfigProblem& problem : loaded.problems) {
    if (problem.warning) {
      remarks->push_back(Text(problem));
    } else {
      errors += (errors.empty() ? "" : "\n") + Text(problem);
    }
  }
  if (!loaded.ok()) return Error{errors};
  return std::shared_ptr<const Config>(std::make_shared<Config>(std::move(loaded.config)));
}

// Patterns, header formats and whatever else a pipeline makes of its configuration.
Status CheckPipeline(const Config& config, const GroupConfig& group) {
  Result<std::unique_ptr<Pipeline>> pipeline =
      Pipeline::Create(config, group, ModelSet{}, [](const RecordRef&) { return std::string(); });
  return pipeline.ok() ? Status() : Status(pipeline.error());
}

Result<ModelSet> LoadModels(const Config& config, const GroupConfig& group, BadBundle bad_bundle,
                            std::vector<std::string>* remarks) {
  Result<ModelSet> models = LoadModelSet(config, group);
  if (models.ok() || bad_bundle == BadBundle::kRefuse) return models;
  remarks->push_back(
      fmt::format("group {} runs without its bundle, on rules and untrained detectors: {}",
                  group.name, models.error().message));
  return MakeModelSet(group, nullptr);
}

const GroupConfig* FindGroup(const Config& config, const std::string& name) {
  const auto it = std::find_if(config.groups.begin(), config.groups.end(),
                               [&name](const GroupConfig& g) { return g.name == name; });
  return it == config.groups.end() ? nullptr : &*it;
}

// What is bound to the process or to files that are open.
void RemarkOnRestart(const GroupConfig& before, const GroupConfig& after,
                     std::vector<std::string>* remarks) {
  std::string keys;
  const auto check = [&keys](bool same, std::string_view key) {
    if (!same) keys += fmt::format("{}{}", keys.empty() ? "" : ", ", key);
  };
  check(before.journal == after.journal && before.journal_units == after.journal_units &&
            before.journal_identifiers == after.journal_identifiers,
        "journal");
  check(before.format == after.format, "format");
  check(before.time_zone == after.time_zone, "time_zone");
  check(before.max_line == after.max_line, "max_line");
  check(before.partial_timeout == after.partial_timeout, "partial_timeout");
  if (keys.empty()) return;
  remarks->push_back(fmt::format("group {}: {} changed, which takes effect at the next restart",
                                 after.name, keys));
}

// "current" without a bundle is how every group begins; for a group that runs one it is a loss.
Status CheckNotLost(const GroupConfig& group, const ModelSet& models,
                    const std::map<std::string, std::string>& running) {
  const auto it = running.find(group.name);
  if (it == running.end() || it->second.empty() || !models.bundle.empty()) return {};
  return Error{
      fmt::format("group {} runs the bundle {}, but none is activated any more; activate one with "
                  "'alogctl models activate', or restart alogd to run without",
                  group.name, it->second)};
}

}  // namespace

Result<Plan> LoadPlan(const std::string& config_path, bool must_exist, BadBundle bad_bundle) {
  std::vector<std::string> remarks;
  Result<std::shared_ptr<const Config>> config = LoadChecked(config_path, must_exist, &remarks);
  if (!config) return config.error();
  return PlanFor(std::move(*config), bad_bundle, std::move(remarks));
}

Result<Plan> PlanFor(std::shared_ptr<const Config> config, BadBundle bad_bundle,
                     std::vector<std::string> remarks) {
  Plan plan;
  plan.config = std::move(config);
  plan.remarks = std::move(remarks);
  std::string errors;
  for (const GroupConfig& group : plan.config->groups) {
    Status fits = CheckPipeline(*plan.config, group);
    Result<ModelSet> models = LoadModels(*plan.config, group, bad_bundle, &plan.remarks);
    if (!fits) errors += (errors.empty() ? "" : "\n") + fits.error().message;
    if (!models)
      errors += (errors.empty() ? "" : "\n") + models.error().With("group " + group.name).message;
    if (models) plan.models.push_back(std::move(*models));
  }
  if (!errors.empty()) return Error{errors};
  return plan;
}

Result<PlanCandidate> PrepareReload(const ReloadInput& input) {
  Result<Plan> plan = LoadPlan(input.config_path, input.must_exist, BadBundle::kRefuse);
  if (!plan) return plan.error();
  PlanCandidate candidate{std::move(*plan), {}, {}};
  const Config& config = *candidate.plan.config;
  if (config.state_dir != input.current->state_dir) {
    return Error{fmt::format("state_dir changed from {} to {}: that needs a restart",
                             input.current->state_dir, config.state_dir)};
  }
  if (config.ControlPath() != input.current->ControlPath()) {
    candidate.plan.remarks.push_back(
        "control_socket changed, which takes effect at the next restart");
  }
  for (size_t i = 0; i < config.groups.size(); ++i) {
    const GroupConfig& group = config.groups[i];
    if (Status kept = CheckNotLost(group, candidate.plan.models[i], input.bundles); !kept) {
      return kept.error();
    }
    const GroupConfig* before = FindGroup(*input.current, group.name);
    if (before != nullptr) RemarkOnRestart(*before, group, &candidate.plan.remarks);
    if (before == nullptr || before->paths != group.paths || before->exclude != group.exclude) {
      auto watcher =
          SourceWatcher::Create(PathSet(group.paths, group.exclude).LeaveOut(config.state_dir));
      if (!watcher) return watcher.error().With("group " + group.name);
      candidate.watchers[group.name] = std::move(*watcher);
    }
    if (before != nullptr) continue;
    Result<GroupState> state = input.load_state(group.name);
    if (!state) return state.error().With("group " + group.name);
    auto worker =
        GroupWorker::Create(config, group, std::move(candidate.plan.models[i]), *state, input.env);
    if (!worker) return worker.error();
    candidate.fresh[group.name] = std::move(*worker);
  }
  return candidate;
}

}  // namespace alogd
