// SPDX-License-Identifier: MIT
// The different histories of a set of sequences, with what followed each and how often.
#include "models/sequence/history_table.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "core/detection/detector.h"

namespace alogd {
namespace {

// A history as a key: its bytes, copied into the map.
std::string KeyOf(std::span<const uint32_t> words) {
  return {reinterpret_cast<const char*>(words.data()), words.size_bytes()};
}

struct Builder {
  explicit Builder(uint32_t window) : table{window, {}, {}, {}, {}} {}

  void Add(std::span<const uint32_t> history, uint32_t target, size_t max_rows) {
    const auto [at, added] = rows.try_emplace(KeyOf(history), followers.size());
    if (added) {
      if (followers.size() >= max_rows) {
        rows.erase(at);
        return;
      }
      table.histories.insert(table.histories.end(), history.begin(), history.end());
      followers.emplace_back();
    }
    for (auto& [word, count] : followers[at->second]) {
      if (word == target) {
        ++count;
        return;
      }
    }
    followers[at->second].emplace_back(target, 1.0f);
  }

  HistoryTable Finish() {
    table.target_begin.push_back(0);
    for (const auto& list : followers) {
      for (const auto& [word, count] : list) {
        table.targets.push_back(word);
        table.counts.push_back(count);
      }
      table.target_begin.push_back(static_cast<uint32_t>(table.targets.size()));
    }
    return std::move(table);
  }

  HistoryTable table;
  std::unordered_map<std::string, size_t> rows;
  std::vector<std::vector<std::pair<uint32_t, float>>> followers;
};

}  // namespace

bool AppendHistory(std::span<const uint32_t> words, size_t position, uint32_t window,
                   uint32_t start, std::vector<uint32_t>* histories) {
  const size_t known = std::min<size_t>(position, window);
  const std::span<const uint32_t> before = words.subspan(position - known, known);
  if (std::any_of(before.begin(), before.end(), [&](uint32_t w) { return w >= start; }))
    return false;
  histories->insert(histories->end(), window - known, start);
  histories->insert(histories->end(), before.begin(), before.end());
  return true;
}

double HistoryTable::windows() const { return std::accumulate(counts.begin(), counts.end(), 0.0); }

HistoryTable MakeHistoryTable(const SequenceSet& set, uint32_t window, size_t max_rows) {
  Builder builder(window);
  std::vector<uint32_t> history;
  for (const std::vector<uint32_t>& words : set.sequences) {
    const size_t positions = words.size() + (set.sessions && !words.empty() ? 1 : 0);
    for (size_t i = 0; i < positions; ++i) {
      const uint32_t target = i < words.size() ? words[i] : set.words;
      if (i < words.size() && target >= set.words) continue;
      history.clear();
      if (AppendHistory(words, i, window, set.words, &history))
        builder.Add(history, target, max_rows);
    }
  }
  return builder.Finish();
}

}  // namespace alogd
