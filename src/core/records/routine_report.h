// SPDX-License-Identifier: MIT
// Reports of what happens on every host every day, whatever words stand in them.
#pragma once

#include <string_view>

namespace alogd {

// A manager that starts or stops a unit, whose description may say "error" or "fail" (Fail2Ban); a
// file that a visitor asked a web server for and that is not there, which nginx and PHP call an
// error. One of these says nothing; many are for the detectors that count.
bool IsRoutineReport(std::string_view program, std::string_view message);

}  // namespace alogd
