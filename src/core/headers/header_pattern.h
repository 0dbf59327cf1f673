// SPDX-License-Identifier: MIT
// Header patterns as users write them, made into layouts.
#pragma once

#include <string_view>

#include "core/headers/header_layout.h"
#include "core/result.h"

namespace alogd {

// See header_parser.h for the language. Errors name the place in the pattern and what was expected.
Result<Layout> ParseHeaderPattern(std::string_view pattern);

}  // namespace alogd
