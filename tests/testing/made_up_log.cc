// SPDX-License-Identifier: MIT
// Statements, their order, and the time between them.
#include "testing/made_up_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace alogd {
namespace {

constexpr uint32_t kStatements = 8;
constexpr double kMeanBurst = 40;  // records
constexpr double kWaking = 16.0 / 24;

struct Statement {
  std::string_view level, logger;
  std::string message;
};

Statement Make(uint32_t which, std::mt19937_64& random) {
  const auto id = [&] { return std::uniform_int_distribution<>(1000, 99'999)(random); };
  const double ms = std::lognormal_distribution<>(3, 0.5)(random);
  switch (which) {
    case 0:
      return {"INFO", "shop.Orders", fmt::format("order {} of customer {} stored", id(), id())};
    case 1:
      return {"INFO", "shop.Orders", fmt::format("order {} paid in {:.0f} ms", id(), ms)};
    case 2:
      return {"INFO", "shop.Mail", fmt::format("mail to customer {} queued", id())};
    case 3:
      return {"INFO", "shop.Mail", fmt::format("mail {} delivered after {:.0f} ms", id(), ms)};
    case 4:
      return {"INFO", "shop.Cache", fmt::format("cache hit for page /item/{}", id())};
    case 5:
      return {"INFO", "shop.Cache", fmt::format("page /item/{} rendered in {:.0f} ms", id(), ms)};
    case 6:
      return {"WARN", "shop.Search", fmt::format("query took {:.0f} ms", 10 * ms)};
    default:
      return {"INFO", "shop.Session", fmt::format("session {} of customer {} begun", id(), id())};
  }
}

}  // namespace

std::string_view Name(Order order) { return order == Order::kFixed ? "fixed" : "random"; }
std::string_view Name(Pace pace) {
  return pace == Pace::kEven ? "even" : pace == Pace::kBursty ? "bursty" : "paused";
}
std::string_view Name(LogForm form) { return form == LogForm::kService ? "service" : "syslog"; }

MadeUpLog::MadeUpLog(const LogShape& shape, Time begin, uint64_t seed)
    : shape_(shape), now_(begin), random_(seed) {}

void MadeUpLog::Step() {
  double mean = 1 / shape_.records_per_second;
  if (shape_.pace == Pace::kPaused) mean *= kWaking;
  if (shape_.pace == Pace::kBursty) {
    if (left_in_burst_ == 0) {
      left_in_burst_ =
          1 + static_cast<uint32_t>(std::exponential_distribution<>(1 / kMeanBurst)(random_));
      mean *= kMeanBurst;
    } else {
      mean = std::min(mean, 0.01);
    }
    --left_in_burst_;
  }
  const double seconds = std::exponential_distribution<>(1 / mean)(random_);
  now_ += std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  if (shape_.pace != Pace::kPaused) return;
  const auto of_day = now_.time_since_epoch() % std::chrono::hours(24);
  if (of_day < std::chrono::hours(6))
    now_ += std::chrono::hours(6) - of_day;
  else if (of_day >= std::chrono::hours(22))
    now_ += std::chrono::hours(30) - of_day;
}

std::string MadeUpLog::Next() {
  if (lines_ > 0) Step();
  const auto which = static_cast<uint32_t>(shape_.order == Order::kFixed ? lines_ % kStatements
                                                                         : random_() % kStatements);
  ++lines_;
  const Statement statement = Make(which, random_);
  return Line(statement.level, statement.message);
}

std::string MadeUpLog::Line(std::string_view level, std::string_view message) const {
  const int64_t us = Micros(now_);
  const std::tm time = fmt::gmtime(std::time_t{us / 1'000'000});
  if (shape_.form == LogForm::kSyslog)
    return fmt::format("{:%b %e %H:%M:%S} web1 shop[812]: {}: {}", time, level, message);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z {:<5} [main] shop.Service - {}", time,
                     us / 1000 % 1000, level, message);
}

}  // namespace alogd
