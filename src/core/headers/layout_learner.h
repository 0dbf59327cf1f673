// SPDX-License-Identifier: MIT
// Finds the columns of a header format that nobody described, by vote over the lines of a source.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/headers/header_layout.h"

namespace alogd {

// The layout that most of `lines` share, or none. The lines are walked in step from their
// beginnings: at each column the most particular kind that nine lines in ten agree on becomes the
// next step. Times, levels, bracket groups, pipes, padded columns and names that end in a colon are
// signs of a header by themselves; words are not, and count only where such a sign follows. The
// header ends behind the last sign. Lines that dissent are left for another layout.
//
// Rejected: one regular expression per known layout (misses every other), and the longest common
// prefix of token shapes (a log with one dominating message would lose its first words).
std::optional<Layout> LearnLayout(std::span<const std::string_view> lines);

// The layouts of a mixed source, at most `limit`, commonest first; each holds at least a tenth of
// the lines that those before it left, and two of them unless they are all.
std::vector<Layout> LearnLayouts(std::span<const std::string_view> lines, size_t limit);

}  // namespace alogd
