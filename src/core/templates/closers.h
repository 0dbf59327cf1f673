// SPDX-License-Identifier: MIT
// Where the quotes and brackets of one message close.
#pragma once

#include <cstddef>

namespace alogd {

// Remembers what it did not find, which keeps unbalanced text linear.
class Closers {
 public:
  // The next `quote` from `from` on that no backslash precedes; null where there is none.
  const char* FindQuote(const char* from, const char* limit, char quote) {
    const char*& missing = no_quote_from_[quote == '"' ? 0 : 1];
    if (missing && from >= missing) return nullptr;
    for (const char* q = from; q < limit; ++q) {
      if (*q == '\\' && q + 1 < limit) {
        ++q;
      } else if (*q == quote) {
        return q;
      }
    }
    missing = from;
    return nullptr;
  }

  // The bracket that closes the one at `from`; looked for once a message beyond its end.
  const char* FindBracket(const char* from, const char* limit) {
    if (unbalanced_) return nullptr;
    size_t depth = 0;
    for (const char* q = from; q < limit; ++q) {
      if (*q == '(' || *q == '[' || *q == '{' || *q == '<') ++depth;
      if ((*q == ')' || *q == ']' || *q == '}' || *q == '>') && --depth == 0) return q;
    }
    unbalanced_ = true;
    return nullptr;
  }

 private:
  bool unbalanced_ = false;
  // From here on no closing quote follows.
  const char* no_quote_from_[2] = {nullptr, nullptr};
};

}  // namespace alogd
