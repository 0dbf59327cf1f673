// SPDX-License-Identifier: MIT
// Chooses years and days by distance.
#include "core/headers/date_reference.h"

#include <algorithm>
#include <cstdlib>

#include "core/headers/date_order.h"

namespace alogd {
namespace {

constexpr int64_t kDay = 86400;
// A log's clock and its file's mtime agree within these: a date that is later by more belongs to
// the year before, a time of day to the day before.
constexpr int64_t kYearSlack = kDay;
constexpr int64_t kDaySlack = 600;
// A leap day further away than this was written in a year that the reference does not know.
constexpr int64_t kLeapDayReach = 200 * kDay;

int64_t Clock(const CivilTime& t) { return t.hour * 3600 + t.minute * 60 + t.second; }
int64_t FloorToMinute(int64_t seconds) { return seconds - ((seconds % 60) + 60) % 60; }
int64_t FloorToDay(int64_t seconds) { return (seconds - ((seconds % kDay) + kDay) % kDay) / kDay; }

// A leap day that was taken for what other years have in its place.
bool IsMarchFirst(int64_t day, const CivilTime& t) {
  if (t.month != 2 || t.day != 29) return false;
  const int year = 1970 + static_cast<int>(day * 400 / 146097);
  return day == DaysFromCivil(year, 3, 1) && DaysInMonth(year, 2) == 28;
}

}  // namespace

int64_t DateReference::day() const {
  return known_ || seen_ ? FloorToDay(seconds_) : DateOrder::kNoDay;
}

int64_t DateReference::DayOf(const CivilTime& t) {
  const int64_t day = t.has_date() ? NearestYear(t) : NearestDay(t);
  const int64_t local = day * kDay + Clock(t);
  if (t.has_date() && IsBootWithoutClock(t, local - seconds_)) {
    boot_s_ = Clock(t) + (t.day - 1) * kDay;
    return t.day - 1;
  }
  boot_s_ = kNoBoot;
  guessed_ |= !t.has_date() || IsMarchFirst(day, t);
  seconds_ = FloorToMinute(local);
  seen_ = true;
  return day;
}

// A host without a clock begins at 1970-01-01 00:00 with each boot and does not say the year. From
// the reference that is a jump to the next New Year or back to the last one. A log that was
// silent over New Year looks the same in its first minutes alone: then they get a wrong date, which
// no window and no deadline follows.
bool DateReference::IsBootWithoutClock(const CivilTime& t, int64_t ahead) {
  constexpr int64_t kBootSeconds = 300, kUptime = 2 * kDay;
  // Rotated each month, a file begins on Jan 1 and its mtime is of the end of January.
  const int64_t usual = (seen_ ? 2 : 40) * kDay;
  if (t.month != 1 || t.day > 3 || std::abs(ahead) <= usual) return false;
  const int64_t seconds = Clock(t) + (t.day - 1) * kDay;
  if (boot_s_ != kNoBoot) return seconds + kBootSeconds >= boot_s_ && seconds - boot_s_ <= kUptime;
  return (seen_ || known_) && seconds < kBootSeconds;
}

// The day of a date without a year: once records came, the year nearest to the last of them, so
// that New Year moves it on and a line out of order does not; before that the latest year not after
// the reference. Feb 29 becomes Mar 1 where no leap year is near.
int64_t DateReference::NearestYear(const CivilTime& t) const {
  const int64_t clock = Clock(t);
  const int year = 1970 + static_cast<int>(seconds_ / kDay * 400 / 146097);
  int64_t best = 0, best_distance = INT64_MAX;
  for (int y = year - 5; y <= year + 5; ++y) {  // five years span a leap day even around 2100
    const bool exists = t.day <= DaysInMonth(y, t.month);
    if (!exists && !seen_) continue;
    const int64_t day = exists ? DaysFromCivil(y, t.month, t.day) : DaysFromCivil(y, 3, 1);
    const int64_t ahead = day * kDay + clock - seconds_;
    if (!seen_ && ahead > kYearSlack) continue;
    int64_t distance = std::abs(ahead);
    if (!exists) distance += kLeapDayReach;
    if (distance < best_distance) best_distance = distance, best = day;
  }
  return best;
}

// Likewise the day of a time without a date.
int64_t DateReference::NearestDay(const CivilTime& t) const {
  const int64_t today = FloorToDay(seconds_);
  int64_t best = today, best_distance = INT64_MAX;
  for (int64_t day = today - 1; day <= today + 1; ++day) {
    const int64_t ahead = day * kDay + Clock(t) - seconds_;
    if (!seen_ && ahead > kDaySlack) continue;
    const int64_t distance = std::abs(ahead);
    if (distance < best_distance) best_distance = distance, best = day;
  }
  return best;
}

// Of the flags behind the reference; an older version had the first alone.
constexpr uint8_t kSeen = 1, kKnown = 2, kGuessed = 4, kHasBoot = 8;

void DateReference::Save(StateWriter& out) const {
  out.I64(seconds_);
  out.U8(static_cast<uint8_t>((seen_ ? kSeen : 0) | (known_ ? kKnown : 0) |
                              (guessed_ ? kGuessed : 0) | kHasBoot));
  out.I64(boot_s_);
}

bool DateReference::Load(StateReader& in, bool* older) {
  seconds_ = std::clamp<int64_t>(in.I64(), -(int64_t{1} << 36), int64_t{1} << 36);
  const uint8_t flags = in.U8();
  *older = (flags & kHasBoot) == 0;
  seen_ = (flags & kSeen) != 0;
  known_ = (flags & kKnown) != 0;
  guessed_ = (flags & kGuessed) != 0;
  boot_s_ = *older ? kNoBoot : std::clamp<int64_t>(in.I64(), kNoBoot, 10 * kDay);
  return in.ok();
}

}  // namespace alogd
