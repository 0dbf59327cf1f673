// SPDX-License-Identifier: MIT
// Values as programs print them into their log messages.
#pragma once

#include <functional>
#include <string>

#include "testing/random.h"

namespace alogd::testing {

// One variable of one statement: each call writes another value of the same sort.
using Variable = std::function<std::string(Random&)>;

// `role` says what the statement speaks of: n number, i id, u user, h host, f file or URL,
// t duration, s size, q quoted text, l list, w name from a small pool, b flag, y class or module,
// d date, p name of one to three words, c command line, e network interface, m MAC address, x any
// of the common ones. The same choices of `random` make the same variable.
Variable MakeVariable(char role, Random& random);

// What goes wrong in one line of a thousand: a query string, a colon more, a value that is empty or
// missing, a negative number.
std::string MakeOdd(const std::string& value, Random& random);

}  // namespace alogd::testing
