// SPDX-License-Identifier: MIT
// Made-up log messages: statements with variable parts of all kinds, and plain nonsense.
#include "testing/messages.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace alogd::testing {
namespace {

constexpr std::string_view kWords[] = {
    "request", "worker",  "queue",   "cache",    "packet", "session", "started",  "stopped",
    "handler", "timeout", "from",    "to",       "for",    "user",    "by",       "invalid",
    "volume",  "flushed", "pending", "rejected", "Thread", "Loading", "snapshot", "region",
    "with",    "status",  "after",   "don't",    "I/O",    "é",       "größe",    "done."};
constexpr std::string_view kNames[] = {"alice", "bob",   "carol", "dave", "eve",
                                       "frank", "grace", "heidi", "ivan", "mallory"};
constexpr std::string_view kPieces[] = {
    " ",    "  ",   "\t",   "=",    ":",    ",",    ";",     "(",      ")",
    "[",    "]",    "{",    "}",    "<",    ">",    "\"",    "'",      "|",
    "&",    "`",    ".",    "..",   "/",    "\\",   "@",     "-",      "#",
    "%",    "!",    "?",    "<*>",  "*",    "a",    "b",     "word",   "user",
    "for",  "by",   "5",    "17",   "0",    "ab",   "fe80",  "::",     "1f",
    "ssh2", "IPv6", "true", "Jan",  "Mon",  "kB",   "ms",    "x5",     "5x",
    "//",   "http", "C",    "\x01", "\x7f", "\xff", "é",     "\xc3",   "5.",
    "()",   "=>",   "==",   "n1'",  "'s",   "80",   "a.b.c", " from ", "12345678901234567890",
    "\\\"", "5\\",  "ms.12"};

}  // namespace

MessageSource::MessageSource(uint64_t seed, size_t statements) : random_(seed) {
  for (size_t i = 0; i < statements; ++i) {
    Statement s;
    s.parts.push_back(Below(6) == 0 ? Part::kNumber : Part::kWord);
    for (uint32_t n = 2 + Below(9); n > 0; --n)
      s.parts.push_back(Below(2) == 0
                            ? Part::kWord
                            : static_cast<Part>(Below(static_cast<uint32_t>(Part::kTime) + 1)));
    for (const Part part : s.parts)
      if (part == Part::kWord || part == Part::kPair) s.words.push_back(Word());
    statements_.push_back(s);
  }
}

std::string MessageSource::Word() { return std::string(kWords[Below(std::size(kWords))]); }

std::string MessageSource::Value(Part part) {
  switch (part) {
    case Part::kNumber:
      return fmt::format("{}", Below(100000));
    case Part::kAddress:
      return fmt::format("10.{}.{}.{}:{}", Below(256), Below(256), Below(256), Below(65536));
    case Part::kPath:
      return fmt::format("/var/{}/{}", kNames[Below(10)], kNames[Below(10)]);
    case Part::kHex:
      return fmt::format("0x{:x}", random_());
    case Part::kName:
      return std::string(kNames[Below(10)]);
    case Part::kFlag:
      return Below(2) ? "true" : "false";
    case Part::kQuoted:
      return fmt::format("\"{} {}\"", kNames[Below(10)], kNames[Below(10)]);
    case Part::kUnit:
      return fmt::format("{} {}", Below(1000), Below(2) ? "ms" : "KB");
    case Part::kDotted:
      return fmt::format("org.{}.{}", kNames[Below(10)], kNames[Below(10)]);
    case Part::kOptional:
      return Below(2) ? fmt::format("({})", Below(50)) : "";
    case Part::kTime:
      return fmt::format("{:02}:{:02}:{:02}", Below(24), Below(60), Below(60));
    case Part::kList: {
      std::string list = "[";
      for (uint32_t n = Below(5); n > 0; --n)
        list += fmt::format("{}{}", Below(99), n > 1 ? ", " : "");
      return list + "]";
    }
    default:
      return "";
  }
}

std::string MessageSource::Next() {
  const Statement& s = statements_[Below(static_cast<uint32_t>(statements_.size()))];
  std::string out;
  size_t word = 0;
  for (const Part part : s.parts) {
    if (!out.empty()) out += Below(40) == 0 ? "  " : " ";
    if (part == Part::kWord)
      out += s.words[word++];
    else if (part == Part::kPair)
      out += s.words[word++] + "=" + Value(Below(2) ? Part::kName : Part::kNumber);
    else
      out += Value(part);
  }
  return out;
}

std::string MessageSource::Nonsense(size_t pieces) {
  std::string out;
  for (size_t i = 0; i < pieces; ++i) out += kPieces[Below(std::size(kPieces))];
  return out;
}

}  // namespace alogd::testing
