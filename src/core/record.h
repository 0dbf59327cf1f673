// SPDX-License-Identifier: MIT
// Lines, headers and records: what the bytes of a log file become before they have a template.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/types.h"

namespace alogd {

// Severity levels of all formats on one scale, mildest first. kNone: the header has no level.
enum class Level : uint8_t {
  kNone,
  kTrace,
  kDebug,
  kInfo,
  kNotice,
  kWarning,
  kError,
  kCritical,
  kAlert,
  kEmergency
};

// One line as LineSplitter cut it. `text` has no line end and stays valid until the splitter's next
// call; its bytes are as they stand in the file (NUL and invalid UTF-8 included), but for UTF-16,
// which is decoded.
struct Line {
  std::string_view text;
  uint64_t offset = 0;  // of its first byte in the file
  uint32_t bytes = 0;   // raw bytes it covers, with line end and with what was cut off
  bool cut = false;     // longer than the limit; text holds the first part
  bool partial =
      false;          // the file did not end the line; it was emitted after a timeout or at the end
  bool wide = false;  // decoded from UTF-16
};

// A line taken apart by its source's format. The views point into the line or, for nested formats
// (JSON, docker), into the parser's own buffer; both stay valid until the parser's next call.
struct Header {
  Time time = kNoTime;
  Level level = Level::kNone;
  std::string_view host;
  std::string_view program;
  std::string_view pid;
  std::string_view message;  // the whole line where no header was recognised
  bool recognised = false;
  // The message is made of fields that no one called a message: their words say no severity.
  bool fields = false;
};

}  // namespace alogd
