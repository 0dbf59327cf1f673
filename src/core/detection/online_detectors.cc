// SPDX-License-Identifier: MIT
// Names and options of the detectors that learn while they run.
#include "core/detection/online_detectors.h"

#include <array>

#include "core/config/option_visitor.h"

namespace alogd {
namespace {

constexpr NumberValue kFactor{1.5, 1000};

constexpr DetectorInfo kRate = {
    .name = "rate",
    .summary = "many more or fewer records than usual at this hour of the week",
    .online = true,
    .enabled = SwitchAt([](auto& group) -> auto& { return group.rate.enabled; }),
    .describe =
        [](OptionVisitor& v, GroupConfig& group) {
          v.Key("factor", &group.rate.factor, kFactor);
          v.Key("least", &group.rate.least, CountValue{5});
          v.Key("learn", &group.rate.learn, DurationValue{1h});
        },
};

constexpr DetectorInfo kSilence = {
    .name = "silence",
    .summary = "a source or stream that stops talking",
    .online = true,
    .enabled = SwitchAt([](auto& group) -> auto& { return group.silence.enabled; }),
    .describe =
        [](OptionVisitor& v, GroupConfig& group) {
          v.Key("factor", &group.silence.factor, kFactor);
          v.Key("least", &group.silence.least, DurationValue{5min});
          v.Key("learn", &group.silence.learn, DurationValue{1h});
        },
};

constexpr DetectorInfo kFollowers = {
    .name = "followers",
    .summary = "a record without the one that always followed it",
    .online = true,
    .enabled = SwitchAt([](auto& group) -> auto& { return group.followers.enabled; }),
    .describe =
        [](OptionVisitor& v, GroupConfig& group) {
          v.Key("least", &group.followers.least, CountValue{10});
          v.Key("within", &group.followers.within, DurationValue{1s});
        },
};

constexpr DetectorInfo kCombinations = {
    .name = "combinations",
    .summary = "values of a template that never went together",
    .online = true,
    .enabled = SwitchAt([](auto& group) -> auto& { return group.combinations.enabled; }),
    .describe =
        [](OptionVisitor& v, GroupConfig& group) {
          v.Key("least", &group.combinations.least, CountValue{10});
        },
};

constexpr std::array kTable = {&kRate, &kSilence, &kFollowers, &kCombinations};

}  // namespace

std::span<const DetectorInfo* const> OnlineDetectors() { return kTable; }

}  // namespace alogd
