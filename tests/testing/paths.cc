// SPDX-License-Identifier: MIT
// The paths that CMake gives this one file.
#include "testing/paths.h"

namespace alogd::testing {

std::string SourceDir() { return ALOGD_SOURCE_DIR; }
std::string SourcePath(std::string_view below) { return SourceDir() + "/" + std::string(below); }
std::string BinaryDir() { return ALOGD_BINARY_DIR; }
std::string BinaryPath(std::string_view below) { return BinaryDir() + "/" + std::string(below); }

}  // namespace alogd::testing
