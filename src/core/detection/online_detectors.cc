// SPDX-License-Identifier: MIT
// Names of the detectors that learn while they run.
#include "core/detection/online_detectors.h"

#include <array>

namespace alogd {
namespace {

constexpr DetectorInfo kRate = {
    .name = "rate",
    .summary = "many more or fewer records than usual at this hour of the week",
    .online = true,
    .enabled = SwitchAt([](auto& group) -> auto& { return group.rate.enabled; }),
};

constexpr DetectorInfo kSilence = {
    .name = "silence",
    .summary = "a source or stream that stops talking",
    .online = true,
    .enabled = SwitchAt([](auto& group) -> auto& { return group.silence.enabled; }),
};

constexpr DetectorInfo kFollowers = {
    .name = "followers",
    .summary = "a record without the one that always followed it",
    .online = true,
    .enabled = SwitchAt([](auto& group) -> auto& { return group.followers.enabled; }),
};

constexpr DetectorInfo kCombinations = {
    .name = "combinations",
    .summary = "values of a template that never went together",
    .online = true,
    .enabled = SwitchAt([](auto& group) -> auto& { return group.combinations.enabled; }),
};

constexpr std::array kTable = {&kRate, &kSilence, &kFollowers, &kCombinations};

}  // namespace

DetectorList OnlineDetectors() { return kTable; }

}  // namespace alogd
