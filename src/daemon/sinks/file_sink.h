// SPDX-License-Identifier: MIT
// A sink that appends each alert to a file as one line of JSON.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/sinks/alert_sink.h"
#include "daemon/unique_fd.h"

namespace alogd {

struct FileSinkOptions {
  std::string path;
  uint64_t max_size = 64ull << 20;  // bytes; a file that would grow over it is rotated. 0: never
  uint32_t keep = 4;                // rotated ones: PATH.1 is the youngest
};

// The file is 0640 and opened when the first alert comes. What a crash left of a line is cut off
// before anything is appended; the alert of that line was not acknowledged and comes again. A file
// that was renamed or deleted by others is left for a new one at its path, also without a signal.
class FileSink : public AlertSink {
 public:
  explicit FileSink(FileSinkOptions options) : options_(std::move(options)) {}
  // On disk when it returns. A line that does not fit (no space left) leaves nothing behind.
  Status Send(const Alert& alert) override;
  void Reopen() override { fd_.Reset(-1); }

 private:
  Status Open();
  Status MendEnd(uint64_t size);
  Status Rotate();
  bool Moved() const;

  FileSinkOptions options_;
  UniqueFd fd_;
  uint64_t size_ = 0;  // of what is open
};

}  // namespace alogd
