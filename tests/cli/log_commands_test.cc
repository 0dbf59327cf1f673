// SPDX-License-Identifier: MIT
// generate, train, scan, parse and explain as a user calls them, on logs that the generator writes.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "cli/cli.h"
#include "cli/log_files.h"
#include "cli/log_reader.h"
#include "cli/scan_report.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct Outcome {
  int status = 0;
  std::string out, err;
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream in(out);
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
};

std::string Content(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

class LogCommandsTest : public ::testing::Test {
 protected:
  LogCommandsTest() {
    std::string pattern = ::testing::TempDir() + "alogd-logs-XXXXXX";
    root_ = mkdtemp(pattern.data());
    std::ofstream(root_ / "alogd.yaml")
        << "state_dir: " << root_.string() << "/state\n"
        << "groups: [{name: shop, paths: [/srv/shop.log], stream: source,\n"
        << "          detectors: {deeplog: {layers: [16], embedding: 8, epochs: 8}}}]\n";
    fs::permissions(root_ / "alogd.yaml", fs::perms(0644));
  }
  ~LogCommandsTest() override { fs::remove_all(root_); }

  Outcome Run(std::vector<std::string> arguments) {
    const std::string config = root_ / "alogd.yaml";
    std::vector<const char*> argv = {"alogctl", "--config", config.c_str()};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.status = RunCli(
        static_cast<int>(argv.size()), argv.data(),
        {AddGenerateCommand, AddTrainCommand, AddScanCommand, AddParseCommand, AddExplainCommand});
    outcome.out = ::testing::internal::GetCapturedStdout();
    outcome.err = ::testing::internal::GetCapturedStderr();
    return outcome;
  }
  std::string Path(const std::string& name) const { return (root_ / name).string(); }
  void Generate(const std::string& name, int lines, const std::string& rate, int seed,
                const std::string& format = "service") {
    const Outcome made = Run({"generate", "--lines", std::to_string(lines), "--anomaly-rate", rate,
                              "--seed", std::to_string(seed), "--format", format, "--out",
                              Path(name), "--labels", Path(name + ".csv")});
    ASSERT_EQ(made.status, 0) << made.err;
  }

  fs::path root_;
};

TEST_F(LogCommandsTest, SameSeedWritesTheSameLogAndLabels) {
  for (const char* format : {"service", "syslog", "iso", "json", "random"}) {
    Generate("a", 500, "0.1", 7, format);
    Generate("b", 500, "0.1", 7, format);
    Generate("c", 500, "0.1", 8, format);
    EXPECT_EQ(Content(Path("a")), Content(Path("b"))) << format;
    EXPECT_EQ(Content(Path("a.csv")), Content(Path("b.csv")));
    EXPECT_NE(Content(Path("a")), Content(Path("c")));
  }
}

TEST_F(LogCommandsTest, LabelsNameALineEachAndTheKindOfFault) {
  Generate("a", 2000, "0.2", 3);
  std::istringstream labels(Content(Path("a.csv")));
  std::string row;
  std::getline(labels, row);
  EXPECT_EQ(row, "line,label,kind");
  std::set<std::string> kinds;
  int lines = 0, abnormal = 0;
  while (std::getline(labels, row)) {
    ++lines;
    const bool marked = row.find(",1,") != std::string::npos;
    abnormal += marked;
    if (marked) kinds.insert(row.substr(row.rfind(',') + 1));
  }
  EXPECT_EQ(lines, 2000);
  EXPECT_GT(abnormal, 200);
  EXPECT_EQ(kinds.size(), 7u);
  Generate("n", 2000, "0", 3);
  EXPECT_EQ(Content(Path("n.csv")).find(",1,"), std::string::npos);
}

TEST_F(LogCommandsTest, TrainedScanFindsFaultsAndLeavesNormalAlone) {
  Generate("history.log", 12000, "0", 1);
  Generate("normal.log", 4000, "0", 2);
  Generate("faults.log", 4000, "0.03", 3);
  const Outcome trained = Run({"train", "--activate", Path("history.log")});
  ASSERT_EQ(trained.status, 0) << trained.err;
  EXPECT_TRUE(fs::is_symlink(root_ / "state/models/shop/current"));

  const Outcome normal = Run({"--json", "--quiet", "scan", Path("normal.log")});
  ASSERT_EQ(normal.status, 0) << normal.err;
  const Outcome faults = Run({"scan", "--out", Path("report"), "--all-scores", Path("faults.log")});
  ASSERT_EQ(faults.status, 0) << faults.err;
  // 4,000 normal records may raise a few alarms, the faulty ones many times as many, of several
  // levels.
  const size_t false_alarms = normal.lines().size();
  std::istringstream csv(Content(root_ / "report/anomalies_with_risk.csv"));
  std::set<std::string> levels;
  size_t found = 0;
  std::string row;
  for (std::getline(csv, row); std::getline(csv, row); ++found)
    for (const char* level : {"CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO"})
      if (row.find(std::string(",") + level + ",") != std::string::npos) levels.insert(level);
  EXPECT_LE(false_alarms, 5u) << normal.out;
  EXPECT_GE(found, 15u);
  EXPECT_GE(levels.size(), 2u);
  EXPECT_TRUE(levels.contains("CRITICAL"));
  EXPECT_THAT(Content(root_ / "report/anomalies_with_risk.csv"), HasSubstr("OutOfMemoryError"));
  EXPECT_THAT(Content(root_ / "report/risk_summary.txt"), HasSubstr("respond at once"));
  EXPECT_THAT(Content(root_ / "report/all_scores.csv"), HasSubstr("deeplog"));
  EXPECT_THAT(Content(root_ / "report/all_scores.csv"), HasSubstr(",joint,joint_threshold\n"));
  for (const char* name : {"risk_high", "risk_medium", "risk_low", "risk_info"})
    EXPECT_TRUE(fs::exists(root_ / "report" / (std::string(name) + ".csv"))) << name;
}

TEST_F(LogCommandsTest, TrainingTwiceGivesTheSameWeights) {
  Generate("history.log", 3000, "0", 1);
  for (const char* out : {"one", "two"})
    ASSERT_EQ(Run({"train", "--seed", "5", "--out", Path(out), Path("history.log")}).status, 0);
  int compared = 0;
  for (const auto& entry : fs::directory_iterator(root_ / "one")) {
    if (entry.path().extension() != ".safetensors") continue;
    EXPECT_EQ(Content(entry.path()), Content(root_ / "two" / entry.path().filename()))
        << entry.path();
    ++compared;
  }
  EXPECT_GE(compared, 2);
}

TEST_F(LogCommandsTest, TooLittleToLearnFromIsSaid) {
  Generate("short.log", 100, "0", 1);
  const Outcome trained = Run({"train", Path("short.log")});
  EXPECT_EQ(trained.status, 1);
  EXPECT_THAT(trained.err, HasSubstr("records are too few to learn from"));
  EXPECT_FALSE(fs::exists(root_ / "state/models/shop"));
}

TEST_F(LogCommandsTest, MissingFileAndWrongGroupAreSaid) {
  EXPECT_EQ(Run({"scan", Path("none.log")}).status, 1);
  EXPECT_THAT(Run({"scan", Path("none.log")}).err, HasSubstr("none.log"));
  EXPECT_EQ(Run({"scan", "--group", "other", Path("none.log")}).status, 2);
  EXPECT_EQ(Run({"scan", "--detectors", "deeplok", Path("none.log")}).status, 2);
}

TEST_F(LogCommandsTest, ParsedRowsGiveTheMessageBack) {
  Generate("a.log", 1500, "0.05", 4);
  const Outcome parsed = Run({"parse", "--format", "json", Path("a.log")});
  ASSERT_EQ(parsed.status, 0) << parsed.err;
  size_t rows = 0;
  for (const std::string& line : parsed.lines()) {
    const auto row = nlohmann::json::parse(line);
    std::string rebuilt = row["template"];
    for (const auto& value : row["params"]) {
      const size_t at = rebuilt.find("<*>");
      ASSERT_NE(at, std::string::npos) << line;
      // A parameter may itself hold <*> only if a program printed it: these do not.
      rebuilt.replace(at, 3, value.get<std::string>());
    }
    EXPECT_EQ(rebuilt, row["message"].get<std::string>());
    EXPECT_FALSE(row["time"].get<std::string>().empty());
    EXPECT_FALSE(row["level"].get<std::string>().empty());
    ++rows;
  }
  EXPECT_GT(rows, 1400u);
}

TEST_F(LogCommandsTest, ParseStateKeepsIdsAcrossRuns) {
  Generate("a.log", 800, "0.05", 4);
  const auto ids = [&](const Outcome& outcome) {
    std::map<std::string, std::string> by_template;
    for (const std::string& line : outcome.lines()) {
      const auto row = nlohmann::json::parse(line);
      by_template[row["template"]] = row["template_id"].dump();
    }
    return by_template;
  };
  const auto first =
      ids(Run({"parse", "--format", "json", "--state", Path("state.bin"), Path("a.log")}));
  const auto second =
      ids(Run({"parse", "--format", "json", "--state", Path("state.bin"), Path("a.log")}));
  EXPECT_EQ(first, second);
  std::ofstream(root_ / "foreign.bin") << "something else";
  EXPECT_EQ(Run({"parse", "--state", Path("foreign.bin"), Path("a.log")}).status, 1);
}

TEST_F(LogCommandsTest, ExplainShowsHeaderTemplateAndScores) {
  Generate("history.log", 3000, "0", 1);
  Generate("one.log", 60, "0.3", 5);
  ASSERT_EQ(Run({"train", "--activate", Path("history.log")}).status, 0);
  const Outcome text = Run({"explain", Path("one.log")});
  ASSERT_EQ(text.status, 0) << text.err;
  for (const char* part : {"header", "message", "masked", "template", "severity", "deeplog",
                           "loganomaly", "novelty", "together  joint score"})
    EXPECT_THAT(text.out, HasSubstr(part));
  const auto row = nlohmann::json::parse(Run({"--json", "explain", Path("one.log")}).lines()[30]);
  EXPECT_TRUE(row.contains("windows"));
  EXPECT_TRUE(row["header"].get<bool>());
  // What decides: with it, windows are over where the joint score is.
  ASSERT_TRUE(row.contains("joint")) << row.dump();
  bool over = false;
  for (const auto& window : row["windows"]) over |= window["anomaly_score"].get<double>() > 0;
  EXPECT_EQ(row["joint"]["score"].get<double>() > row["joint"]["threshold"].get<double>(), over);
}

// What the watches find has no window: scan lists it, explain tells it with the record that fired
// it.
TEST_F(LogCommandsTest, ScanAndExplainTellWhatDidNotFollow) {
  std::ofstream log(root_ / "jobs.log");
  for (int i = 0; i < 130; ++i) {
    const auto line = [&](int second, const char* what) {
      log << fmt::format("2026-11-{:02}T{:02}:{:02}:{:02}.000000+00:00 web1 cron[9]: job {} {}\n",
                         2 + i / 144, i / 6 % 24, i % 6 * 10, second, i, what);
    };
    line(1, "started");
    if (i != 125) line(2, "finished");
  }
  log.close();
  const std::string expected =
      "'job <*> started' was not followed within 120 s by 'job <*> finished'";
  const auto found = nlohmann::json::parse(
      Run({"--json", "scan", "--detectors", "followers", Path("jobs.log")}).lines()[0]);
  EXPECT_EQ(found["detector"], "followers");
  EXPECT_THAT(found["evidence"][0]["summary"].get<std::string>(), HasSubstr(expected));
  const Outcome text = Run({"explain", "--abnormal", Path("jobs.log")});
  EXPECT_THAT(text.out, HasSubstr("  followers at 2026-11-02T21:00:01.000Z: raw "));
  EXPECT_THAT(text.out, HasSubstr(expected));
}

TEST_F(LogCommandsTest, RotatedCopiesAreOneSourceOldestFirst) {
  const auto now = fs::file_time_type::clock::now();
  int age = 3;
  for (const char* name : {"app.log.2", "app.log.1", "app.log"}) {
    std::ofstream(root_ / name) << "line of " << name << "\n";
    fs::last_write_time(root_ / name, now - std::chrono::hours(age--));
  }
  std::ofstream(root_ / "wtmp", std::ios::binary) << std::string(100, '\0');
  const auto files = FindLogFiles({root_.string()}, {});
  ASSERT_TRUE(files.ok());
  const auto app = std::find_if(files->sources.begin(), files->sources.end(),
                                [&](const LogSource& s) { return s.name == Path("app.log"); });
  ASSERT_NE(app, files->sources.end());
  EXPECT_EQ(app->files, (std::vector{Path("app.log.2"), Path("app.log.1"), Path("app.log")}));
  EXPECT_THAT(files->remarks, ::testing::Contains(HasSubstr("wtmp is not text")));
}

TEST_F(LogCommandsTest, MergedLogsComeInOrderOfTime) {
  std::ofstream(root_ / "a.log") << "2026-01-01T00:00:01Z a1\n2026-01-01T00:00:04Z a4\n  more of "
                                    "a4\n2026-01-01T00:00:05Z a5\n";
  std::ofstream(root_ / "b.log")
      << "2026-01-01T00:00:02Z b2\n2026-01-01T00:00:04Z b4\n2026-01-01T00:00:06Z b6\n";
  const auto files = FindLogFiles({Path("b.log"), Path("a.log")}, {});
  auto reader = MergedReader::Create(files->sources, GroupConfig());
  ASSERT_TRUE(reader.ok());
  std::string order;
  while (auto next = reader->ReadLine())
    order += std::string(next->line.text.substr(next->line.text.rfind(' ') + 1)) + " ";
  EXPECT_EQ(order, "a1 b2 a4 a4 b4 a5 b6 ");
}

TEST(CsvFieldTest, HostileTextIsHarmless) {
  EXPECT_EQ(CsvField("plain"), "plain");
  EXPECT_EQ(CsvField("a,b"), "\"a,b\"");
  EXPECT_EQ(CsvField("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(CsvField("=cmd()"), "'=cmd()");
  EXPECT_EQ(CsvField("a\nb").find('\n'), std::string::npos);
}

}  // namespace
}  // namespace alogd
