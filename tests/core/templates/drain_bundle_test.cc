// SPDX-License-Identifier: MIT
// What a bundle relies on: frozen texts alone find the lines that training saw.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/templates/drain.h"
#include "testing/grouping.h"
#include "testing/messages.h"

namespace alogd {
namespace {

struct Trained {
  Catalog catalog;
  std::vector<std::string> text_of_line;

  explicit Trained(const std::vector<std::string>& lines) {
    Drain drain = std::move(*Drain::Create({}, &catalog));
    std::vector<TemplateId> ids;
    for (const std::string& line : lines) ids.push_back(drain.Add(line, kNoTime).id);
    for (const TemplateId id : ids) text_of_line.emplace_back(catalog.Text(id));
  }
};

// The share of lines that a fresh Drain, given the texts alone, says the same template of.
double ShareFoundAgain(const std::vector<std::string>& lines) {
  const Trained trained(lines);
  Catalog catalog;
  Drain drain = std::move(*Drain::Create({}, &catalog));
  trained.catalog.ForEach([&](const Template& row) {
    if (row.alias_of == kNoTemplate) drain.AddTrained(row.text, kNoTime);
  });
  size_t found = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    const TemplateId id = drain.Find(lines[i]);
    EXPECT_EQ(drain.Find(lines[i]), id);
    if (id == kNoTemplate) continue;
    EXPECT_EQ(drain.Add(lines[i], kNoTime).id, id);
    found += catalog.Text(id) == trained.text_of_line[i];
  }
  return static_cast<double>(found) / static_cast<double>(lines.size());
}

TEST(DrainBundleTest, FrozenTextsFindMadeUpLines) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    testing::MessageSource source(seed, 100);
    std::vector<std::string> lines;
    for (int i = 0; i < 5000; ++i) lines.push_back(source.Next());
    // A line with an odd value may lose its template when that becomes variable somewhere else.
    EXPECT_GE(ShareFoundAgain(lines), 0.995) << seed;
  }
}

TEST(DrainBundleTest, FrozenTextsFindRealLines) {
  const std::string data = testing::TestDataPath();
  for (const std::string_view system : testing::kLabelledSystems) {
    const auto log = testing::ReadLabelledLog(data, system);
    if (!log) GTEST_SKIP() << "no labelled logs in " << data;
    EXPECT_GE(ShareFoundAgain(log->content), 0.999) << system;
    EXPECT_GE(ShareFoundAgain(log->raw), 0.999) << system;
  }
  for (const char* name : {"/full/Linux.log.xz", "/full/Apache.log.xz", "/full/Proxifier.log.xz",
                           "/hdfs_raw/HDFS_20000.log.xz"}) {
    const auto lines = testing::ReadLines(data + name);
    ASSERT_FALSE(lines.empty());
    EXPECT_GE(ShareFoundAgain(lines), 0.999) << name;
  }
}

TEST(DrainBundleTest, SeveralMergedPositionsAreFoundByTheTextAlone) {
  Catalog catalog;
  Drain drain = std::move(*Drain::Create({}, &catalog));
  const TemplateId id = drain.AddTrained("moved <*> from rack <*> to shelf <*> now", kNoTime);
  EXPECT_EQ(drain.Find("moved tape from rack upper to shelf lower now"), id);
  EXPECT_EQ(drain.Add("moved 5 from rack upper to shelf 7 now", kNoTime).id, id);
  EXPECT_EQ(drain.Find("moved tape from row upper to shelf lower now"), kNoTemplate);
}

TEST(DrainBundleTest, TrainedWinsOverLiveAndNeverBecomesAlias) {
  Catalog catalog;
  Drain drain = std::move(*Drain::Create({}, &catalog));
  const TemplateId live = drain.Add("moved tape from rack upper now", kNoTime).id;
  const TemplateId trained = drain.AddTrained("moved <*> from rack <*> now", kNoTime);
  EXPECT_NE(live, trained);
  EXPECT_EQ(drain.Add("moved tape from rack upper now", kNoTime).id, trained);
  for (const char* word : {"a", "b", "c", "d", "e", "f"})
    drain.Add(std::string("moved tape from shelf ") + word + " now", kNoTime);
  EXPECT_EQ(catalog.Find(trained)->alias_of, kNoTemplate);
  EXPECT_EQ(catalog.Text(trained), "moved <*> from rack <*> now");
}

TEST(DrainBundleTest, TextsLoadedAgainKeepTheirIds) {
  Catalog catalog;
  Drain drain = std::move(*Drain::Create({}, &catalog));
  const TemplateId id = drain.AddTrained("moved <*> now", kNoTime);
  EXPECT_EQ(drain.AddTrained("moved <*> now", kNoTime), id);
  Drain other = std::move(*Drain::Create({}, &catalog));
  EXPECT_EQ(other.AddTrained("moved <*> now", kNoTime), id);
  EXPECT_EQ(catalog.size(), 1u);
}

}  // namespace
}  // namespace alogd
