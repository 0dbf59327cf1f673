// SPDX-License-Identifier: MIT
// The names in directories, listed once for all the logs that left them at about the same time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/types.h"

namespace alogd {

// Without its path; sorted.
using Names = std::vector<std::string>;

// A directory that is not there has no names; one that cannot be listed is an error.
Result<Names> ListDirectory(const std::string& directory);

// One a group, on its worker's thread. Thousands of logs that come and go in one directory would
// otherwise have it listed for each of them: a square of the files in it. What was listed after the
// last word of a log's change is as good as a listing of its own: whatever happens later is told,
// and asked again.
class Listings {
 public:
  // A listing of more names than this is made at most each kPause; a small one costs less than
  // another turn.
  static constexpr size_t kSmall = 256;
  static constexpr Duration kPause = std::chrono::milliseconds(500);

  // A moment in the order of changes heard of and listings made.
  uint64_t Mark() { return ++moment_; }
  // The turn of a log begins of which something was heard at `heard`.
  void Begin(uint64_t heard, Time now);
  // Whether Shared would answer now; otherwise ask again after kPause.
  bool Due(const std::string& directory) const;
  // Names as of after `heard`. Valid until the next call.
  Result<const Names*> Shared(const std::string& directory);
  // Lets go of the names that nobody can share any more.
  void DropOld(Time now);

 private:
  struct Listing {
    Names names;
    uint64_t made = 0;
    Time at = kNoTime;
  };
  bool Usable(const Listing& listing) const { return listing.made > heard_; }
  bool Recent(const Listing& listing) const;

  uint64_t moment_ = 0;
  uint64_t heard_ = 0;
  Time now_ = kNoTime;
  std::map<std::string, Listing> listings_;
};

}  // namespace alogd
