// SPDX-License-Identifier: MIT
// The strong ids and the time types that every part shares.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace alogd {

// Event time: microseconds since the Unix epoch, UTC. Core has no clock; time comes from records
// and ticks.
using Duration = std::chrono::microseconds;
using Time = std::chrono::sys_time<Duration>;

inline constexpr Time kNoTime = Time::min();     // the record carries no time
inline constexpr Time kEndOfTime = Time::max();  // Tick(kEndOfTime) fires every deadline

// A template's number in its group's catalog; never reused, never changes meaning.
enum class TemplateId : uint32_t {};
inline constexpr TemplateId kNoTemplate{std::numeric_limits<uint32_t>::max()};

// A file's row in the database (one inode of a source), whole-database unique.
enum class FileId : int64_t {};

// A source's index within its group, in order of first appearance; kept in the group's state.
enum class SourceId : uint32_t {};

constexpr uint32_t Index(TemplateId id) { return static_cast<uint32_t>(id); }
constexpr uint32_t Index(SourceId id) { return static_cast<uint32_t>(id); }
constexpr int64_t Index(FileId id) { return static_cast<int64_t>(id); }

// Microseconds since the epoch, as the database stores them.
constexpr int64_t Micros(Time time) { return time.time_since_epoch().count(); }
constexpr Time FromMicros(int64_t us) { return Time(Duration(us)); }

// The name of the journal among a group's sources; a file's is its path, which begins with '/'.
inline constexpr const char* kJournalSource = "journal";

// Where a record's raw bytes stand: text is read again from here when somebody wants it.
struct RecordRef {
  FileId file{};
  uint64_t offset = 0;  // of the record's first byte
  uint32_t bytes = 0;   // of its header line, with the line end
};

}  // namespace alogd
