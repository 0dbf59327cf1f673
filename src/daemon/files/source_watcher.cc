// SPDX-License-Identifier: MIT
// Events and stats of names, turned into a set of sources to look at.
#include "daemon/files/source_watcher.h"

#include <fmt/format.h>
#include <limits.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "daemon/unique_fd.h"

namespace alogd {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint32_t kDirectoryEvents = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                      IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr uint32_t kFileEvents = IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF;

// Events taken in one go, so that a storm of them does not keep the loop from its timers.
constexpr int kReadsPerCall = 16;
constexpr size_t kEventBuffer = 64 * 1024;

// A directory can be made while its parent's watch is being set; each round goes one level deeper.
constexpr int kDirectoryRounds = 16;

// What tells that a path wants to be looked at. ctime sees what mtime does not: a mode that was
// mended.
struct Seen {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  struct timespec mtime {
  }, ctime{};

  bool SameFile(const Seen& other) const { return device == other.device && inode == other.inode; }
  bool operator==(const Seen& other) const {
    const auto same = [](const struct timespec& a, const struct timespec& b) {
      return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
    };
    return SameFile(other) && size == other.size && same(mtime, other.mtime) &&
           same(ctime, other.ctime);
  }
};

bool Look(const std::string& path, Seen* seen) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return false;
  *seen = {st.st_dev, st.st_ino, st.st_size, st.st_mtim, st.st_ctim};
  return true;
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// The directory in which a symlink's file stands; empty for what is no symlink.
std::string TargetDirectory(const std::string& path) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0 || !S_ISLNK(st.st_mode)) return {};
  std::array<char, PATH_MAX> real;
  return ::realpath(path.c_str(), real.data()) != nullptr ? DirectoryOf(real.data())
                                                          : std::string();
}

}  // namespace

struct SourceWatcher::Impl {
  struct Source {
    Seen seen;
    int watch = -1;
    std::string target_directory;
    Clock::time_point poll_until{};  // a rotated file of it is not watched
  };
  struct Watch {
    std::string directory;           // of a directory's watch; empty for a file's
    std::set<std::string> sources;   // that a file's content belongs to
    Clock::time_point last_event{};  // of a file
  };

  Impl(PathSet path_set, Options given, UniqueFd fd)
      : paths(std::move(path_set)), options(given), inotify(std::move(fd)) {}

  void Rescan();
  void WatchDirectories();
  int AddWatch(const std::string& path, uint32_t events);
  void WatchFile(const std::string& path, Source* source);
  void Check(const std::string& path);
  void NotListed(const PathSet::Listing& listing);
  void Gone(const std::string& path);
  void DropOldWatches();
  bool Current(int wd, const Watch& watch) const;
  void ReadEvents();
  void Take(const inotify_event& event, std::string_view name);
  void TakeInDirectory(const std::string& directory, const inotify_event& event,
                       std::string_view name);
  void Lost(int wd);
  void Report();

  PathSet paths;
  Options options;
  UniqueFd inotify;
  std::map<std::string, Source> sources;  // that stand now
  std::unordered_map<int, Watch> watches;
  std::map<std::string, int> directories;                  // watched ones
  std::map<std::string, std::set<std::string>> by_target;  // directory of targets: sources
  std::set<std::string> dirty;
  std::set<std::string> problems, lasting_problems;  // of this scan, and of the last one
  std::vector<std::string> new_problems;
  bool list_again = false;
  bool limit_reached = false;
  uint64_t overflows = 0;
};

int SourceWatcher::Impl::AddWatch(const std::string& path, uint32_t events) {
  if (limit_reached) return -1;  // one attempt a scan is enough
  const bool full = watches.size() >= options.max_watches;
  const int wd = full ? -1 : ::inotify_add_watch(inotify.get(), path.c_str(), events);
  if (wd < 0 && (full || errno == ENOSPC || errno == ENOMEM)) {
    limit_reached = true;
    problems.insert(fmt::format(
        "the limit of inotify watches is reached at {}: what is beyond it is looked at every 2 s "
        "instead of at once; raise fs.inotify.max_user_watches",
        path));
  }
  return wd;
}

void SourceWatcher::Impl::WatchDirectories() {
  for (int round = 0; round < kDirectoryRounds; ++round) {
    std::vector<std::string> wanted = paths.Directories();
    for (const auto& [directory, of] : by_target) wanted.push_back(directory);
    bool added = false;
    for (const std::string& directory : wanted) {
      if (directories.contains(directory)) continue;
      const int wd = AddWatch(directory, kDirectoryEvents);
      if (wd < 0) continue;
      watches[wd].directory = directory;
      directories[directory] = wd;
      added = true;
    }
    if (added) continue;
    std::sort(wanted.begin(), wanted.end());
    for (auto at = directories.begin(); at != directories.end();) {
      const auto [directory, wd] = *at++;
      if (std::binary_search(wanted.begin(), wanted.end(), directory)) continue;
      ::inotify_rm_watch(inotify.get(), wd);
      Lost(wd);
    }
    return;
  }
}

// The watch comes before the second look, so that whatever is written after it makes an event.
void SourceWatcher::Impl::WatchFile(const std::string& path, Source* source) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    const Seen before = source->seen;
    source->watch = AddWatch(path, kFileEvents);
    if (source->watch >= 0) {
      Watch& watch = watches[source->watch];
      watch.sources.insert(path);
      watch.last_event = Clock::now();
    }
    if (!Look(path, &source->seen) || source->seen.SameFile(before)) break;
  }
  if (!source->target_directory.empty()) by_target[source->target_directory].erase(path);
  source->target_directory = TargetDirectory(path);
  if (!source->target_directory.empty()) {
    std::set<std::string>& of = by_target[source->target_directory];
    if (of.empty()) list_again = true;  // a directory to watch
    of.insert(path);
  }
}

void SourceWatcher::Impl::Check(const std::string& path) {
  Seen seen;
  if (!Look(path, &seen)) return Gone(path);
  const auto [at, appeared] = sources.try_emplace(path);
  Source& source = at->second;
  const Seen before = std::exchange(source.seen, seen);
  if (appeared || !(before == seen)) dirty.insert(path);
  const bool another = appeared || !before.SameFile(seen);
  if (another && !appeared && source.watch < 0)
    source.poll_until = Clock::now() + options.hold_rotated;
  if (another || source.watch < 0) WatchFile(path, &source);
}

void SourceWatcher::Impl::Gone(const std::string& path) {
  const auto at = sources.find(path);
  if (at == sources.end()) return;
  const std::string& target = at->second.target_directory;
  if (!target.empty()) by_target[target].erase(path);
  dirty.insert(path);
  sources.erase(at);
}

void SourceWatcher::Impl::NotListed(const PathSet::Listing& listing) {
  for (const std::string& directory : listing.unreadable)
    problems.insert(
        fmt::format("cannot list {}: logs in it are not found; let the service's user read and "
                    "search it (most log directories belong to group adm)",
                    directory));
  if (listing.too_many)
    problems.insert(
        fmt::format("more than {} files match, the rest is not read; divide the paths among "
                    "several groups, or exclude some",
                    paths.max_files()));
}

void SourceWatcher::Impl::Rescan() {
  problems.clear();
  limit_reached = false;
  std::erase_if(by_target, [](const auto& target) { return target.second.empty(); });
  do {
    list_again = false;
    WatchDirectories();
    const PathSet::Listing listing = paths.List();
    const std::vector<std::string>& standing = listing.files;
    NotListed(listing);
    std::vector<std::string> before;
    for (const auto& [path, source] : sources) before.push_back(path);
    for (const std::string& path : standing) Check(path);
    for (const std::string& path : before) {
      if (!std::binary_search(standing.begin(), standing.end(), path)) Gone(path);
    }
  } while (std::exchange(list_again, false) && !limit_reached);
  const Clock::time_point now = Clock::now();
  for (const auto& [path, source] : sources) {
    if (source.poll_until > now) dirty.insert(path);
  }
  DropOldWatches();
  Report();
}

void SourceWatcher::Impl::Report() {
  for (const std::string& problem : problems) {
    if (!lasting_problems.contains(problem)) new_problems.push_back(problem);
  }
  lasting_problems = problems;
}

bool SourceWatcher::Impl::Current(int wd, const Watch& watch) const {
  return std::any_of(watch.sources.begin(), watch.sources.end(), [&](const std::string& path) {
    const auto source = sources.find(path);
    return source != sources.end() && source->second.watch == wd;
  });
}

void SourceWatcher::Impl::DropOldWatches() {
  const Clock::time_point limit = Clock::now() - options.hold_rotated;
  std::vector<int> old;
  for (const auto& [wd, watch] : watches) {
    if (watch.directory.empty() && watch.last_event < limit && !Current(wd, watch))
      old.push_back(wd);
  }
  for (const int wd : old) {
    ::inotify_rm_watch(inotify.get(), wd);
    watches.erase(wd);
  }
}

// The watch is gone: its file was deleted and closed, or its directory went away.
void SourceWatcher::Impl::Lost(int wd) {
  const auto at = watches.find(wd);
  if (at == watches.end()) return;
  const Watch watch = std::move(at->second);
  watches.erase(at);
  if (!watch.directory.empty()) {
    const auto directory = directories.find(watch.directory);
    if (directory != directories.end() && directory->second == wd) directories.erase(directory);
  }
  for (const std::string& path : watch.sources) {
    const auto source = sources.find(path);
    if (source != sources.end() && source->second.watch == wd) source->second.watch = -1;
  }
}

void SourceWatcher::Impl::ReadEvents() {
  alignas(inotify_event) std::array<char, kEventBuffer> buffer;
  for (int i = 0; i < kReadsPerCall; ++i) {
    const ssize_t size = ::read(inotify.get(), buffer.data(), buffer.size());
    if (size <= 0) break;
    for (const char* at = buffer.data(); at < buffer.data() + size;) {
      inotify_event event;
      std::memcpy(&event, at, sizeof(event));
      const char* name = at + sizeof(event);
      Take(event, event.len > 0 ? std::string_view(name) : std::string_view());
      at = name + event.len;
    }
  }
  if (std::exchange(list_again, false)) Rescan();
}

void SourceWatcher::Impl::Take(const inotify_event& event, std::string_view name) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) {
    ++overflows;
    list_again = true;
    return;
  }
  if ((event.mask & IN_IGNORED) != 0) return Lost(event.wd);
  const auto at = watches.find(event.wd);
  if (at == watches.end()) return;
  if (!at->second.directory.empty()) {
    return TakeInDirectory(std::string(at->second.directory), event, name);
  }
  at->second.last_event = Clock::now();
  const std::set<std::string> of = at->second.sources;
  dirty.insert(of.begin(), of.end());
  if ((event.mask & ~uint32_t{IN_MODIFY}) == 0) return;
  for (const std::string& path : of) Check(path);
}

void SourceWatcher::Impl::TakeInDirectory(const std::string& directory, const inotify_event& event,
                                          std::string_view name) {
  if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) {
    // A moved directory would go on to be reported under its old name.
    ::inotify_rm_watch(inotify.get(), event.wd);
    Lost(event.wd);
    list_again = true;
    return;
  }
  if ((event.mask & IN_ISDIR) != 0) {
    list_again = true;
    return;
  }
  const std::string path = (directory == "/" ? "" : directory) + "/" + std::string(name);
  if (sources.contains(path)) {
    dirty.insert(path);
    Check(path);
  } else if (sources.size() < paths.max_files() && paths.Matches(path)) {
    Check(path);
  }
  const auto targets = by_target.find(directory);
  if (targets == by_target.end()) return;
  for (const std::string& source : std::set<std::string>(targets->second)) Check(source);
}

Result<std::unique_ptr<SourceWatcher>> SourceWatcher::Create(PathSet paths, Options options) {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd.ok()) {
    const int error = errno;
    return Error{fmt::format("cannot watch files: inotify: {}; raise {}", std::strerror(error),
                             error == EMFILE
                                 ? "fs.inotify.max_user_instances, or LimitNOFILE= of the service"
                                 : "fs.file-max"),
                 error};
  }
  auto impl = std::make_unique<Impl>(std::move(paths), options, std::move(fd));
  impl->Rescan();
  return std::unique_ptr<SourceWatcher>(new SourceWatcher(std::move(impl)));
}

Result<std::unique_ptr<SourceWatcher>> SourceWatcher::Create(PathSet paths) {
  return Create(std::move(paths), Options());
}

SourceWatcher::SourceWatcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SourceWatcher::~SourceWatcher() = default;

int SourceWatcher::fd() const { return impl_->inotify.get(); }
void SourceWatcher::OnReadable() { impl_->ReadEvents(); }
void SourceWatcher::Rescan() { impl_->Rescan(); }

std::vector<std::string> SourceWatcher::TakeDirty() {
  const std::set<std::string> taken = std::exchange(impl_->dirty, {});
  return {taken.begin(), taken.end()};
}

std::vector<std::string> SourceWatcher::TakeProblems() {
  return std::exchange(impl_->new_problems, {});
}

size_t SourceWatcher::sources() const { return impl_->sources.size(); }
size_t SourceWatcher::watches() const { return impl_->watches.size(); }
uint64_t SourceWatcher::overflows() const { return impl_->overflows; }

}  // namespace alogd
