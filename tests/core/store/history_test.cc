// SPDX-License-Identifier: MIT
// Filters, pages, and reading beside a writer, after one, and without the right to write.
#include "core/store/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/store/store.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using namespace std::chrono_literals;
using testing::AsNobody;
using testing::At;
using ::testing::ElementsAre;
using testing::GiveToGroupNobody;
using ::testing::HasSubstr;
using testing::OpenStore;
using testing::SampleUnit;
using testing::StoreDir;

class HistoryTest : public ::testing::Test {
 protected:
  // Anomalies 1 to 10 of levels INFO to CRITICAL, twice over, in two groups.
  void Fill(Store* store) {
    for (uint64_t seq = 1; seq <= 10; ++seq) {
      CommitUnit unit = SampleUnit(seq, static_cast<RiskLevel>((seq - 1) % 5));
      unit.group = seq <= 5 ? "system" : "web";
      unit.anomalies[0].source = seq <= 5 ? "/var/log/auth.log" : "/var/log/nginx/error.log";
      unit.anomalies[0].message = "message number " + std::to_string(seq);
      unit.anomalies[0].template_id = TemplateId{static_cast<uint32_t>(seq)};
      unit.incidents[0].title = "title " + std::to_string(seq);
      ASSERT_TRUE(store->Commit(unit).ok());
    }
  }

  std::vector<int64_t> Ids(const AnomalyFilter& filter) {
    Result<History> history = History::Open(dir_.db());
    EXPECT_TRUE(history.ok());
    Result<std::vector<StoredAnomaly>> found = history->Anomalies(filter);
    EXPECT_TRUE(found.ok()) << found.error().message;
    std::vector<int64_t> ids;
    if (found.ok()) {
      for (const StoredAnomaly& a : *found) ids.push_back(a.id);
    }
    return ids;
  }

  StoreDir dir_;
};

TEST_F(HistoryTest, AnomaliesByEachFilter) {
  Store store = OpenStore(dir_.db());
  Fill(&store);
  EXPECT_THAT(Ids({}), ElementsAre(10, 9, 8, 7, 6, 5, 4, 3, 2, 1));
  AnomalyFilter f;
  f.min_level = RiskLevel::kHigh;
  EXPECT_THAT(Ids(f), ElementsAre(10, 9, 5, 4));
  f.group = "web";
  EXPECT_THAT(Ids(f), ElementsAre(10, 9));
  f = {};
  f.source = "auth.log";
  EXPECT_THAT(Ids(f), ElementsAre(5, 4, 3, 2, 1));
  f.source = "/var/log/nginx/error.log";
  EXPECT_THAT(Ids(f), ElementsAre(10, 9, 8, 7, 6));
  f.source = "th.log";  // not a whole component
  EXPECT_THAT(Ids(f), ElementsAre());
  f = {};
  f.template_id = TemplateId{3};
  EXPECT_THAT(Ids(f), ElementsAre(3));
  f = {};
  f.grep = "number [23]$";
  EXPECT_THAT(Ids(f), ElementsAre(3, 2));
}

TEST_F(HistoryTest, TemplateStandsForItsAliases) {
  Store store = OpenStore(dir_.db());
  Fill(&store);
  CommitUnit unit;
  unit.group = "system";
  unit.templates.push_back(Template{TemplateId{4}, "x", 1, At(1), At(1), false, TemplateId{2}});
  ASSERT_TRUE(store.Commit(unit).ok());
  AnomalyFilter f;
  f.template_id = TemplateId{2};
  EXPECT_THAT(Ids(f), ElementsAre(4, 2));
}

TEST_F(HistoryTest, TimesCountByOverlap) {
  Store store = OpenStore(dir_.db());
  Fill(&store);  // n begins at 1,790,000,000 + n and lasts 2 s
  AnomalyFilter f;
  f.since = At(1'790'000'009);
  EXPECT_THAT(Ids(f), ElementsAre(10, 9, 8, 7));
  f.until = At(1'790'000'008);
  EXPECT_THAT(Ids(f), ElementsAre(8, 7));
}

TEST_F(HistoryTest, PagesMeetWithoutGapOrOverlap) {
  Store store = OpenStore(dir_.db());
  Fill(&store);
  AnomalyFilter f;
  f.limit = 4;
  EXPECT_THAT(Ids(f), ElementsAre(10, 9, 8, 7));
  f.before_id = 7;
  EXPECT_THAT(Ids(f), ElementsAre(6, 5, 4, 3));
  f.before_id = 3;
  EXPECT_THAT(Ids(f), ElementsAre(2, 1));
  f = {};
  f.limit = 0;
  EXPECT_THAT(Ids(f), ElementsAre());
}

TEST_F(HistoryTest, GrepReadsBeyondAPage) {
  Store store = OpenStore(dir_.db());
  CommitUnit unit = SampleUnit(1);
  unit.anomalies[0].message = "the needle";
  for (uint64_t seq = 2; seq <= 2500; ++seq) {
    unit.anomalies.push_back(unit.anomalies[0]);
    unit.anomalies.back().seq = seq;
    unit.anomalies.back().message = "hay";
  }
  ASSERT_TRUE(store.Commit(unit).ok());
  AnomalyFilter f;
  f.grep = "needle";
  EXPECT_THAT(Ids(f), ElementsAre(1));
}

TEST_F(HistoryTest, PatternThatIsNone) {
  Store store = OpenStore(dir_.db());
  Result<History> history = History::Open(dir_.db());
  AnomalyFilter f;
  f.grep = "(a";
  const auto found = history->Anomalies(f);
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().message, HasSubstr("'(a' is not a regular expression"));
}

TEST_F(HistoryTest, IncidentsAndTheirAnomalies) {
  Store store = OpenStore(dir_.db());
  Fill(&store);
  Result<History> history = History::Open(dir_.db());
  AnomalyFilter f;
  f.min_level = RiskLevel::kCritical;
  Result<std::vector<StoredIncident>> found = history->Incidents(f);
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[0].incident.title, "title 10");
  EXPECT_EQ((*found)[0].group, "web");
  f = {};
  f.grep = "title [12]$";
  EXPECT_EQ(history->Incidents(f)->size(), 2u);
  EXPECT_EQ((*history->FindIncident(5))->incident.level, RiskLevel::kCritical);
  EXPECT_EQ(*history->FindIncident(99), std::nullopt);
  Result<std::vector<StoredAnomaly>> of = history->AnomaliesOfIncident(7, 10);
  ASSERT_EQ(of->size(), 1u);
  EXPECT_EQ(of->front().id, 7);
}

TEST_F(HistoryTest, AnomalyComesBackWhole) {
  Store store = OpenStore(dir_.db());
  const Anomaly given = testing::SampleAnomaly(1, 1);
  ASSERT_TRUE(store.Commit(SampleUnit(1)).ok());
  Result<History> history = History::Open(dir_.db());
  Result<std::optional<StoredAnomaly>> found = history->FindAnomaly(1);
  ASSERT_TRUE(found.ok() && *found);
  const Anomaly& a = (*found)->anomaly;
  EXPECT_EQ((*found)->state, "new");
  EXPECT_EQ((*found)->incident_id, 1);
  EXPECT_EQ((*found)->evidence_json, EvidenceJson(given.evidence));
  EXPECT_EQ(a.seq, given.seq);
  EXPECT_EQ(a.incident_seq, given.incident_seq);
  EXPECT_EQ(a.time, given.time);
  EXPECT_EQ(a.last_time, given.last_time);
  EXPECT_EQ(a.level, given.level);
  EXPECT_EQ(a.risk, given.risk);
  EXPECT_EQ(a.score, given.score);
  EXPECT_EQ(a.severity, given.severity);
  EXPECT_EQ(a.detector, given.detector);
  EXPECT_EQ(a.source, given.source);
  EXPECT_EQ(a.stream, given.stream);
  EXPECT_EQ(a.template_id, given.template_id);
  EXPECT_EQ(a.template_text, given.template_text);
  EXPECT_EQ(a.message, given.message);
  EXPECT_EQ(a.ref.file, given.ref.file);
  EXPECT_EQ(a.ref.offset, given.ref.offset);
  EXPECT_EQ(a.ref.bytes, given.ref.bytes);
  EXPECT_EQ(a.first_offset, given.first_offset);
  EXPECT_EQ(a.last_offset, given.last_offset);
  EXPECT_EQ(a.windows, given.windows);
  EXPECT_EQ(a.bundle, given.bundle);
}

TEST_F(HistoryTest, TemplatesAndFilesByGroup) {
  Store store = OpenStore(dir_.db());
  for (const char* group : {"web", "system"}) {
    CommitUnit unit;
    unit.group = group;
    unit.templates.push_back(
        Template{TemplateId{1}, "x <*>", 5, At(1), At(2), true, TemplateId{0}});
    FileCheckpoint f;
    f.id = FileId{*store.NextFileId()};
    f.path = std::string("/var/log/") + group;
    f.inode = 77;
    unit.files = {f};
    ASSERT_TRUE(store.Commit(unit).ok());
  }
  Result<History> history = History::Open(dir_.db());
  EXPECT_EQ(history->Templates("")->size(), 2u);
  Result<std::vector<StoredTemplate>> templates = history->Templates("web");
  ASSERT_EQ(templates->size(), 1u);
  EXPECT_EQ(templates->front().row.text, "x <*>");
  EXPECT_EQ(templates->front().row.alias_of, TemplateId{0});
  Result<std::vector<StoredFile>> files = history->Files("system");
  ASSERT_EQ(files->size(), 1u);
  EXPECT_EQ(files->front().file.path, "/var/log/system");
  EXPECT_EQ((*history->FindFile(FileId{1}))->file.path, "/var/log/web");
  EXPECT_EQ((*history->FindFile(FileId{1}))->group, "web");
  EXPECT_FALSE(history->FindFile(FileId{9})->has_value());
}

TEST_F(HistoryTest, NoDatabaseYet) {
  const Result<History> history = History::Open(dir_.db());
  ASSERT_FALSE(history.ok());
  EXPECT_THAT(history.error().message, HasSubstr(dir_.db()));
  EXPECT_THAT(history.error().message, HasSubstr("alogd has not run here yet"));
}

// What a reader who is only a member of the group sees: the count of anomalies, or the error.
std::string CountAsNobody(const StoreDir& dir) {
  return AsNobody([&]() -> std::string {
    Result<History> history = History::Open(dir.db());
    if (!history.ok()) return history.error().message;
    Result<std::vector<StoredAnomaly>> found = history->Anomalies({});
    return found.ok() ? std::to_string(found->size()) : found.error().message;
  });
}

TEST_F(HistoryTest, GroupMemberBesideAWriter) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  Store store = OpenStore(dir_.db());
  Fill(&store);
  GiveToGroupNobody(dir_);
  EXPECT_EQ(CountAsNobody(dir_), "10");
  ASSERT_TRUE(store.Commit(SampleUnit(11)).ok());
  EXPECT_EQ(CountAsNobody(dir_), "11");
}

TEST_F(HistoryTest, GroupMemberAfterACleanStop) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  {
    Store store = OpenStore(dir_.db());
    Fill(&store);
  }
  GiveToGroupNobody(dir_);
  EXPECT_EQ(CountAsNobody(dir_), "10");
}

TEST_F(HistoryTest, GroupMemberAfterAKill) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  const pid_t child = fork();
  if (child == 0) {
    Store store = OpenStore(dir_.db());
    Fill(&store);
    _exit(0);  // nothing is closed: the WAL holds it all
  }
  waitpid(child, nullptr, 0);
  ASSERT_GT(std::filesystem::file_size(dir_.db() + "-wal"), 0u);
  GiveToGroupNobody(dir_);
  EXPECT_EQ(CountAsNobody(dir_), "10");
}

TEST_F(HistoryTest, GroupMemberWithoutTheWal) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  {
    Store store = OpenStore(dir_.db());
    Fill(&store);
  }
  std::filesystem::remove(dir_.db() + "-wal");
  std::filesystem::remove(dir_.db() + "-shm");
  GiveToGroupNobody(dir_);
  EXPECT_EQ(CountAsNobody(dir_), "10");
  EXPECT_FALSE(std::filesystem::exists(dir_.db() + "-wal"));
}

TEST_F(HistoryTest, StrangerIsToldTheWay) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  { OpenStore(dir_.db()); }
  ASSERT_EQ(chmod(dir_.path().c_str(), 0755), 0);
  EXPECT_THAT(CountAsNobody(dir_), HasSubstr("adduser USER alogd"));
}

}  // namespace
}  // namespace alogd
