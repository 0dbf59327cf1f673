// SPDX-License-Identifier: MIT
// Named sections of a state blob, each with a version, a length and a checksum of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/state.h"

namespace alogd {

// First byte of every blob. Another way to frame sections is another format; what stands in a
// section has a version of its own.
inline constexpr uint8_t kStateFormat = 4;
// Formats to come: a blob of one of them is of a newer program. Any greater first byte is damage.
inline constexpr uint8_t kLastStateFormat = 31;

struct StateSection {
  std::string_view name;  // never empty
  uint32_t version = 0;
  bool whole = false;     // all of the part, not what changed
  std::string_view body;  // of its length, as long as the blob
  bool intact = false;    // the checksum is right: of name, version and body
};

// A blob: format, sections, and an empty name as its end. A section: name, version * 2 + whole,
// checksum (the low 32 bits of XXH3), body; name and body with their lengths before them.
class StateSectionWriter {
 public:
  // Appends to `blob`, which is empty.
  explicit StateSectionWriter(std::string* blob);
  void Add(std::string_view name, uint32_t version, bool whole, std::string_view body);
  void Finish() { out_.Bytes({}); }

 private:
  StateWriter out_;
};

// Reads a blob of this format. Never reads past it, whatever stands in it.
class StateSectionReader {
 public:
  explicit StateSectionReader(std::string_view blob);
  // False at the end, and where the blob is malformed.
  bool Next(StateSection* section);
  // After Next said false: every section up to the end mark was read, and nothing follows it.
  bool complete() const { return complete_; }

 private:
  StateReader in_;
  bool complete_ = false;
};

}  // namespace alogd
