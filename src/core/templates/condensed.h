// SPDX-License-Identifier: MIT
// Shorter texts that a message may be an instance of: its lists, or a name of several words, as one
// variable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/templates/template_text.h"

namespace alogd {

struct CondensedText {
  std::string text;
  // The words that became <*>, in the text before; both 0 where lists did.
  size_t begin = 0, end = 0;
};

// First, if `text` has lists, it with each of them as <*>:
// - "a=<*>, b=<*>", also a single pair alone in its brackets or behind a colon;
// - "job_a, job_b": names with commas between them, other variables among them;
// - "plugins: auth, billing": words with commas between them behind a colon;
// - "<*> (alpha)": a name beside a variable.
// Then it with two or three neighbouring words as <*>: "The Print Spooler service entered the
// running state". Three constant words must follow these, since programs have many sentences that
// begin or end alike. All of them are anchored; there are at most kMostCondensed.
inline constexpr size_t kMostCondensed = 13;
std::vector<CondensedText> Condensed(std::string_view text);

// Whether the names that `texts` have where `condensed`, made of `text`, has its <*> begin and end
// with more than one word: else these are no part of the name. Each of `texts` has `condensed`
// among its condensed texts, or is covered by it.
bool EndsVary(const CondensedText& condensed, std::string_view text,
              const std::vector<std::string_view>& texts);

}  // namespace alogd
