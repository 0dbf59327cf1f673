// SPDX-License-Identifier: MIT
// Families of detectors, and the words of a text that carry meaning.
#include "core/detection/trouble.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <iterator>

#include "core/headers/scan.h"

namespace alogd {
namespace {

constexpr char kBetween = '\x1f';
// Bytes of a text that are looked at: what an anomaly quotes.
constexpr size_t kMostText = 1024;
// Severity of an ERROR in the default tables.
constexpr uint8_t kErrorSeverity = 80;
constexpr std::string_view kNovelty = "novelty";

struct Family {
  std::string_view detector, family;
};
// Detectors that are not named here judge windows of records.
constexpr Family kFamilies[] = {
    {kRuleDetector, "rule"}, {"silence", "missing"}, {"followers", "missing"},
    {"rate", "rate"},        {"values", "numbers"},  {"combinations", "combination"},
};
constexpr std::string_view kText = "text";

// A number behind one of these is a code: another number is another trouble.
constexpr std::string_view kCodeWords[] = {
    "status", "code",   "error",    "err",   "errno", "exit",  "exited", "exitcode", "returned",
    "rc",     "signal", "response", "state", "http",  "ora",   "tns",    "sqlstate", "result",
    "reason", "fault",  "level",    "vlan",  "smtp",  "reply", "retcode"};

bool IsWordByte(char c) { return IsAlnum(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80; }

bool HasDigit(std::string_view word) { return std::any_of(word.begin(), word.end(), IsDigit); }

// "eth0", "sda1", "md12": two to four letters and at most two digits.
bool IsShortName(std::string_view word) {
  size_t letters = 0;
  while (letters < word.size() && IsAlpha(word[letters])) ++letters;
  const std::string_view digits = word.substr(letters);
  return letters >= 2 && letters <= 4 && digits.size() <= 2 &&
         std::all_of(digits.begin(), digits.end(), IsDigit);
}

// The end of an address, time, UUID or long hexadecimal id that begins at `at`; `at` where there is
// none.
size_t SkipId(std::string_view text, size_t at) {
  size_t end = at, colons = 0, digits = 0, dashes = 0;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (c == ':')
      ++colons;
    else if (c == '-')
      ++dashes;
    else if (!IsHexDigit(c))
      break;
    digits += IsDigit(c);
  }
  while (end > at && !IsHexDigit(text[end - 1])) --end;  // "at 10:00:01:"
  if (end < text.size() && IsWordByte(text[end])) return at;
  const size_t length = end - at;
  const bool address = colons >= 2 && dashes == 0 && length >= 3 && (digits > 0 || colons >= 5);
  const bool id = colons == 0 && length >= 8 && (digits > 0 || dashes == 0);
  return address || id ? end : at;
}

class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text.substr(0, kMostText)) {}

  std::string Read() && {
    out_.reserve(text_.size());
    while (at_ < text_.size()) Step();
    return std::move(out_);
  }

 private:
  void Step() {
    if (text_.substr(at_).starts_with("<*>")) return Hide(at_ + 3);
    if (!IsWordByte(text_[at_])) {
      out_ += text_[at_++];
      return;
    }
    if (const size_t end = SkipId(text_, at_); end > at_ && !IsCode(text_.substr(at_, end - at_)))
      return Hide(end);
    size_t end = at_;
    while (end < text_.size() && IsWordByte(text_[end])) ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    if (HasDigit(word) && !IsShortName(word) && !IsCode(word)) return Hide(end);
    out_ += word;
    last_word_ = word;
    last_end_ = at_ = end;
  }
  // Lists of numbers have as many as they happen to have: "#, #, #" is "#".
  void Hide(size_t end) {
    size_t back = out_.size();
    while (back > 0 && out_.size() - back < 2 &&
           std::string_view(".,:/- ").find(out_[back - 1]) != std::string_view::npos)
      --back;
    if (back > 0 && back < out_.size() && out_[back - 1] == '#')
      out_.resize(back);
    else
      out_ += '#';
    at_ = end;
  }
  // Whether the word at at_ says which error it is.
  bool IsCode(std::string_view word) const {
    if (word.size() > 8) return false;
    const std::string_view before = text_.substr(0, at_);
    // An access log: "GET / HTTP/1.1" 404 153
    if (word.size() == 3 && before.ends_with("\" ") &&
        before.substr(before.size() - std::min<size_t>(before.size(), 12)).find("HTTP/") !=
            std::string_view::npos)
      return true;
    if (last_word_.empty() || at_ - last_end_ > 4) return false;
    const std::string_view between = text_.substr(last_end_, at_ - last_end_);
    if (between.find_first_not_of(" =:#-('\"[") != std::string_view::npos) return false;
    std::string lower(last_word_);
    std::transform(lower.begin(), lower.end(), lower.begin(), ToLower);
    return std::find(std::begin(kCodeWords), std::end(kCodeWords), lower) != std::end(kCodeWords);
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
  std::string_view last_word_;  // that was kept
  size_t last_end_ = 0;
};

std::string_view FamilyOf(std::string_view detector) {
  const auto it = std::find_if(std::begin(kFamilies), std::end(kFamilies),
                               [&](const Family& f) { return f.detector == detector; });
  return it == std::end(kFamilies) ? kText : it->family;
}

std::string Bounded(std::string key) {
  if (key.size() <= Trouble::kMaxKey) return key;
  const uint64_t hash = XXH3_64bits(key.data(), key.size());
  key.resize(Trouble::kMaxKey - 16);
  return key + fmt::format("{:016x}", hash);
}

}  // namespace

std::string TellingWords(std::string_view text) { return WordReader(text).Read(); }

std::string StreamClass(std::string_view stream) { return TellingWords(stream); }

std::string Trouble::HostKey() const {
  return Bounded(std::string(family) + kBetween + about + kBetween + words);
}

std::string Trouble::Key() const {
  return Bounded(std::string(family) + kBetween + about + kBetween + words + kBetween +
                 stream_class);
}

Trouble TroubleOf(std::string_view detector, std::string_view template_text,
                  std::string_view message, const Evidence& evidence) {
  Trouble trouble;
  trouble.family = FamilyOf(detector);
  if (detector == kRuleDetector) {
    // A counted rule is about what it counts by, not about the last line.
    const auto& found = evidence.found;
    if (!found.empty()) trouble.about = found[0].first;
    trouble.words = TellingWords(found.size() > 1 ? std::string_view(found[1].first) : message);
  } else if (trouble.family == "missing") {
    // Not the last healthy record: who is silent is told by the stream.
    if (!evidence.expected.empty()) trouble.about = evidence.expected[0].first;
  } else if (trouble.family == "rate") {
    trouble.about = template_text;
    trouble.words = evidence.unit;  // a burst and a drop are two
  } else if (trouble.family == "numbers") {
    trouble.about = template_text;
  } else {
    // Not the template beside it: a live one may widen between two occurrences of a text.
    trouble.words = TellingWords(message.empty() ? template_text : message);
  }
  return trouble;
}

Trouble TroubleOf(const Anomaly& a) {
  static const Evidence kNone;
  const auto own = std::find_if(a.evidence.begin(), a.evidence.end(),
                                [&](const Evidence& e) { return e.detector == a.detector; });
  Trouble trouble =
      TroubleOf(a.detector, a.template_text, a.message, own == a.evidence.end() ? kNone : *own);
  trouble.stream_class = StreamClass(a.stream);
  return trouble;
}

bool IsOfNovelty(const Evidence& evidence) { return evidence.detector == kNovelty; }

bool IsNewStatement(const Anomaly& a) {
  return std::any_of(a.evidence.begin(), a.evidence.end(), IsOfNovelty);
}

bool IsNewError(const Anomaly& a) { return a.severity >= kErrorSeverity && IsNewStatement(a); }

}  // namespace alogd
