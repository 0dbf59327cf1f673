// SPDX-License-Identifier: MIT
// Walks directories for log files and orders rotated copies.
#include "cli/log_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>

#include "core/config/path_set.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;

struct Found {
  std::string path;
  int64_t mtime = 0;
  bool named = false;  // on the command line itself
};

bool HasSuffix(std::string_view name, std::string_view suffix) {
  return name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix;
}

// A first block with NUL bytes is wtmp, a journal file or another database.
bool LooksBinary(const std::string& path) {
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "re"), std::fclose);
  if (!file) return false;  // reading it will say why
  char block[4096];
  const size_t n = std::fread(block, 1, sizeof block, file.get());
  return std::find(block, block + n, '\0') != block + n;
}

void Visit(const std::string& path, bool named, LogFiles* result, std::vector<Found>* found) {
  struct stat st {};
  if (stat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return;
  const int64_t mtime = st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec;
  if (st.st_size == 0) return;
  if (!named && !HasPackedSuffix(path) && LooksBinary(path)) {
    result->remarks.push_back(path + " is not text; left out");
    return;
  }
  found->push_back({path, mtime, named});
}

void Walk(const std::string& directory, uint32_t depth, LogFiles* result,
          std::vector<Found>* found) {
  std::error_code error;
  std::vector<std::string> entries;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    entries.push_back(it->path().string());
  if (error) {
    result->remarks.push_back(
        fmt::format("{} cannot be read ({}); left out", directory, error.message()));
    return;
  }
  std::sort(entries.begin(), entries.end());
  for (const std::string& entry : entries) {
    std::error_code ignored;
    const auto status = fs::symlink_status(entry, ignored);
    if (fs::is_regular_file(status)) Visit(entry, false, result, found);
    if (fs::is_directory(status) && depth > 1) Walk(entry, depth - 1, result, found);
  }
}

}  // namespace

bool HasPackedSuffix(std::string_view path) {
  for (const char* suffix : {".gz", ".xz", ".zst", ".bz2", ".lz4", ".tar", ".tgz", ".txz", ".zip"})
    if (HasSuffix(path, suffix)) return true;
  return false;
}

Result<LogFiles> FindLogFiles(const std::vector<std::string>& arguments,
                              const LogFilesOptions& options) {
  LogFiles result;
  std::vector<Found> found;
  for (std::string path : arguments) {
    if (path == "-") {
      result.sources.push_back({"-", {"-"}});
      continue;
    }
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    struct stat st {};
    if (stat(path.c_str(), &st) != 0) return ErrnoError("cannot read", path, errno);
    if (S_ISDIR(st.st_mode)) {
      Walk(path, options.max_depth, &result, &found);
    } else {
      Visit(path, true, &result, &found);
    }
  }
  // Newest first for the limit; what was named by hand is never left out.
  std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return a.named != b.named ? a.named : a.mtime > b.mtime;
  });
  if (options.max_files > 0 && found.size() > options.max_files) {
    size_t keep = options.max_files;
    while (keep < found.size() && found[keep].named) ++keep;
    if (found.size() > keep)
      result.remarks.push_back(
          fmt::format("{} of {} files left out, the oldest ones (--max-files {})",
                      found.size() - keep, found.size(), options.max_files));
    found.resize(keep);
  }
  std::map<std::string, std::vector<Found>> sources;
  for (Found& f : found) {
    const fs::path path(f.path);
    const std::string name(WithoutRotationSuffix(path.filename().native()));
    sources[(path.parent_path() / name).string()].push_back(std::move(f));
  }
  for (auto& [name, files] : sources) {
    std::stable_sort(files.begin(), files.end(),
                     [](const Found& a, const Found& b) { return a.mtime < b.mtime; });
    LogSource& source = result.sources.emplace_back();
    source.name = name;
    for (Found& f : files)
      if (source.files.empty() || source.files.back() != f.path)
        source.files.push_back(std::move(f.path));
  }
  return result;
}

}  // namespace alogd
