// SPDX-License-Identifier: MIT
// Sections of a state blob: what is read, what is passed over, and what begins anew.
#include "core/state_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace alogd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A part that adds up: what changed is what was added.
struct Sum {
  uint64_t total = 0, added = 0;
  uint32_t seen_version = 0;

  void Add(uint64_t n) {
    total += n;
    added += n;
  }
  StatePart Part(std::string name, uint32_t version = 1, uint32_t oldest = 1, uint32_t shard = 0) {
    StatePart part;
    part.name = std::move(name);
    part.what = "the sums of " + part.name;
    part.version = version;
    part.shard = shard;
    part.save = [this](StateWriter& out, bool whole) {
      if (whole) return out.U64(total);
      if (added > 0) out.U64(std::exchange(added, 0));
    };
    part.load = [this, oldest](StateReader& in, uint32_t stored, bool whole) {
      seen_version = stored;
      if (stored < oldest) return false;
      total = (whole ? 0 : total) + in.U64();
      return in.ok();
    };
    part.clear = [this] { total = added = 0; };
    return part;
  }
};

// Two parts of a program, a and b.
struct Program {
  explicit Program(uint32_t version_of_b = 1, uint32_t oldest_b = 1) {
    parts.Add(a.Part("a"));
    parts.Add(b.Part("b", version_of_b, oldest_b));
  }
  // Deltas of which none is in the shard.
  void Load(const std::string& shard, const std::vector<std::string>& deltas) {
    parts.LoadShard(shard, 0);
    for (const std::string& delta : deltas) parts.LoadDelta(delta, [](uint32_t) { return false; });
  }
  std::string Delta(uint64_t to_a, uint64_t to_b) {
    a.Add(to_a);
    b.Add(to_b);
    return parts.SaveDelta();
  }
  Sum a, b;
  StateParts parts;
};

TEST(StatePartsTest, ShardAndDeltasGiveWhatWas) {
  Program before;
  before.Delta(5, 7);
  const std::string shard = before.parts.SaveShard(0);
  const std::string delta = before.Delta(1, 0);
  Program after;
  after.Load(shard, {delta, before.Delta(0, 2)});
  EXPECT_EQ(after.a.total, 6u);
  EXPECT_EQ(after.b.total, 9u);
  EXPECT_THAT(after.parts.Remarks(), IsEmpty());
}

TEST(StatePartsTest, YoungerShardsReadNoDelta) {
  Program before;
  const std::string delta = before.Delta(5, 7);
  Program after;
  after.Load(before.parts.SaveShard(0), {});
  after.parts.LoadDelta(delta, [](uint32_t shard) { return shard == 0; });
  EXPECT_EQ(after.a.total, 5u);
}

TEST(StatePartsTest, UnknownSectionIsPassedOver) {
  Program before;
  Sum other;
  before.parts.Add(other.Part("of a later program", 9));
  before.Delta(5, 7);
  Program after;
  after.Load(before.parts.SaveShard(0), {});
  EXPECT_EQ(after.a.total, 5u);
  EXPECT_EQ(after.b.total, 7u);
  EXPECT_THAT(after.parts.Remarks(), IsEmpty());
}

TEST(StatePartsTest, PartThatTheStateDoesNotHaveIsFresh) {
  Program before;
  before.parts.Drop("b");
  const std::string delta = before.Delta(5, 0);
  Program after;
  after.Load(before.parts.SaveShard(0), {delta});
  EXPECT_THAT(after.parts.Remarks(), IsEmpty());
  const std::string shard = after.parts.SaveShard(0);
  Program again;
  again.Load(shard, {after.Delta(0, 3)});
  EXPECT_EQ(again.b.total, 3u);
}

TEST(StatePartsTest, OlderSectionIsRead) {
  Program before(1);
  before.Delta(5, 7);
  Program after(2);
  after.Load(before.parts.SaveShard(0), {});
  EXPECT_EQ(after.b.total, 7u);
  EXPECT_EQ(after.b.seen_version, 1u);
  EXPECT_THAT(after.parts.Remarks(), IsEmpty());
}

TEST(StatePartsTest, OlderSectionThatCannotBeReadBeginsAnewAlone) {
  Program before(1);
  before.Delta(5, 7);
  const std::string shard = before.parts.SaveShard(0);
  Program after(2, 2);
  after.Load(shard, {before.Delta(1, 1)});
  EXPECT_EQ(after.a.total, 6u);
  EXPECT_EQ(after.b.total, 0u);
  EXPECT_THAT(after.parts.Remarks(),
              ElementsAre("the sums of b are of an older version and begin anew"));
}

TEST(StatePartsTest, NewerSectionBeginsAnewAlone) {
  Program before(3);
  before.Delta(5, 7);
  Program after(2);
  after.Load(before.parts.SaveShard(0), {});
  EXPECT_EQ(after.a.total, 5u);
  EXPECT_EQ(after.b.total, 0u);
  EXPECT_THAT(after.parts.Remarks(),
              ElementsAre("the sums of b are of a newer version and begin anew"));
}

// What began anew stands whole in the next delta: the start after that one knows it again.
TEST(StatePartsTest, WhatBeganAnewIsWholeInTheNextDelta) {
  Program before(1);
  before.Delta(5, 7);
  const std::string shard = before.parts.SaveShard(0);
  std::vector<std::string> deltas = {before.Delta(1, 1)};
  Program after(2, 2);
  after.Load(shard, deltas);
  ASSERT_TRUE(after.parts.anything_anew());
  deltas.push_back(after.Delta(10, 20));
  EXPECT_FALSE(after.parts.anything_anew());
  deltas.push_back(after.Delta(100, 200));
  Program again(2, 2);
  again.Load(shard, deltas);
  EXPECT_EQ(again.a.total, 116u);
  EXPECT_EQ(again.b.total, 220u);
  EXPECT_THAT(again.parts.Remarks(), IsEmpty());
}

TEST(StatePartsTest, DamagedSectionBeginsAnewAlone) {
  Program before;
  before.Delta(5, 7);
  std::string shard = before.parts.SaveShard(0);
  shard[shard.size() - 2] ^= 1;  // the last byte of b's body, before the end mark
  Program after;
  after.Load(shard, {before.Delta(1, 1)});
  EXPECT_EQ(after.a.total, 6u);
  EXPECT_EQ(after.b.total, 0u);
  EXPECT_THAT(after.parts.Remarks(), ElementsAre("the sums of b are damaged and begin anew"));
}

TEST(StatePartsTest, DamagedDeltaCostsOnlyWhatItHides) {
  Program before;
  before.Delta(5, 7);
  const std::string shard = before.parts.SaveShard(0);
  std::string delta = before.Delta(1, 1);
  delta.resize(delta.size() - 4);  // within b
  Program after;
  after.Load(shard, {delta, before.Delta(1, 1)});
  EXPECT_EQ(after.a.total, 7u);
  EXPECT_EQ(after.b.total, 0u);
}

TEST(StatePartsTest, ReadablePartOfAnotherFormIsSaidToBeSo) {
  Program before;
  before.Delta(5, 7);
  Program after;
  StatePart part = after.b.Part("b");
  part.load = [](StateReader&, uint32_t, bool) { return false; };
  after.parts.Add(std::move(part));
  after.Load(before.parts.SaveShard(0), {});
  EXPECT_THAT(after.parts.Remarks(),
              ElementsAre("the sums of b are of another bundle or form and begin anew"));
}

// Any byte changed, any length: each part is what it was or begins anew, and that is said.
TEST(StatePartsTest, NoDamageGoesUnnoticed) {
  Program before;
  before.Delta(5, 7'000'000);
  const std::string good = before.parts.SaveShard(0);
  const auto check = [](const std::string& bad) {
    Program after;
    after.Load(bad, {});
    EXPECT_TRUE(after.a.total == (after.parts.IsAnew("a") ? 0u : 5u)) << after.a.total;
    EXPECT_TRUE(after.b.total == (after.parts.IsAnew("b") ? 0u : 7'000'000u)) << after.b.total;
    return after.parts.anything_anew();
  };
  EXPECT_FALSE(check(good));
  for (size_t at = 0; at + 1 < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      EXPECT_TRUE(check(bad)) << "byte " << at << ", bit " << bit;
    }
    EXPECT_TRUE(check(good.substr(0, at))) << "cut at " << at;
  }
  // Behind the last section nothing is lost.
  EXPECT_FALSE(check(good.substr(0, good.size() - 1)));
  EXPECT_FALSE(check(good + "x"));
}

TEST(StatePartsTest, SmallPartsAreWrittenWhereTheyChanged) {
  uint64_t value = 3;
  StatePart part;
  part.name = "small";
  part.what = "the small ones";
  part.small = true;
  part.save = [&](StateWriter& out, bool) { out.U64(value); };
  part.load = [&](StateReader& in, uint32_t, bool) { return value = in.U64(), in.ok(); };
  part.clear = [&] { value = 0; };
  StateParts parts;
  parts.Add(std::move(part));
  const std::string first = parts.SaveDelta();
  const std::string same = parts.SaveDelta();
  EXPECT_LT(same.size(), first.size());
  value = 4;
  EXPECT_EQ(parts.SaveDelta().size(), first.size());
  parts.LoadDelta(first, [](uint32_t) { return false; });
  EXPECT_EQ(value, 3u);
}

}  // namespace
}  // namespace alogd
