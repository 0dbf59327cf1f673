// SPDX-License-Identifier: MIT
// Where the rest of a log may stand: the rotated names beside it, and their order in time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/files/listings.h"

namespace alogd {

// A name that is a log's name plus a rotation suffix, taken apart.
struct RotatedName {
  enum class Scheme : uint8_t { kNumber, kDate, kOther };

  std::string path;
  Scheme scheme = Scheme::kOther;
  // kNumber: the number, 1 is the newest. kDate: the digits of the date as a text, the greatest is
  // the newest.
  uint64_t number = 0;
  std::string date;
};

// The path of the log that a rotated name belongs to; the path itself where it has no suffix.
std::string WithoutSuffix(const std::string& path);

// Takes the suffix behind the log's name apart: ".1", ".2.gz", "-20261122.xz", ".old" ...
RotatedName ParseRotatedName(std::string path, std::string_view suffix);

// Whether `a` was written after `b`, by their names; only for names of one scheme.
bool NewerByName(const RotatedName& a, const RotatedName& b);

// Whether a file that stood at `path` may have been rotated from it, by the names that the first
// two rotations give: two looks instead of a listing.
bool MayBeRotated(const std::string& path);

// The directory of a path, with its slash.
std::string DirectoryOf(const std::string& path);

// Those of the directory's names that are rotated ones of the log at `path`, newest first by name.
std::vector<RotatedName> RotatedIn(const Names& names, const std::string& path);

}  // namespace alogd
