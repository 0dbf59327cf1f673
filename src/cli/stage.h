// SPDX-License-Identifier: MIT
// What stage a group is in, and what comes next, in words.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/config/config.h"

namespace alogd {

// `group` is an element of status' "groups". "learns templates, alerts by rules and rates; trains
// by itself after 12000 more records".
std::string DescribeStage(const nlohmann::json& group, const TrainingOptions& training,
                          uint64_t novelty_learns);

// `answer` is that of the control request `maintenance`: "maintenance for another 25min, 3 alerts
// held back".
std::string DescribeMaintenance(const nlohmann::json& answer);

}  // namespace alogd
