// SPDX-License-Identifier: MIT
// Reads each new date in every order and counts the steps that no log makes.
#include "core/headers/date_order.h"

#include <algorithm>
#include <cstdlib>

namespace alogd {
namespace {

constexpr int64_t kAheadOfClock = 1;  // days; clocks and zones differ
// Days between two dates of a log in order. Under a wrong order the next day is a month on.
constexpr int64_t kMostAhead = 20, kMostBack = 2;
constexpr uint32_t kImpossible = 8;  // faults that a date that does not exist counts as
constexpr uint32_t kMostFaults = 1 << 20;

}  // namespace

// What people write who write it so; the clock and the dates come before it.
DateOrder::Order DateOrder::Usual(const CivilTime& t) {
  if (t.number_count == 2) return t.separator == '.' ? kDayMonthYear : kMonthDayYear;
  if (t.separator == '.') return kDayMonthYear;
  return t.long_year ? kMonthDayYear : kYearMonthDay;
}

bool DateOrder::Read(const CivilTime& t, Order order, int* year, int* month, int* day) {
  const auto& n = t.numbers;
  const bool pair = t.number_count == 2;
  if (pair) {
    if (order == kYearMonthDay) return false;
    *year = 0;
  } else if (t.long_year) {
    if (order == kYearMonthDay) return false;  // such a date is none of these
    *year = t.year;
  } else {
    *year = FullYear(order == kYearMonthDay ? n[0] : n[2]);
  }
  const size_t first = order == kYearMonthDay ? 1 : 0;
  *month = n[order == kDayMonthYear ? 1 : first];
  *day = n[order == kDayMonthYear ? 0 : first + 1];
  return *month >= 1 && *month <= 12 && *day >= 1 && *day <= DaysInMonth(*year, *month);
}

// Days from 1970, kNoDay for a date that does not exist; without a year the one nearest to `near`.
int64_t DateOrder::DayOf(const CivilTime& t, Order order, int64_t near) {
  int year = 0, month = 0, day = 0;
  if (!Read(t, order, &year, &month, &day)) return kNoDay;
  if (year != 0) return DaysFromCivil(year, month, day);
  if (near == kNoDay) near = 0;
  const int about = 1970 + static_cast<int>(near * 400 / 146097);
  int64_t best = kNoDay;
  for (int y = about - 1; y <= about + 1; ++y) {
    const int64_t found = DaysFromCivil(y, month, std::min(day, DaysInMonth(y, month)));
    if (best == kNoDay || std::abs(found - near) < std::abs(best - near)) best = found;
  }
  return best;
}

// The first date: in the order that puts it nearest before the reference.
void DateOrder::Begin(const CivilTime& t, int64_t reference, Form* form) const {
  form->begun = true;
  form->day.fill(kNoDay);
  form->prior = Usual(t);
  // "03-17": nobody writes the day first with dashes; and years that are given with dots are
  // behind.
  const bool clear =
      (t.number_count == 2 && t.separator != '.') || (t.long_year && t.separator == '.');
  if (reference == kNoDay || clear) return;
  int64_t nearest = INT64_MAX;
  for (const Order order : {Usual(t), kYearMonthDay, kMonthDayYear, kDayMonthYear}) {
    const int64_t day = DayOf(t, order, reference);
    if (day == kNoDay || day > reference + kAheadOfClock || reference - day >= nearest) continue;
    nearest = reference - day;
    form->prior = order;
  }
}

// The order with the fewest faults under which the date exists; of equal ones the first date's.
DateOrder::Order DateOrder::Best(const Form& form, const CivilTime& t) {
  const auto prior = static_cast<Order>(form.prior);
  Order best = prior;
  uint32_t fewest = UINT32_MAX;
  for (const Order order : {prior, kYearMonthDay, kMonthDayYear, kDayMonthYear}) {
    int year = 0, month = 0, day = 0;
    if (!Read(t, order, &year, &month, &day) || form.faults[order] >= fewest) continue;
    fewest = form.faults[order];
    best = order;
  }
  return best;
}

void DateOrder::Resolve(int64_t reference, CivilTime* t) {
  Form& form = forms_[t->number_count == 2 ? 0 : t->long_year ? 2 : 1];
  if (!form.begun) Begin(*t, reference, &form);
  if (form.numbers != t->numbers) {
    form.numbers = t->numbers;
    ++changes_;
    for (const Order order : {kYearMonthDay, kMonthDayYear, kDayMonthYear}) {
      const int64_t last = form.day[order];
      const int64_t day = DayOf(*t, order, last == kNoDay ? reference : last);
      uint32_t& faults = form.faults[order];
      if (day == kNoDay) {
        faults += kImpossible;
      } else if (last != kNoDay && (day - last > kMostAhead || last - day > kMostBack)) {
        ++faults;
      }
      faults = std::min(faults, kMostFaults);
      if (day != kNoDay) form.day[order] = day;
    }
  }
  int year = 0;
  Read(*t, Best(form, *t), &year, &t->month, &t->day);
  t->year = year;
}

void DateOrder::Save(StateWriter& out) const {
  for (const Form& form : forms_) {
    out.Bool(form.begun);
    if (!form.begun) continue;
    for (const uint32_t faults : form.faults) out.U64(faults);
    for (const int64_t day : form.day) out.I64(day == kNoDay ? -1 : day);
    for (const uint8_t number : form.numbers) out.U8(number);
    out.U8(form.prior);
  }
}

bool DateOrder::Load(StateReader& in) {
  constexpr int64_t kMostDay = 1 << 20;
  ++changes_;
  for (Form& form : forms_) {
    form = Form();
    form.begun = in.Bool();
    if (!form.begun) continue;
    for (uint32_t& faults : form.faults) faults = std::min(in.U32(), kMostFaults);
    for (int64_t& day : form.day) {
      day = in.I64();
      if (day < 0 || day > kMostDay) day = kNoDay;
    }
    for (uint8_t& number : form.numbers) number = in.U8();
    form.prior = in.U8();
    if (form.prior >= kOrders) return in.Fail(), false;
  }
  return in.ok();
}

}  // namespace alogd
