// SPDX-License-Identifier: MIT
// JSON lines in a file: what they hold, rotation, what a crash left, a full disk.
#include "daemon/sinks/file_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "testing/service_harness.h"
#include "testing/store_samples.h"

namespace alogd {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Alert SampleAlert(int64_t id) {
  Alert alert;
  alert.id = id;
  alert.anomaly_id = 12;
  alert.incident_id = 7;
  alert.level = RiskLevel::kHigh;
  alert.group = "system";
  alert.created = FromMicros(1'790'000'000'000'000);
  alert.title = "sshd: Failed password";
  alert.body = R"({"troubles":["a","b"]})";
  alert.anomaly = testing::SampleAnomaly(1, 1);
  return alert;
}

class FileSinkTest : public ::testing::Test {
 protected:
  FileSink Sink(uint64_t max_size = 0, uint32_t keep = 2) const {
    return FileSink({.path = path_, .max_size = max_size, .keep = keep});
  }
  // The ids of the alerts in a file; a line that is no JSON is -1.
  static std::vector<int64_t> Ids(const std::string& path) {
    std::vector<int64_t> ids;
    std::istringstream in(ReadAll(path));
    for (std::string line; std::getline(in, line);) {
      const json object = json::parse(line, nullptr, false);
      ids.push_back(object.is_object() ? object["alert_id"].get<int64_t>() : -1);
    }
    return ids;
  }
  TemporaryDirectory directory_;
  const std::string path_ = directory_ / "alerts.jsonl";
};

TEST_F(FileSinkTest, LineOfAnAlert) {
  const mode_t mask = umask(0);
  FileSink sink = Sink();
  ASSERT_TRUE(sink.Send(SampleAlert(5)).ok());
  umask(mask);
  const std::string text = ReadAll(path_);
  ASSERT_TRUE(text.ends_with('\n'));
  const json line = json::parse(text);
  EXPECT_EQ(line["alert_id"], 5);
  EXPECT_EQ(line["level"], "HIGH");
  EXPECT_EQ(line["group"], "system");
  EXPECT_EQ(line["incident_id"], 7);
  EXPECT_EQ(line["anomaly_id"], 12);
  EXPECT_EQ(line["created_us"], 1'790'000'000'000'000);
  EXPECT_EQ(line["message"], "Failed password for root from 192.0.2.7");
  EXPECT_EQ(line["detector"], "deeplog");
  EXPECT_EQ(line["risk"], 67.3);
  EXPECT_EQ(line["details"]["troubles"].size(), 2U);
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640U);
}

TEST_F(FileSinkTest, HostileTextStaysInItsLine) {
  Alert alert = SampleAlert(1);
  alert.anomaly.message = "a\n{\"alert_id\":9}\r\xff" + std::string(1, '\0');
  alert.body = "]no json[";
  FileSink sink = Sink();
  ASSERT_TRUE(sink.Send(alert).ok());
  EXPECT_EQ(Ids(path_), std::vector<int64_t>{1});
}

TEST_F(FileSinkTest, RotatedBySizeAndOnlySoManyKept) {
  FileSink sink = Sink(2000);
  for (int id = 1; id <= 20; ++id) ASSERT_TRUE(sink.Send(SampleAlert(id)).ok());
  EXPECT_FALSE(std::filesystem::exists(path_ + ".3"));
  std::vector<int64_t> all = Ids(path_ + ".2");
  for (const std::string& path : {path_ + ".1", path_}) {
    EXPECT_LE(std::filesystem::file_size(path), 2000U);
    for (const int64_t id : Ids(path)) all.push_back(id);
  }
  for (size_t i = 0; i < all.size(); ++i)
    EXPECT_EQ(all[i], 20 - static_cast<int64_t>(all.size() - 1 - i)) << "in order, none missing";
}

TEST_F(FileSinkTest, LogrotateWithAndWithoutASignal) {
  FileSink sink = Sink();
  ASSERT_TRUE(sink.Send(SampleAlert(1)).ok());
  std::filesystem::rename(path_, path_ + ".1");
  ASSERT_TRUE(sink.Send(SampleAlert(2)).ok());
  EXPECT_EQ(Ids(path_), std::vector<int64_t>{2});
  std::filesystem::rename(path_, path_ + ".2");
  sink.Reopen();
  ASSERT_TRUE(sink.Send(SampleAlert(3)).ok());
  EXPECT_EQ(Ids(path_), std::vector<int64_t>{3});
}

TEST_F(FileSinkTest, UnfinishedLineOfACrashIsCutOff) {
  WriteTo(path_, "{\"alert_id\":1}\n{\"alert_id\":2,\"lev");
  FileSink sink = Sink();
  ASSERT_TRUE(sink.Send(SampleAlert(2)).ok());
  EXPECT_EQ(Ids(path_), (std::vector<int64_t>{1, 2}));
  WriteTo(directory_ / "one", "{\"alert");
  FileSink other({.path = directory_ / "one"});
  ASSERT_TRUE(other.Send(SampleAlert(3)).ok());
  EXPECT_EQ(Ids(directory_ / "one"), std::vector<int64_t>{3});
}

// A limit of the file's size fails a write half-way, as a full disk does.
TEST_F(FileSinkTest, LineThatDoesNotFitLeavesNothingAndIsTriedAgain) {
  FileSink sink = Sink();
  ASSERT_TRUE(sink.Send(SampleAlert(1)).ok());
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = std::filesystem::file_size(path_) + 100;
  setrlimit(RLIMIT_FSIZE, &small);
  const Status failed = sink.Send(SampleAlert(2));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(failed.ok());
  EXPECT_THAT(failed.error().message, HasSubstr(path_));
  EXPECT_EQ(Ids(path_), std::vector<int64_t>{1});
  ASSERT_TRUE(sink.Send(SampleAlert(2)).ok());
  EXPECT_EQ(Ids(path_), (std::vector<int64_t>{1, 2}));
}

TEST_F(FileSinkTest, NeitherLinksNorDirectoriesAreWrittenTo) {
  std::filesystem::create_symlink(directory_ / "elsewhere", path_);
  FileSink link = Sink();
  EXPECT_FALSE(link.Send(SampleAlert(1)).ok());
  EXPECT_FALSE(std::filesystem::exists(directory_ / "elsewhere"));
  FileSink in_directory({.path = directory_ / "none/alerts"});
  EXPECT_FALSE(in_directory.Send(SampleAlert(1)).ok());
}

}  // namespace
}  // namespace alogd
