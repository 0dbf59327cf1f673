// SPDX-License-Identifier: MIT
// Level words looked up by length and letters.
#include "core/headers/level_word.h"

#include <cstdint>
#include <iterator>

#include "core/headers/scan.h"

namespace alogd {

namespace {

struct Word {
  std::string_view text;  // in lower case
  Level level;
};

// By length; within one the commonest first.
constexpr Word kWords[] = {
    {"err", Level::kError},
    {"inf", Level::kInfo},
    {"wrn", Level::kWarning},
    {"dbg", Level::kDebug},
    {"log", Level::kInfo},
    {"trc", Level::kTrace},
    {"vrb", Level::kTrace},
    {"ftl", Level::kCritical},
    {"info", Level::kInfo},
    {"warn", Level::kWarning},
    {"crit", Level::kCritical},
    {"note", Level::kNotice},
    {"fine", Level::kDebug},
    {"fail", Level::kError},
    {"debug", Level::kDebug},
    {"error", Level::kError},
    {"trace", Level::kTrace},
    {"fatal", Level::kCritical},
    {"alert", Level::kAlert},
    {"emerg", Level::kEmergency},
    {"panic", Level::kEmergency},
    {"finer", Level::kTrace},
    {"notice", Level::kNotice},
    {"severe", Level::kError},
    {"finest", Level::kTrace},
    {"config", Level::kInfo},
    {"debug1", Level::kDebug},
    {"debug2", Level::kDebug},
    {"debug3", Level::kDebug},
    {"debug4", Level::kDebug},
    {"debug5", Level::kDebug},
    {"dpanic", Level::kCritical},
    {"warning", Level::kWarning},
    {"verbose", Level::kTrace},
    {"failure", Level::kError},
    {"critical", Level::kCritical},
    {"emergency", Level::kEmergency},
    {"information", Level::kInfo},
    {"informational", Level::kInfo},
};
constexpr size_t kShortest = 3, kLongest = 13;

constexpr uint64_t Pack(std::string_view word) {
  uint64_t key = word.size();
  for (size_t i = 0; i < word.size() && i < 7; ++i) {
    key = key << 8 | static_cast<uint8_t>(word[i] | 0x20);
  }
  return key;
}

// Begins of each length's words in kWords.
struct Lengths {
  uint8_t begin[kLongest + 2] = {};
  uint64_t key[sizeof(kWords) / sizeof(kWords[0])] = {};
};

constexpr Lengths MakeLengths() {
  Lengths out;
  size_t i = 0;
  for (size_t length = 0; length <= kLongest + 1; ++length) {
    while (i < std::size(kWords) && kWords[i].text.size() < length) ++i;
    out.begin[length] = static_cast<uint8_t>(i);
  }
  for (size_t w = 0; w < std::size(kWords); ++w) out.key[w] = Pack(kWords[w].text);
  return out;
}
constexpr Lengths kLengths = MakeLengths();

// INFO, info or Info; iNFO is no level.
bool CaseIsUsual(std::string_view word) {
  const bool upper = IsUpper(word[1]);
  if (upper && !IsUpper(word[0])) return false;
  for (size_t i = 2; i < word.size(); ++i) {
    if (IsAlpha(word[i]) && IsUpper(word[i]) != upper) return false;
  }
  return true;
}

}  // namespace

Level LevelOfWord(std::string_view word) {
  if (word.size() < kShortest || word.size() > kLongest || !IsAlpha(word[0])) return Level::kNone;
  const uint64_t key = Pack(word);
  for (size_t i = kLengths.begin[word.size()]; i < kLengths.begin[word.size() + 1]; ++i) {
    if (kLengths.key[i] != key) continue;
    const std::string_view text = kWords[i].text;
    for (size_t c = 0; c < word.size(); ++c) {
      if (ToLower(word[c]) != text[c]) return Level::kNone;
    }
    return CaseIsUsual(word) ? kWords[i].level : Level::kNone;
  }
  return Level::kNone;
}

Level LevelOfLetter(char letter) {
  switch (letter) {
    case 'V':
    case 'T':
      return Level::kTrace;
    case 'D':
      return Level::kDebug;
    case 'I':
      return Level::kInfo;
    case 'N':
      return Level::kNotice;
    case 'W':
      return Level::kWarning;
    case 'E':
      return Level::kError;
    case 'F':
    case 'C':
    case 'A':
      return Level::kCritical;
    default:
      return Level::kNone;
  }
}

Level LevelOfSyslog(int severity) {
  constexpr Level kLevels[] = {Level::kEmergency, Level::kAlert,  Level::kCritical, Level::kError,
                               Level::kWarning,   Level::kNotice, Level::kInfo,     Level::kDebug};
  return severity >= 0 && severity < 8 ? kLevels[severity] : Level::kNone;
}

}  // namespace alogd
