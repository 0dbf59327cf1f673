// SPDX-License-Identifier: MIT
// What the columns of a learned header mean: time, level, host, program, pid.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/headers/header_layout.h"

namespace alogd {

// Gives each of `steps`, all of which fit `lines`, its role. At most one column is the time, one
// the level, and so on.
void AssignRoles(std::span<const std::string_view> lines, std::vector<Step>* steps);

// Appends the word behind the header to it where it is a component's name: few values, each of
// which is followed by many different words, as no word of a message is.
void AddComponentColumn(std::span<const std::string_view> lines, std::vector<Step>* steps);

}  // namespace alogd
