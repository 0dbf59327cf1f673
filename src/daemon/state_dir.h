// SPDX-License-Identifier: MIT
// The state directory: made where it is missing, and held by one daemon at a time.
#pragma once

#include <string>

#include "core/result.h"

namespace alogd {

// Holds the lock as long as it lives; the kernel lets go of it however the process ends.
class StateDirectory {
 public:
  // Makes `path` (0750) and its parents where they are missing. Fails where another daemon holds
  // it.
  static Result<StateDirectory> Open(const std::string& path);
  StateDirectory(StateDirectory&& other) noexcept;
  StateDirectory& operator=(StateDirectory&& other) noexcept;
  ~StateDirectory();

 private:
  explicit StateDirectory(int lock_fd) : lock_fd_(lock_fd) {}
  int lock_fd_;
};

}  // namespace alogd
