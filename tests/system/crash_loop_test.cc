// SPDX-License-Identifier: MIT
// Kills at random instants under load; the database is that of a run that nobody interrupted.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/config/config.h"
#include "core/pipeline.h"
#include "core/records/line_splitter.h"
#include "core/store/store.h"
#include "models/bundle/bundle.h"
#include "models/registry/detectors.h"
#include "testing/daemon_process.h"
#include "testing/tail_events.h"
#include "testing/tail_log.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? std::strtoull(value, nullptr, 10) : otherwise;
}

// A second group whose log is rotated: every line a row.
constexpr char kEventGroup[] =
    "  - name: events\n"
    "    paths: ['LOGDIR/events']\n"
    "    from: beginning\n"
    "    stream: source\n";

// Everything that people and programs see of a group, ids aside.
constexpr const char* kTables[] = {
    "SELECT printf('%d|%s|%.6f|%.6f|%.6f|%s|%s|%s|%s|%s|%s|%d|%d|%d|%s', time_us, level, risk, "
    "score, severity, detector, source, stream, template, message, evidence, first_offset, "
    "last_offset, windows, state) FROM anomalies WHERE group_name = 'app'",
    "SELECT printf('%d|%d|%s|%.6f|%d|%s|%s', first_us, last_us, level, risk, anomalies, title, "
    "state) FROM incidents WHERE group_name = 'app'",
    "SELECT printf('%s|%d|%d|%d|%s|%d', template, count, first_us, last_us, origin, "
    "alias_of IS NULL) FROM templates WHERE group_name = 'app'",
    "SELECT printf('%s|%s|%s|%d|%d', source, path, format, records, last_us) FROM sources "
    "WHERE group_name = 'app'",
    "SELECT printf('%s|%s|%d|%d|%d|%d', source, path, inode, offset, bytes, chain) FROM files "
    "WHERE path LIKE '%/app.log'",
};

class CrashLoopTest : public ::testing::Test {
 protected:
  void Configure(const std::string& more = "") {
    std::string yaml = kRhythmGroup;
    yaml.insert(yaml.find("  - {match"), kEveryEvent);
    daemon_.ConfigureWith(yaml + more);
  }
  void Append();
  void KillAtRandom();
  void ReadUninterrupted();
  std::vector<std::string> Rows(const char* query) const {
    std::vector<std::string> rows = daemon_.Query(query);
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  std::vector<std::string> WhatComesOfMore() const;
  std::string RowsOf(const std::vector<int>& events) const;
  bool CaughtUp() const {
    return daemon_.Number("SELECT offset FROM files WHERE path LIKE '%/app.log'") ==
               static_cast<int64_t>(appended_) &&
           daemon_.Number("SELECT count(*) FROM anomalies WHERE group_name = 'events'") >= events_;
  }

  const uint64_t seed_ = Setting("ALOGD_SEED", std::random_device{}());
  std::mt19937_64 random_{seed_};
  DaemonProcess daemon_;
  const std::string log_ = daemon_.Log("app.log");
  std::string text_;
  size_t appended_ = 0;
  int events_ = 0, rotations_ = 0;
};

// Pieces end anywhere, within lines too.
void CrashLoopTest::Append() {
  const size_t size = std::min<size_t>(1 + random_() % 6000, text_.size() - appended_);
  AppendTo(log_, text_.substr(appended_, size));
  appended_ += size;
  const std::string events = EventLines(events_, events_ + 20);
  const size_t cut = random_() % events.size();
  AppendTo(daemon_.Log("events"), events.substr(0, cut));
  if (random_() % 10 == 0) {
    fs::rename(daemon_.Log("events"), daemon_.Log(fmt::format("old-{}", rotations_)));
    // What was cut is completed by the descriptor that its writer keeps.
    AppendTo(daemon_.Log(fmt::format("old-{}", rotations_)), events.substr(cut));
    for (int i = rotations_; i > 0; --i) {
      fs::rename(daemon_.Log(fmt::format("events.{}", i)),
                 daemon_.Log(fmt::format("events.{}", i + 1)));
    }
    fs::rename(daemon_.Log(fmt::format("old-{}", rotations_)), daemon_.Log("events.1"));
    ++rotations_;
  } else {
    AppendTo(daemon_.Log("events"), events.substr(cut));
  }
  events_ += 20;
}

void CrashLoopTest::KillAtRandom() {
  if (random_() % 4 == 0) {
    daemon_.Spawn();  // not waited for: the start is killed, too
  } else {
    ASSERT_TRUE(daemon_.Start());
  }
  for (auto left = 1 + random_() % 4; left > 0; --left) {
    Append();
    std::this_thread::sleep_for(milliseconds(random_() % 25));
  }
  daemon_.Kill();
}

void CrashLoopTest::ReadUninterrupted() {
  daemon_.set_state("uninterrupted");
  Configure();
  ASSERT_TRUE(daemon_.Start());
  events_ = 0;
  EXPECT_TRUE(Eventually([&] { return CaughtUp(); }, std::chrono::seconds(600)));
  EXPECT_EQ(daemon_.Terminate(), 0);
}

// The state, told by what it makes of the lines that come next.
std::vector<std::string> CrashLoopTest::WhatComesOfMore() const {
  const LoadedConfig loaded = LoadConfig(daemon_.config_path(), true, AllDetectors());
  auto store = Store::Open(daemon_.state() + "/alogd.db", {}, milliseconds(1000));
  EXPECT_TRUE(loaded.ok() && store.ok());
  const auto state = store->LoadGroup("app");
  auto models = MakeModelSet(loaded.config.groups[0], nullptr);
  EXPECT_TRUE(state.ok() && models.ok());
  auto pipeline = Pipeline::Create(loaded.config, loaded.config.groups[0], std::move(*models),
                                   [](const RecordRef&) { return std::string(); });
  EXPECT_TRUE((*pipeline)->Restore(*state));
  const SourceId source = (*pipeline)->AddSource(log_, kNoTime);
  LineSplitter splitter(loaded.config.groups[0].max_line, appended_);
  splitter.Append(std::string_view(text_).substr(appended_));
  for (Line line; splitter.Next(&line);) (*pipeline)->Feed(source, FileId{1}, line);
  std::vector<std::string> rows;
  const CommitUnit unit = (*pipeline)->TakeUnit();
  for (const Anomaly& a : unit.anomalies) {
    rows.push_back(fmt::format("{}|{}|{}|{}|{}|{}|{:.6f}", a.detector, Name(a.level), a.stream,
                               a.template_text, a.last_offset, a.windows, a.score));
  }
  for (const Template& t : unit.templates) rows.push_back(fmt::format("{}|{}", t.text, t.count));
  for (const SourceRow& row : unit.sources) rows.push_back(fmt::format("{}", row.records));
  std::sort(rows.begin(), rows.end());
  return rows;
}

// Each first and last of the repeated events that follow each other: which files they were read
// from.
std::string CrashLoopTest::RowsOf(const std::vector<int>& events) const {
  std::string out;
  for (size_t i = 0; i < events.size(); ++i) {
    const bool inside = i > 0 && i + 1 < events.size() && events[i - 1] + 1 == events[i] &&
                        events[i] + 1 == events[i + 1];
    if (inside) continue;
    for (const std::string& row : daemon_.Query(fmt::format(
             "SELECT printf('file %d inode %d offset %d of %d, %s at %s, anomaly %d', f.file_id, "
             "f.inode, a.first_offset, f.offset, f.state, f.path, a.id) FROM anomalies a LEFT JOIN "
             "file_rows f ON f.file_id = a.file_id WHERE a.group_name = 'events' AND "
             "a.message LIKE '%event {} %'",
             events[i])))
      out += fmt::format("\nevent {}: {}", events[i], row);
  }
  return out;
}

// ALOGD_KILLS sets how often, ALOGD_SEED repeats a run.
TEST_F(CrashLoopTest, DatabaseEqualsThatOfAnUninterruptedRun) {
  const uint64_t kills = Setting("ALOGD_KILLS", 25);
  fmt::print("seed {}\n", seed_);
  SCOPED_TRACE(fmt::format("ALOGD_SEED={} ALOGD_KILLS={}", seed_, kills));
  text_ = MakeRhythmLog(static_cast<unsigned>(seed_), static_cast<int>(kills * 120 + 2000));
  WriteTo(log_, "");
  Configure(kEventGroup);
  // A log that is rotated before alogd ever saw it is nobody's: its copies are not looked for.
  AppendTo(daemon_.Log("events"), EventLines(0, events_ = 20));
  ASSERT_TRUE(daemon_.Start());
  EXPECT_TRUE(Eventually([&] { return CaughtUp(); }));
  daemon_.Kill();
  for (uint64_t kill = 0; kill < kills && !HasFatalFailure(); ++kill) KillAtRandom();
  // To the end of a line.
  const size_t end = text_.find('\n', appended_) + 1;
  AppendTo(log_, text_.substr(appended_, end - appended_));
  appended_ = end;
  ASSERT_LT(appended_, text_.size()) << "nothing is left to tell the state by";
  ASSERT_TRUE(daemon_.Start());
  EXPECT_TRUE(Eventually([&] { return CaughtUp(); }));
  EXPECT_EQ(daemon_.Terminate(), 0);

  std::vector<std::vector<std::string>> interrupted;
  for (const char* table : kTables) interrupted.push_back(Rows(table));
  const std::vector<std::string> more = WhatComesOfMore();
  ExpectChains(daemon_, log_);
  const Account account = AccountOf(EventRows(daemon_, "group_name = 'events'"), events_);
  fmt::print("{} kills, {} rotations: {} rows, {} lost, {} duplicated; {} bytes in {} anomalies\n",
             kills, rotations_, events_, account.lost, account.duplicated, appended_,
             interrupted[0].size());
  EXPECT_EQ(account.lost, 0) << account.gaps;
  EXPECT_EQ(account.duplicated, 0) << RowsOf(account.repeats);
  EXPECT_EQ(account.foreign, 0);
  EXPECT_GT(interrupted[0].size(), 10U) << "the log has nothing to find";

  ReadUninterrupted();
  for (size_t i = 0; i < interrupted.size(); ++i) {
    SCOPED_TRACE(kTables[i]);
    EXPECT_EQ(interrupted[i], Rows(kTables[i]));
  }
  EXPECT_EQ(more, WhatComesOfMore());
}

}  // namespace
}  // namespace alogd
