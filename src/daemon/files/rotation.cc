// SPDX-License-Identifier: MIT
// Lists a directory for rotated names and sorts them.
#include "daemon/files/rotation.h"

#include <dirent.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

#include "core/config/path_set.h"

namespace alogd {
namespace {

constexpr std::array<std::string_view, 7> kCompressions = {".gz",  ".xz",   ".zst", ".bz2",
                                                           ".lz4", ".lzma", ".Z"};
// Shorter runs of digits are numbers of generations: nobody keeps 100,000 of them, and no date has
// less.
constexpr size_t kDateDigits = 6;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

}  // namespace

std::string WithoutSuffix(const std::string& path) {
  const size_t name = path.rfind('/') + 1;
  return path.substr(0, name) +
         std::string(WithoutRotationSuffix(std::string_view(path).substr(name)));
}

RotatedName ParseRotatedName(std::string path, std::string_view suffix) {
  RotatedName name;
  name.path = std::move(path);
  for (const std::string_view compression : kCompressions) {
    if (suffix.ends_with(compression)) suffix.remove_suffix(compression.size());
  }
  std::string digits;
  std::copy_if(suffix.begin(), suffix.end(), std::back_inserter(digits), IsDigit);
  if (digits.size() >= kDateDigits) {
    name.scheme = RotatedName::Scheme::kDate;
    name.date = std::move(digits);
  } else if (suffix.starts_with('.') && !digits.empty() && digits.size() + 1 == suffix.size()) {
    name.scheme = RotatedName::Scheme::kNumber;
    std::from_chars(digits.data(), digits.data() + digits.size(), name.number);
  }
  return name;
}

bool NewerByName(const RotatedName& a, const RotatedName& b) {
  if (a.scheme != b.scheme) return a.scheme < b.scheme;
  if (a.scheme == RotatedName::Scheme::kNumber) return a.number < b.number;
  return a.date > b.date;
}

Result<std::vector<RotatedName>> ListRotated(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string base = slash == std::string::npos ? path : path.substr(slash + 1);
  std::unique_ptr<DIR, CloseDir> dir(::opendir(directory.c_str()));
  std::vector<RotatedName> names;
  if (!dir) {
    if (errno == ENOENT || errno == ENOTDIR) return names;
    return ErrnoError("cannot look for rotated files in", directory, errno);
  }
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name.size() <= base.size() || !name.starts_with(base)) continue;
    if (WithoutRotationSuffix(name) != base) continue;
    names.push_back(ParseRotatedName(directory + std::string(name), name.substr(base.size())));
  }
  std::stable_sort(names.begin(), names.end(), NewerByName);
  return names;
}

}  // namespace alogd
