// SPDX-License-Identifier: MIT
// Classes of bytes and of words: what is a variable whatever stands around it.
#include "core/masks.h"

#include <algorithm>

namespace alogd {
namespace {

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// com.example.Thing, host.example.org: parts of letters between dots.
bool IsDotted(std::string_view word) {
  size_t dots = 0;
  for (size_t i = 1; i + 1 < word.size(); ++i)
    if (word[i] == '.' && !Has(word[i - 1], kDot) && !Has(word[i + 1], kDot)) ++dots;
  return dots >= 2;
}

bool IsPath(std::string_view word) {
  if (word.size() < 2) return false;
  if (word[0] == '/' || word[0] == '~' || word.substr(0, 2) == "./" || word.substr(0, 3) == "../")
    return true;
  return std::count(word.begin(), word.end(), '/') >= 2;
}

// Names of hosts are; dotted names of keys and classes have capitals.
bool IsLower(std::string_view word) {
  return std::none_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool IsMail(std::string_view word) {
  const size_t at = word.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < word.size();
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  const auto* s = reinterpret_cast<const unsigned char*>(text.data());
  const size_t n = text.size();
  for (size_t i = 0; i < n;) {
    const unsigned char c = s[i];
    size_t more = 0;
    uint32_t code = 0;
    if (c < 0x80) {
      ++i;
      continue;
    }
    if (c >= 0xc2 && c <= 0xdf) {
      more = 1;
      code = c & 0x1fu;
    } else if (c >= 0xe0 && c <= 0xef) {
      more = 2;
      code = c & 0x0fu;
    } else if (c >= 0xf0 && c <= 0xf4) {
      more = 3;
      code = c & 0x07u;
    } else
      return false;
    if (i + more >= n) return false;
    for (size_t k = 1; k <= more; ++k) {
      if ((s[i + k] & 0xc0u) != 0x80) return false;
      code = code << 6 | (s[i + k] & 0x3fu);
    }
    if ((more == 2 && code < 0x800) || (more == 3 && (code < 0x10000 || code > 0x10ffff)) ||
        (code >= 0xd800 && code <= 0xdfff))
      return false;
    i += more + 1;
  }
  return true;
}

WordMasks::WordMasks(const MaskOptions& options) : options_(options) {
  all_digits_ = options.hex && options.ips && options.mac && options.uuid && options.pid &&
                options.device && options.num;
}

WordKind WordMasks::Classify(std::string_view word, unsigned bits) const {
  if (bits == kLetter) return WordKind::kConstant;
  if (bits & kDigit) {
    return all_digits_ || IsVariableWithDigit(word, bits) ? WordKind::kVariable
                                                          : WordKind::kConstant;
  }
  if ((bits & kControl) || ((bits & kHigh) && !IsValidUtf8(word))) return WordKind::kVariable;
  if (!(bits & (kLetter | kHigh)))
    return word.size() == 1 ? WordKind::kJoiner : WordKind::kConstant;
  if (options_.paths && ((bits & kBackslash) || ((bits & kSlash) && IsPath(word))))
    return WordKind::kVariable;
  if ((bits & kAt) && IsMail(word)) return WordKind::kVariable;
  if ((bits & kDot) && IsDotted(word)) return WordKind::kVariable;
  return WordKind::kConstant;
}

bool WordMasks::IsVariableWithDigit(std::string_view, unsigned bits) const {
  if ((bits & kControl)) return true;
  return true;  // refined below
}

size_t MatchBeyondColon(std::string_view text, size_t colon, unsigned bits) {
  const std::string_view rest = text.substr(colon + 1);
  const auto end_of_chunk = [&](size_t from) {
    while (from < text.size() && !Has(text[from], kBlank) && text[from] != '"' &&
           text[from] != '<' && text[from] != '>')
      ++from;
    static constexpr std::string_view kTail = ".,;:)]}'";
    while (from > colon + 2 && kTail.find(text[from - 1]) != std::string_view::npos) --from;
    return from;
  };
  if (rest.substr(0, 2) == "//" && (bits & kLetter)) return end_of_chunk(colon + 3);
  if (colon == 1 && bits == kLetter && !rest.empty() && (rest[0] == '\\' || rest[0] == '/'))
    return end_of_chunk(colon + 1);
  if ((bits & kDot) && (bits & kLetter) &&
      IsLower(text.substr(0, colon))) {  // host.example:80, file.cc:17
    size_t n = 0;
    while (n < rest.size() && n < 6 && Has(rest[n], kDigit)) ++n;
    const bool ends = n == rest.size() || Has(rest[n], kBlank | kDelimiter) || rest[n] == '/';
    if (n > 0 && n < 6 && ends && text[0] != '.' && text[colon - 1] != '.') return colon + 1 + n;
  }
  if (colon > 4 || rest.empty()) return 0;
  size_t at = 0, groups = 0, digits = 0;
  bool gap = false;
  while (at < text.size() && groups <= 32) {
    digits = 0;
    while (at + digits < text.size() && IsHex(text[at + digits])) ++digits;
    if (digits > 4) return 0;
    at += digits;
    if (digits > 0) ++groups;
    if (at >= text.size() || text[at] != ':') break;
    if (at + 1 < text.size() && text[at + 1] == ':') {
      if (gap) return 0;
      gap = true;
      ++at;
    }
    if (at + 1 >= text.size() || !IsHex(text[at + 1])) {
      if (gap && text[at - 1] == ':') ++at;
      break;
    }
    ++at;
  }
  if (at < text.size() && !Has(text[at], kBlank | kDelimiter) && text[at] != '/' && text[at] != '%')
    return 0;
  const bool address = groups >= 6 || (gap && groups >= 2);
  return address && groups <= (gap ? 8u : 32u) ? at : 0;
}

}  // namespace alogd
