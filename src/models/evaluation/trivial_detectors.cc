// SPDX-License-Identifier: MIT
// Sets of what was seen.
#include "models/evaluation/trivial_detectors.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

namespace alogd {
namespace {

constexpr uint32_t kEdge = UINT32_MAX;  // before the first and after the last template

using Pair = std::pair<uint32_t, uint32_t>;

// A count vector, as the sorted session.
NumberedSession Sorted(NumberedSession session) {
  std::sort(session.begin(), session.end());
  return session;
}

std::vector<Pair> Pairs(const NumberedSession& session) {
  std::vector<Pair> pairs;
  uint32_t before = kEdge;
  for (const uint32_t number : session) pairs.emplace_back(std::exchange(before, number), number);
  pairs.emplace_back(before, kEdge);
  return pairs;
}

struct Seen {
  std::set<uint32_t> templates;
  std::set<NumberedSession> counts;
  std::set<Pair> pairs;
  size_t shortest = SIZE_MAX, longest = 0;

  bool NewTemplate(const NumberedSession& s) const {
    return std::any_of(s.begin(), s.end(), [&](uint32_t n) { return !templates.contains(n); });
  }
  bool OddLength(const NumberedSession& s) const {
    return s.size() < shortest || s.size() > longest;
  }
  bool NewPair(const NumberedSession& s) const {
    const std::vector<Pair> all = Pairs(s);
    return std::any_of(all.begin(), all.end(), [&](const Pair& p) { return !pairs.contains(p); });
  }
};

}  // namespace

std::vector<TrivialDetector> TrainTrivialDetectors(std::span<const NumberedSession> normal) {
  const auto seen = std::make_shared<Seen>();  // shared by the five functions
  for (const NumberedSession& session : normal) {
    seen->templates.insert(session.begin(), session.end());
    seen->counts.insert(Sorted(session));
    for (const Pair& pair : Pairs(session)) seen->pairs.insert(pair);
    seen->shortest = std::min(seen->shortest, session.size());
    seen->longest = std::max(seen->longest, session.size());
  }
  return {
      {"template never seen", [seen](const NumberedSession& s) { return seen->NewTemplate(s); }},
      {"length out of range", [seen](const NumberedSession& s) { return seen->OddLength(s); }},
      {"new template or length",
       [seen](const NumberedSession& s) { return seen->NewTemplate(s) || seen->OddLength(s); }},
      {"count vector never seen",
       [seen](const NumberedSession& s) { return !seen->counts.contains(Sorted(s)); }},
      {"pair never seen", [seen](const NumberedSession& s) { return seen->NewPair(s); }},
  };
}

bool HasErrorWord(std::string_view message) {
  static constexpr std::string_view kWords[] = {"error",     "fail",     "fatal",
                                                "exception", "critical", "panic"};
  const auto same = [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  };
  return std::any_of(std::begin(kWords), std::end(kWords), [&](std::string_view word) {
    return std::search(message.begin(), message.end(), word.begin(), word.end(), same) !=
           message.end();
  });
}

}  // namespace alogd
