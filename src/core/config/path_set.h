// SPDX-License-Identifier: MIT
// Globs and excludes: which paths are sources, and which directories have to be watched for them.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace alogd {

// One glob on absolute paths, taken apart: the automaton whose states are its components. A state
// is how many components have been matched; several can hold at once because of **.
class PathGlob {
 public:
  using States = std::vector<bool>;  // components() + 1

  // A component * ? [..] never matches a leading dot and ** never enters a hidden directory, as in
  // shells, unless `hidden`.
  PathGlob(std::vector<std::string> components, bool hidden);

  States Begin() const;
  // What holds after one more component of the path; empty() if nothing does. `only_named`: not by
  // **.
  States Step(const States& states, const char* name, bool only_named = false) const;
  static bool Nothing(const States& states);
  bool Accepts(const States& states) const { return states.back(); }
  bool GoesOn(const States& states) const;
  // The names that the next component can have, if all of them are known; else null.
  bool NextNames(const States& states, std::vector<std::string>* names) const;
  bool Matches(std::string_view path) const;

 private:
  enum class Kind : uint8_t { kName, kPattern, kAnyDepth };
  struct Component {
    Kind kind;
    std::string text;
  };
  void Close(States* states) const;

  std::vector<Component> components_;
  bool hidden_;
};

// Shell globs on absolute paths: * ? [..] within a component, ** for any number of directories. A
// glob whose last component is a plain name, or that ends in /, stands for everything below that
// directory too; a glob /var/log/* does not descend, as in a shell. A component that begins with **
// stands for names of any depth: /srv/**.log is /srv/**/*.log. Excludes apply to what is below a
// match as well, and may begin with **/ for any directory.
//
// Directories of alogd's own state (LeaveOut) are never entered, by whatever name a glob or a
// symbolic link reaches them: reading what alogd writes would make it write more.
//
// Symbolic links are followed where a component names them, not where ** or "everything below"
// comes by them: no loops, and no file twice because of a link beside its target.
//
// Rotated copies. A name is one if what stands before its rotation suffix is matched too, and
//   - it is compressed: bytes that nobody appends to, never a source; or
//   - it ends in .N or .old behind a log's extension (app.log.1): rotation, even in the moment in
//   which
//     logrotate has moved app.log away and not made a new one; or
//   - the name before the suffix (worker for worker.1, access for access-20261122) stands there
//   now, or
//     did earlier: else it is a name like any other, such as that of the first of several workers,
//     or of a program that writes a file a day.
// Rejected: taking every suffix for a rotation, which silently loses worker.1; taking only what has
// a base right now for one, which reads a rotated log again while its base is missing.
//
// Not for several threads at once: List remembers what it saw.
class PathSet {
 public:
  static constexpr size_t kMaxFiles = 100'000;
  static constexpr size_t kMaxDepth = 64;  // of directories that ** descends
  // Names that are remembered after they are gone, the latest: it matters between a rotation and
  // the file that comes after it.
  static constexpr size_t kMaxRemembered = 20'000;

  PathSet() = default;
  PathSet(std::vector<std::string> globs, std::vector<std::string> excludes,
          size_t max_files = kMaxFiles);

  // Nothing in or below this directory is ever one of ours.
  PathSet& LeaveOut(std::string directory);
  // True if the path is one of ours: matched, not excluded, not a rotated copy of a matched name.
  // Looks whether the name without the suffix stands there, where that decides.
  bool Matches(std::string_view path) const;
  // Directories in which a match can stand or come to stand, sorted; the deepest existing one for
  // globs whose directories do not exist yet. Reads the file system.
  std::vector<std::string> Directories() const;
  struct Listing {
    std::vector<std::string> files;       // regular ones and symlinks to them, sorted
    std::vector<std::string> unreadable;  // directories that cannot be read, sorted
    bool too_many = false;                // more files than max_files match, the rest is left out
  };
  // What matches and exists. Reads the file system.
  Listing List() const;
  // A source of this name was here: its rotated copies are recognised without it. False if that was
  // known.
  bool Remember(std::string_view path) const;
  size_t remembered() const { return seen_.size(); }
  size_t max_files() const { return max_files_; }

 private:
  bool Globbed(std::string_view path) const;
  bool Excluded(std::string_view path) const;
  // Excluded, or a directory that is left out, under whatever name.
  bool Closed(const std::string& directory) const;
  bool IsRotatedCopy(std::string_view path) const;

  size_t max_files_ = kMaxFiles;
  std::vector<PathGlob> globs_;
  std::vector<PathGlob> excludes_;
  std::vector<std::string> left_out_;                // directories
  mutable std::set<std::string, std::less<>> seen_;  // paths of sources; at most kMaxRemembered
  mutable std::deque<std::string> seen_order_;       // the same, oldest first
};

// The name without its rotation suffix (".1", ".1.gz", "-20261122", "-20261122.xz", ".old", ".gz"
// ...), or the name itself where it has none. "syslog.2.gz" -> "syslog". Each kind of suffix is
// taken off once: "worker.1.2" -> "worker.1".
std::string_view WithoutRotationSuffix(std::string_view name);
// Why a component of the glob cannot be read as people mean it, with the way out; empty where none.
// "app**.log" is refused: shells take it for app*.log, others for all below app*.
std::string CheckDoubleStars(std::string_view glob);
// The first of the files that alogd keeps below its state directory that the glob takes in; empty
// where it takes in none.
std::string TakesInState(const PathSet& set, const std::string& state_dir);
// Whether the name ends like a compressed file's.
bool IsCompressedName(std::string_view name);

}  // namespace alogd
