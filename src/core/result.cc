// SPDX-License-Identifier: MIT
// Errors made from errno.
#include "core/result.h"

#include <fmt/format.h>

#include <system_error>

namespace alogd {

Error ErrnoError(std::string_view what, std::string_view path, int err) {
  return Error{fmt::format("{} {}: {}", what, path, std::generic_category().message(err)), err};
}

}  // namespace alogd
