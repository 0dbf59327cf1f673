// SPDX-License-Identifier: MIT
// The LSTM's kernels for x86-64-v4 (AVX-512); CMakeLists.txt gives this file its flags.
#if defined(__x86_64__)
#include "models/sequence/lstm_kernels.h"

// Inline functions of Eigen are weak symbols of which the linker keeps one: under an own name they
// cannot be taken for another instruction set's.
#define Eigen Eigen_v4
#define EIGEN_NO_DEBUG
#define EIGEN_NO_IO
#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>

namespace alogd::kernels_v4 {
namespace {
// clang-format off: the order matters
#include "models/sequence/lstm_score_kernels.h"
#include "models/sequence/lstm_train_kernels.h"
// clang-format on
}  // namespace

extern const LstmKernels kTable;
const LstmKernels kTable = {"v4", kLanes, Step, Product, Judge, Gradient<float>, Gradient<double>};

}  // namespace alogd::kernels_v4
#endif
