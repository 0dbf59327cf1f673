// SPDX-License-Identifier: MIT
// Classes of bytes and of words: what is a variable whatever stands around it.
#include "core/templates/masks.h"

#include <algorithm>

#include "core/templates/words.h"

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

bool IsUuid(std::string_view word) {
  if (word.size() == 38 && word.front() == '{') word = word.substr(1, 36);
  if (word.size() != 36) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? word[i] != '-' : !IsHex(word[i])) return false;
  }
  return true;
}

bool IsHyphenMac(std::string_view word) {
  if (word.size() != 17) return false;
  for (size_t i = 0; i < word.size(); ++i)
    if (i % 3 == 2 ? word[i] != '-' : !IsHex(word[i])) return false;
  return true;
}

// Behind a '/', too: so Java writes an address without a name.
bool IsDottedQuad(std::string_view word) {
  if (word.starts_with('/')) word.remove_prefix(1);
  size_t digits = 0, dots = 0;
  for (const char c : word) {
    if (c == '/' && dots == 3 && digits > 0) break;  // a prefix length follows
    if (c == '.' ? digits == 0 : (!Has(c, kDigit) || digits == 3)) return false;
    digits = c == '.' ? 0 : digits + 1;
    dots += c == '.';
  }
  return dots == 3 && digits > 0;
}

bool IsHexNumber(std::string_view word) {
  const bool prefixed = word.starts_with("0x") || word.starts_with("0X");
  if (prefixed) word.remove_prefix(2);
  const bool letters =
      std::any_of(word.begin(), word.end(), [](char c) { return Has(c, kLetter); });
  return !word.empty() && std::all_of(word.begin(), word.end(), IsHex) &&
         (prefixed || (letters && word.size() >= 8));
}

// Digits with signs and separators, and a short unit or a percent sign behind: "-1.5", "12ms",
// "5%".
bool IsNumber(std::string_view word) {
  size_t letters = 0;
  while (letters < word.size() && Has(word[word.size() - 1 - letters], kLetter)) ++letters;
  if (letters > 3) return false;
  word.remove_suffix(letters);
  if (word.ends_with('%')) word.remove_suffix(1);
  return !word.empty() && Has(word.back(), kDigit) &&
         std::none_of(word.begin(), word.end(),
                      [](char c) { return Has(c, kLetter | kHigh | kAt | kBackslash); });
}

size_t EndOfWord(std::string_view text, size_t from) {
  size_t end = from;
  while (end < text.size() && !Has(text[end], kBlank | kDelimiter)) {
    if (text[end] == '.' && end + 1 < text.size() && text[end + 1] == '.') break;
    ++end;
  }
  return end;
}

// Where a URL or path that goes on to the next blank ends, without the sentence's punctuation.
size_t EndOfChunk(std::string_view text, size_t from) {
  size_t end = from;
  while (end < text.size() && !Has(text[end], kBlank) && text[end] != '"' && text[end] != '<' &&
         text[end] != '>')
    ++end;
  static constexpr std::string_view kTail = ".,;:)]}'";
  while (end > from && kTail.find(text[end - 1]) != std::string_view::npos) --end;
  return end;
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

size_t NumberedName(std::string_view word) {
  constexpr size_t kMaxName = 64;  // a longer one is data, and a constant has no room for it
  size_t n = 0;
  while (n < word.size() && n < kMaxName && Has(word[n], kLetter)) ++n;
  if (n + 1 >= word.size() || !Has(word[n + 1], kDigit)) return 0;
  if (word[n] == '#' || (word[n] == '@' && n == 0)) return n + 1;
  // Of "7 ms.12 ms" the end of a sentence that no blank follows.
  if (word[n] != '.' || n < 2 || IsUnitWord(word.substr(0, n))) return 0;
  const std::string_view number = word.substr(n + 1);
  const bool digits =
      std::all_of(number.begin(), number.end(), [](char c) { return Has(c, kDigit); });
  return digits ? n + 1 : 0;
}

size_t AddressGroup(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && n < 5 && IsHex(text[n])) ++n;
  if (n == 0 || n > 4) return 0;
  const bool ends =
      n == text.size() || Has(text[n], kBlank | kDelimiter) || text[n] == '/' || text[n] == '%';
  return ends ? n : 0;
}

WordMasks::WordMasks(const MaskOptions& options) : options_(options) {
  all_ = options.hex && options.ips && options.mac && options.uuid && options.pid &&
         options.device && options.num && options.paths;
}

WordKind WordMasks::Classify(std::string_view word, unsigned bits, bool pid) const {
  if (bits == kLetter) return WordKind::kConstant;
  if ((bits & kControl) || ((bits & kHigh) && !IsValidUtf8(word))) return WordKind::kVariable;
  if (bits & kDigit) {
    return all_ || IsMaskedWithDigit(word, bits, pid) ? WordKind::kVariable : WordKind::kConstant;
  }
  if (!(bits & (kLetter | kHigh)))
    return word.size() == 1 ? WordKind::kJoiner : WordKind::kConstant;
  if (options_.paths && ((bits & kBackslash) || ((bits & kSlash) && IsPath(word))))
    return WordKind::kVariable;
  if ((bits & kAt) && IsMail(word)) return WordKind::kVariable;
  if ((bits & kDot) && IsDotted(word)) return WordKind::kVariable;
  return WordKind::kConstant;
}

// Only asked when some switch is off: then each word belongs to the first kind that fits.
bool WordMasks::IsMaskedWithDigit(std::string_view word, unsigned bits, bool pid) const {
  while (word.size() > 1 && (word.back() == '.' || word.back() == '!' || word.back() == '?'))
    word.remove_suffix(1);
  if (IsUuid(word)) return options_.uuid;
  if (IsHyphenMac(word)) return options_.mac;
  if (IsDottedQuad(word)) return options_.ips;
  if ((bits & kBackslash) || ((bits & kSlash) && IsPath(word))) return options_.paths;
  if (pid && !(bits & ~unsigned{kDigit})) return options_.pid;
  if (IsHexNumber(word)) return options_.hex;
  return IsNumber(word) ? options_.num : options_.device;
}

WordMasks::Beyond WordMasks::MatchBeyondColon(std::string_view text, size_t colon,
                                              unsigned bits) const {
  const std::string_view rest = text.substr(colon + 1);
  if (rest.substr(0, 2) == "//" && (bits & kLetter))
    return {EndOfChunk(text, colon + 3), options_.paths};
  if (colon == 1 && bits == kLetter && !rest.empty() && (rest[0] == '\\' || rest[0] == '/'))
    return {EndOfChunk(text, colon + 1), options_.paths};
  const bool host = (bits & kDot) && (bits & kLetter) && !(bits & kDigit) && text[0] != '.' &&
                    text[colon - 1] != '.' && IsLower(text.substr(0, colon));
  if (host) {
    size_t n = 0;
    while (n < rest.size() && n < 6 && Has(rest[n], kDigit)) ++n;
    const bool ends = n == rest.size() || Has(rest[n], kBlank | kDelimiter);
    return {n > 0 && n < 6 && ends ? colon + 1 + n : 0, options_.ips};
  }
  return MatchAddress(text);
}

// Six groups or more are a MAC or a fingerprint; fewer an IPv6 address if "::" stands for the rest.
WordMasks::Beyond WordMasks::MatchAddress(std::string_view text) const {
  constexpr size_t kMaxGroups = 32;  // of a SHA-256 fingerprint
  size_t at = 0, groups = 0;
  bool gap = false;
  while (groups <= kMaxGroups) {
    const size_t n = AddressGroup(text.substr(at));
    if (n == 0) return {};
    ++groups;
    at += n;
    if (at < text.size() && (text[at] == '/' || text[at] == '%')) {
      at = EndOfWord(text, at);
      break;
    }
    if (at == text.size() || text[at] != ':') break;
    const bool two = at + 1 < text.size() && text[at + 1] == ':';
    if (two && gap) return {};
    gap = gap || two;
    at += two ? 2 : 1;
    if (at == text.size() || Has(text[at], kBlank | kDelimiter)) {
      at -= two ? 0 : 1;  // "fe80::" ends so; a single colon is the sentence's
      break;
    }
  }
  if (gap) return {groups >= 2 && groups <= 8 ? at : 0, options_.ips};
  return {groups >= 6 && groups <= kMaxGroups ? at : 0, groups == 8 ? options_.ips : options_.mac};
}

}  // namespace alogd
