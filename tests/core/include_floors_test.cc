// SPDX-License-Identifier: MIT
// The house rules that a compiler does not know: floors, file heads, file lengths.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "testing/paths.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;

using Lines = std::vector<std::string>;

bool IsSource(const fs::path& path) {
  return path.extension() == ".cc" || path.extension() == ".h";
}

// Relative path to lines, of all C++ files below the folders.
std::map<std::string, Lines> ReadTree(const fs::path& root,
                                      const std::vector<std::string>& folders) {
  std::map<std::string, Lines> tree;
  for (const std::string& folder : folders) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file() || !IsSource(entry.path())) continue;
      Lines& lines = tree[fs::relative(entry.path(), root).string()];
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) lines.push_back(line);
    }
  }
  return tree;
}

// The path between quotes of an #include, else empty. Blanks are allowed where the preprocessor
// allows them.
std::string Included(std::string_view line) {
  const auto skip = [&line] {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  };
  skip();
  if (!line.starts_with('#')) return {};
  line.remove_prefix(1);
  skip();
  if (!line.starts_with("include")) return {};
  line.remove_prefix(7);
  skip();
  if (!line.starts_with('"')) return {};
  return std::string(line.substr(1, line.find('"', 1) - 1));
}

// Which folders of src/ a folder may include; its own is among them.
const std::map<std::string, std::set<std::string>> kFloors = {
    {"core", {"core"}},
    {"models", {"core", "models"}},
    {"daemon", {"core", "models", "daemon"}},
    {"cli", {"core", "models", "cli"}},
};

// What is wrong with the includes, one line each.
Lines FloorProblems(const std::map<std::string, Lines>& tree) {
  Lines problems;
  for (const auto& [path, lines] : tree) {
    const fs::path relative(path);  // src/FOLDER/FILE
    const std::string folder = std::next(relative.begin())->string();
    const auto floor = kFloors.find(folder);
    if (floor == kFloors.end()) {
      problems.push_back(path + ": src/" + folder + " is no floor of the house");
      continue;
    }
    for (const std::string& line : lines) {
      const std::string included = Included(line);
      if (included.empty()) continue;
      const std::string from = included.substr(0, included.find('/'));
      if (!floor->second.contains(from))
        problems.push_back(path + ": includes \"" + included + "\"");
    }
  }
  return problems;
}

// The folders of src/models from below: a folder includes itself and those before it. Each detector
// has a folder that is not named here; they stand side by side, between sequence and registry.
const std::vector<std::string> kModels = {"tensors", "terms",    "calibration", "corpus",
                                          "spec",    "sequence", "(detectors)", "registry",
                                          "bundle",  "training", "evaluation"};

size_t RankInModels(const std::string& folder) {
  const auto rank = [](const std::string& name) {
    return static_cast<size_t>(std::ranges::find(kModels, name) - kModels.begin());
  };
  return rank(folder) == kModels.size() ? rank("(detectors)") : rank(folder);
}

// "bundle" of "src/models/bundle/golden.cc" or "models/bundle/golden.h"; empty outside of models.
std::string FolderInModels(std::string path) {
  if (path.starts_with("src/")) path = path.substr(4);
  if (!path.starts_with("models/")) return {};
  const size_t end = path.find('/', 7);
  return end == std::string::npos ? "." : path.substr(7, end - 7);
}

Lines ModelOrderProblems(const std::map<std::string, Lines>& tree) {
  Lines problems;
  for (const auto& [path, lines] : tree) {
    const std::string from = FolderInModels(path);
    if (from.empty()) continue;
    for (const std::string& line : lines) {
      const std::string to = FolderInModels(Included(line));
      if (to.empty() || to == from || RankInModels(to) < RankInModels(from)) continue;
      problems.push_back(path + ": " + from + " includes \"" + Included(line) + "\"");
    }
  }
  return problems;
}

Lines HeadProblems(const std::map<std::string, Lines>& tree) {
  Lines problems;
  for (const auto& [path, lines] : tree) {
    if (lines.empty() || lines[0] != "// SPDX-License-Identifier: MIT")
      problems.push_back(path + ":1: has to be the SPDX line");
    if (lines.size() < 2 || !lines[1].starts_with("// ") || lines[1].size() < 10)
      problems.push_back(path + ":2: has to say what the file is for");
  }
  return problems;
}

Lines LengthProblems(const std::map<std::string, Lines>& tree) {
  Lines problems;
  for (const auto& [path, lines] : tree)
    if (lines.size() > 500)
      problems.push_back(path + ": " + std::to_string(lines.size()) + " lines, over 500");
  return problems;
}

// Text that is compiled several times on purpose stands inside a namespace and says so at its head.
bool IsTemplateText(const Lines& lines) {
  return lines.size() > 2 &&
         (lines[1] + lines[2]).find("included once by each") != std::string::npos;
}

Lines PragmaProblems(const std::map<std::string, Lines>& tree) {
  Lines problems;
  for (const auto& [path, lines] : tree)
    if (path.ends_with(".h") && !IsTemplateText(lines) &&
        std::ranges::find(lines, "#pragma once") == lines.end())
      problems.push_back(path + ": has no #pragma once");
  return problems;
}

const std::map<std::string, Lines>& Sources() {
  static const auto* tree =
      new std::map<std::string, Lines>(ReadTree(testing::SourceDir(), {"src"}));
  return *tree;
}

TEST(IncludeFloorsTest, SourcesAreFound) {
  EXPECT_TRUE(Sources().contains("src/core/config/config.h"));
  EXPECT_TRUE(Sources().contains("src/cli/main.cc"));
  EXPECT_GT(Sources().size(), 40u);
}

TEST(IncludeFloorsTest, NothingIncludesWhatStandsAboveOrBeside) {
  EXPECT_THAT(FloorProblems(Sources()), ::testing::IsEmpty());
}

TEST(IncludeFloorsTest, FoldersOfModelsIncludeThoseBelowOnly) {
  EXPECT_THAT(ModelOrderProblems(Sources()), ::testing::IsEmpty());
  const std::map<std::string, Lines> wrong = {
      {"src/models/corpus/a.cc", {"#include \"models/bundle/bundle.h\""}},
      {"src/models/counts/b.cc",
       {"#include \"models/pairs/pairs.h\"", "#include \"models/counts/counts.h\"",
        "#include \"models/sequence/x.h\"", "#include \"core/state.h\""}},
      {"src/models/sequence/c.h", {"#include \"models/deeplog/deeplog.h\""}},
      {"src/models/training/d.cc", {"#include \"models/bundle/bundle.h\""}},
  };
  EXPECT_THAT(ModelOrderProblems(wrong),
              ::testing::ElementsAre(
                  "src/models/corpus/a.cc: corpus includes \"models/bundle/bundle.h\"",
                  "src/models/counts/b.cc: counts includes \"models/pairs/pairs.h\"",
                  "src/models/sequence/c.h: sequence includes \"models/deeplog/deeplog.h\""));
}

TEST(IncludeFloorsTest, FilesBeginWithLicenceAndPurpose) {
  EXPECT_THAT(HeadProblems(ReadTree(testing::SourceDir(), {"src", "tests", "bench"})),
              ::testing::IsEmpty());
}

TEST(IncludeFloorsTest, NoFileIsLong) {
  EXPECT_THAT(LengthProblems(Sources()), ::testing::IsEmpty());
}

TEST(IncludeFloorsTest, HeadersAreIncludedOnce) {
  EXPECT_THAT(PragmaProblems(ReadTree(testing::SourceDir(), {"src", "tests"})),
              ::testing::IsEmpty());
}

// The checks see what they are there for.
TEST(IncludeFloorsTest, BrokenRulesAreSeen) {
  const std::string spdx = "// SPDX-License-Identifier: MIT";
  const std::map<std::string, Lines> wrong = {
      {"src/core/a.h",
       {spdx, "// A file that reaches up.", "#include \"models/bundle.h\"", "#include <vector>"}},
      {"src/models/b.cc", {"#include \"core/a.h\"", "", " #  include \"cli/cli.h\""}},
      {"src/daemon/c.cc", {spdx, "// A long file for the test.", "#include \"cli/cli.h\""}},
      {"src/cli/d.cc",
       {spdx, "// The cli beside the daemon.", "#include \"daemon/c.h\"", "#include \"bare.h\""}},
      {"src/util/e.cc", {}},
  };
  EXPECT_THAT(FloorProblems(wrong),
              ::testing::ElementsAre("src/cli/d.cc: includes \"daemon/c.h\"",
                                     "src/cli/d.cc: includes \"bare.h\"",
                                     "src/core/a.h: includes \"models/bundle.h\"",
                                     "src/daemon/c.cc: includes \"cli/cli.h\"",
                                     "src/models/b.cc: includes \"cli/cli.h\"",
                                     "src/util/e.cc: src/util is no floor of the house"));
  EXPECT_EQ(HeadProblems(wrong).size(), 4u);
  EXPECT_EQ(PragmaProblems(wrong).size(), 1u);
  std::map<std::string, Lines> lengths = {{"src/core/f.cc", Lines(500)},
                                          {"src/core/g.cc", Lines(501)}};
  EXPECT_THAT(LengthProblems(lengths),
              ::testing::ElementsAre("src/core/g.cc: 501 lines, over 500"));
}

}  // namespace
}  // namespace alogd
