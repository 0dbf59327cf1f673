// SPDX-License-Identifier: MIT
// Retention: deletes old history in small steps and gives its space back.
#pragma once

#include <cstddef>

#include "core/result.h"
#include "core/store/sqlite.h"
#include "core/types.h"

namespace alogd {

struct StorePolicy;

// One step, one transaction; see Store::Retain.
Result<bool> RetainStep(Database* db, const StorePolicy& policy, Time now, size_t rows);

}  // namespace alogd
