// SPDX-License-Identifier: MIT
// What training DeepLog checks before it begins, and what it chooses on held-out data at its end.
#pragma once

#include "core/result.h"
#include "models/sequence/history_table.h"
#include "models/sequence/sequence_model.h"

namespace alogd {

// Shapes and rates within what the kernels and Adam can do; the error names the key.
Status CheckDeepLogOptions(const DeepLogOptions& options);

// Sets model->top (unless the options fix it) and model->end_shift from what the model says of the
// table's windows.
void ChooseLimits(const HistoryTable& table, DeepLogModel* model);

}  // namespace alogd
