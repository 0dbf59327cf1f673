// SPDX-License-Identifier: MIT
// Brings a group's detectors to life, with or without a bundle.
#include <fmt/format.h>

#include "models/bundle/bundle.h"
#include "models/bundle/manifest.h"
#include "models/calibration/joint_calibration.h"
#include "models/registry/detectors.h"

namespace alogd {
namespace {

using nlohmann::json;

// What the bundle has of the detector, checked as far as all detectors have it.
Result<StoredDetector> Stored(const DetectorSpec& spec, const GroupConfig& group,
                              const Bundle* bundle) {
  static const std::vector<bool> none;
  StoredDetector stored{.group = group, .rare = bundle ? bundle->rare : none};
  if (!bundle) return stored;
  stored.bundle = true;
  stored.vocabulary = bundle->vocabulary;
  stored.counts = bundle->counts;
  const std::string name(spec.info.name);
  const auto entries = bundle->manifest.find("detectors");
  if (entries == bundle->manifest.end() || !entries->is_object() || !entries->contains(name))
    return stored;
  const json& entry = (*entries)[name];
  Calibration calibration;
  if (!entry.is_object() || !entry.contains("calibration") ||
      !FromJson(entry["calibration"], &calibration))
    return Error{fmt::format("the calibration of {} is missing or malformed; train again", name)};
  const auto tensors = bundle->tensors.find(name);
  if (tensors != bundle->tensors.end()) stored.tensors = &tensors->second;
  if (spec.weights && !stored.tensors)
    return Error{fmt::format("the weights of {} are missing; train again", name)};
  if (const auto threshold = spec.threshold ? spec.threshold(group) : std::nullopt)
    SetThreshold(*threshold, spec.span, &calibration);
  stored.entry = &entry;
  stored.calibration = calibration;
  return stored;
}

void AddNumberWords(const std::vector<bool>& words, ModelSet* set) {
  if (set->number_words.size() < words.size()) set->number_words.resize(words.size(), false);
  for (size_t word = 0; word < words.size(); ++word)
    if (words[word]) set->number_words[word] = true;
}

Status AddDetector(const DetectorSpec& spec, const GroupConfig& group, const Bundle* bundle,
                   ModelSet* set) {
  const Result<StoredDetector> stored = Stored(spec, group, bundle);
  if (!stored) return stored.error();
  if (spec.trained && !stored->entry) return {};
  Result<LiveDetector> live = spec.load(*stored);
  if (!live) return live.error();
  AddNumberWords(live->number_words, set);
  set->detectors.push_back(std::move(live->detector));
  return {};
}

Status AddJoint(const GroupConfig& group, const Bundle& bundle, ModelSet* set) {
  const auto entry = bundle.manifest.find("joint");
  if (entry == bundle.manifest.end()) return {};  // of an older alogd: each alarms by itself
  JointModel joint;
  if (!FromJson(*entry, VoiceOfDetector, &joint))
    return Error{"the joint calibration is malformed; train again"};
  set->joint = std::move(joint);
  for (const DetectorSpec* spec : Detectors())
    if (spec->threshold && spec->threshold(group)) set->alone.emplace_back(spec->info.name);
  return {};
}

}  // namespace

Result<ModelSet> MakeModelSet(const GroupConfig& group, const Bundle* bundle) {
  ModelSet set;
  if (bundle) {
    set.bundle = bundle->name;
    set.vocabulary = bundle->vocabulary;
    // Of an older alogd: none.
    if (const auto headers = bundle->manifest.find("headers"); headers != bundle->manifest.end())
      set.formats = DecodeFormats(*headers);
  }
  for (const DetectorSpec* spec : Detectors()) {
    if (!spec->info.enabled.get(group)) continue;
    if (const Status status = AddDetector(*spec, group, bundle, &set); !status)
      return status.error();
  }
  if (bundle) {
    if (const Status status = AddJoint(group, *bundle, &set); !status) return status.error();
  }
  return set;
}

Result<ModelSet> LoadModelSet(const Config& config, const GroupConfig& group) {
  std::string directory = group.model;
  if (group.model == "current") {
    const std::string models = config.ModelsPath(group.name);
    const Result<std::string> name = CurrentBundle(models);
    if (!name) return name.error();
    if (name->empty()) return MakeModelSet(group, nullptr);
    directory = models + "/" + *name;
  }
  const Result<Bundle> bundle = LoadBundle(directory, group);
  if (!bundle) return bundle.error();
  return MakeModelSet(group, &*bundle);
}

}  // namespace alogd
