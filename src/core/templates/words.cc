// SPDX-License-Identifier: MIT
// Words that mean something wherever they stand in a log message.
#include "core/templates/words.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace alogd {
namespace {

constexpr size_t kLongest = 16;  // of the words below

// By pairs of opposites, so that a missing half is seen; sorted at start-up by the lookup's set.
constexpr std::string_view kOutcomes[] = {
    "start",
    "stop",
    "starts",
    "stops",
    "started",
    "stopped",
    "starting",
    "stopping",
    "restart",
    "restarted",
    "restarting",
    "pause",
    "paused",
    "pausing",
    "resume",
    "resumed",
    "resuming",
    "suspend",
    "suspended",
    "suspending",
    "begin",
    "end",
    "begins",
    "ends",
    "began",
    "ended",
    "beginning",
    "ending",
    "up",
    "down",
    "on",
    "off",
    "online",
    "offline",
    "success",
    "failure",
    "successful",
    "unsuccessful",
    "successfully",
    "unsuccessfully",
    "succeeded",
    "failed",
    "succeed",
    "fail",
    "succeeds",
    "fails",
    "succeeding",
    "failing",
    "ok",
    "error",
    "errors",
    "okay",
    "pass",
    "passed",
    "passes",
    "good",
    "bad",
    "healthy",
    "unhealthy",
    "fatal",
    "critical",
    "warning",
    "normal",
    "abnormal",
    "open",
    "close",
    "opened",
    "closed",
    "opens",
    "closes",
    "opening",
    "closing",
    "connect",
    "disconnect",
    "connected",
    "disconnected",
    "connecting",
    "disconnecting",
    "connects",
    "disconnects",
    "attached",
    "detached",
    "attach",
    "detach",
    "attaching",
    "detaching",
    "enable",
    "disable",
    "enabled",
    "disabled",
    "enables",
    "disables",
    "enabling",
    "disabling",
    "allow",
    "deny",
    "allowed",
    "denied",
    "allows",
    "denies",
    "allowing",
    "denying",
    "accept",
    "reject",
    "accepted",
    "rejected",
    "accepts",
    "rejects",
    "accepting",
    "rejecting",
    "refuse",
    "refused",
    "refusing",
    "grant",
    "revoke",
    "granted",
    "revoked",
    "permit",
    "forbid",
    "permitted",
    "forbidden",
    "authorized",
    "unauthorized",
    "valid",
    "invalid",
    "active",
    "inactive",
    "activated",
    "deactivated",
    "activating",
    "deactivating",
    "alive",
    "dead",
    "died",
    "running",
    "exited",
    "killed",
    "terminated",
    "finished",
    "completed",
    "aborted",
    "cancelled",
    "canceled",
    "interrupted",
    "timeout",
    "login",
    "logout",
    "lock",
    "unlock",
    "locked",
    "unlocked",
    "locking",
    "unlocking",
    "acquired",
    "released",
    "acquire",
    "release",
    "acquiring",
    "releasing",
    "mount",
    "unmount",
    "mounted",
    "unmounted",
    "mounting",
    "unmounting",
    "load",
    "unload",
    "loaded",
    "unloaded",
    "loading",
    "unloading",
    "register",
    "unregister",
    "registered",
    "unregistered",
    "registering",
    "unregistering",
    "deregistered",
    "subscribe",
    "unsubscribe",
    "subscribed",
    "unsubscribed",
    "install",
    "uninstall",
    "installed",
    "uninstalled",
    "add",
    "remove",
    "added",
    "removed",
    "adding",
    "removing",
    "create",
    "delete",
    "created",
    "deleted",
    "creating",
    "deleting",
    "insert",
    "inserted",
    "increase",
    "decrease",
    "increased",
    "decreased",
    "available",
    "unavailable",
    "reachable",
    "unreachable",
    "present",
    "missing",
    "found",
    "lost",
    "joined",
    "left",
    "join",
    "leave",
    "entered",
    "leaving",
    "entering",
    "full",
    "empty",
    "read",
    "write",
    "reading",
    "writing",
    "sent",
    "received",
    "send",
    "receive",
    "sending",
    "receiving",
    "upload",
    "download",
    "import",
    "export",
    "encrypt",
    "decrypt",
    "commit",
    "rollback",
    "committed",
    "before",
    "after",
    "master",
    "slave",
    "primary",
    "secondary",
    "leader",
    "follower",
    "known",
    "unknown",
    "supported",
    "unsupported",
    "ready",
    "not",
    "cannot",
    "without",
    "with",
    "no",
    "yes",
    "never",
    "always",
};

// Open addressing over the few hundred words above, built once.
class OutcomeSet {
 public:
  OutcomeSet() {
    for (const std::string_view word : kOutcomes) {
      size_t at = Hash(word);
      while (!slots_[at].empty()) at = (at + 1) % kSlots;
      slots_[at] = word;
    }
  }
  bool Contains(std::string_view word) const {
    for (size_t at = Hash(word); !slots_[at].empty(); at = (at + 1) % kSlots)
      if (slots_[at] == word) return true;
    return false;
  }

 private:
  static constexpr size_t kSlots = 1024;
  static size_t Hash(std::string_view word) {
    size_t h = 2166136261u;
    for (const char c : word) h = (h ^ static_cast<unsigned char>(c)) * 16777619u & 0xffffffffu;
    return h % kSlots;
  }
  std::array<std::string_view, kSlots> slots_;
};

// `word` in lower case in `buffer`; empty for one that is too long to be listed.
std::string_view Lower(std::string_view word, std::array<char, kLongest>& buffer) {
  if (word.size() > kLongest) return {};
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    buffer[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  return {buffer.data(), word.size()};
}

template <size_t N>
bool OneOf(std::string_view word, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

constexpr std::string_view kValues[] = {"true", "false", "null", "nil", "undefined", "nan"};
constexpr std::string_view kMissing[] = {"none", "unknown", "n/a", "nil", "null", "undefined"};
constexpr std::string_view kDates[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun",
                                       "jan", "feb", "mar", "apr", "may", "jun", "jul",
                                       "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view kNamesWithDigit[] = {
    "ssh1",   "ssh2",  "http2",  "http3", "ipv4",   "ipv6",   "inet6",  "dhcpv4",  "dhcpv6",
    "icmpv6", "md5",   "sha1",   "sha2",  "sha224", "sha256", "sha384", "sha512",  "aes128",
    "aes256", "x509",  "oauth2", "utf8",  "utf16",  "base64", "x86",    "x64",     "amd64",
    "arm64",  "i386",  "i686",   "win32", "ext2",   "ext3",   "ext4",   "nfs3",    "nfs4",
    "nfsv3",  "nfsv4", "smb2",   "smb3",  "l2tp",   "log4j",  "k8s",    "s3",      "ec2",
    "h2",     "p2p",   "b2b",    "bz2",   "mp3",    "mp4",    "socks4", "socks5",  "int8",
    "int16",  "int32", "int64",  "uint8", "uint16", "uint32", "uint64", "float32", "float64"};
constexpr std::string_view kUnits[] = {
    "b",    "kb",     "mb",      "gb",  "tb",   "pb",     "kib",     "mib",  "gib",  "tib",
    "byte", "bytes",  "ns",      "us",  "ms",   "s",      "sec",     "secs", "msec", "msecs",
    "usec", "second", "seconds", "min", "mins", "minute", "minutes", "h",    "hour", "hours",
    "day",  "days",   "hz",      "khz", "mhz",  "ghz",    "bps",     "kbps", "mbps", "gbps"};

}  // namespace

bool IsOutcomeWord(std::string_view word) {
  static const OutcomeSet set;
  while (!word.empty() && (word.back() == '.' || word.back() == '!')) word.remove_suffix(1);
  std::array<char, kLongest> buffer;
  const std::string_view lower = Lower(word, buffer);
  return !lower.empty() && set.Contains(lower);
}

bool IsValueWord(std::string_view word) {
  if (word.size() < 3 || word.size() > 9) return false;
  std::array<char, kLongest> buffer;
  return OneOf(Lower(word, buffer), kValues);
}

bool IsMissingWord(std::string_view word) {
  if (word.empty() || word == "-") return true;
  std::array<char, kLongest> buffer;
  return OneOf(Lower(word, buffer), kMissing);
}

bool IsDateWord(std::string_view word) {
  if (word.size() != 3 || word[0] < 'A' || word[0] > 'Z') return false;
  std::array<char, kLongest> buffer;
  return OneOf(Lower(word, buffer), kDates);
}

bool IsNameWithDigit(std::string_view word) {
  if (word.size() < 2 || word.size() > 8) return false;
  std::array<char, kLongest> buffer;
  return OneOf(Lower(word, buffer), kNamesWithDigit);
}

bool IsUnitWord(std::string_view word) {
  if (word.empty() || word.size() > 7) return false;
  std::array<char, kLongest> buffer;
  return OneOf(Lower(word, buffer), kUnits);
}

}  // namespace alogd
