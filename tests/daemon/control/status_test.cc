// SPDX-License-Identifier: MIT
// Status as programs and the service manager see it.
#include "daemon/control/status.h"

#include <gtest/gtest.h>

namespace alogd {
namespace {

DaemonStatus Sample() {
  DaemonStatus status;
  status.uptime = std::chrono::seconds(90);
  status.config = "/etc/alogd/alogd.yaml";
  status.state_dir = "/var/lib/alogd";
  status.now = FromMicros(1'795'313'400'000'000);  // 2026-11-22T02:10:00Z
  GroupStatus group;
  group.name = "system";
  group.bundle = "20261122T013000Z";
  group.stats.records = 7;
  group.stats.cut_lines = 2;
  group.lines_per_s = 12.34;
  GroupStatus::Source source;
  source.row.path = "/var/log/syslog";
  source.row.info.path = "/var/log/syslog";
  source.row.info.state = "reading";
  source.row.info.lag = 1000;
  source.format = "syslog";
  group.sources.push_back(source);
  group.source_count = 1;
  group.lag = 1000;
  group.lost_bytes = 3;
  group.unseen_files = 4;
  status.groups.push_back(group);
  status.sinks.push_back({"journal", "journal", "", {4, 0, 0, ""}, 1});
  status.sinks.push_back({"file", "file", "/srv/a\xff", {2, 0, 3, "no space"}, 7});
  status.commit.repeats = 5;
  return status;
}

TEST(StatusJsonTest, PromisedFields) {
  const nlohmann::json json = StatusJson(Sample());
  for (const char* key : {"ok", "version", "pid", "uptime_s", "config", "state_dir", "groups",
                          "sources", "drops", "limits", "commit", "journal", "last_reload"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["groups"][0]["bundle_age_s"], 2400) << "02:10:00 less 01:30:00";
  EXPECT_EQ(json["groups"][0]["lines_per_s"], 12.3);
  EXPECT_EQ(json["sources"][0]["group"], "system");
  EXPECT_EQ(json["sources"][0]["lag_bytes"], 1000);
  EXPECT_EQ(json["sources"][0]["last_rotation_us"], nullptr);
  EXPECT_EQ(json["drops"]["lost_bytes"], 3);
  EXPECT_EQ(json["limits"]["cut_lines"], 2);
  EXPECT_EQ(json["limits"]["unseen_files"], 4);
  EXPECT_EQ(json["journal"]["pending"], 1);
  EXPECT_EQ(json["journal"]["repeats"], 5);
  EXPECT_EQ(json["sinks"][0]["last_error"], nullptr);
  EXPECT_EQ(json["sinks"][1]["name"], "file");
  EXPECT_EQ(json["sinks"][1]["waiting"], 7);
  EXPECT_EQ(json["sinks"][1]["failures"], 3);
  EXPECT_EQ(json["sinks"][1]["last_error"], "no space");
  EXPECT_EQ(json["commit"]["last_error"], nullptr);
  EXPECT_EQ(json["last_reload"], nullptr);
}

TEST(StatusJsonTest, ListsAtMostAThousandSourcesThoseThatNeedALookFirst) {
  DaemonStatus status = Sample();
  std::vector<GroupStatus::Source>& sources = status.groups[0].sources;
  EXPECT_EQ(StatusJson(status)["source_count"], 1);
  GroupStatus::Source quiet;
  quiet.row.info.state = "idle";
  sources.insert(sources.begin(), 2000, quiet);
  status.groups[0].source_count = 2001;
  sources[1500].row.path = "/var/log/broken";
  sources[1500].row.info.problem = "cannot read it";
  const nlohmann::json json = StatusJson(status);
  EXPECT_EQ(json["source_count"], 2001);
  ASSERT_EQ(json["sources"].size(), 1000);
  EXPECT_EQ(json["sources"][0]["name"], "/var/log/broken");
  EXPECT_EQ(json["sources"][1]["name"], "/var/log/syslog");
}

TEST(StatusJsonTest, NamesThatAreNoUtf8) {
  DaemonStatus status = Sample();
  status.groups[0].sources[0].row.path = "/var/log/\xff\xfe.log";
  EXPECT_NE(StatusJson(status).dump().find("\xEF\xBF\xBD"), std::string::npos);
}

TEST(StatusLineTest, GroupsSourcesRateAndLag) {
  DaemonStatus status = Sample();
  EXPECT_EQ(StatusLine(status), "1 group, 1 source, 12 lines/s, 1000 bytes behind");
  status.commit.last_error = "database is locked";
  EXPECT_EQ(StatusLine(status),
            "1 group, 1 source, 12 lines/s, 1000 bytes behind; database: database is locked");
}

}  // namespace
}  // namespace alogd
