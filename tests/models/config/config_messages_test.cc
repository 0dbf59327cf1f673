// SPDX-License-Identifier: MIT
// Wrong configurations and exactly what is said about each: tests/golden/config/NAME.yaml and
// NAME.txt.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "models/registry/detectors.h"
#include "testing/paths.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string Messages(const LoadedConfig& loaded) {
  std::string text;
  for (const ConfigProblem& p : loaded.problems)
    text += fmt::format("{}: {}: {}\n", p.where, p.warning ? "warning" : "error", p.message);
  return text;
}

TEST(ConfigMessagesTest, GoldenFiles) {
  std::vector<fs::path> cases;
  for (const auto& entry : fs::directory_iterator(testing::SourcePath("tests/golden/config")))
    if (entry.path().extension() == ".yaml") cases.push_back(entry.path());
  std::ranges::sort(cases);
  ASSERT_GE(cases.size(), 40u);
  for (fs::path path : cases) {
    const LoadedConfig loaded = ParseConfig(ReadFile(path), "alogd.yaml", AllDetectors());
    EXPECT_FALSE(loaded.problems.empty()) << path;
    const std::string expected = ReadFile(path.replace_extension(".txt"));
    EXPECT_EQ(Messages(loaded), expected) << path;
  }
}

}  // namespace
}  // namespace alogd
