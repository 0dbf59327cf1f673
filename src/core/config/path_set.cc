// SPDX-License-Identifier: MIT
// Walks the file system along globs, and tells sources from rotated copies.
#include "core/config/path_set.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <utility>

namespace alogd {
namespace {

constexpr std::string_view kAnyDepth = "**";

std::vector<std::string> Components(std::string_view path) {
  std::vector<std::string> components;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    std::string_view component = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (component.empty() || component == ".") continue;
    if (component.starts_with(kAnyDepth) && component != kAnyDepth) {
      component.remove_prefix(kAnyDepth.size() - 1);  // **.log: *.log at any depth
      components.emplace_back(kAnyDepth);
    }
    components.emplace_back(component);
  }
  return components;
}

// The glob as written, and what stands below it where it names a directory.
void AddGlob(const std::string& text, bool exclude, std::vector<PathGlob>* globs) {
  std::vector<std::string> components = Components(text);
  const std::string last = components.empty() ? "" : components.back();
  const bool plain = last.find_first_of("*?[") == std::string::npos;
  const bool directory = text.ends_with('/');
  if (last != kAnyDepth && !directory) globs->emplace_back(components, exclude);
  if (last != kAnyDepth && !directory && !plain && !exclude) return;
  if (last != kAnyDepth) components.emplace_back(kAnyDepth);
  components.emplace_back("*");
  globs->emplace_back(std::move(components), exclude);
}

std::string_view NameOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string Join(const std::string& directory, std::string_view name) {
  std::string path = directory;
  if (!path.ends_with('/')) path += '/';
  return path += name;
}

bool IsBelow(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

// By inode: the state may stand on another disk behind a symbolic link or a bind mount.
bool SameDirectory(const std::string& a, const std::string& b) {
  struct stat of_a {
  }, of_b{};
  return stat(a.c_str(), &of_a) == 0 && stat(b.c_str(), &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
         of_a.st_ino == of_b.st_ino;
}

bool Stands(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0;
}

// ".1" or ".old", but no date, and not ".0", which is the live file of a java.util.logging
// FileHandler.
bool IsPlainCount(std::string_view suffix) {
  return suffix.front() == '.' && suffix.size() <= 8 && !suffix.starts_with(".0");
}

// Names whose ".1" is a rotated copy whatever stands beside it.
bool HasLogExtension(std::string_view name) {
  for (const std::string_view extension : {".log", ".out", ".err", ".txt", ".json", ".jsonl"})
    if (name.ends_with(extension)) return true;
  return false;
}

enum class EntryKind { kOther, kFile, kDirectory, kLinkToDirectory };

EntryKind KindOf(const std::string& path, unsigned char type) {
  if (type == DT_REG) return EntryKind::kFile;
  if (type == DT_DIR) return EntryKind::kDirectory;
  struct stat info {};
  if (type != DT_UNKNOWN && type != DT_LNK) return EntryKind::kOther;
  if (lstat(path.c_str(), &info) != 0) return EntryKind::kOther;
  const bool link = S_ISLNK(info.st_mode);
  if (link && stat(path.c_str(), &info) != 0) return EntryKind::kOther;
  if (S_ISREG(info.st_mode)) return EntryKind::kFile;
  if (!S_ISDIR(info.st_mode)) return EntryKind::kOther;
  return link ? EntryKind::kLinkToDirectory : EntryKind::kDirectory;
}

// Visits what one glob can reach.
class Walker {
 public:
  using States = PathGlob::States;

  Walker(const PathGlob& glob, std::function<bool(const std::string&)> excluded)
      : glob_(glob), excluded_(std::move(excluded)) {}

  std::set<std::string>* files = nullptr;        // wanted: regular files that match
  std::set<std::string>* directories = nullptr;  // wanted: where a match can come to stand
  std::set<std::string>* unreadable = nullptr;
  size_t max_files = 0;  // one more is taken, so that it shows

  void Run() { Visit("/", glob_.Begin(), 0); }

 private:
  void Visit(const std::string& directory, const States& states, size_t depth) {
    if (depth > PathSet::kMaxDepth || excluded_(directory)) return;
    std::vector<std::string> names;
    if (!glob_.NextNames(states, &names)) return ReadDirectory(directory, states, depth);
    for (const std::string& name : names) VisitNamed(directory, name, states, depth);
  }

  // A component that is a plain name needs no reading of its directory, and no permission to.
  void VisitNamed(const std::string& directory, const std::string& name, const States& states,
                  size_t depth) {
    const States next = glob_.Step(states, name.c_str());
    const std::string path = Join(directory, name);
    const EntryKind kind = KindOf(path, DT_UNKNOWN);
    const bool is_directory = kind == EntryKind::kDirectory || kind == EntryKind::kLinkToDirectory;
    if (directories != nullptr && (glob_.Accepts(next) || !is_directory))
      directories->insert(directory);
    Enter(path, kind, next, next, depth);
  }

  void ReadDirectory(const std::string& directory, const States& states, size_t depth) {
    if (directories != nullptr) directories->insert(directory);
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(directory.c_str()), closedir);
    if (dir == nullptr) {
      if (unreadable != nullptr && errno != ENOENT && errno != ENOTDIR)
        unreadable->insert(directory);
      return;
    }
    while (const dirent* entry = readdir(dir.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      const States next = glob_.Step(states, entry->d_name);
      if (PathGlob::Nothing(next)) continue;
      const std::string path = Join(directory, name);
      Enter(path, KindOf(path, entry->d_type), next, glob_.Step(states, entry->d_name, true),
            depth);
    }
  }

  // `named`: the states by components that name a link, which alone follow it.
  void Enter(const std::string& path, EntryKind kind, const States& next, const States& named,
             size_t depth) {
    if (kind == EntryKind::kFile) {
      if (files != nullptr && glob_.Accepts(next) && files->size() <= max_files)
        files->insert(path);
      return;
    }
    if (kind == EntryKind::kDirectory && glob_.GoesOn(next)) Visit(path, next, depth + 1);
    if (kind == EntryKind::kLinkToDirectory && glob_.GoesOn(named)) Visit(path, named, depth + 1);
  }

  const PathGlob& glob_;
  std::function<bool(const std::string&)> excluded_;
};

}  // namespace

PathSet::PathSet(std::vector<std::string> globs, std::vector<std::string> excludes,
                 size_t max_files)
    : max_files_(max_files) {
  for (const std::string& glob : globs) AddGlob(glob, false, &globs_);
  for (const std::string& glob : excludes) AddGlob(glob, true, &excludes_);
}

bool PathSet::Globbed(std::string_view path) const {
  return std::ranges::any_of(globs_, [&](const PathGlob& glob) { return glob.Matches(path); });
}

bool PathSet::Excluded(std::string_view path) const {
  return std::ranges::any_of(excludes_, [&](const PathGlob& glob) { return glob.Matches(path); });
}

PathSet& PathSet::LeaveOut(std::string directory) {
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  if (!directory.empty()) left_out_.push_back(std::move(directory));
  return *this;
}

bool PathSet::Closed(const std::string& directory) const {
  if (Excluded(directory)) return true;
  return std::ranges::any_of(left_out_, [&](const std::string& own) {
    return IsBelow(directory, own) || SameDirectory(directory, own);
  });
}

bool PathSet::IsRotatedCopy(std::string_view path) const {
  const std::string_view name = NameOf(path);
  if (IsCompressedName(name)) return true;
  const std::string_view base_name = WithoutRotationSuffix(name);
  if (base_name.size() == name.size()) return false;
  const std::string base(path.substr(0, path.size() - (name.size() - base_name.size())));
  if (!Globbed(base)) return false;
  if (IsPlainCount(name.substr(base_name.size())) && HasLogExtension(base_name)) return true;
  return Stands(base) || seen_.contains(base);
}

bool PathSet::Matches(std::string_view path) const {
  const bool own = std::ranges::any_of(
      left_out_, [&](const std::string& directory) { return IsBelow(path, directory); });
  return !own && Globbed(path) && !Excluded(path) && !IsRotatedCopy(path);
}

std::vector<std::string> PathSet::Directories() const {
  std::set<std::string> directories;
  for (const PathGlob& glob : globs_) {
    Walker walker(glob, [this](const std::string& path) { return Closed(path); });
    walker.directories = &directories;
    walker.Run();
  }
  return {directories.begin(), directories.end()};
}

PathSet::Listing PathSet::List() const {
  std::set<std::string> files, closed;
  for (const PathGlob& glob : globs_) {
    Walker walker(glob, [this](const std::string& path) { return Closed(path); });
    walker.files = &files;
    walker.max_files = max_files_;
    walker.unreadable = &closed;
    walker.Run();
  }
  Listing listing;
  listing.unreadable.assign(closed.begin(), closed.end());
  listing.too_many = files.size() > max_files_;
  for (const std::string& path : files)
    if (listing.files.size() < max_files_ && !Excluded(path) && !IsRotatedCopy(path))
      listing.files.push_back(path);
  for (const std::string& path : listing.files) Remember(path);
  return listing;
}

std::string CheckDoubleStars(std::string_view glob) {
  for (const std::string& component : Components(glob)) {
    const size_t stars = component.find(kAnyDepth);
    if (stars == std::string::npos || component == kAnyDepth) continue;
    const std::string text(component);
    const std::string one = text.substr(0, stars + 1) + text.substr(stars + 2);
    return "'" + text + "' has ** within a name; write " + one +
           " for names in one directory, or **/" + one + " for those in any below it";
  }
  return {};
}

std::string TakesInState(const PathSet& set, const std::string& state_dir) {
  // One of each kind that stands there; of a bundle its log, which looks like any other.
  for (const char* name :
       {"alogd.db", "alogd.db-wal", "alogd.db-shm", "pids/1", "models/system/current/train.log",
        "models/system/20260101T000000Z/train.log", "models/system/20260101T000000Z/manifest.json",
        "models/system/20260101T000000Z/novelty.safetensors"}) {
    std::string path = Join(state_dir, name);
    if (set.Matches(path)) return path;
  }
  return {};
}

bool PathSet::Remember(std::string_view path) const {
  if (!seen_.emplace(path).second) return false;
  seen_order_.emplace_back(path);
  if (seen_order_.size() > kMaxRemembered) {
    seen_.erase(seen_order_.front());
    seen_order_.pop_front();
  }
  return true;
}

}  // namespace alogd
