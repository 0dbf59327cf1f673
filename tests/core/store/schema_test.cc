// SPDX-License-Identifier: MIT
// The kept views, the file's settings, and whole units after a kill.
#include "core/store/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>

#include "core/store/store.h"
#include "testing/paths.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using namespace std::chrono_literals;
using testing::OpenStore;
using testing::SampleUnit;
using testing::StoreDir;

std::string Columns(Database* db, const std::string& view) {
  Rows rows = db->Query("SELECT group_concat(name, ', ') FROM pragma_table_info(?)", view);
  EXPECT_TRUE(rows.Next());
  return std::string(rows.Text(0));
}

// The surface as it is documented, word for word.
TEST(SchemaTest, KeptViews) {
  StoreDir dir;
  Store store = OpenStore(dir.db());
  Result<Database> db = Database::Open(dir.db(), Database::Mode::kReader, 1s);
  ASSERT_TRUE(db.ok());
  EXPECT_EQ(
      Columns(&*db, "anomalies"),
      "id, time_us, level, risk, score, severity, detector, group_name, source, stream, "
      "template_id, template, message, evidence, file_id, first_offset, last_offset, windows, "
      "incident_id, bundle, state");
  EXPECT_EQ(Columns(&*db, "incidents"),
            "id, first_us, last_us, level, risk, group_name, anomalies, title, state");
  EXPECT_EQ(Columns(&*db, "templates"),
            "group_name, template_id, template, count, first_us, last_us, origin, alias_of");
  EXPECT_EQ(Columns(&*db, "sources"), "group_name, source, path, format, records, last_us");
  EXPECT_EQ(Columns(&*db, "files"), "file_id, source, path, inode, offset, bytes, chain, state");
}

TEST(SchemaTest, SettingsOfTheFile) {
  StoreDir dir;
  for (int i = 0; i < 2; ++i) {  // made, then found
    Store store = OpenStore(dir.db());
    Result<Database> db = Database::Open(dir.db(), Database::Mode::kReader, 1s);
    ASSERT_TRUE(db.ok());
    EXPECT_EQ(**db->Int("PRAGMA user_version"), kSchemaVersion);
    EXPECT_EQ(**db->Int("PRAGMA application_id"), 0x616c6f67);
    EXPECT_EQ(**db->Int("PRAGMA auto_vacuum"), 2);  // incremental
    Rows mode = db->Query("PRAGMA journal_mode");
    ASSERT_TRUE(mode.Next());
    EXPECT_EQ(mode.Text(0), "wal");
    EXPECT_TRUE(CheckSchema(&*db).ok());
  }
}

TEST(SchemaTest, OlderDatabaseIsCopiedBeforeItIsBroughtUp) {
  const StoreDir dir;
  constexpr const char* kFirst[] = {"CREATE TABLE notes (text TEXT)"};
  constexpr const char* kBoth[] = {kFirst[0], "DROP TABLE notes; CREATE TABLE words (text TEXT)"};
  constexpr const char* kWrong[] = {kFirst[0], "DROP TABLE notes; CREATE nonsense"};
  Result<Database> db = Database::Open(dir.db(), Database::Mode::kWriter, 1s);
  ASSERT_TRUE(db.ok());
  ASSERT_TRUE(PrepareSchema(&*db, kFirst).ok());
  ASSERT_TRUE(db->Run("INSERT INTO notes VALUES ('kept')").ok());
  // A step that fails leaves the file as it was.
  EXPECT_FALSE(PrepareSchema(&*db, kWrong).ok());
  EXPECT_EQ(*db->Int("SELECT count(*) FROM notes"), 1);
  ASSERT_TRUE(PrepareSchema(&*db, kBoth).ok());
  EXPECT_EQ(*db->Int("PRAGMA user_version"), 2);
  EXPECT_EQ(*db->Int("SELECT count(*) FROM sqlite_master WHERE name = 'notes'"), 0);
  const std::string copy = dir.db() + ".schema-1";
  Result<Database> before = Database::Open(copy, Database::Mode::kReader, 1s);
  ASSERT_TRUE(before.ok()) << before.error().message;
  EXPECT_EQ(*before->Int("SELECT count(*) FROM notes WHERE text = 'kept'"), 1);
  EXPECT_EQ(*before->Int("PRAGMA user_version"), 1);
  struct stat info {};
  ASSERT_EQ(stat(copy.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640U);
}

TEST(SchemaTest, OlderDatabaseThatCannotBeCopiedStaysAsItWas) {
  const StoreDir dir;
  constexpr const char* kSteps[] = {"CREATE TABLE notes (text TEXT)", "DROP TABLE notes"};
  Result<Database> db = Database::Open(dir.db(), Database::Mode::kWriter, 1s);
  ASSERT_TRUE(db.ok());
  ASSERT_TRUE(PrepareSchema(&*db, std::span(kSteps).first(1)).ok());
  std::filesystem::create_directories(dir.db() + ".schema-1/in-the-way");
  const Status refused = PrepareSchema(&*db, kSteps);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("is copied before it is brought up"));
  EXPECT_EQ(*db->Int("PRAGMA user_version"), 1);
}

// A database that the program of schema 1 left, with an alert waiting in each of two groups.
void WriteSchema1(const std::string& path) {
  std::ifstream file(testing::SourcePath("tests/golden/store/schema-1.sql"));
  const std::string sql{std::istreambuf_iterator<char>(file), {}};
  ASSERT_FALSE(sql.empty());
  Result<Database> db = Database::Open(path, Database::Mode::kWriter, 1s);
  ASSERT_TRUE(db.ok());
  ASSERT_TRUE(db->Script(sql.c_str()).ok());
}

TEST(SchemaTest, ReaderOfAnOlderDatabaseIsToldWhatToDo) {
  const StoreDir dir;
  WriteSchema1(dir.db());
  const Result<History> history = History::Open(dir.db());
  ASSERT_FALSE(history.ok());
  EXPECT_THAT(history.error().message, ::testing::HasSubstr("start alogd once"));
}

TEST(SchemaTest, AlertsThatWaitedSurviveTheUpgradeFromSchema1) {
  const StoreDir dir;
  WriteSchema1(dir.db());
  Store store = OpenStore(dir.db());
  EXPECT_TRUE(std::filesystem::exists(dir.db() + ".schema-1"));
  const Result<std::vector<Alert>> alerts = store.Outbox(kJournalSink, 10);
  ASSERT_TRUE(alerts.ok()) << alerts.error().message;
  ASSERT_EQ(alerts->size(), 2U);
  EXPECT_EQ((*alerts)[0].id, 2);
  EXPECT_EQ((*alerts)[0].level, RiskLevel::kCritical);
  EXPECT_EQ((*alerts)[0].title, "kernel: Out of memory: Killed process 812 (orderd)");
  EXPECT_EQ((*alerts)[0].group, "system");
  EXPECT_EQ((*alerts)[0].anomaly.detector, "rule");
  EXPECT_EQ((*alerts)[1].id, 1);
  EXPECT_EQ((*alerts)[1].anomaly_id, 1);
  EXPECT_EQ((*alerts)[1].group, "web");
  // What was learned and read is as it was, and ids go on.
  const Result<GroupState> state = store.LoadGroup("system");
  ASSERT_TRUE(state.ok());
  EXPECT_FALSE(state->templates.empty());
  EXPECT_FALSE(state->files.empty());
  ASSERT_TRUE(store.Sent(kJournalSink, {1, 2}).ok());
  CommitUnit unit = SampleUnit(50);
  unit.group = "web";
  ASSERT_TRUE(store.Commit(unit).ok());
  EXPECT_EQ(store.Outbox(kJournalSink, 10)->front().id, 3) << "an id is given once";
}

TEST(SchemaTest, TwoProcessesMakeItAtOnce) {
  StoreDir dir;
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(Store::Open(dir.db(), {}, 10s).ok() ? 0 : 1);
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
}

// Commits units 1, 2, ... and says so after each, until it is killed.
[[noreturn]] void CommitForEver(const std::string& path, int report) {
  Store store = OpenStore(path);
  const uint64_t from = store.LoadGroup("system")->deltas.size();
  for (uint64_t seq = from + 1;; ++seq) {
    CommitUnit unit = SampleUnit(seq);
    unit.state_seq = seq;
    unit.delta = std::string(20'000, 'd');
    FileCheckpoint file;
    file.id = FileId{1};
    file.offset = seq;
    unit.files = {file};
    if (!store.Commit(unit).ok()) _exit(1);
    if (write(report, &seq, sizeof seq) != sizeof seq) _exit(1);
  }
}

TEST(SchemaTest, KillLeavesWholeUnits) {
  StoreDir dir;
  uint64_t committed = 0;
  for (int round = 0; round < 5; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) CommitForEver(dir.db(), ends[1]);
    close(ends[1]);
    // At least one, then wherever it is after some more.
    for (int n = 0; n < 2 + 5 * round; ++n) {
      ASSERT_EQ(read(ends[0], &committed, sizeof committed), ssize_t{sizeof committed});
    }
    usleep(static_cast<useconds_t>(1000 * round + 137));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(ends[0], &committed, sizeof committed) > 0) continue;
    close(ends[0]);

    Store store = OpenStore(dir.db());
    Result<GroupState> state = store.LoadGroup("system");
    ASSERT_TRUE(state.ok()) << state.error().message;
    const uint64_t units = state->deltas.size();
    // What was reported is there; one more may be, whose report the kill cut off.
    EXPECT_GE(units, committed);
    EXPECT_LE(units, committed + 1);
    EXPECT_EQ(state->files.at(0).offset, units);
    EXPECT_EQ(store.Outbox(kJournalSink, 1'000'000)->size(), units);
    Result<Database> db = Database::Open(dir.db(), Database::Mode::kReader, 1s);
    EXPECT_EQ(static_cast<uint64_t>(**db->Int("SELECT count(*) FROM anomalies")), units);
    Rows check = db->Query("PRAGMA integrity_check");
    ASSERT_TRUE(check.Next());
    EXPECT_EQ(check.Text(0), "ok");
  }
}

}  // namespace
}  // namespace alogd
