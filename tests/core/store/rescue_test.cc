// SPDX-License-Identifier: MIT
// A damaged database set aside: offsets and ids go on, history stays in the old file.
#include "core/store/rescue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/store/store.h"
#include "testing/damage.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using testing::At;
using testing::DamageHead;
using testing::DamageTable;
using ::testing::HasSubstr;
using testing::OpenStore;
using testing::SampleUnit;
using testing::StoreDir;

CommitUnit UnitWithFile(uint64_t seq, int64_t file) {
  CommitUnit unit = SampleUnit(seq);
  FileCheckpoint f;
  f.id = FileId{file};
  f.source = f.path = "/var/log/" + std::to_string(file);
  f.identity = std::string("\x01\x00\xff", 3);
  f.offset = 1000 * seq;
  f.chain = 0xdeadbeef;
  unit.files = {f};
  return unit;
}

// The time of a test's rescue, 2026-11-22T06:15:00Z.
const Time kNow = At(1'795'328'100);

TEST(RescueTest, OffsetsAndIdsAreTakenOver) {
  StoreDir dir;
  std::string group;
  {
    Store store = OpenStore(dir.db());
    for (int i = 1; i <= 3; ++i) {
      const CommitUnit unit = UnitWithFile(static_cast<uint64_t>(i), 40 + i);
      group = unit.group;
      ASSERT_TRUE(store.Commit(unit).ok());
    }
  }
  DamageTable(dir.db(), "anomaly_rows");
  {
    Store store = OpenStore(dir.db());
    const Status status = store.Commit(UnitWithFile(4, 44));
    ASSERT_FALSE(status.ok());
    EXPECT_TRUE(IsDamage(status.error())) << status.error().message;
  }
  const Result<Rescue> rescue = RescueDatabase(dir.db(), kNow);
  ASSERT_TRUE(rescue.ok()) << rescue.error().message;
  EXPECT_EQ(rescue->aside, dir.db() + ".damaged-20261122T061500Z");
  EXPECT_TRUE(std::filesystem::exists(rescue->aside));
  EXPECT_EQ(rescue->files, 3u);
  EXPECT_TRUE(rescue->all);
  EXPECT_THAT(rescue->Describe(dir.db()), HasSubstr("where it was in all 3 files"));

  Store store = OpenStore(dir.db());
  const Result<GroupState> state = store.LoadGroup(group);
  ASSERT_TRUE(state.ok());
  ASSERT_EQ(state->files.size(), 3u);
  EXPECT_EQ(state->files[2].offset, 3000u);
  EXPECT_EQ(state->files[2].identity, std::string("\x01\x00\xff", 3));
  EXPECT_EQ(state->files[2].chain, 0xdeadbeefu);
  EXPECT_TRUE(state->shards.empty());
  EXPECT_EQ(store.NextFileId().value(), 44);
  ASSERT_TRUE(store.Commit(UnitWithFile(4, 44)).ok());
  const auto anomalies = OpenStore(dir.db()).Outbox(kJournalSink, 10);
  ASSERT_TRUE(anomalies.ok());
  for (const Alert& alert : *anomalies)
    EXPECT_GT(alert.anomaly_id, 3) << "an id that was given names no other anomaly";
  EXPECT_FALSE(anomalies->empty());
}

TEST(RescueTest, WithoutAHeadNothingIsKnownAndItIsSaid) {
  StoreDir dir;
  { ASSERT_TRUE(OpenStore(dir.db()).Commit(UnitWithFile(1, 41)).ok()); }
  DamageHead(dir.db());
  const Result<Store> damaged = Store::Open(dir.db(), StorePolicy{});
  ASSERT_FALSE(damaged.ok());
  EXPECT_TRUE(IsDamage(damaged.error()));
  const Result<Rescue> rescue = RescueDatabase(dir.db(), kNow);
  ASSERT_TRUE(rescue.ok()) << rescue.error().message;
  EXPECT_EQ(rescue->files, 0u);
  EXPECT_FALSE(rescue->all);
  EXPECT_THAT(rescue->Describe(dir.db()), HasSubstr("was not looked at; `alogctl scan` does that"));
  EXPECT_TRUE(OpenStore(dir.db()).Commit(UnitWithFile(1, 1)).ok());
}

TEST(RescueTest, TwiceInOneSecond) {
  StoreDir dir;
  for (int i = 0; i < 2; ++i) {
    { ASSERT_TRUE(OpenStore(dir.db()).Commit(UnitWithFile(1, 41)).ok()); }
    DamageHead(dir.db());
    const Result<Rescue> rescue = RescueDatabase(dir.db(), kNow);
    ASSERT_TRUE(rescue.ok()) << rescue.error().message;
    EXPECT_THAT(rescue->aside, ::testing::EndsWith(i == 0 ? "061500Z" : "061500Z.2"));
  }
}

TEST(RescueTest, AnotherProgramsDatabaseIsNotDamage) {
  StoreDir dir;
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(dir.db().c_str(), &db), SQLITE_OK);
  sqlite3_exec(db, "CREATE TABLE theirs (x)", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  const Result<Store> store = Store::Open(dir.db(), StorePolicy{});
  ASSERT_FALSE(store.ok());
  EXPECT_FALSE(IsDamage(store.error()));
}

}  // namespace
}  // namespace alogd
