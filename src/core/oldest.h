// SPDX-License-Identifier: MIT
// Which of a full table's entries make room for new ones.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

namespace alogd {

// The keys of the oldest eighth of the `most` that `table`, a map, may hold: an eighth at once, so
// that a flood of new keys costs little for each. `age_of` gives an entry's age, anything that is
// ordered; the lesser go first, and of equal ones the lesser keys, so that states stay equal byte
// by byte.
template <typename Table, typename AgeOf>
std::vector<typename Table::key_type> OldestEighth(const Table& table, size_t most, AgeOf age_of) {
  using Key = typename Table::key_type;
  std::vector<std::pair<decltype(age_of(table.begin()->second)), Key>> ages;
  ages.reserve(table.size());
  for (const auto& [key, entry] : table) ages.emplace_back(age_of(entry), key);
  std::sort(ages.begin(), ages.end());
  ages.resize(std::min(ages.size(), most / 8));
  std::vector<Key> oldest;
  oldest.reserve(ages.size());
  for (auto& [age, key] : ages) oldest.push_back(std::move(key));
  return oldest;
}

}  // namespace alogd
