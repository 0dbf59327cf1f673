// SPDX-License-Identifier: MIT
// The models directory of a group: which bundles stand in it, and which is current.
#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "models/bundle/bundle.h"
#include "models/bundle/bundle_files.h"

namespace alogd {
namespace {

// Where the symlink `link` of the models directory points: one bare sibling name, empty if there is
// no such link.
Result<std::string> ReadBareLink(const std::string& models_directory, const char* link) {
  const std::string path = models_directory + "/" + link;
  char target[512];
  const ssize_t n = readlink(path.c_str(), target, sizeof target);
  if (n < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::string();
  if (n < 0 && errno == EINVAL)
    return Error{fmt::format(
        "{}: it must be a symlink; remove it and run: alogctl models activate NAME", path)};
  if (n < 0) return ErrnoError("cannot read", path, errno);
  const std::string name(target, static_cast<size_t>(n));
  if (!IsBareName(name)) {
    return Error{
        fmt::format("{}: it must point to a bundle beside it, by its bare name; mend that with: "
                    "alogctl models activate NAME",
                    path)};
  }
  return name;
}

Status PointLink(const std::string& models_directory, const char* link, const std::string& name) {
  const std::string path = models_directory + "/" + link;
  const std::string beside = models_directory + "/." + link + ".new";
  if (unlink(beside.c_str()) != 0 && errno != ENOENT)
    return ErrnoError("cannot remove", beside, errno);
  if (symlink(name.c_str(), beside.c_str()) != 0) return ErrnoError("cannot make", beside, errno);
  if (rename(beside.c_str(), path.c_str()) != 0) {
    const int err = errno;
    static_cast<void>(unlink(beside.c_str()));
    return ErrnoError("cannot replace", path, err);
  }
  return {};
}

bool HasManifest(const std::string& directory) {
  struct stat info {};
  return lstat(directory.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
         lstat((directory + "/manifest.json").c_str(), &info) == 0;
}

}  // namespace

Result<std::string> CurrentBundle(const std::string& models_directory) {
  return ReadBareLink(models_directory, "current");
}

Result<std::string> PreviousBundle(const std::string& models_directory) {
  const Result<std::string> previous = ReadBareLink(models_directory, "previous");
  if (!previous) return previous.error();
  const Result<std::string> current = CurrentBundle(models_directory);
  if (!current) return current.error();
  if (!previous->empty() && *previous != *current &&
      HasManifest(models_directory + "/" + *previous))
    return *previous;
  const Result<std::vector<std::string>> names = ListBundles(models_directory);
  if (!names) return names.error();
  std::string older;
  for (const std::string& name : *names)
    if (name < *current) older = name;
  return older;
}

Result<std::vector<std::string>> ListBundles(const std::string& models_directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(models_directory.c_str()), closedir);
  if (!directory && errno == ENOENT) return names;
  if (!directory) return ErrnoError("cannot list", models_directory, errno);
  while (const dirent* entry = readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (IsBareName(name) && HasManifest(models_directory + "/" + name)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());  // names are times
  return names;
}

Result<std::string> ActivateBundle(const std::string& models_directory, const std::string& name) {
  if (!IsBareName(name))
    return Error{
        fmt::format("'{}' is not the name of a bundle; alogctl models list shows them", name)};
  if (!HasManifest(models_directory + "/" + name)) {
    return Error{
        fmt::format("there is no bundle '{}' in {}; alogctl models list shows what there is", name,
                    models_directory)};
  }
  // A link that points elsewhere is what activating mends.
  const Result<std::string> current = CurrentBundle(models_directory);
  const std::string before = current ? *current : std::string();
  if (!before.empty() && before != name) {
    if (const Status status = PointLink(models_directory, "previous", before); !status)
      return status.error();
  }
  if (const Status status = PointLink(models_directory, "current", name); !status)
    return status.error();
  if (const Status status = SyncDirectory(models_directory); !status) return status.error();
  return before;
}

}  // namespace alogd
