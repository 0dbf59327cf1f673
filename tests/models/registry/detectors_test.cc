// SPDX-License-Identifier: MIT
// The table of detectors, and that nothing keeps a list beside it.
#include "models/registry/detectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "testing/paths.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Names = std::vector<std::string>;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

Names Enabled(const GroupConfig& group) {
  Names names;
  for (const DetectorInfo* info : AllDetectors())
    if (info->enabled.get(group)) names.emplace_back(info->name);
  return names;
}

TEST(DetectorsTest, RowsAreWhole) {
  std::set<std::string_view> names;
  for (const DetectorInfo* info : AllDetectors()) {
    EXPECT_TRUE(names.insert(info->name).second) << info->name;
    EXPECT_FALSE(info->summary.empty()) << info->name;
    // Each has a switch of its own.
    GroupConfig group = WithAllDetectors({});
    EXPECT_EQ(Enabled(group).size(), AllDetectors().size());
    info->enabled.set(group, false);
    EXPECT_FALSE(info->enabled.get(group)) << info->name;
    EXPECT_EQ(Enabled(group).size(), AllDetectors().size() - 1) << info->name;
  }
  for (const DetectorSpec* spec : Detectors()) {
    EXPECT_TRUE(spec->train && spec->load && spec->memory) << spec->info.name;
    EXPECT_GT(spec->effort, 0) << spec->info.name;
    EXPECT_EQ(FindDetector(spec->info.name), spec);
    EXPECT_FALSE(spec->info.online) << spec->info.name;
  }
  EXPECT_EQ(FindDetector("rate"), nullptr);
}

TEST(DetectorsTest, SelectingOneSelectsNoOther) {
  for (const DetectorInfo* info : AllDetectors()) {
    GroupConfig group;
    const Names one = {std::string(info->name)};
    ASSERT_TRUE(SelectDetectors(one, &group));
    EXPECT_EQ(Enabled(group), one);
  }
}

TEST(DetectorsTest, UnknownNamesAreRefusedWithTheKnownOnes) {
  GroupConfig group;
  const Names before = Enabled(group), wrong = {"novelty", "deplog"};
  const Status status = SelectDetectors(wrong, &group);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "there is no detector 'deplog'; there are novelty, baseline, loganomaly, deeplog, "
            "counts, length, loganomaly_lstm, values, pairs, rate, silence, followers, "
            "combinations");
  EXPECT_EQ(Enabled(group), before);
}

TEST(DetectorsTest, WhatToTrain) {
  const auto names = [](const auto& specs) {
    Names found;
    for (const DetectorSpec* spec : *specs) found.emplace_back(spec->info.name);
    return found;
  };
  GroupConfig group;
  EXPECT_THAT(names(DetectorsToTrain(group, {})),
              ElementsAre("novelty", "baseline", "loganomaly", "deeplog", "counts", "length",
                          "values", "pairs"));
  // Named ones are trained whether or not the group enables them, in the order of the table.
  const Names named = {"pairs", "loganomaly_lstm"}, online = {"silence"}, wrong = {"foo"};
  EXPECT_THAT(names(DetectorsToTrain(group, named)), ElementsAre("loganomaly_lstm", "pairs"));
  EXPECT_THAT(DetectorsToTrain(group, online).error().message,
              HasSubstr("silence learns while alogd runs"));
  EXPECT_THAT(DetectorsToTrain(group, wrong).error().message, HasSubstr("no detector 'foo'"));
  for (const DetectorInfo* info : AllDetectors()) info->enabled.set(group, false);
  EXPECT_THAT(DetectorsToTrain(group, {}).error().message, HasSubstr("has no detector enabled"));
}

// Which score adds up with which is what the joint threshold of stored bundles was fitted to.
TEST(DetectorsTest, Voices) {
  std::map<Voice, std::set<std::string_view>> voices;
  for (const DetectorSpec* spec : Detectors()) voices[spec->info.voice].insert(spec->info.name);
  using Set = std::set<std::string_view>;
  EXPECT_EQ(voices[Voice::kOwn], Set({"novelty"}));
  EXPECT_EQ(voices[Voice::kContent], Set({"baseline", "loganomaly", "counts", "length", "values"}));
  EXPECT_EQ(voices[Voice::kOrder], Set({"deeplog", "loganomaly_lstm", "pairs"}));
  EXPECT_EQ(VoiceOfDetector("deeplog"), Voice::kOrder);
  EXPECT_EQ(VoiceOfDetector("unheard of"), Voice::kOwn);
}

TEST(DetectorsTest, NumbersAreReadForThoseThatJudgeThem) {
  GroupConfig group;
  EXPECT_TRUE(WantsNumbers(group));
  group.values.enabled = false;
  EXPECT_FALSE(WantsNumbers(group));
}

TEST(DetectorsTest, DocumentationListsThemAll) {
  const std::string page = ReadFile(testing::SourcePath("doc/detectors.md"));
  for (const DetectorInfo* info : AllDetectors())
    EXPECT_THAT(page, HasSubstr("\n| " + std::string(info->name) + " |"));
}

// Files of src/ that name a detector, outside its own folder and the table, as a text or by what
// they include. Two know of novelty alone: it is excused after a boot, and never silenced.
TEST(DetectorsTest, NobodyKeepsAListOfThem) {
  const fs::path root = testing::SourcePath("src");
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    const std::string path = fs::relative(entry.path(), root).string();
    if (path.starts_with("models/registry/")) continue;
    const std::string text = ReadFile(entry.path());
    for (const DetectorSpec* spec : Detectors()) {
      const std::string name(spec->info.name);
      const bool own = path.starts_with("models/" + name + "/");
      // A key of an option, a field of JSON: common words.
      const bool word = name == "counts" || name == "length" || name == "values" ||
                        name == "pairs" ||
                        // The instruction set that every machine has.
                        (name == "baseline" && path.starts_with("models/sequence/lstm_kernels"));
      const bool named = (!word && text.find('"' + name + '"') != std::string::npos) ||
                         text.find("#include \"models/" + name + "/") != std::string::npos;
      if (named && !own) found.push_back(path + " names " + name);
    }
  }
  EXPECT_THAT(found, ::testing::IsSubsetOf({"core/detection/trouble.cc names novelty",
                                            "core/pipeline_score.cc names novelty"}));
}

}  // namespace
}  // namespace alogd
