// SPDX-License-Identifier: MIT
// Faults of known kind and size, spliced into the lines of a normal log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.h"
#include "models/evaluation/session_files.h"

namespace alogd {

// A record's line and where its message begins; npos where it is none (a continuation).
struct SpliceLine {
  std::string text;
  size_t message = std::string::npos;
  Time time = kNoTime;
};

// How a log prints times: where in the line, and in which format of strptime and strftime.
struct SpliceTime {
  size_t at = 0;
  const char* format = "%b %e %H:%M:%S";
};

enum class SpliceKind : uint8_t {
  kDelete,  // `size` lines that follow each other
  kSwap,    // a line and the one `size` lines later change places; times stay
  kRepeat,  // a line `size` more times
  kDelay,   // a pause becomes `size` times as long, and what follows comes later as long as it must
  kNumber,  // a number in a message becomes `size` times as large
  kTemplate,  // `size` lines of words that the log never had, the same each time
  kError,     // the same with "error:" before them
  kCut,       // of sessions only: their second half is missing
};
std::string_view Name(SpliceKind kind);

struct SpliceFault {
  SpliceKind kind = SpliceKind::kDelete;
  uint32_t size = 1;
};

struct Spliced {
  std::vector<std::string> lines;
  std::vector<size_t> origin;  // of each line: the line of the log that it was, or stands behind
  // Where a fault is, as the index of the line at which it could first be seen. Ascending.
  std::vector<size_t> faults;
};

// One fault at each of `places` (ascending indexes), or at the first line within 200 behind it that
// the kind can be done to; none where there is no such line before the next place.
Spliced Splice(const std::vector<SpliceLine>& log, const std::vector<size_t>& places,
               const SpliceFault& fault, const SpliceTime& time, uint64_t seed);

// The session with that fault at a random place; none where it is too short for it, or all alike
// where two should change places. Sessions have no times or numbers: with what else there is.
std::optional<NumberedSession> SpliceSession(NumberedSession session, const SpliceFault& fault,
                                             uint64_t random);
inline constexpr uint32_t kSplicedTemplate = 1'000'000'000;  // a number that no file has

// The line with its time moved; nothing where it does not show one in that format.
std::optional<std::string> MoveTime(const std::string& line, const SpliceTime& time, Duration by);
// The message with its first number of at least 2, standing by itself, times `factor`.
std::optional<std::string> ScaleNumber(const std::string& message, uint32_t factor);

}  // namespace alogd
