// SPDX-License-Identifier: MIT
// Random header grammars.
#include "testing/header_generator.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <random>
#include <string_view>

#include "testing/random.h"

namespace alogd::testing {

namespace {

// A column writes itself into a line. What surrounds it belongs to it; separators do not.
struct Column {
  std::string name;
  std::function<std::string(Random&)> write;
  size_t missing = 0;  // percent of the lines that lack it
  bool sign = true;    // a reader sees that it is no message: brackets, a colon, digits, a level
};

struct Clock {
  int64_t us = 1709214301250000;  // 2024-02-29 13:45:01.25
};

const std::vector<std::string> kTimeForms = {"%Y-%m-%d %H:%M:%S",
                                             "%Y-%m-%d %H:%M:%S,f",
                                             "%Y-%m-%d %H:%M:%S.f",
                                             "%Y-%m-%dT%H:%M:%S.fZ",
                                             "%Y-%m-%dT%H:%M:%SZ",
                                             "%Y-%m-%dT%H:%M:%S+02:00",
                                             "%Y/%m/%d %H:%M:%S",
                                             "%Y/%m/%d %H:%M:%S.f",
                                             "%d/%b/%Y:%H:%M:%S +0000",
                                             "%b %d %H:%M:%S",
                                             "%b %d, %Y %H:%M:%S",
                                             "%a %b %d %H:%M:%S %Y",
                                             "%d-%b-%Y %H:%M:%S.f",
                                             "%y%m%d %H%M%S",
                                             "%Y%m%d %H:%M:%S.f",
                                             "%Y%m%d-%H:%M:%S:f",
                                             "%m-%d %H:%M:%S.f",
                                             "%d.%m.%Y %H:%M:%S",
                                             "%y/%m/%d %H:%M:%S",
                                             "%H:%M:%S.f",
                                             "%Y-%m-%d-%H.%M.%S.f",
                                             "%m/%d/%Y %H:%M:%S",
                                             "%s",
                                             "%s.f",
                                             "%sf"};

std::string WriteTime(const std::string& form, const Clock& clock) {
  const auto seconds = static_cast<std::time_t>(clock.us / 1000000);
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  std::string out;
  for (size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '%') {
      char text[32] = {};
      const char pattern[3] = {'%', form[++i], 0};
      if (form[i] == 's')
        out += std::to_string(seconds);
      else
        out.append(text, std::strftime(text, sizeof text, pattern, &tm));
    } else if (form[i] == 'f') {
      out += fmt::format("{:03}", clock.us / 1000 % 1000);
    } else {
      out += form[i];
    }
  }
  return out;
}

std::string Word(Random& random) { return MadeUpWord(random); }

std::string Capital(std::string word) {
  word[0] = static_cast<char>(word[0] - 32);
  return word;
}

// One way to surround a value.
enum class Frame { kBare, kSquare, kRound, kAngle, kColon };

std::string Framed(Frame frame, const std::string& text) {
  switch (frame) {
    case Frame::kSquare:
      return "[" + text + "]";
    case Frame::kRound:
      return "(" + text + ")";
    case Frame::kAngle:
      return "<" + text + ">";
    case Frame::kColon:
      return text + ":";
    case Frame::kBare:
      break;
  }
  return text;
}

std::vector<std::string> Names(Random& random, size_t style) {
  std::vector<std::string> out;
  const std::string root = Word(random);
  for (size_t n = 2 + random.Below(10); n > 0; --n) {
    switch (style) {
      case 0:
        out.push_back(fmt::format("com.{}.{}.{}{}", root, Word(random), Capital(Word(random)),
                                  Capital(Word(random))));
        break;
      case 1:
        out.push_back(Capital(Word(random)) + Capital(Word(random)));
        break;
      case 2:
        out.push_back(Word(random) + (random.Chance(40) ? "-" + Word(random) : ""));
        break;
      case 3:
        out.push_back(fmt::format("{}.{}", root, Word(random)));
        break;
      default:
        out.push_back(fmt::format("{}.go:{}", Word(random), 10 + random.Below(900)));
        break;
    }
  }
  return out;
}

Column LevelColumn(Random& random) {
  static const std::vector<std::vector<std::string>> kStyles = {
      {"INFO", "WARN", "ERROR", "DEBUG"}, {"info", "warning", "error", "debug"},
      {"Info", "Warning", "Error"},       {"I", "W", "E", "D"},
      {"INFO", "WARNING", "CRITICAL"},    {"INF", "WRN", "ERR"},
      {"NOTICE", "INFO", "ERR", "CRIT"},  {"INFO", "FATAL", "SEVERE"}};
  const size_t style = random.Below(kStyles.size());
  const Frame frame = random.Chance(50)   ? Frame::kBare
                      : random.Chance(60) ? Frame::kSquare
                      : random.Chance(50) ? Frame::kColon
                                          : Frame::kAngle;
  const bool padded = random.Chance(35) && frame != Frame::kColon;
  return {"level", [=](Random& r) {
            const std::vector<std::string>& words = kStyles[style];
            std::string word = r.Chance(75) ? words[0] : words[r.Below(words.size())];
            if (padded && word.size() > 1) word = fmt::format("{:<5}", word);
            return Framed(frame, word);
          }};
}

Column ThreadColumn(Random& random) {
  std::vector<std::string> names;
  const bool blanks = random.Chance(25);
  for (size_t n = 1 + random.Below(6); n > 0; --n) {
    names.push_back(random.Chance(30) ? "main"
                                      : fmt::format("{}{}{}", Word(random), blanks ? " " : "-",
                                                    random.Below(20)));
  }
  return {"[thread]", [=](Random& r) { return Framed(Frame::kSquare, r.Of(names)); }};
}

Column NumberColumn(Random& random) {
  const size_t base = 100 + random.Below(30000), spread = 1 + random.Below(40);
  const Frame frame = random.Chance(60) ? Frame::kBare : Frame::kSquare;
  const bool padded = random.Chance(20) && frame == Frame::kBare;
  return {"number", [=](Random& r) {
            const std::string text = std::to_string(base + r.Below(spread));
            return Framed(frame, padded ? fmt::format("{:>6}", text) : text);
          }};
}

Column HostColumn(Random& random) {
  std::vector<std::string> hosts;
  for (size_t n = 1 + random.Below(5); n > 0; --n)
    hosts.push_back(fmt::format("{}{:02}", Word(random), random.Below(40)));
  return {"host", [=](Random& r) { return r.Of(hosts); }, 0, false};
}

Column IdColumn(Random& random) {
  const bool dash = random.Chance(30);
  return {"[id]", [=](Random& r) {
            return dash && r.Chance(40) ? std::string("[-]")
                                        : fmt::format("[req-{:08x}]", r.Below(1u << 31));
          }};
}

Column ProgramColumn(Random& random, bool last) {
  const size_t style = random.Below(5);
  std::vector<std::string> names = Names(random, style);
  const bool dotted = style == 0 || style == 3 || style == 4;
  Frame frame = random.Chance(45)   ? Frame::kColon
                : random.Chance(40) ? Frame::kSquare
                                    : Frame::kBare;
  // A bare word as the last column is told from a message by nobody.
  if (last && frame == Frame::kBare && !dotted) frame = Frame::kColon;
  const bool pid = frame == Frame::kColon && style == 2 && random.Chance(60);
  return {dotted ? "dotted" : "name",
          [=](Random& r) {
            std::string name = r.Of(names);
            if (pid) name += fmt::format("[{}]", 200 + r.Below(5000));
            return Framed(frame, name);
          },
          0, frame != Frame::kBare || dotted};
}

// A header: columns and what stands between them.
struct Grammar {
  std::vector<Column> columns;
  std::string separator = " ";
  std::string end = " ";
  std::string name;
};

Grammar MakeGrammar(Random& random, Clock* clock) {
  Grammar g;
  const bool timed = random.Chance(92);
  const bool leveled = random.Chance(72) || !timed;
  if (random.Chance(8)) g.columns.push_back(HostColumn(random));
  std::string form;
  if (timed) {
    form = random.Of(kTimeForms);
    const Frame frame = random.Chance(20) ? Frame::kSquare : Frame::kBare;
    g.columns.push_back({"time", [=](Random&) { return Framed(frame, WriteTime(form, *clock)); }});
  }
  std::vector<Column> rest;
  if (random.Chance(18)) rest.push_back(HostColumn(random));
  if (leveled) rest.push_back(LevelColumn(random));
  if (random.Chance(35)) rest.push_back(ThreadColumn(random));
  if (random.Chance(30)) rest.push_back(NumberColumn(random));
  std::shuffle(rest.begin(), rest.end(),
               std::minstd_rand(static_cast<unsigned>(random.Below(1000000))));
  if (random.Chance(12)) rest.push_back(IdColumn(random));
  if (random.Chance(65) || rest.empty()) rest.push_back(ProgramColumn(random, true));
  g.columns.insert(g.columns.end(), rest.begin(), rest.end());
  const size_t kind = random.Below(100);
  if (kind < 62)
    g.separator = " ";
  else if (kind < 74)
    g.separator = " - ";
  else if (kind < 82)
    g.separator = "|";
  else if (kind < 90)
    g.separator = " | ";
  else if (kind < 96)
    g.separator = "\t";
  else
    g.separator = "  ";
  const bool colon = g.columns.back().write(random).ends_with(":");
  g.end = g.separator;
  if (g.separator == " " && !colon && (random.Chance(35) || !g.columns.back().sign))
    g.end = random.Chance(50) ? " - " : ": ";
  for (Column& column : g.columns) {
    const bool blank =
        g.separator.find_first_not_of(' ') == std::string::npos;  // others keep their columns
    if (blank && &column != &g.columns.front() && column.name.starts_with("[") &&
        &column != &g.columns.back() && random.Chance(12))
      column.missing = 15;
    g.name += column.name + (column.missing > 0 ? "?" : "") + g.separator;
  }
  g.name += "~" + g.end + " " + form;
  return g;
}

// A message template: words, some of which vary.
struct Message {
  std::vector<std::string> parts;  // constant, or one of the names of values below
};

std::string Value(const std::string& kind, Random& random) {
  if (kind == "<n>") return std::to_string(random.Below(random.Chance(50) ? 100 : 1000000));
  if (kind == "<ip>")
    return fmt::format("10.{}.{}.{}:{}", random.Below(255), random.Below(255), random.Below(255),
                       1024 + random.Below(60000));
  if (kind == "<path>")
    return fmt::format("/var/{}/{}/{}", Word(random), Word(random), random.Below(1000));
  if (kind == "<kv>") return fmt::format("{}={}", Word(random), random.Below(5000));
  if (kind == "<id>") return fmt::format("blk_{}", random.Below(1u << 30));
  if (kind == "<name>") return Word(random);
  if (kind == "<quoted>") return fmt::format("\"{} {}\"", Word(random), random.Below(99));
  return kind;
}

Message MakeMessage(Random& random) {
  static const std::vector<std::string> kFirst = {
      "Starting", "started",   "Failed to",     "connection", "Session",        "received",
      "Closing",  "user",      "GET",           "Can't",      "Received block", "adding",
      "<n>",      "<ip>",      "[client <ip>]", "Error:",     "request",        "(cache)",
      "Updating", "lookup of", "checkpoint:",   "<path>"};
  static const std::vector<std::string> kMiddle = {
      "<n>",  "<ip>", "<path>",          "<kv>",     "<id>",  "<name>", "<quoted>",
      "from", "to",   "of size",         "finished", "in",    "ms",     "for",
      "is",   "up",   "reason: timeout", "(<n>)",    "block", "after"};
  Message m;
  m.parts.push_back(random.Of(kFirst));
  for (size_t n = 1 + random.Below(7); n > 0; --n) {
    m.parts.push_back(random.Chance(40) ? Word(random) : random.Of(kMiddle));
  }
  return m;
}

std::string Write(const Message& message, Random& random) {
  std::string out;
  for (const std::string& part : message.parts) {
    if (!out.empty()) out += ' ';
    const size_t open = part.find('<'), close = part.find('>');
    if (open == std::string::npos || close == std::string::npos)
      out += part;
    else
      out += part.substr(0, open) + Value(part.substr(open, close - open + 1), random) +
             part.substr(close + 1);
  }
  return out;
}

GeneratedHeader WriteHeader(const Grammar& g, Random& random) {
  GeneratedHeader header;
  for (const Column& column : g.columns) {
    if (random.Chance(column.missing)) continue;
    if (&column != &g.columns.front()) header.text += g.separator;
    header.text += column.write(random);
    header.leveled |= column.name == "level";
  }
  header.text += g.end;
  return header;
}

GeneratedLine WriteLine(const Grammar& g, const std::vector<Message>& messages, Random& random) {
  const GeneratedHeader header = WriteHeader(g, random);
  // Few templates make most of the lines.
  const size_t bound = 1 + random.Below(messages.size());
  const std::string message = Write(messages[random.Below(bound)], random);
  return {header.text + message, message, true, header.leveled};
}

}  // namespace

struct HeaderSource::Impl {
  explicit Impl(uint64_t seed) : random(seed * 2654435761u + 17) {}
  Random random;
  Clock clock;
  Grammar grammar = MakeGrammar(random, &clock);
};

HeaderSource::HeaderSource(uint64_t seed) : impl_(std::make_unique<Impl>(seed)) {}
HeaderSource::HeaderSource(HeaderSource&&) noexcept = default;
HeaderSource::~HeaderSource() = default;

const std::string& HeaderSource::grammar() const { return impl_->grammar.name; }

GeneratedHeader HeaderSource::Next() {
  impl_->clock.us += static_cast<int64_t>(impl_->random.Below(2500000));
  return WriteHeader(impl_->grammar, impl_->random);
}

GeneratedLog GenerateHeaders(uint64_t seed, size_t lines) {
  Random random(seed * 2654435761u + 17);
  Clock clock;
  GeneratedLog log;
  std::vector<Grammar> grammars{MakeGrammar(random, &clock)};
  if (random.Chance(15)) grammars.push_back(MakeGrammar(random, &clock));
  for (const Grammar& g : grammars) log.grammar += (log.grammar.empty() ? "" : "  AND  ") + g.name;
  std::vector<Message> messages;
  for (size_t n = 8 + random.Below(30); n > 0; --n) messages.push_back(MakeMessage(random));
  const size_t traces = random.Chance(15) ? 4 : 0;
  const size_t second = 15 + random.Below(30);
  while (log.lines.size() < lines) {
    clock.us += static_cast<int64_t>(random.Below(2500000));
    const Grammar& g = grammars.size() > 1 && random.Chance(second) ? grammars[1] : grammars[0];
    log.lines.push_back(WriteLine(g, messages, random));
    if (!random.Chance(traces)) continue;
    for (const char* text :
         {"java.lang.IllegalStateException: broken", "\tat a.b.C.run(C.java:7)", "\t... 3 more"}) {
      log.lines.push_back({text, text, false, false});
    }
  }
  return log;
}

}  // namespace alogd::testing
