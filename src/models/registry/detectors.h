// SPDX-License-Identifier: MIT
// The table of the detectors: what lists them goes through it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/detection/detector_info.h"
#include "core/result.h"
#include "models/spec/detector_spec.h"

namespace alogd {

// Those that judge windows, in the order in which a ModelSet has them.
std::span<const DetectorSpec* const> Detectors();
// Null where there is none of that name.
const DetectorSpec* FindDetector(std::string_view name);
// Those of Detectors() that the group enables or, where any are named, the named ones. Fails for a
// name that is none, or is that of a detector that takes no training.
Result<std::vector<const DetectorSpec*>> DetectorsToTrain(const GroupConfig& group,
                                                          std::span<const std::string> names);

// All, those that learn while they run among them: for configuration and lists of names.
DetectorList AllDetectors();
std::vector<std::string> DetectorNames(DetectorList detectors);
// Enables the named ones and no others. Fails for a name that is none.
Status SelectDetectors(std::span<const std::string> names, GroupConfig* group);

// The group with all of them enabled, for checks of a bundle.
GroupConfig WithAllDetectors(const GroupConfig& group);

// Of a detector in a bundle's joint score; what is not known has its own.
Voice VoiceOfDetector(std::string_view name);
// Whether a detector that the group enables judges the numbers in records.
bool WantsNumbers(const GroupConfig& group);

// For tests: one detector more, until this goes. Not while another thread looks at the table.
class AddedDetector {
 public:
  explicit AddedDetector(const DetectorSpec& spec);
  ~AddedDetector();
  AddedDetector(const AddedDetector&) = delete;
  AddedDetector& operator=(const AddedDetector&) = delete;
};

}  // namespace alogd
