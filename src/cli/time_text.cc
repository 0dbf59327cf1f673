// SPDX-License-Identifier: MIT
// Parses and prints times in the time zone of the host.
#include "cli/time_text.h"

#include <fmt/format.h>
#include <time.h>

#include <charconv>
#include <optional>

#include "cli/output.h"
#include "core/config/config.h"
#include "core/text.h"

namespace alogd {
namespace {

using namespace std::chrono_literals;

std::tm Local(Time time) {
  const time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm local{};
  localtime_r(&seconds, &local);
  return local;
}

Time FromSeconds(time_t seconds) { return Time(std::chrono::seconds(seconds)); }

Time Midnight(Time now, int days) {
  std::tm local = Local(now);
  local.tm_mday += days;
  local.tm_hour = local.tm_min = local.tm_sec = 0;
  local.tm_isdst = -1;
  return FromSeconds(mktime(&local));
}

// Takes exactly `digits` digits off the front.
bool Number(std::string_view* text, size_t digits, int* out) {
  if (text->size() < digits) return false;
  const char* end = text->data() + digits;
  if (std::from_chars(text->data(), end, *out).ptr != end || text->front() == '-') return false;
  text->remove_prefix(digits);
  return true;
}

bool Skip(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

bool TakeDate(std::string_view* text, std::tm* t) {
  if (!Number(text, 4, &t->tm_year) || !Skip(text, '-') || !Number(text, 2, &t->tm_mon) ||
      !Skip(text, '-') || !Number(text, 2, &t->tm_mday)) {
    return false;
  }
  const bool valid =
      std::chrono::year_month_day(std::chrono::year(t->tm_year),
                                  std::chrono::month(static_cast<unsigned>(t->tm_mon)),
                                  std::chrono::day(static_cast<unsigned>(t->tm_mday)))
          .ok();
  t->tm_year -= 1900;
  t->tm_mon -= 1;
  return valid;
}

// "10:00", "10:00:00", "10:00:00.5"
bool TakeClock(std::string_view* text, std::tm* t, Duration* fraction) {
  if (!Number(text, 2, &t->tm_hour) || !Skip(text, ':') || !Number(text, 2, &t->tm_min))
    return false;
  if (Skip(text, ':') && !Number(text, 2, &t->tm_sec)) return false;
  if (Skip(text, '.') || Skip(text, ',')) {
    int64_t unit = 100'000;
    bool any = false;
    for (int digit = 0; Number(text, 1, &digit); unit /= 10, any = true)
      *fraction += digit * unit * 1us;
    if (!any) return false;
  }
  return t->tm_hour < 24 && t->tm_min < 60 && t->tm_sec < 61;
}

// "Z", "+01:00", "-0500"; unset where the text has none and means the host's own zone.
bool TakeZone(std::string_view* text, std::optional<Duration>* zone) {
  if (text->empty()) return true;
  if (Skip(text, 'Z')) return *zone = 0us, true;
  const bool behind = text->front() == '-';
  if (!Skip(text, '+') && !Skip(text, '-')) return false;
  int hours = 0;
  int minutes = 0;
  if (!Number(text, 2, &hours)) return false;
  Skip(text, ':');
  if (!text->empty() && !Number(text, 2, &minutes)) return false;
  const Duration offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  *zone = behind ? -offset : offset;
  return true;
}

std::optional<Time> Absolute(std::string_view text, Time now) {
  std::tm t{};
  Duration fraction{};
  std::optional<Duration> zone;
  const bool dated = text.size() > 4 && text[4] == '-';
  if (dated) {
    if (!TakeDate(&text, &t)) return {};
    if ((Skip(&text, 'T') || Skip(&text, ' ')) && !TakeClock(&text, &t, &fraction)) return {};
    Skip(&text, ' ');
  } else {
    t = Local(now);
    t.tm_sec = 0;
    if (!TakeClock(&text, &t, &fraction)) return {};
  }
  if (!TakeZone(&text, &zone) || !text.empty()) return {};
  t.tm_isdst = -1;
  if (zone) return FromSeconds(timegm(&t)) + fraction - *zone;
  return FromSeconds(mktime(&t)) + fraction;
}

std::optional<Time> Relative(std::string_view text, Time now) {
  constexpr std::string_view kAgo = " ago";
  if (text.starts_with('-')) {
    text.remove_prefix(1);
  } else if (text.ends_with(kAgo)) {
    text.remove_suffix(kAgo.size());
  } else {
    return {};
  }
  const Result<Duration> ago = ParseDuration(text);
  if (!ago.ok()) return {};
  return now - *ago;
}

std::optional<Time> Epoch(std::string_view text) {
  int64_t seconds = 0;
  if (!text.starts_with('@')) return {};
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), seconds);
  constexpr int64_t kMost = 100'000'000'000;  // beyond it, microseconds would overflow one day
  if (error != std::errc() || end != text.data() + text.size()) return {};
  if (seconds > kMost || seconds < -kMost) return {};
  return FromSeconds(seconds);
}

}  // namespace

Result<Time> ParseTimeText(std::string_view text, Time now) {
  if (text == "now") return now;
  if (text == "today") return Midnight(now, 0);
  if (text == "yesterday") return Midnight(now, -1);
  std::optional<Time> time = Relative(text, now);
  if (!time) time = Epoch(text);
  if (!time) time = Absolute(text, now);
  if (time) return *time;
  return Error{
      fmt::format("'{}' is not a time: use -1h, -7d, today, yesterday, now, 10:00, 2026-11-22, "
                  "'2026-11-22 10:00', 2026-11-22T10:00:00Z or @SECONDS",
                  EscapeForTerminal(text))};
}

std::string LongTime(Time time) {
  if (time == kNoTime) return "-";
  const std::tm t = Local(time);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", t.tm_year + 1900, t.tm_mon + 1,
                     t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
}

std::string ShortTime(Time time, Time now) {
  if (time == kNoTime) return "-";
  // Nearer than half a year, a month cannot be taken for another year's.
  constexpr Duration kNear = 24h * 180;
  if (time < now - kNear || time > now + kNear) return LongTime(time).substr(0, 16);
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm t = Local(time);
  return fmt::format("{} {:02} {:02}:{:02}:{:02}", kMonths[t.tm_mon], t.tm_mday, t.tm_hour,
                     t.tm_min, t.tm_sec);
}

std::string IsoTime(Time time) {
  if (time == kNoTime) return "-";
  const std::tm t = Local(time);
  const auto micros = time - std::chrono::floor<std::chrono::seconds>(time);
  const long minutes = t.tm_gmtoff / 60;
  const long absolute = minutes < 0 ? -minutes : minutes;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}{}{:02}:{:02}", t.tm_year + 1900,
                     t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, micros.count(),
                     minutes < 0 ? '-' : '+', absolute / 60, absolute % 60);
}

std::string HumanDuration(Duration duration) {
  const int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (seconds >= 86'400) return fmt::format("{}d {}h", seconds / 86'400, seconds / 3600 % 24);
  if (seconds >= 3600) return fmt::format("{}h {}m", seconds / 3600, seconds / 60 % 60);
  if (seconds >= 60) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  if (seconds >= 10) return fmt::format("{}s", seconds);
  return fmt::format("{:.3g}s", std::chrono::duration<double>(duration).count());
}

Time Now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

}  // namespace alogd
