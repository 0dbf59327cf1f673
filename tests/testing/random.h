// SPDX-License-Identifier: MIT
// The choices of the generators: the same seed makes the same ones everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace alogd::testing {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  size_t Below(size_t n) { return static_cast<size_t>(engine_() % n); }
  bool Chance(size_t percent) { return Below(100) < percent; }
  template <typename T>
  const T& Of(const std::vector<T>& from) {
    return from[Below(from.size())];
  }

 private:
  std::mt19937_64 engine_;
};

// A made-up word of two or three syllables.
std::string MadeUpWord(Random& random);

}  // namespace alogd::testing
