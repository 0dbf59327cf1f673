// SPDX-License-Identifier: MIT
// Lists, maps, requests, and what follows a value, as programs print them.
#include "core/templates/list_text.h"

#include <algorithm>

#include "core/templates/masked_text.h"
#include "core/templates/masks.h"
#include "core/templates/words.h"

namespace alogd {

const char* FindListEnd(std::string_view text, bool behind_blank) {
  const char open = text[0], close = MaskedText::Closing(open);
  if (open == '<') return nullptr;
  if (text.size() >= 2 && text[1] == close) return behind_blank ? text.data() + 1 : nullptr;
  size_t items = 1, item = 1;
  bool pairs = false, pair = false;
  for (size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ',' || c == close) {
      if (i == item || IsOutcomeWord(text.substr(item, i - item))) return nullptr;
      if (c == close) return items > 1 || pairs ? text.data() + i : nullptr;
      ++items;
      pair = false;
      item = i + 1;
      if (item < text.size() && text[item] == ' ') ++item, ++i;
    } else if (c == '=' && open != '(' && i > item) {
      pair = pairs = true;
    } else if (const size_t n = c == '<' ? MissingInAngles(text.substr(i)) : 0; n > 0) {
      i += n - 1;
    } else if (Has(c, kBlank) && pair) {
      continue;  // "took=5 ms"
    } else if (Has(c, kBlank) || (Has(c, kDelimiter) && c != ':' && c != '\'' && c != '|')) {
      return nullptr;
    }
  }
  return nullptr;
}

bool IsKeyText(std::string_view text) {
  return !text.empty() && text.size() <= MaskedText::kMaxWord && Has(text[0], kLetter) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return Has(c, kLetter | kDot) || c == '_' || c == '-'; }) &&
         text.find("..") == std::string_view::npos;
}

size_t RequestVerb(std::string_view text) {
  for (const std::string_view verb :
       {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT"}) {
    if (text.size() > verb.size() + 1 && text.starts_with(verb) && text[verb.size()] == ' ')
      return verb.size();
  }
  return 0;
}

bool EndsWithNumber(std::string_view word) {
  const size_t dot = word.find('.');
  if (dot == std::string_view::npos || dot + 1 >= word.size()) return false;
  const auto all = [](std::string_view text, unsigned classes) {
    return std::all_of(text.begin(), text.end(), [&](char c) { return Has(c, classes); });
  };
  return all(word.substr(0, dot), kLetter) && all(word.substr(dot + 1), kDigit | kDot);
}

bool IsMessageWord(std::string_view key) {
  return key == "msg" || key == "message" || key == "event";
}

bool EndsWithMessageKey(std::string_view masked) {
  static constexpr std::string_view kEnd = "\":";
  if (!masked.ends_with(kEnd)) return false;
  masked.remove_suffix(kEnd.size());
  const size_t quote = masked.rfind('"');
  return quote != std::string_view::npos && IsMessageWord(masked.substr(quote + 1));
}

size_t MissingInAngles(std::string_view text) {
  for (const std::string_view value : {"<nil>", "<null>", "<none>", "<NULL>"})
    if (text.starts_with(value)) return value.size();
  return 0;
}

bool AddressFollows(std::string_view rest) {
  static constexpr std::string_view kFrom = " from ";
  return rest.size() > kFrom.size() && rest.starts_with(kFrom) && Has(rest[kFrom.size()], kDigit);
}

bool RequestFollows(std::string_view rest) {
  return rest.starts_with(" \"") && RequestVerb(rest.substr(2)) != 0;
}

bool SizeFollows(std::string_view rest) {
  return rest.size() > 3 && rest.starts_with(" (") && Has(rest[2], kDigit);
}

bool DateFollows(std::string_view rest) {
  for (int part = 0; part < 2; ++part) {
    while (!rest.empty() && (Has(rest[0], kBlank) || rest[0] == ',')) rest.remove_prefix(1);
    if (!rest.empty() && Has(rest[0], kDigit)) return true;
    if (rest.size() < 3 || !IsDateWord(rest.substr(0, 3))) return false;
    if (rest.size() > 3 && Has(rest[3], kLetter)) return false;
    rest.remove_prefix(3);
  }
  return false;
}

}  // namespace alogd
