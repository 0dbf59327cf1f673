// SPDX-License-Identifier: MIT
// Lists a directory for rotated names and sorts them.
#include "daemon/files/rotation.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/config/path_set.h"
#include "core/headers/scan.h"

namespace alogd {
namespace {

constexpr std::array<std::string_view, 7> kCompressions = {".gz",  ".xz",   ".zst", ".bz2",
                                                           ".lz4", ".lzma", ".Z"};
// Shorter runs of digits are numbers of generations: nobody keeps 100,000 of them, and no date has
// less.
constexpr size_t kDateDigits = 6;

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

bool MayBeRotated(const std::string& path) {
  return ::access((path + ".1").c_str(), F_OK) == 0 || ::access((path + ".2").c_str(), F_OK) == 0;
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "./" : path.substr(0, slash + 1);
}

std::vector<RotatedName> RotatedIn(const Names& names, const std::string& path) {
  const std::string base = path.substr(path.rfind('/') + 1);
  const std::string directory = path.substr(0, path.size() - base.size());
  std::vector<RotatedName> rotated;
  for (auto at = std::upper_bound(names.begin(), names.end(), base);
       at != names.end() && at->starts_with(base); ++at) {
    if (WithoutRotationSuffix(*at) != base) continue;
    rotated.push_back(ParseRotatedName(directory + *at, std::string_view(*at).substr(base.size())));
  }
  std::stable_sort(rotated.begin(), rotated.end(), NewerByName);
  return rotated;
}

}  // namespace alogd
