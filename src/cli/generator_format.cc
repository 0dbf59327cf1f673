// SPDX-License-Identifier: MIT
// Writes generated steps in the formats of real programs, or in a random one.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "cli/generator.h"

namespace alogd {
namespace {

std::string_view LevelText(Level level) {
  switch (level) {
    case Level::kDebug:
      return "DEBUG";
    case Level::kWarning:
      return "WARN";
    case Level::kError:
      return "ERROR";
    case Level::kCritical:
      return "FATAL";
    default:
      return "INFO";
  }
}

std::tm Broken(Time time) {
  return fmt::gmtime(static_cast<time_t>(
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count()));
}

int64_t Milliseconds(Time time) { return Micros(time) / 1000 % 1000; }

std::string TimeText(Time time, int form) {
  const std::tm tm = Broken(time);
  switch (form) {
    case 0:
      return fmt::format("{:%Y-%m-%d %H:%M:%S},{:03}", tm, Milliseconds(time));
    case 1:
      return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", tm, Milliseconds(time));
    case 2:
      return fmt::format("{:%d/%b/%Y:%H:%M:%S} +0000", tm);
    case 3:
      return fmt::format("{}.{:06}", Micros(time) / 1'000'000, Micros(time) % 1'000'000);
    default:
      return fmt::format("{:%Y/%m/%d %H:%M:%S}", tm);
  }
}

}  // namespace

std::string LogGenerator::FormatRandom(const Step& step, const std::string& logger) {
  constexpr std::array<std::string_view, 4> kSeparators = {" ", " | ", " - ", "\t"};
  const std::string_view sep = kSeparators[static_cast<size_t>(columns_.separator)];
  std::string level(LevelText(step.level));
  if (columns_.level_width > 0) level.resize(static_cast<size_t>(columns_.level_width), ' ');
  std::string time = TimeText(now_, columns_.time_form);
  if (columns_.brackets) {
    time = "[" + time + "]";
    level = "[" + level + "]";
  }
  std::string who = logger;
  if (columns_.pid) who += fmt::format("[{}]", pid_);
  switch (columns_.order) {
    case 0:
      return fmt::format("{}{}{}{}{}: {}", time, sep, level, sep, who, step.message);
    case 1:
      return fmt::format("{}{}{}{}{}{}{}", level, sep, time, sep, who, sep, step.message);
    case 2:
      return fmt::format("{}{}{}{}{}{}{}", time, sep, who, sep, level, sep, step.message);
    default:
      return fmt::format("{}{}{}{}{}", time, sep, level, sep, step.message);
  }
}

std::string LogGenerator::Format(const Step& step) {
  const std::tm tm = Broken(now_);
  const std::string logger(step.logger);
  if (step.continuation && options_.format.header != LogFormat::Header::kJson) return step.message;
  switch (options_.format.header) {
    case LogFormat::Header::kLogback:
      return fmt::format("{:%Y-%m-%d %H:%M:%S},{:03} {:<5} [worker-{}] c.e.shop.{} - {}", tm,
                         Milliseconds(now_), LevelText(step.level), 1 + scripts_ % 2, logger,
                         step.message);
    case LogFormat::Header::kSyslog:
      return fmt::format("{:%b %e %H:%M:%S} {} {}[{}]: {}: {}", tm, options_.host, options_.program,
                         pid_, logger, step.message);
    case LogFormat::Header::kIso:
      return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}+00:00 {} {}[{}]: {} {}", tm,
                         Micros(now_) % 1'000'000, options_.host, options_.program, pid_, logger,
                         step.message);
    case LogFormat::Header::kJson: {
      const nlohmann::json line = {{"time", TimeText(now_, 1)},
                                   {"level", LevelText(step.level)},
                                   {"logger", logger},
                                   {"msg", step.message}};
      return line.dump();
    }
    case LogFormat::Header::kRandom:
      return FormatRandom(step, logger);
  }
  return step.message;
}

}  // namespace alogd
