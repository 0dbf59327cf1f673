// SPDX-License-Identifier: MIT
// Bundles in words: what one holds, and how two of them differ.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "core/types.h"
#include "models/bundle/bundle.h"

namespace alogd {

// A bundle as a list shows it; `problem` where its manifest cannot be read, then nothing else is
// known.
struct BundleRow {
  std::string group;
  std::string name;
  bool active = false;
  Time made = kNoTime;
  uint64_t records = 0;
  uint64_t templates = 0;
  std::string detectors;
  std::string problem;
};

BundleRow DescribeBundle(const std::string& group, const std::string& name,
                         const std::string& directory, bool active);
nlohmann::ordered_json ToJson(const BundleRow& row);

// When a bundle was made: by its name, which is a time, else by its file's.
Time BundleTime(const std::string& name, const std::string& directory);

// The manifest for people; every text in it escaped.
std::string ShowBundle(const BundleRow& row, const nlohmann::json& manifest);

// What B has that A has not, and the other way round; `worse` says what speaks against B.
struct BundleComparison {
  struct Line {
    std::string what;
    std::string a, b;
  };
  std::vector<Line> lines;
  std::vector<std::string> gained, lost;  // templates
  std::vector<std::string> worse;
};
BundleComparison CompareBundles(const Bundle& a, const Bundle& b);

}  // namespace alogd
