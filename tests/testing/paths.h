// SPDX-License-Identifier: MIT
// Where the checkout, the build and the tests' data are: the one place that knows, so that no other
// object depends on it.
#pragma once

#include <string>
#include <string_view>

namespace alogd::testing {

std::string SourceDir();
std::string SourcePath(std::string_view below);
std::string BinaryDir();
std::string BinaryPath(std::string_view below);

}  // namespace alogd::testing
