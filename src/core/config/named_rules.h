// SPDX-License-Identifier: MIT
// The operator's changes to shipped rules, by name.
#pragma once

#include <cstddef>
#include <vector>

#include "core/config/config.h"
#include "core/config/config_reader.h"

namespace alogd {

// The first `own` rules are the operator's, the others those of rules.d. One of the operator's that
// has a name and no match is no rule but a change: the keys that it gives replace those of each
// shipped rule of that name, and it goes. `{name: cron-job-failed, enabled: false}` switches one
// off. A name that no shipped rule has is a problem that names the nearest one.
//
// Rejected: editing the shipped files, which an upgrade then asks about; a second list of names to
// switch off, which could not change a level.
void MergeNamedRules(std::vector<RuleConfig>* rules, size_t own, ConfigNotes* notes);

}  // namespace alogd
