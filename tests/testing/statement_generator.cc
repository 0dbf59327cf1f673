// SPDX-License-Identifier: MIT
// Statements of made-up programs, from forms of sentences as programs of all kinds log them.
#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "testing/grouping.h"
#include "testing/system_generator.h"

namespace alogd::testing {
namespace {

using Texts = std::vector<std::string>;

// In a form, % and a letter is a word chosen with the statement: n noun, N noun with a capital,
// v verb, g G verb with -ing, d D verb in the past, a adjective, k key, r reason, y class or
// module, o a word with an opposite, m a method. $ and a letter is a variable, see MakeVariable. ?(
// and ?) hold what only some lines have.
const Texts kForms = {
    // services, daemons
    "%G %n $i",
    "%G %n $i on $h",
    "%G %n $w",
    "%G %n",
    "%N $i %d in $t",
    "%N %d",
    "%N %d?( ($t)?)",
    "%n %d, %g %n",
    "%N $w %d successfully",
    "%N $w is %o",
    "%N $w %o",
    "%N %o",
    "%o %n $w",
    "%n $i %o",
    "%n %o on $h",
    "%N $w changed state to %o",
    "Interface $w, changed state to %o",
    "%N %n %o (%k $n)",
    "%G %n: %o",
    "%N $w: %a",
    "%N service $w entered %o state",
    "%G the %n of %n $w",
    "Listening on $h",
    "Accepted connection from $h",
    "connection from $h %d",
    "Connection to $h %d: %r",
    "client $h %d after $t",
    "Received %n $i from $h",
    "Received signal $n, %g",
    "Sending %n $i to $h?( ($s)?)",
    "Served %n $i to $h",
    "session %o for user $u",
    "session %o for user $u by $u(uid=$n)",
    "%N login for user $u from $h port $n",
    "%a user $u from $h",
    "user $u %d %n $w",
    "%N for $u from $h port $n ssh2",
    "($u) CMD ($f)",
    "%g as $u: command=$f",
    // errors
    "Failed to %v %n $f: %r",
    "Failed to %v %n $i",
    "Could not %v %n $w",
    "%r while %g $f",
    "Unable to %v $h after $n attempts",
    "Cannot %v %n $w: %r",
    "Error %g %n $i: %r (errno=$n)",
    "%N $i %d with status $n",
    "%n $i exited with code $n",
    "timeout %g %n $i after $t",
    "%N took longer ($t) than expected ($t)",
    "%n $f: line $n: %r",
    "%r",
    "%r: $f",
    "%r, %g in $t",
    "retrying %n $i in $t?( (attempt $n)?)",
    "%y: %r",
    "%N %n %a: %n %d too %a",
    "Exception in %n $w: %y: %r",
    "caught %y %g %n $i",
    // numbers and progress
    "%N $i: $n/$n %ns %d",
    "$n %ns %d, $n %ns %a",
    "Progress: $n% of %n $i",
    "%n usage $n%",
    "%N: $n %ns, $n %ns, $n %ns",
    "%d $n of $n %ns in $t",
    "%n size $s, limit $s",
    "%d $s in $t",
    "The %n has %d $n times since $d",
    "%n %d $n times",
    "load average: $n, $n, $n",
    "%N $n: %n=$n, %n=$n",
    "%n count is $n",
    "%d %n at $d",
    "next %n at $d?( in $t?)",
    // key=value and pairs
    "%N: %k=$x %k=$x %k=$x",
    "%k=$x %k=$x %k=$x %k=$x",
    "%k=$x, %k=$x, %k=$x",
    "%N %d %k=$x %k=$x",
    "%k: $x, %k: $x, %k: $x",
    "%N %n {%k=$x, %k=$x}",
    "%N (%k=$x, %k=$x)",
    "msg=\"%n %d\" %k=$x %k=$x",
    "%d %n; %k=$x; %k=$x",
    "%N [%k: $x] [%k: $x]",
    "%k=$x",
    "%k = $x",
    "%n.%n.%n = $x",
    "%N %k: $x",
    "{\"%k\": $n, \"%k\": \"$w\"}",
    "%N %k is $x",
    "%n %k set to $x",
    "Setting '$w' changed from $x to $x",
    "%N: %k:$n %k:$n %k:$n",
    "%n|%k=$n|%k=$n",
    // lists, quotes, names, paths
    "%g %ns: $l",
    "%N $l %d by $u",
    "%ns $l %d",
    "%N %n: $l",
    "%n $q %d",
    "query $q took $t",
    "%G %n $q for $u",
    "%N $q: %r",
    "Loading class $y",
    "%N $y %d",
    "%m(): %n $i %d",
    "%m($n): %d",
    "%y.%m: %d %n $i",
    "%y %d",
    "Module $y %d in $t",
    "%G from $f to $f",
    "%G file $f",
    "%n $f %d",
    "opened $f?( in $t?)",
    "%N $f has %a %n",
    "GET $f HTTP/1.1 $n $n",
    "POST $f $n $t",
    "\"GET $f HTTP/1.1\" $n $n",
    "$h - $u \"GET $f\" $n",
    "upstream $h %d %n $f",
    // leading variables, one token, odd shapes
    "$h -> $h: $n bytes",
    "$h %d",
    "$i: %d %n",
    "$y: %n %d",
    "$i",
    "%o",
    "%N",
    "%d.",
    "%k=$n",
    "[%n] %d %n $i",
    "<%n> %d %n",
    "(%n) %g $w",
    "%N -> %N: $i",
    "== %N %n ==",
    "--- %n $i ---",
    "%n[$n]: %d",
    "%n#$n %d",
    "%n-$n %d %n",
    "%N/%n: %d $i",
    "%N::%m %d $n",
    "* %n %d",
    "%n $i (%n $i, %n $i)",
    "%n [$i] [$w] %d",
    "%n %n %n %n %n",
    "%d %n because the %n is %a and %n %d",
    "%N %n %d, please %v the %n",
    "%n $u, %n $h, %n $n",
    "%N $h:%n $n",
    "%n @ $h",
    "%g... %d",
    "%g %n $w... done",
    "%N<$i> %d",
    "%n %a?( [$i]?)",
    "%N \"$w\" %d",
    "%d %n for %n $i, %n $i",
    "block $i is %o",
    // structured, tables
    "level=info msg=\"%n %d\" %k=$x %k=$x",
    "event=%n_%d %k=$x %k=$x",
    "{\"level\":\"info\",\"msg\":\"%n %d\",\"%k\":$n}",
    "$n\t%n\t$w\t%d",
    "%k=$x,%k=$x,%k=$x",
    // hosts, shells, kernels
    "The $p %n entered the %o state",
    "%N $p %d by $u in the %n",
    "($u) CMD ($c)",
    "$u : TTY=pts/$n ; PWD=$f ; USER=root ; COMMAND=$c",
    "$e: %n becomes %a",
    "device $e left %a mode",
    "%N on $h to $m via $e",
    "%n $m %d?( on $e?)",
    "New %n $i of user $u.",
    "%N $n°C over %n limit",
    // programs
    "%g %n $i: expected $x, got $x",
    "$t elapsed, %n %d",
    "%n($n) %d %n",
    "%N $w:$n %d",
    "%N %n %d: %r ($n)",
    "%n %d on $h?( ($w)?) after $t",
    "%N %d by $w on $h at $d",
    "%N [$w] -> [$w] %d",
};

const Texts kNouns = {
    "task",        "job",        "node",     "worker",  "thread",    "block",       "packet",
    "session",     "request",    "queue",    "cache",   "table",     "region",      "snapshot",
    "volume",      "disk",       "segment",  "replica", "shard",     "index",       "lease",
    "token",       "channel",    "stream",   "buffer",  "partition", "container",   "image",
    "pod",         "route",      "rule",     "policy",  "filter",    "handler",     "plugin",
    "driver",      "device",     "adapter",  "port",    "socket",    "listener",    "pool",
    "transaction", "cursor",     "schema",   "record",  "batch",     "message",     "event",
    "timer",       "checkpoint", "backup",   "archive", "manifest",  "certificate", "key",
    "account",     "group",      "tenant",   "cluster", "broker",    "topic",       "consumer",
    "executor",    "scheduler",  "monitor",  "sensor",  "fan",       "battery",     "interface",
    "link",        "peer",       "neighbor", "tunnel",  "address",   "page",        "process"};
const Texts kVerbs = {"open",   "close",    "read",    "write",    "load",   "parse",    "resolve",
                      "bind",   "allocate", "attach",  "flush",    "commit", "fetch",    "update",
                      "delete", "create",   "verify",  "decode",   "rename", "register", "replay",
                      "sync",   "merge",    "compact", "schedule", "launch", "migrate",  "recover",
                      "rotate", "drain",    "scan",    "publish"};
const Texts kDoing = {"opening",    "closing",      "reading",      "writing",    "loading",
                      "parsing",    "resolving",    "binding",      "allocating", "attaching",
                      "flushing",   "committing",   "fetching",     "updating",   "deleting",
                      "creating",   "verifying",    "decoding",     "renaming",   "replaying",
                      "syncing",    "merging",      "compacting",   "scheduling", "launching",
                      "migrating",  "recovering",   "rotating",     "draining",   "scanning",
                      "publishing", "initializing", "shutting down"};
const Texts kDone = {"opened",    "closed",   "loaded",    "parsed",    "resolved",  "bound",
                     "allocated", "attached", "flushed",   "committed", "fetched",   "updated",
                     "deleted",   "created",  "verified",  "decoded",   "renamed",   "replayed",
                     "synced",    "merged",   "compacted", "scheduled", "launched",  "migrated",
                     "recovered", "rotated",  "drained",   "scanned",   "published", "initialized",
                     "completed", "finished", "expired",   "skipped",   "ignored"};
const Texts kAdjectives = {"invalid", "unknown",    "stale",   "idle",    "busy",    "full",
                           "empty",   "slow",       "late",    "corrupt", "missing", "pending",
                           "healthy", "unexpected", "dirty",   "large",   "small",   "remote",
                           "local",   "duplicate",  "expired", "orphaned"};
const Texts kKeys = {"id",       "size",       "count",     "user",    "uid",    "pid",
                     "host",     "addr",       "port",      "path",    "status", "code",
                     "duration", "elapsed",    "level",     "mode",    "offset", "length",
                     "name",     "type",       "version",   "retries", "src",    "dst",
                     "proto",    "owner",      "reason",    "bytes",   "total",  "queueSize",
                     "max_wait", "time-taken", "thread.id", "enabled"};
const Texts kReasons = {"No such file or directory",
                        "Permission denied",
                        "connection refused",
                        "Connection reset by peer",
                        "Broken pipe",
                        "timed out",
                        "not found",
                        "out of memory",
                        "No space left on device",
                        "end of file reached",
                        "checksum mismatch",
                        "unexpected token",
                        "access denied",
                        "host unreachable",
                        "resource temporarily unavailable",
                        "invalid argument",
                        "no route to host",
                        "too many open files",
                        "already exists",
                        "quota exceeded",
                        "bad magic number"};
const std::vector<std::pair<std::string, std::string>> kOpposites = {{"started", "stopped"},
                                                                     {"up", "down"},
                                                                     {"success", "failure"},
                                                                     {"opened", "closed"},
                                                                     {"enabled", "disabled"},
                                                                     {"connected", "disconnected"},
                                                                     {"added", "removed"},
                                                                     {"online", "offline"},
                                                                     {"succeeded", "failed"},
                                                                     {"active", "inactive"},
                                                                     {"mounted", "unmounted"},
                                                                     {"accepted", "rejected"},
                                                                     {"valid", "invalid"},
                                                                     {"available", "unavailable"},
                                                                     {"suspended", "resumed"},
                                                                     {"joined", "left"},
                                                                     {"attached", "detached"},
                                                                     {"locked", "unlocked"},
                                                                     {"registered", "deregistered"},
                                                                     {"healthy", "unhealthy"},
                                                                     {"reachable", "unreachable"},
                                                                     {"promoted", "demoted"},
                                                                     {"granted", "revoked"},
                                                                     {"allowed", "blocked"},
                                                                     {"begin", "end"},
                                                                     {"open", "close"},
                                                                     {"acquired", "released"}};

std::string Capital(std::string word) {
  if (!word.empty() && word[0] >= 'a' && word[0] <= 'z') word[0] = static_cast<char>(word[0] - 32);
  return word;
}

std::string ClassName(Random& random) {
  std::string name = Capital(random.Of(kNouns)) + Capital(random.Of(kNouns));
  if (random.Chance(40)) return name;
  return random.Chance(50) ? "org." + MadeUpWord(random) + "." + random.Of(kNouns) + "." + name
                           : random.Of(kNouns) + "." + random.Of(kNouns);
}

// What makes statements of one form differ.
struct Variation {
  size_t opposite = 0;       // which of the pair
  size_t noun = ~size_t{0};  // which noun of the form is replaced
  std::string replacement;
  bool worded_options = true;  // whether options that hold constant words come
};

class FormFiller {
 public:
  FormFiller(const std::string& form, uint64_t seed, const Variation& variation)
      : form_(form), random_(seed), variation_(variation) {}

  Statement Fill() {
    for (size_t i = 0; i < form_.size(); ++i) {
      const char c = form_[i];
      const char next = i + 1 < form_.size() ? form_[i + 1] : '\0';
      if (c == '%' && next >= 'A') {
        constant_ += Word(next), ++i;
      } else if (c == '$') {
        AddVariable(next), ++i;
      } else if (c == '?' && next == '(') {
        const size_t close = form_.find("?)", i);
        const bool worded = IsWorded(std::string_view(form_).substr(i + 2, close - i - 2));
        if (worded && !variation_.worded_options) i = close + 1;
        if (worded && variation_.worded_options) ++i, in_worded_ = true;
        if (worded) continue;
        AddConstant();
        statement_.pieces.push_back({"", nullptr, true, false}), ++i;
      } else if (c == '?' && next == ')' && in_worded_) {
        ++i, in_worded_ = false;
      } else if (c == '?' && next == ')') {
        AddConstant();
        statement_.pieces.push_back({"", nullptr, false, true}), ++i;
      } else {
        constant_ += c;
      }
    }
    AddConstant();
    return std::move(statement_);
  }

 private:
  std::string Word(char kind) {
    switch (kind) {
      case 'n':
      case 'N': {
        std::string noun = random_.Of(kNouns);
        if (nouns_++ == variation_.noun) noun = variation_.replacement;
        return kind == 'N' ? Capital(noun) : noun;
      }
      case 'v':
        return random_.Of(kVerbs);
      case 'g':
        return random_.Of(kDoing);
      case 'G':
        return Capital(random_.Of(kDoing));
      case 'd':
        return random_.Of(kDone);
      case 'a':
        return random_.Of(kAdjectives);
      case 'k':
        return random_.Of(kKeys);
      case 'r':
        return random_.Of(kReasons);
      case 'y':
        return ClassName(random_);
      case 'm':
        return random_.Of(kVerbs) + Capital(random_.Of(kNouns));
      default: {
        const auto& pair = random_.Of(kOpposites);
        return variation_.opposite == 0 ? pair.first : pair.second;
      }
    }
  }

  void AddConstant() {
    if (constant_.empty()) return;
    statement_.text += constant_;
    statement_.pieces.push_back({std::exchange(constant_, ""), nullptr, false, false});
  }

  void AddVariable(char role) {
    AddConstant();
    Random choices(random_.Below(size_t{1} << 40));
    statement_.text += "<*>";
    statement_.pieces.push_back({"", MakeVariable(role, choices), false, false});
  }

  // Letters other than the names of variables.
  static bool IsWorded(std::string_view option) {
    for (size_t i = 0; i < option.size(); ++i) {
      if (option[i] == '$')
        ++i;
      else if (option[i] >= 'a' && option[i] <= 'z')
        return true;
    }
    return false;
  }

  const std::string& form_;
  Random random_;
  const Variation& variation_;
  Statement statement_;
  std::string constant_;
  size_t nouns_ = 0;
  bool in_worded_ = false;
};

}  // namespace

std::vector<Statement> MakeStatements(size_t count, Random& random) {
  std::vector<Statement> statements;
  std::unordered_set<std::string> texts;
  const auto add = [&](Statement statement) {
    if (texts.insert(NormaliseTemplate(statement.text)).second)
      statements.push_back(std::move(statement));
  };
  // A program has a taste: it uses some of the forms.
  Texts forms = kForms;
  for (size_t i = forms.size(); i > 1; --i) std::swap(forms[i - 1], forms[random.Below(i)]);
  forms.resize(forms.size() / 6 + random.Below(forms.size() / 2));
  // Of one form there are only so many: more would say that its nouns are values.
  constexpr size_t kOfOneForm = 2;
  std::vector<size_t> used(forms.size(), 0);
  for (size_t tries = 0; statements.size() < count && tries < count * 20; ++tries) {
    const size_t chosen = random.Below(forms.size());
    if (used[chosen]++ >= kOfOneForm) continue;
    const std::string& form = forms[chosen];
    const uint64_t seed = random.Below(size_t{1} << 40);
    add(FormFiller(form, seed, {}).Fill());
    if (form.find("%o") != std::string::npos && random.Chance(80)) {
      add(FormFiller(form, seed, {.opposite = 1, .replacement = ""}).Fill());
    } else if (form.find("?(") != std::string::npos) {
      add(FormFiller(form, seed, {.replacement = "", .worded_options = false}).Fill());
    } else if (random.Chance(20)) {
      for (size_t n = 1 + random.Below(3), noun = random.Below(2); n > 0; --n)
        add(FormFiller(form, seed, {.noun = noun, .replacement = random.Of(kNouns)}).Fill());
    }
  }
  for (size_t i = statements.size(); i > 1; --i)
    std::swap(statements[i - 1], statements[random.Below(i)]);
  return statements;
}

}  // namespace alogd::testing
