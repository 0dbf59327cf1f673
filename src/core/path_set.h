// SPDX-License-Identifier: MIT
// Globs and excludes: which paths are sources, and which directories have to be watched for them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace alogd {

// Shell globs on absolute paths: * ? [..] within a component, ** for any number of directories. A glob
// that names a directory stands for everything below it.
class PathSet {
 public:
  PathSet() = default;
  PathSet(std::vector<std::string> globs, std::vector<std::string> excludes);

  // True if the path is one of ours: matched, not excluded, not a rotated copy of a matched name.
  bool Matches(std::string_view path) const;
  // Directories in which a match can stand or come to stand, deepest existing one first for globs whose
  // directories do not exist yet. Reads the file system.
  std::vector<std::string> Directories() const;
  // Existing regular files (and symlinks to them) that match, sorted. Reads the file system. Directories
  // that cannot be read are named in `unreadable`.
  std::vector<std::string> List(std::vector<std::string>* unreadable) const;

 private:
  std::vector<std::string> globs_;
  std::vector<std::string> excludes_;
};

// The name without its rotation suffix (".1", ".1.gz", "-20261122", "-20261122.xz", ".old", ".gz" ...),
// or the name itself where it has none. "syslog.2.gz" -> "syslog".
std::string_view WithoutRotationSuffix(std::string_view name);

}  // namespace alogd
