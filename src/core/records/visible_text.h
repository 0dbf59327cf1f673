// SPDX-License-Identifier: MIT
// Lines without what only a terminal reads: colours and other control sequences.
#pragma once

#include <string>
#include <string_view>

namespace alogd {

// `line` without its control sequences: CSI (colours are those that end in m) and OSC behind a raw
// escape byte, and colours whose escape byte a logger or syslog daemon wrote out: #033[ \u001b[
// \x1b[ \033[ \e[ ^[[. Itself where it has none, else a view of *buffer.
std::string_view VisibleText(std::string_view line, std::string* buffer);

}  // namespace alogd
