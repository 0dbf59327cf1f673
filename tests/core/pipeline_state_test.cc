// SPDX-License-Identifier: MIT
// Stored state in sections: one that cannot be read begins anew alone, and is named once.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/state_section.h"
#include "testing/fake_models.h"

namespace alogd {
namespace {

using ::testing::Contains;
using testing::Driver;
using testing::FakeModels;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::RandomLines;
using ::testing::SizeIs;

// Changes the sections of a blob, or leaves them out.
using Change = std::function<bool(StateSection*)>;

std::string Changed(const std::string& blob, const Change& change) {
  std::string out;
  StateSectionWriter writer(&out);
  StateSectionReader reader(blob);
  for (StateSection section; reader.Next(&section);)
    if (change(&section)) writer.Add(section.name, section.version, section.whole, section.body);
  EXPECT_TRUE(reader.complete());
  writer.Finish();
  return out;
}

GroupState Changed(GroupState state, const Change& change) {
  for (auto& shard : state.shards) shard.blob = Changed(shard.blob, change);
  for (auto& delta : state.deltas) delta.blob = Changed(delta.blob, change);
  return state;
}

// A pipeline that has seen lines, and its shard of everything but the windows, in the middle.
GroupState StateOf(const std::vector<testing::Given>& lines) {
  Driver driver;
  for (size_t i = 0; i < lines.size(); ++i) {
    driver.Feed(lines[i].text);
    if (i % 20 == 0) driver.Commit();
    if (i != lines.size() / 2) continue;
    EXPECT_TRUE(driver.pipeline().Swap(driver.config_, driver.group_, FakeModels()).ok());
  }
  driver.Commit();
  GroupState state = driver.Saved();
  EXPECT_THAT(state.shards, SizeIs(1));
  return state;
}

std::vector<std::string> RemarksOf(const GroupState& state) {
  Driver driver;
  auto pipeline = Pipeline::Create(driver.config_, driver.group_, FakeModels(), nullptr);
  std::vector<std::string> remarks;
  EXPECT_TRUE((*pipeline)->Restore(state, &remarks).ok());
  return remarks;
}

std::set<std::string> NamesOf(const GroupState& state) {
  std::set<std::string> names;
  const auto see = [&](StateSection* section) { return names.emplace(section->name), true; };
  Changed(state, see);
  return names;
}

TEST(PipelineStateTest, EachPartIsASectionOfItsOwn) {
  const auto names = NamesOf(StateOf(RandomLines(1, 600)));
  for (const char* name :
       {"clock", "sources", "templates", "anomalies", "open-records", "rule-counts", "changes",
        "watch/time", "watch/rate", "watch/silence", "watch/followers", "watch/combinations",
        "detector/pairs", "detector/fives"})
    EXPECT_THAT(names, Contains(name));
  EXPECT_THAT(names, Contains(HasSubstr("windows/")));
}

TEST(PipelineStateTest, SectionOfALaterProgramIsPassedOver) {
  const GroupState state = StateOf(RandomLines(1, 600));
  const auto rename = [](StateSection* section) {
    if (section->name == "watch/rate") section->name = "watch/rites";
    return true;
  };
  EXPECT_THAT(RemarksOf(Changed(state, rename)), IsEmpty());
}

// Whatever the section and the reason: the restored pipeline goes on, its first unit stores what
// began anew, and a second restart both says nothing and goes on as the first would have.
TEST(PipelineStateTest, EachSectionBeginsAnewAlone) {
  const auto lines = RandomLines(1, 900);
  const std::vector<testing::Given> first(lines.begin(), lines.begin() + 600);
  const GroupState state = StateOf(first);
  uint64_t offset = 0;
  for (const auto& line : first) offset += line.text.size() + 1;
  const auto rest = [&](Driver* driver) {
    driver->offset_ = offset;
    for (size_t i = first.size(); i < lines.size(); ++i) {
      driver->Feed(lines[i].text);
      if (i % 25 == 0) driver->Commit();
    }
    return driver->Finish();
  };
  for (const std::string& name : NamesOf(state)) {
    for (const bool newer : {true, false}) {
      SCOPED_TRACE(name);
      const GroupState bad = Changed(state, [&](StateSection* section) {
        if (section->name != name) return true;
        if (newer) section->version += 1;
        if (!newer) section->body = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
        return true;
      });
      const auto remarks = RemarksOf(bad);
      ASSERT_THAT(remarks, SizeIs(1));
      EXPECT_THAT(remarks[0], HasSubstr(newer ? "are of a newer version and begin anew"
                                              : "are of another bundle or form and begin anew"));
      Driver once;
      once.Start(FakeModels(), bad);
      once.Keep(bad);
      once.Commit();
      EXPECT_THAT(RemarksOf(once.Saved()), IsEmpty());
      Driver twice;
      twice.Start(FakeModels(), once.Saved());
      twice.Keep(once.Saved());
      EXPECT_EQ(rest(&once), rest(&twice));
    }
  }
}

// In the shard alone: where a part is whole in each delta, the next one makes good for it.
TEST(PipelineStateTest, NoByteOfAShardChangesUnnoticed) {
  GroupState state = StateOf(RandomLines(1, 600));
  state.deltas.clear();
  EXPECT_THAT(RemarksOf(state), IsEmpty());
  const std::string good = state.shards[0].blob;
  for (size_t at = 1; at + 1 < good.size(); at += 7) {
    state.shards[0].blob = good;
    state.shards[0].blob[at] = static_cast<char>(good[at] ^ 0x10);
    EXPECT_THAT(RemarksOf(state), Not(IsEmpty())) << at;
  }
}

// Numbers of templates and anomalies are in the database: nothing that is lost gives one again.
TEST(PipelineStateTest, NumbersGoOnWhateverIsLost) {
  GroupState state = StateOf(RandomLines(1, 600));
  for (auto& delta : state.deltas) delta.blob.resize(1);
  for (auto& shard : state.shards) shard.blob.resize(1);
  state.last_anomaly_seq = 4000;
  Driver driver;
  auto pipeline = Pipeline::Create(driver.config_, driver.group_, FakeModels(), nullptr);
  ASSERT_TRUE((*pipeline)->Restore(state).ok());
  const SourceId source = (*pipeline)->AddSource("/var/log/test.log", kNoTime);
  uint64_t offset = 0;
  for (const auto& line : RandomLines(2, 300)) {
    const auto bytes = static_cast<uint32_t>(line.text.size() + 1);
    (*pipeline)->Feed(source, FileId{1}, Line{line.text, offset, bytes, false, false});
    offset += bytes;
  }
  const CommitUnit unit = (*pipeline)->TakeUnit();
  ASSERT_FALSE(unit.anomalies.empty());
  for (const Anomaly& anomaly : unit.anomalies) EXPECT_GT(anomaly.seq, 4000u);
  EXPECT_GE((*pipeline)->catalog().next_id(), state.next_template_id);
}

TEST(PipelineStateTest, FormatOfALaterProgramIsRefusedByName) {
  for (const bool in_shard : {true, false}) {
    GroupState state = StateOf(RandomLines(1, 600));
    (in_shard ? state.shards[0].blob : state.deltas.back().blob)[0] = kStateFormat + 1;
    Driver driver;
    auto pipeline = Pipeline::Create(driver.config_, driver.group_, FakeModels(), nullptr);
    const Status refused = (*pipeline)->Restore(state);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, kNewerState);
    EXPECT_THAT(refused.error().message, HasSubstr("format 5, which a newer alogd wrote"));
  }
}

}  // namespace
}  // namespace alogd
