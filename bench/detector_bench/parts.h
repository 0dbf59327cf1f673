// SPDX-License-Identifier: MIT
// The parts of bench/detector_bench that have files of their own.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#include "models/sequence/sequence_model.h"
#include "testing/paths.h"

namespace alogd {

// Kernels by instruction set and batch beside a large product of Eigen.
void RegisterDeepLogKernels();
// DeepLog with its cache over real sessions.
void RegisterDeepLogOnHdfs();
// Training: DeepLog on HDFS, and all detectors on half a million records.
void RegisterTraining();

// Random weights: speed does not depend on them.
DeepLogModel RandomDeepLog(uint32_t words);

// Where the labelled data is; what needs it says so where it is missing.
inline std::string BenchData() {
  const char* given = std::getenv("ALOGD_TEST_DATA");
  return given != nullptr ? given : testing::SourcePath("../shared/data");
}

}  // namespace alogd
