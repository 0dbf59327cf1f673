// SPDX-License-Identifier: MIT
// The rows of the table, and what is asked of it.
#include "models/registry/detectors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "core/detection/online_detectors.h"
#include "models/baseline/baseline.h"
#include "models/counts/counts.h"
#include "models/deeplog/deeplog.h"
#include "models/length/length.h"
#include "models/loganomaly/loganomaly.h"
#include "models/loganomaly_lstm/loganomaly_lstm.h"
#include "models/novelty/novelty.h"
#include "models/pairs/pairs.h"
#include "models/values/values.h"

namespace alogd {
namespace {

// A row a detector. State is kept by place in a ModelSet: new rows go to the end.
constexpr std::array kRows = {&kNovelty, &kBaseline,       &kLogAnomaly, &kDeepLog, &kCounts,
                              &kLength,  &kLogAnomalyLstm, &kValues,     &kPairs};

struct Table {
  std::vector<const DetectorSpec*> specs;
  std::vector<const DetectorInfo*> all;

  Table() : specs(kRows.begin(), kRows.end()) { List(); }
  void List() {
    all.clear();
    for (const DetectorSpec* spec : specs) all.push_back(&spec->info);
    for (const DetectorInfo* online : OnlineDetectors()) all.push_back(online);
  }
};

Table& TheTable() {
  static Table table;
  return table;
}

bool Contains(std::span<const std::string> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const DetectorInfo* FindInfo(std::string_view name) {
  const DetectorList all = AllDetectors();
  const auto it = std::find_if(all.begin(), all.end(),
                               [&](const DetectorInfo* info) { return info->name == name; });
  return it == all.end() ? nullptr : *it;
}

Error NoDetector(std::string_view name, DetectorList known) {
  return Error{fmt::format("there is no detector '{}'; there are {}", name,
                           fmt::join(DetectorNames(known), ", "))};
}

}  // namespace

std::span<const DetectorSpec* const> Detectors() { return TheTable().specs; }

DetectorList AllDetectors() { return TheTable().all; }

const DetectorSpec* FindDetector(std::string_view name) {
  for (const DetectorSpec* spec : Detectors())
    if (spec->info.name == name) return spec;
  return nullptr;
}

Result<std::vector<const DetectorSpec*>> DetectorsToTrain(const GroupConfig& group,
                                                          std::span<const std::string> names) {
  for (const std::string& name : names) {
    if (FindDetector(name)) continue;
    if (FindInfo(name))
      return Error{
          fmt::format("{} learns while alogd runs and takes no training; leave it out", name)};
    return NoDetector(name, AllDetectors());
  }
  std::vector<const DetectorSpec*> wanted;
  for (const DetectorSpec* spec : Detectors())
    if (names.empty() ? spec->info.enabled.get(group) : Contains(names, spec->info.name))
      wanted.push_back(spec);
  if (wanted.empty())
    return Error{fmt::format("group '{}' has no detector enabled; enable one", group.name)};
  return wanted;
}

std::vector<std::string> DetectorNames(DetectorList detectors) {
  std::vector<std::string> names;
  for (const DetectorInfo* info : detectors) names.emplace_back(info->name);
  return names;
}

Status SelectDetectors(std::span<const std::string> names, GroupConfig* group) {
  for (const std::string& name : names)
    if (!FindInfo(name)) return NoDetector(name, AllDetectors());
  for (const DetectorInfo* info : AllDetectors())
    info->enabled.set(*group, Contains(names, info->name));
  return {};
}

GroupConfig WithAllDetectors(const GroupConfig& group) {
  GroupConfig all = group;
  for (const DetectorInfo* info : AllDetectors()) info->enabled.set(all, true);
  return all;
}

Voice VoiceOfDetector(std::string_view name) {
  const DetectorSpec* spec = FindDetector(name);
  return spec ? spec->info.voice : Voice::kOwn;
}

bool WantsNumbers(const GroupConfig& group) {
  const DetectorList all = AllDetectors();
  return std::any_of(all.begin(), all.end(), [&](const DetectorInfo* info) {
    return info->numbers && info->enabled.get(group);
  });
}

AddedDetector::AddedDetector(const DetectorSpec& spec) {
  TheTable().specs.push_back(&spec);
  TheTable().List();
}

AddedDetector::~AddedDetector() {
  TheTable().specs.pop_back();
  TheTable().List();
}

}  // namespace alogd
