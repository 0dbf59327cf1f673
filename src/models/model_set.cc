// SPDX-License-Identifier: MIT
// Brings a group's detectors to life, with or without a bundle.
#include "models/baseline.h"
#include "models/bundle.h"
#include "models/novelty.h"

namespace alogd {

Result<ModelSet> MakeModelSet(const GroupConfig& group, const Bundle* bundle) {
  ModelSet set;
  if (bundle) return Error{"bundles are not read yet"};
  if (group.novelty.enabled)
    set.detectors.push_back(
        MakeNoveltyDetector(group.novelty, NoveltyModel{}, UntrainedNoveltyCalibration()));
  if (group.baseline.enabled)
    set.detectors.push_back(MakeBaselineDetector(group.baseline, UntrainedBaselineCalibration()));
  return set;
}

Result<ModelSet> LoadModelSet(const Config&, const GroupConfig& group) {
  return MakeModelSet(group, nullptr);
}

}  // namespace alogd
