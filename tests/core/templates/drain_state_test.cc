// SPDX-License-Identifier: MIT
// Drain's state: a parser put back from rows and blobs goes on exactly as the one that was never
// cut.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/templates/drain.h"
#include "testing/grouping.h"
#include "testing/messages.h"

namespace alogd {
namespace {

// A Drain and its catalog beside what a database would hold of them.
class Parsing {
 public:
  explicit Parsing(const DrainOptions& options)
      : options_(options), catalog_(std::make_unique<Catalog>()) {
    drain_ = std::make_unique<Drain>(std::move(*Drain::Create(options_, catalog_.get())));
  }

  TemplateId Add(const std::string& message, Time now) {
    const TemplateId id = drain_->Add(message, now).id;
    catalog_->Count(id, now);
    return id;
  }

  void SaveAll() {
    TakeRows();
    snapshot_.clear();
    deltas_.clear();
    StateWriter out(&snapshot_);
    drain_->Save(out);
  }
  void SaveChanges() {
    TakeRows();
    StateWriter out(&deltas_.emplace_back());
    drain_->SaveChanges(out);
  }
  // What a restart does.
  void Restore() {
    auto catalog = std::make_unique<Catalog>();
    for (const auto& [id, row] : rows_) catalog->Restore(row);
    catalog->set_next_id(catalog_->next_id());
    auto drain = std::make_unique<Drain>(std::move(*Drain::Create(options_, catalog.get())));
    StateReader snapshot(snapshot_);
    ASSERT_TRUE(drain->Load(snapshot));
    ASSERT_TRUE(snapshot.at_end());
    for (const std::string& delta : deltas_) {
      StateReader in(delta);
      ASSERT_TRUE(drain->ApplyChanges(in));
      ASSERT_TRUE(in.at_end());
    }
    drain_ = std::move(drain);
    catalog_ = std::move(catalog);
  }

  Catalog& catalog() { return *catalog_; }
  Drain& drain() { return *drain_; }

 private:
  void TakeRows() {
    for (const Template& row : catalog_->TakeChanged()) rows_[Index(row.id)] = row;
  }

  DrainOptions options_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Drain> drain_;
  std::map<uint32_t, Template> rows_;
  std::string snapshot_;
  std::vector<std::string> deltas_;
};

void ExpectSameCatalog(const Catalog& a, const Catalog& b) {
  std::vector<Template> rows;
  a.ForEach([&](const Template& row) { rows.push_back(row); });
  size_t i = 0;
  b.ForEach([&](const Template& row) {
    ASSERT_LT(i, rows.size());
    EXPECT_EQ(rows[i].id, row.id);
    EXPECT_EQ(rows[i].text, row.text);
    EXPECT_EQ(rows[i].count, row.count);
    EXPECT_EQ(rows[i].alias_of, row.alias_of);
    EXPECT_EQ(rows[i].trained, row.trained);
    ++i;
  });
  EXPECT_EQ(i, rows.size());
}

// `cuts`: about how many saves, of which a third are followed by a restart.
void ExpectCutsChangeNothing(const std::vector<std::string>& messages, const DrainOptions& options,
                             uint64_t seed, size_t cuts) {
  Parsing straight(options), cut(options);
  cut.SaveAll();
  testing::MessageSource random(seed);
  const auto every = static_cast<uint32_t>(messages.size() / cuts + 1);
  for (size_t i = 0; i < messages.size(); ++i) {
    const Time now = FromMicros(static_cast<int64_t>(i));
    ASSERT_EQ(straight.Add(messages[i], now), cut.Add(messages[i], now)) << i << " " << messages[i];
    if (random.Below(every) != 0) continue;
    random.Below(4) == 0 ? cut.SaveAll() : cut.SaveChanges();
    if (random.Below(3) == 0) cut.Restore();
  }
  ExpectSameCatalog(straight.catalog(), cut.catalog());
  EXPECT_EQ(straight.drain().evicted(), cut.drain().evicted());
}

std::vector<std::string> MadeUp(uint64_t seed, size_t statements, size_t n) {
  testing::MessageSource source(seed, statements);
  std::vector<std::string> messages;
  for (size_t i = 0; i < n; ++i)
    messages.push_back(source.Below(50) == 0 ? source.Nonsense(1 + source.Below(20))
                                             : source.Next());
  return messages;
}

TEST(DrainStateTest, CutsChangeNothing) {
  for (uint64_t seed = 1; seed <= 6; ++seed)
    ExpectCutsChangeNothing(MadeUp(seed, 60, 4000), {}, seed, 40);
}

TEST(DrainStateTest, CutsChangeNothingUnderEviction) {
  DrainOptions options;
  options.max_templates = 50;
  for (uint64_t seed = 1; seed <= 6; ++seed)
    ExpectCutsChangeNothing(MadeUp(seed, 200, 4000), options, seed, 40);
}

TEST(DrainStateTest, CutsChangeNothingInClassicDrain) {
  DrainOptions options;
  options.classic = true;
  options.max_children = 10;
  for (uint64_t seed = 1; seed <= 3; ++seed)
    ExpectCutsChangeNothing(MadeUp(seed, 100, 3000), options, seed, 40);
  options.max_templates = 30;
  for (uint64_t seed = 1; seed <= 3; ++seed)
    ExpectCutsChangeNothing(MadeUp(seed, 200, 3000), options, seed, 40);
}

TEST(DrainStateTest, CutsChangeNothingOnRealLines) {
  const std::string data = testing::TestDataPath();
  for (const std::string_view system : testing::kLabelledSystems) {
    const auto log = testing::ReadLabelledLog(data, system);
    if (!log) GTEST_SKIP() << "no labelled logs in " << data;
    ExpectCutsChangeNothing(log->content, {}, 1, 30);
  }
}

TEST(DrainStateTest, ChangesCostWhatChanged) {
  Parsing parsing({});
  for (const std::string& message : MadeUp(1, 300, 20'000)) parsing.Add(message, kNoTime);
  std::string all, few;
  StateWriter all_out(&all), few_out(&few);
  parsing.drain().SaveChanges(all_out);
  parsing.Add("only this one", kNoTime);
  parsing.drain().SaveChanges(few_out);
  EXPECT_LT(few.size(), 16u);
  EXPECT_GT(all.size(), 300u);
}

TEST(DrainStateTest, DamagedBlobsAreRefusedOrHarmless) {
  Parsing parsing({});
  for (const std::string& message : MadeUp(2, 60, 3000)) parsing.Add(message, kNoTime);
  std::string blob;
  StateWriter out(&blob);
  parsing.drain().Save(out);
  testing::MessageSource random(9);
  for (int i = 0; i < 300; ++i) {
    std::string damaged = blob.substr(0, random.Below(static_cast<uint32_t>(blob.size())));
    StateReader cut_short(damaged);
    Catalog empty;
    Drain drain = std::move(*Drain::Create({}, &empty));
    EXPECT_FALSE(drain.Load(cut_short));
    damaged = blob;
    damaged[random.Below(static_cast<uint32_t>(blob.size()))] ^=
        static_cast<char>(1 + random.Below(255));
    StateReader flipped(damaged);
    Drain other = std::move(*Drain::Create({}, &parsing.catalog()));
    (void)other.Load(flipped);
    (void)other.Add("goes on", kNoTime);
  }
}

TEST(DrainStateTest, EvictedIdsAreNotUsedAgain) {
  DrainOptions options;
  options.max_templates = 10;
  Parsing parsing(options);
  std::vector<TemplateId> ids;
  for (int i = 0; i < 100; ++i) {
    const std::string message(static_cast<size_t>(i + 1), 'a');
    ids.push_back(parsing.Add(message, kNoTime));
    EXPECT_EQ(Index(ids.back()), static_cast<uint32_t>(i));
  }
  EXPECT_EQ(parsing.drain().evicted(), 90u);
  EXPECT_EQ(parsing.drain().Find("a"), kNoTemplate);
  EXPECT_EQ(parsing.drain().Find(std::string(100, 'a')), ids.back());
  EXPECT_GT(Index(parsing.Add("a", kNoTime)), Index(ids.back()));
  EXPECT_EQ(parsing.catalog().Text(ids[0]), "a");
}

}  // namespace
}  // namespace alogd
