// SPDX-License-Identifier: MIT
// The order of day, month and year in a source's dates, where the numbers alone leave it open.
#pragma once

#include <array>
#include <cstdint>

#include "core/headers/time_text.h"
#include "core/state.h"

namespace alogd {

// 01.11.26 is a day of November, of January, or of 2001. The first date is read by the clock: the
// order that puts it nearest before the reference. From then on the dates of the source decide: the
// order under which they go on day by day stays, one under which they jump or do not exist loses.
//
// Rejected: choosing line by line what can exist (the 13th of a month is read in another order than
// the 12th), and reading a file's end ahead (a log that is being written has none).
class DateOrder {
 public:
  // Sets year (but for dates of two numbers), month and day of `t` from t->numbers. `reference`:
  // the day that the first date lies near before, as days from 1970; kNoDay where nobody knows.
  void Resolve(int64_t reference, CivilTime* t);
  static constexpr int64_t kNoDay = INT64_MIN;

  // How often what is resolved may have changed: cached times are good for one count.
  uint32_t changes() const { return changes_; }

  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);

 private:
  enum Order : uint8_t { kYearMonthDay, kMonthDayYear, kDayMonthYear };
  static constexpr size_t kOrders = 3;
  // Dates of one form: two numbers, three with a year of two digits, three with one of four.
  struct Form {
    std::array<uint32_t, kOrders> faults{};  // steps that no log in order makes
    std::array<int64_t, kOrders> day{};      // of the last date, by order; kNoDay before
    std::array<uint8_t, 3> numbers{};        // of that date
    uint8_t prior = kMonthDayYear;           // what the first date was read as
    bool begun = false;
  };
  void Begin(const CivilTime& t, int64_t reference, Form* form) const;
  static Order Usual(const CivilTime& t);
  static bool Read(const CivilTime& t, Order order, int* year, int* month, int* day);
  static int64_t DayOf(const CivilTime& t, Order order, int64_t near);
  static Order Best(const Form& form, const CivilTime& t);

  std::array<Form, 3> forms_;
  uint32_t changes_ = 0;
};

}  // namespace alogd
