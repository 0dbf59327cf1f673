// SPDX-License-Identifier: MIT
// Drain: which messages are one template, and that what was said of a template stays true.
#include "core/templates/drain.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace alogd {
namespace {

class DrainTest : public ::testing::Test {
 protected:
  TemplateId Add(std::string_view message) {
    const Drain::Match match = drain_.Add(message, kNoTime);
    catalog_.Count(match.id, kNoTime);
    std::vector<std::string_view> parameters;
    EXPECT_TRUE(drain_.Parameters(message, catalog_.Text(match.id), &parameters))
        << message << " | " << catalog_.Text(match.id);
    return match.id;
  }
  std::string Text(TemplateId id) { return std::string(catalog_.Text(id)); }

  Catalog catalog_;
  Drain drain_ = std::move(*Drain::Create({}, &catalog_));
};

TEST_F(DrainTest, MaskedPartsDoNotSplit) {
  const TemplateId id = Add("Accepted connection from 10.0.0.1 port 4711");
  EXPECT_EQ(Add("Accepted connection from 10.9.8.7 port 22"), id);
  EXPECT_EQ(Text(id), "Accepted connection from <*> port <*>");
}

TEST_F(DrainTest, FifthWordInOnePositionMakesItVariable) {
  std::vector<TemplateId> ids;
  for (const char* name : {"alpha", "beta", "gamma", "delta"})
    ids.push_back(Add(std::string("Scanning volume ") + name + " for changes"));
  for (size_t i = 1; i < ids.size(); ++i) EXPECT_NE(ids[i], ids[0]);
  EXPECT_EQ(Add("Scanning volume omega for changes"), ids[0]);
  EXPECT_EQ(Text(ids[0]), "Scanning volume <*> for changes");
  for (const TemplateId id : ids) EXPECT_EQ(catalog_.Resolve(id), ids[0]);
  EXPECT_EQ(Add("Scanning volume gamma for changes"), ids[0]);
}

TEST_F(DrainTest, WordWhereAVariableStandsJoinsAtOnce) {
  const TemplateId id = Add("Reading block 17 from disk");
  EXPECT_EQ(Add("Reading block header from disk"), id);
}

TEST_F(DrainTest, VariableWhereWordsStandTakesThemIn) {
  const TemplateId id = Add("Reading block header from disk");
  EXPECT_EQ(Add("Reading block 17 from disk"), id);
  EXPECT_EQ(Text(id), "Reading block <*> from disk");
}

TEST_F(DrainTest, FirstWordNeverVaries) {
  std::vector<TemplateId> ids;
  for (const char* verb :
       {"Checking", "Syncing", "Indexing", "Moving", "Copying", "Packing", "Sorting"})
    ids.push_back(Add(std::string(verb) + " the data now"));
  for (size_t i = 0; i < ids.size(); ++i)
    for (size_t j = 0; j < i; ++j) EXPECT_NE(ids[i], ids[j]);
}

TEST_F(DrainTest, NameInFrontVariesAfterFive) {
  std::vector<TemplateId> ids;
  for (const char* name : {"OrderStore", "UserCache", "page-loader", "cart_index", "ItemQueue"})
    ids.push_back(Add(std::string(name) + ": index rebuilt"));
  EXPECT_NE(ids[3], ids[0]);
  EXPECT_EQ(Text(ids[0]), "<*>: index rebuilt");
  for (const TemplateId id : ids) EXPECT_EQ(catalog_.Resolve(id), ids[0]);
  EXPECT_EQ(Add("sorter: index rebuilt"), ids[0]);
  EXPECT_NE(Add("Failed: index rebuilt"), ids[0]);
}

TEST_F(DrainTest, NameInFrontJoinsWhatBeginsWithAValue) {
  const TemplateId id = Add("lo: link becomes ready");
  EXPECT_EQ(Add("eth0: link becomes ready"), id);
  EXPECT_EQ(Add("wlan: link becomes ready"), id);
}

TEST_F(DrainTest, EventsStayApart) {
  std::vector<TemplateId> ids;
  for (const char* event :
       {"user_added", "user_gone", "disk_full", "cache_cold", "job_late", "link_slow"})
    ids.push_back(Add(std::string("event=") + event + " in zone=5 took=3"));
  for (size_t i = 0; i < ids.size(); ++i)
    for (size_t j = 0; j < i; ++j) EXPECT_NE(catalog_.Resolve(ids[i]), catalog_.Resolve(ids[j]));
}

TEST_F(DrainTest, ThirdUserMakesItVariable) {
  std::vector<TemplateId> ids;
  for (const char* name : {"root", "bob", "eve"})
    ids.push_back(Add(std::string("user ") + name + " replayed the tape"));
  EXPECT_EQ(Text(ids[0]), "user <*> replayed the tape");
  EXPECT_EQ(catalog_.Resolve(ids[1]), ids[0]);
}

TEST_F(DrainTest, EmptyValueBeforeAColonOrInAngles) {
  const TemplateId id = Add("Fan f17: 5/7 shards ready");
  EXPECT_EQ(Add("Fan : 5/7 shards ready"), id);
  const TemplateId angled = Add("Monitor<17> was deleted");
  EXPECT_EQ(Add("Monitor<> was deleted"), angled);
}

TEST_F(DrainTest, OppositesStayApart) {
  const char* const pairs[][2] = {{"started", "stopped"},   {"up", "down"},
                                  {"opened", "closed"},     {"connected", "disconnected"},
                                  {"enabled", "disabled"},  {"allowed", "denied"},
                                  {"succeeded", "failed"},  {"success", "failure"},
                                  {"mounted", "unmounted"}, {"locked", "unlocked"}};
  std::vector<TemplateId> ids;
  for (const auto& pair : pairs)
    for (const char* word : pair)
      ids.push_back(Add(std::string("The interface ") + word + " by request"));
  for (size_t i = 0; i < ids.size(); ++i)
    for (size_t j = 0; j < i; ++j) EXPECT_NE(catalog_.Resolve(ids[i]), catalog_.Resolve(ids[j]));
}

TEST_F(DrainTest, TrainedTemplateIsFrozenAndFound) {
  const TemplateId id = drain_.AddTrained("user <*> logged in from <*>", kNoTime);
  EXPECT_TRUE(catalog_.Find(id)->trained);
  EXPECT_EQ(drain_.Find("user bob logged in from 10.0.0.1"), id);
  EXPECT_EQ(drain_.Find("user bob logged in from home"), id);
  EXPECT_EQ(drain_.Find("user bob logged in at 10.0.0.1"), kNoTemplate);
  for (const char* place : {"a", "b", "c", "d", "e", "f", "g"})
    Add(std::string("user bob logged out ") + place + " 5");
  EXPECT_EQ(Text(id), "user <*> logged in from <*>");
}

TEST_F(DrainTest, TrainedTextTakesOverALiveTemplate) {
  const TemplateId id = Add("Cache of 5 entries is warm");
  EXPECT_EQ(drain_.AddTrained("Cache of <*> entries is warm", kNoTime), id);
  EXPECT_TRUE(catalog_.Find(id)->trained);
  EXPECT_EQ(Add("Cache of 6 entries is warm"), id);
}

TEST_F(DrainTest, FindDoesNotLearn) {
  EXPECT_EQ(drain_.Find("Cache of 5 entries is warm"), kNoTemplate);
  EXPECT_EQ(catalog_.size(), 0u);
}

TEST(DrainOptionsTest, RefusedUserMaskIsNamed) {
  Catalog catalog;
  DrainOptions options;
  options.masks.user = {"job-(\\d+"};
  const auto drain = Drain::Create(options, &catalog);
  ASSERT_FALSE(drain.ok());
  EXPECT_NE(drain.error().message.find("job-(\\d+"), std::string::npos);
}

}  // namespace
}  // namespace alogd
