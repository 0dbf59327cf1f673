// SPDX-License-Identifier: MIT
// Catalog: ids, aliases, changed rows and the limit.
#include "core/templates/catalog.h"

#include <gtest/gtest.h>

#include <chrono>

namespace alogd {
namespace {

using std::chrono::seconds;

Time At(int second) { return Time(seconds(second)); }

TEST(CatalogTest, IdsInOrder) {
  Catalog catalog;
  EXPECT_EQ(Index(catalog.Create("a", false, At(1))), 0u);
  EXPECT_EQ(Index(catalog.Create("b", false, At(1))), 1u);
  catalog.set_next_id(10);
  EXPECT_EQ(Index(catalog.Create("c", false, At(1))), 10u);
  catalog.set_next_id(5);
  EXPECT_EQ(catalog.next_id(), 11u);
}

TEST(CatalogTest, CountsAndTimes) {
  Catalog catalog;
  const TemplateId id = catalog.Create("a", false, At(5));
  EXPECT_EQ(catalog.Count(id, At(5)), 0u);
  EXPECT_EQ(catalog.Count(id, At(9)), 1u);
  EXPECT_EQ(catalog.Count(id, At(3)), 2u);
  EXPECT_EQ(catalog.Count(id, kNoTime), 3u);
  const Template* row = catalog.Find(id);
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->count, 4u);
  EXPECT_EQ(row->first, At(3));
  EXPECT_EQ(row->last, At(9));
  EXPECT_EQ(catalog.Count(TemplateId{77}, At(9)), 0u);
}

TEST(CatalogTest, AliasesResolveThroughChains) {
  Catalog catalog;
  const TemplateId a = catalog.Create("user <*>", false, At(1));
  const TemplateId b = catalog.Create("user bob", false, At(1));
  const TemplateId c = catalog.Create("user eve", false, At(1));
  catalog.SetAlias(c, b);
  catalog.SetAlias(b, a);
  EXPECT_EQ(catalog.Resolve(c), a);
  EXPECT_EQ(catalog.Text(c), "user <*>");
  EXPECT_EQ(catalog.Find(c)->text, "user eve");
  EXPECT_EQ(catalog.FindText("user bob"), kNoTemplate);
  EXPECT_EQ(catalog.FindText("user <*>"), a);
}

TEST(CatalogTest, OlderNeverBecomesAliasOfYounger) {
  Catalog catalog;
  const TemplateId a = catalog.Create("a", false, At(1));
  const TemplateId b = catalog.Create("b", false, At(1));
  catalog.SetAlias(a, b);
  EXPECT_EQ(catalog.Resolve(a), a);
  EXPECT_EQ(catalog.Resolve(b), b);
}

TEST(CatalogTest, WidenedTextIsFound) {
  Catalog catalog;
  const TemplateId a = catalog.Create("user bob", false, At(1));
  catalog.Widen(a, "user <*>");
  EXPECT_EQ(catalog.FindText("user bob"), kNoTemplate);
  EXPECT_EQ(catalog.FindText("user <*>"), a);
}

TEST(CatalogTest, OldestOfEqualTextsIsFound) {
  Catalog catalog;
  const TemplateId a = catalog.Create("user bob", false, At(1));
  const TemplateId b = catalog.Create("user <*>", false, At(1));
  catalog.Widen(a, "user <*>");
  EXPECT_EQ(catalog.FindText("user <*>"), a);
  catalog.SetAlias(b, a);
  EXPECT_EQ(catalog.FindText("user <*>"), a);
}

TEST(CatalogTest, ChangedRowsOnceInOrder) {
  Catalog catalog;
  const TemplateId a = catalog.Create("a", false, At(1));
  const TemplateId b = catalog.Create("b", true, At(1));
  EXPECT_EQ(catalog.TakeChanged().size(), 2u);
  EXPECT_TRUE(catalog.TakeChanged().empty());
  catalog.Count(b, At(2));
  catalog.Count(a, At(2));
  catalog.Count(b, At(3));
  const auto rows = catalog.TakeChanged();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].id, a);
  EXPECT_EQ(rows[1].id, b);
  EXPECT_EQ(rows[1].count, 2u);
  EXPECT_TRUE(rows[1].trained);
}

TEST(CatalogTest, RestoredRowsAreNotChanged) {
  Catalog catalog;
  catalog.Restore(
      {.id = TemplateId{3}, .text = "a <*>", .count = 7, .first = At(1), .last = At(2)});
  catalog.Restore({.id = TemplateId{8}, .text = "a b", .alias_of = TemplateId{3}});
  EXPECT_TRUE(catalog.TakeChanged().empty());
  EXPECT_EQ(catalog.next_id(), 9u);
  EXPECT_EQ(catalog.Resolve(TemplateId{8}), TemplateId{3});
  EXPECT_EQ(catalog.Count(TemplateId{3}, At(5)), 7u);
}

TEST(CatalogTest, AliasLoopOfDamagedRowsEnds) {
  Catalog catalog;
  catalog.Restore({.id = TemplateId{1}, .text = "a", .alias_of = TemplateId{2}});
  catalog.Restore({.id = TemplateId{2}, .text = "b", .alias_of = TemplateId{1}});
  catalog.Restore({.id = TemplateId{3}, .text = "c", .alias_of = TemplateId{3}});
  EXPECT_EQ(catalog.Resolve(TemplateId{3}), TemplateId{3});
  EXPECT_EQ(catalog.Resolve(TemplateId{2}), TemplateId{1});
}

TEST(CatalogTest, LimitDropsLongestUnseenLive) {
  Catalog catalog(100);
  const TemplateId trained = catalog.Create("trained", true, At(0));
  for (int i = 1; i < 100; ++i) catalog.Create("t" + std::to_string(i), false, At(i));
  catalog.TakeChanged();
  EXPECT_EQ(catalog.dropped(), 0u);
  const TemplateId next = catalog.Create("one more", false, At(200));
  EXPECT_EQ(Index(next), 100u);
  EXPECT_EQ(catalog.dropped(), 2u);  // 100 / 64 + 1
  EXPECT_EQ(catalog.size(), 99u);
  EXPECT_EQ(catalog.Find(TemplateId{1}), nullptr);
  EXPECT_EQ(catalog.Find(TemplateId{2}), nullptr);
  EXPECT_NE(catalog.Find(TemplateId{3}), nullptr);
  EXPECT_NE(catalog.Find(trained), nullptr);
  EXPECT_EQ(catalog.Text(TemplateId{1}), "(template 1, dropped)");
}

// A database may hold more than this catalog is to.
TEST(CatalogTest, LimitHoldsForWhatIsRestored) {
  Catalog catalog(100);
  for (uint32_t i = 0; i < 1000; ++i) {
    Template row;
    row.id = TemplateId{i};
    row.text = "t" + std::to_string(i);
    row.last = At(static_cast<int>(i));
    catalog.Restore(row);
  }
  EXPECT_LE(catalog.size(), 100u);
  EXPECT_EQ(catalog.Find(TemplateId{800}), nullptr);
  EXPECT_NE(catalog.Find(TemplateId{950}), nullptr) << "those seen last";
  EXPECT_EQ(catalog.next_id(), 1000u) << "and none is given again";
  EXPECT_TRUE(catalog.TakeChanged().empty());
}

TEST(CatalogTest, DroppedRowsThatChangedAreStillTaken) {
  Catalog catalog(4);
  for (int i = 0; i < 20; ++i) catalog.Create("t" + std::to_string(i), false, At(i));
  const auto rows = catalog.TakeChanged();
  ASSERT_EQ(rows.size(), 20u);
  for (uint32_t i = 0; i < 20; ++i) EXPECT_EQ(Index(rows[i].id), i);
}

TEST(CatalogTest, VisitsInOrderOfId) {
  Catalog catalog;
  for (int i = 0; i < 200; ++i) catalog.Create("t" + std::to_string(i), false, At(i));
  uint32_t expected = 0;
  catalog.ForEach([&](const Template& row) { EXPECT_EQ(Index(row.id), expected++); });
  EXPECT_EQ(expected, 200u);
}

}  // namespace
}  // namespace alogd
