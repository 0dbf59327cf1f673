// SPDX-License-Identifier: MIT
// The detector "deeplog": which template follows those before it, by a network over templates.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/sequence/sequence_model.h"

namespace alogd {

struct DetectorSpec;

// As MakeSequenceDetector; templates that training lacked stay unknown.
std::unique_ptr<Detector> MakeDeepLogDetector(DeepLogModel model, const Calibration& calibration,
                                              uint32_t top, std::vector<std::string> vocabulary,
                                              size_t cache_windows = kSequenceCache);

extern const DetectorSpec kDeepLog;

}  // namespace alogd
