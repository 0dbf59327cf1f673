// SPDX-License-Identifier: MIT
// alogctl anomalies, incidents and templates, run as commands against a database.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/cli.h"
#include "cli/output.h"
#include "core/store/store.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using ::testing::AllOf;
using testing::At;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::OpenStore;
using testing::SampleUnit;
using testing::StoreDir;

class HistoryCommandsTest : public ::testing::Test {
 protected:
  struct Ran {
    int status;
    std::string out, err;
  };

  void SetUp() override {
    config_ = dir_.path() + "/alogd.yaml";
    std::ofstream(config_) << "state_dir: " << dir_.path() << "\n";
  }

  Ran Run(std::vector<std::string> args) {
    std::vector<const char*> argv = {"alogctl", "--config", config_.c_str()};
    for (const std::string& arg : args) argv.push_back(arg.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int status = RunCli(static_cast<int>(argv.size()), argv.data(), {AddHistoryCommands});
    std::fflush(stdout);
    Ran ran{status, "", ::testing::internal::GetCapturedStderr()};
    ran.out = ::testing::internal::GetCapturedStdout();
    return ran;
  }

  // Anomalies 1 (LOW) to 4 (CRITICAL), an hour apart, the last one now.
  void Fill() {
    Store store = OpenStore(dir_.db());
    const Time now = Now();
    for (uint64_t seq = 1; seq <= 4; ++seq) {
      CommitUnit unit = SampleUnit(seq, static_cast<RiskLevel>(seq));
      Anomaly& a = unit.anomalies[0];
      a.time = a.last_time = now - std::chrono::hours(4 - seq);
      a.message = "message " + std::to_string(seq) + " \x1b[31mred";
      unit.templates.push_back(Template{TemplateId{static_cast<uint32_t>(seq)},
                                        "text " + std::to_string(seq), 100 - seq, now, now,
                                        seq == 1, seq == 4 ? TemplateId{2} : kNoTemplate});
      ASSERT_TRUE(store.Commit(unit).ok());
    }
  }

  static std::vector<int64_t> Ids(const std::string& json_lines) {
    std::vector<int64_t> ids;
    std::istringstream in(json_lines);
    for (std::string line; std::getline(in, line);) {
      ids.push_back(nlohmann::json::parse(line)["id"].get<int64_t>());
    }
    return ids;
  }

  StoreDir dir_;
  std::string config_;
};

TEST_F(HistoryCommandsTest, ListNewestFirst) {
  Fill();
  const Ran ran = Run({"anomalies", "list"});
  EXPECT_EQ(ran.status, kExitDone);
  EXPECT_EQ(ran.err, "");
  std::istringstream in(ran.out);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines[0],
              AllOf(HasSubstr("4\t"), HasSubstr("\tCRITICAL\t87\tdeeplog\t/var/log/syslog:sshd\t"),
                    HasSubstr("message 4 \\x1B[31mred")));
  EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
}

TEST_F(HistoryCommandsTest, FiltersOfTheCommandLine) {
  Fill();
  const auto ids = [&](std::vector<std::string> filter) {
    filter.insert(filter.begin(), {"--json", "anomalies", "list"});
    const Ran ran = Run(filter);
    EXPECT_EQ(ran.status, kExitDone) << ran.err;
    return Ids(ran.out);
  };
  EXPECT_THAT(ids({"--level", "high"}), ElementsAre(4, 3));
  EXPECT_THAT(ids({"--since", "-90min"}), ElementsAre(4, 3));
  EXPECT_THAT(ids({"--since=-90min", "--until", "-30min"}), ElementsAre(3));
  EXPECT_THAT(ids({"--grep", "message [12]"}), ElementsAre(2, 1));
  EXPECT_THAT(ids({"--source", "syslog", "--group", "system", "--template", "7"}),
              ElementsAre(4, 3, 2, 1));
  EXPECT_THAT(ids({"--template", "8"}), ElementsAre());
  EXPECT_THAT(ids({"--limit", "2", "--before", "4"}), ElementsAre(3, 2));
  EXPECT_THAT(ids({"--limit", "0"}), ElementsAre(4, 3, 2, 1));
}

TEST_F(HistoryCommandsTest, OlderOnesAreMentioned) {
  Fill();
  EXPECT_THAT(Run({"anomalies", "list", "--limit", "3"}).err, HasSubstr("--before 2"));
  EXPECT_EQ(Run({"anomalies", "list", "--limit", "4"}).err, "");
  EXPECT_EQ(Run({"-q", "anomalies", "list", "--limit", "3"}).err, "");
}

TEST_F(HistoryCommandsTest, JsonHasTheFieldsOfTheView) {
  Fill();
  const Ran ran = Run({"--json", "anomalies", "list", "--limit", "1"});
  std::vector<std::string> keys;
  const nlohmann::ordered_json json = nlohmann::ordered_json::parse(ran.out);
  for (const auto& item : json.items()) keys.push_back(item.key());
  EXPECT_THAT(keys, ElementsAre("id", "time_us", "level", "risk", "score", "severity", "detector",
                                "group_name", "source", "stream", "template_id", "template",
                                "message", "evidence", "file_id", "first_offset", "last_offset",
                                "windows", "incident_id", "bundle", "state"));
  EXPECT_EQ(json["risk"].dump(), "87.3");
}

TEST_F(HistoryCommandsTest, ShowExplains) {
  const std::string log = dir_.path() + "/syslog";
  std::ofstream(log) << "one\ntwo\nFailed password for root\nfour \x1b]0;x\x07\n";
  struct stat info {};
  ASSERT_EQ(stat(log.c_str(), &info), 0);
  {
    Store store = OpenStore(dir_.db());
    CommitUnit unit = SampleUnit(1);
    unit.anomalies[0].ref = RecordRef{FileId{3}, 8, 25};
    FileCheckpoint file;
    file.id = FileId{3};
    file.path = log;
    file.inode = info.st_ino;
    unit.files = {file};
    ASSERT_TRUE(store.Commit(unit).ok());
  }
  const Ran ran = Run({"anomalies", "show", "1"});
  EXPECT_EQ(ran.status, kExitDone) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("HIGH  anomaly 1, risk 67 (anomaly score 71, severity 80)"));
  EXPECT_THAT(ran.out,
              HasSubstr("after 'Connection from <*>' came 'Failed password for <*> from <*>'"));
  EXPECT_THAT(ran.out, HasSubstr("93%  Accepted publickey for <*>"));
  EXPECT_THAT(ran.out,
              HasSubstr("    two\n  > Failed password for root\n    four \\x1B]0;x\\x07\n"));
  EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
  const nlohmann::json json = nlohmann::json::parse(Run({"--json", "anomalies", "show", "1"}).out);
  ASSERT_EQ(json["records"].size(), 4u);
  EXPECT_EQ(json["records"][2]["text"], "Failed password for root");
  EXPECT_EQ(json["records"][2]["blamed"], true);
  EXPECT_EQ(json["records"][2]["offset"], 8);
}

TEST_F(HistoryCommandsTest, ShowWithoutTheFile) {
  Fill();
  const Ran ran = Run({"anomalies", "show", "2"});
  EXPECT_EQ(ran.status, kExitDone);
  EXPECT_THAT(ran.out, HasSubstr("their file is gone"));
}

TEST_F(HistoryCommandsTest, Incidents) {
  Fill();
  EXPECT_THAT(Ids(Run({"--json", "incidents", "list", "--level", "high"}).out), ElementsAre(4, 3));
  const Ran ran = Run({"incidents", "show", "3"});
  EXPECT_EQ(ran.status, kExitDone);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("HIGH  incident 3, risk 67, 1 anomaly"),
                             HasSubstr("message 3 \\x1B[31mred")));
  EXPECT_EQ(nlohmann::json::parse(Run({"--json", "incidents", "show", "3"}).out)["anomaly_ids"][0],
            3);
}

TEST_F(HistoryCommandsTest, Templates) {
  Fill();
  const Ran ran = Run({"templates", "--sort", "count", "--limit", "2"});
  EXPECT_EQ(ran.status, kExitDone);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("system\t1\t99\t"), HasSubstr("\ttrained\ttext 1\n"),
                             HasSubstr("\tlive\ttext 2\n"), Not(HasSubstr("text 3"))));
  EXPECT_THAT(Run({"--json", "templates"}).out, HasSubstr("\"alias_of\":2}"));
}

TEST_F(HistoryCommandsTest, WrongUseIsExplained) {
  Fill();
  Ran ran = Run({"anomalies", "list", "--since", "soon"});
  EXPECT_EQ(ran.status, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("'soon' is not a time"));
  ran = Run({"anomalies", "list", "--level", "bad"});
  EXPECT_EQ(ran.status, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("'bad' is not a level"));
  ran = Run({"anomalies", "list", "--grep", "("});
  EXPECT_NE(ran.status, kExitDone);
  EXPECT_THAT(ran.err, HasSubstr("not a regular expression"));
  EXPECT_EQ(Run({"anomalies", "show"}).status, kExitUsage);
  EXPECT_EQ(Run({"anomalies"}).status, kExitUsage);
  ran = Run({"anomalies", "show", "99"});
  EXPECT_EQ(ran.status, kExitFailed);
  EXPECT_THAT(ran.err, HasSubstr("there is no anomaly 99"));
}

TEST_F(HistoryCommandsTest, NoDatabaseYet) {
  const Ran ran = Run({"anomalies", "list"});
  EXPECT_EQ(ran.status, kExitFailed);
  EXPECT_THAT(ran.err, AllOf(HasSubstr(dir_.db()), HasSubstr("alogd has not run here yet")));
}

TEST_F(HistoryCommandsTest, NothingMatches) {
  Fill();
  const Ran ran = Run({"anomalies", "list", "--grep", "nothing like it"});
  EXPECT_EQ(ran.status, kExitDone);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "No anomalies match.\n");
}

}  // namespace
}  // namespace alogd
