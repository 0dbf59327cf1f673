// SPDX-License-Identifier: MIT
// A source leaves its places and enters those that it has now.
#include "daemon/files/source_index.h"

#include <algorithm>
#include <utility>

namespace alogd {

void SourceIndex::Update(SourceFiles* files, const SourceFiles::Info& info) {
  Place& place = places_[files];
  Leave(files, place);
  totals_.lost += info.lost_bytes - std::min(info.lost_bytes, place.lost);
  place = {info.open_files, info.held_files,      info.lag, info.lost_bytes, files->deadline(),
           info.held_since, !info.problem.empty()};
  Enter(files, place);
  if (info.left_files > 0) leaving_.insert(files);
}

void SourceIndex::Remove(SourceFiles* files) {
  const auto known = places_.find(files);
  if (known == places_.end()) return;
  Leave(files, known->second);
  places_.erase(known);
}

void SourceIndex::Enter(SourceFiles* files, const Place& place) {
  totals_.open += place.open;
  totals_.held += place.held;
  totals_.lag += place.lag;
  if (place.deadline != kEndOfTime) by_deadline_.emplace(place.deadline, files);
  if (place.held > 0) by_held_.emplace(place.held_since, files);
  if (place.problem || place.lag > 0) troubled_.emplace(place.problem, place.lag, files);
}

void SourceIndex::Leave(SourceFiles* files, const Place& place) {
  totals_.open -= place.open;
  totals_.held -= place.held;
  totals_.lag -= place.lag;
  by_deadline_.erase({place.deadline, files});
  by_held_.erase({place.held_since, files});
  troubled_.erase({place.problem, place.lag, files});
  leaving_.erase(files);
}

std::vector<SourceFiles*> SourceIndex::Overdue(Time now) const {
  std::vector<SourceFiles*> overdue;
  for (auto at = by_deadline_.begin(); at != by_deadline_.end() && at->first <= now; ++at) {
    overdue.push_back(at->second);
  }
  return overdue;
}

std::vector<SourceFiles*> SourceIndex::LongestHeld(size_t most) const {
  std::vector<SourceFiles*> held;
  for (auto at = by_held_.begin(); at != by_held_.end() && held.size() < most; ++at) {
    held.push_back(at->second);
  }
  return held;
}

std::vector<SourceFiles*> SourceIndex::Troubled(size_t most) const {
  std::vector<SourceFiles*> troubled;
  for (auto at = troubled_.rbegin(); at != troubled_.rend() && troubled.size() < most; ++at) {
    troubled.push_back(std::get<SourceFiles*>(*at));
  }
  return troubled;
}

}  // namespace alogd
