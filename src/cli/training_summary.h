// SPDX-License-Identifier: MIT
// What a training came to, for a person: learned, not known yet, to expect.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>

namespace alogd {

// A line each: what it learned, what it cannot know yet, and what alerts to expect. From the
// bundle's manifest; `budget_per_day` is alerts.budget_per_day, of the whole host. Everything else
// stands in train.log and `models show`.
std::array<std::string, 3> SummarizeTraining(const nlohmann::json& manifest, double budget_per_day);

}  // namespace alogd
