// SPDX-License-Identifier: MIT
// Log text made fit for the eye and for UTF-8 columns: it is hostile until it went through here.
#pragma once

#include <string>
#include <string_view>

namespace alogd {

// Invalid UTF-8 sequences and NUL become U+FFFD; at most `max_bytes` (cut at a character, marked by
// an ellipsis). For the database and JSON.
std::string ToValidUtf8(std::string_view text, size_t max_bytes = 8192);

// ToValidUtf8, and control characters (C0 but tab, DEL, C1, bidi overrides) become \xNN or
// \u{NNNN}. For terminals, the journal and reports.
std::string EscapeForTerminal(std::string_view text, size_t max_bytes = 8192);

}  // namespace alogd
