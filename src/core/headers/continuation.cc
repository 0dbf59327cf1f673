// SPDX-License-Identifier: MIT
// The beginnings that continuation lines have.
#include "core/headers/continuation.h"

#include <algorithm>

#include "core/headers/scan.h"

namespace alogd {

namespace {

// How crashes begin, by language and system: Go, the shell's reports of signals, glibc and the C++
// runtime, sanitizers, JVM, Rust, PHP, Python, Node, Ruby, .NET, Android, Erlang.
constexpr std::string_view kCrashes[] = {"panic: ",
                                         "fatal error: ",
                                         "fatal: ",
                                         "FATAL: ",
                                         "[signal ",
                                         "SIGSEGV",
                                         "SIGABRT",
                                         "Segmentation fault",
                                         "Aborted",
                                         "Killed",
                                         "Bus error",
                                         "Illegal instruction",
                                         "Floating point exception",

                                         "*** stack smashing",
                                         "*** buffer overflow",
                                         "*** Error in ",
                                         "*** Aborted at ",
                                         "terminate called ",
                                         "free(): ",
                                         "malloc(): ",
                                         "malloc_consolidate(): ",
                                         "corrupted size vs. prev_size",
                                         "double free or corruption",
                                         "Assertion failed",
                                         "# A fatal error has been detected",
                                         "Exception in thread ",

                                         "java.lang.OutOfMemoryError",
                                         "Terminating due to java.lang.",
                                         "PHP Fatal error: ",
                                         "PHP Parse error: ",
                                         "Fatal error: ",
                                         "Fatal Python error: ",
                                         "Uncaught ",
                                         "Unhandled exception",
                                         "Unhandled Exception",
                                         "UnhandledPromiseRejection",
                                         "<--- Last few GCs",
                                         "FATAL EXCEPTION: ",
                                         "Kernel panic",
                                         "BUG: ",
                                         "Out of memory",
                                         "Crash dump is being written",
                                         "thread '"};
// Where a program's name or number comes first: "./app: line 3: 77 Segmentation fault",
// "app: x.c:3: main: Assertion `p' failed.", "==7==ERROR: AddressSanitizer".
constexpr std::string_view kCrashesWithin[] = {"Segmentation fault", "core dumped", "Assertion `",
                                               "ERROR: AddressSanitizer", "panicked at "};
constexpr std::string_view kClauses[] = {
    "SELECT", "FROM",   "WHERE",  "AND",    "OR",    "ORDER",  "GROUP",  "HAVING",    "LIMIT",
    "JOIN",   "LEFT",   "RIGHT",  "INNER",  "OUTER", "ON",     "VALUES", "SET",       "INTO",
    "UNION",  "INSERT", "UPDATE", "DELETE", "WITH",  "OFFSET", "USING",  "RETURNING", "FOR"};

template <size_t n>
bool BeginsWithOne(std::string_view line, const std::string_view (&texts)[n]) {
  return std::any_of(std::begin(texts), std::end(texts),
                     [&](std::string_view text) { return line.starts_with(text); });
}

}  // namespace

bool LooksContinued(std::string_view line) {
  if (line.empty() || IsBlank(line[0])) return true;
  switch (line[0]) {
    case 'C':
      return line.starts_with("Caused by: ");
    case 'S':
      return line.starts_with("Suppressed: ");
    case 'a':
      return line.starts_with("at ") && line.find('(') != std::string_view::npos &&
             line.back() == ')';
    case '.': {
      if (!line.starts_with("... ")) return false;
      const size_t digits = SkipDigits(line, 4);
      return digits > 4 && (line.substr(digits).starts_with(" more") ||
                            line.substr(digits).starts_with(" common frames"));
    }
    case 'D':
      return line.starts_with("During handling of the above exception");
    case 'T':
      return line.starts_with("The above exception was the direct cause");
    case '}':
    case ')':
    case ']':
      return line.size() <= 2;  // the end of something printed over several lines
    default:
      return false;
  }
}

bool BeginsWithException(std::string_view line) {
  size_t end = 0;
  while (end < line.size() && !IsBlank(line[end]) && line[end] != ':') ++end;
  const std::string_view name = line.substr(0, end);
  return name.find('.') != std::string_view::npos &&
         (name.ends_with("Exception") || name.ends_with("Error"));
}

bool BeginsTraceback(std::string_view line) {
  return line.starts_with("Traceback (most recent call last)");
}

bool BeginsCrash(std::string_view line) {
  constexpr size_t kScope = 256;  // a message further back quotes a crash
  if (line.starts_with("thread '")) return line.find("panicked at") != std::string_view::npos;
  if (BeginsWithOne(line, kCrashes)) return true;
  const std::string_view head = line.substr(0, kScope);
  return std::any_of(
      std::begin(kCrashesWithin), std::end(kCrashesWithin),
      [&](std::string_view text) { return head.find(text) != std::string_view::npos; });
}

bool LooksLikeTrace(std::string_view line) {
  static constexpr std::string_view kTraces[] = {"goroutine ",   "created by ",
                                                 "exit status ", "[signal ",
                                                 "Stack trace:", "stack backtrace:",
                                                 "# ",           "rax ",
                                                 "rbx ",         "note: ",
                                                 "runtime.",     "main.",
                                                 "Call Trace:",  "PC=",
                                                 "Aborted",      "Node.js v",
                                                 "make: ",       "Core dump",
                                                 "eax ",         "fatal error: ",
                                                 "sigcode=",     "==",
                                                 "Stack: [",     "Native frames:",
                                                 "Java frames:", "Traceback ",
                                                 "Error: ",      "  "};
  if (LooksContinued(line) || BeginsWithOne(line, kTraces)) return true;
  if (line[0] == '#' && (line.size() == 1 || IsDigit(line[1]))) return true;
  // A call: "net/http.HandlerFunc.ServeHTTP(...)", "./app(main+0x3)[0x40]".
  const size_t open = line.find('(');
  return open != std::string_view::npos && open > 0 && line[0] != '{' && line[0] != '[' &&
         line.substr(0, open).find(' ') == std::string_view::npos;
}

bool LooksWrapped(std::string_view line) {
  if (std::string_view(")]},;|+=&.\"'>").find(line[0]) != std::string_view::npos) return true;
  if (std::none_of(line.begin(), line.end(),
                   [](char c) { return IsAlnum(c) || static_cast<unsigned char>(c) >= 0x80; })) {
    return true;
  }
  const std::string_view word = line.substr(0, SkipToken(line, 0));
  return std::find(std::begin(kClauses), std::end(kClauses), word) != std::end(kClauses);
}

bool IsUnfinished(std::string_view text) {
  text = Trimmed(text);
  return !text.empty() &&
         std::string_view(",([{=\\+|&").find(text.back()) != std::string_view::npos;
}

}  // namespace alogd
