// SPDX-License-Identifier: MIT
// Stationary logs of a made-up service in which nothing is wrong, at any rate and in any rhythm.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "core/types.h"

namespace alogd {

enum class Order : uint8_t { kFixed, kRandom };
enum class Pace : uint8_t { kEven, kBursty, kPaused };  // kPaused: nothing from 22 to 6 o'clock
enum class LogForm : uint8_t { kService, kSyslog };

std::string_view Name(Order order);
std::string_view Name(Pace pace);
std::string_view Name(LogForm form);

struct LogShape {
  Order order = Order::kRandom;
  Pace pace = Pace::kEven;
  LogForm form = LogForm::kService;
  double records_per_second = 1;  // over the whole day
};

// Eight statements with ids and durations, one line a call. Deterministic by seed.
class MadeUpLog {
 public:
  MadeUpLog(const LogShape& shape, Time begin, uint64_t seed);

  std::string Next();
  // A line of another statement at the time of the latest one. `level`: FATAL, ERROR, WARN or INFO.
  std::string Line(std::string_view level, std::string_view message) const;
  Time now() const { return now_; }

 private:
  void Step();

  LogShape shape_;
  Time now_;
  std::mt19937_64 random_;
  uint64_t lines_ = 0;
  uint32_t left_in_burst_ = 0;
};

}  // namespace alogd
