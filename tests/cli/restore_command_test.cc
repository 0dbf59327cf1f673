// SPDX-License-Identifier: MIT
// restore from the command line: refused while alogd holds the lock.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "cli/cli.h"
#include "core/store/store.h"
#include "testing/service_harness.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class RestoreCommandTest : public ::testing::Test {
 protected:
  RestoreCommandTest() {
    for (const char* name : {"state", "backup"}) {
      fs::create_directory(directory_ / name);
      EXPECT_TRUE(Store::Open(directory_ / (std::string(name) + "/alogd.db"), {}).ok());
    }
    WriteTo(directory_ / "alogd.yaml", "state_dir: " + directory_.path() + "/state\n");
    fs::permissions(directory_ / "alogd.yaml", fs::perms(0644));
  }
  int Run(const char* option) {
    const std::string config = directory_ / "alogd.yaml", backup = directory_ / "backup/alogd.db";
    const char* const argv[] = {"alogctl", "--config", config.c_str(),
                                option,    "restore",  backup.c_str()};
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int status = RunCli(6, argv, {AddRestoreCommand});
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return status;
  }

  const TemporaryDirectory directory_;
  std::string out_, err_;
};

TEST_F(RestoreCommandTest, SaysWhatItKept) {
  EXPECT_EQ(Run("--no-color"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("alogd.db: restored from "));
  EXPECT_THAT(out_, HasSubstr("what stood there is kept: "));
  EXPECT_EQ(Run("--json"), 0);
  EXPECT_THAT(out_, HasSubstr("\"anomalies\":0"));
}

// What root makes, the service has to open.
TEST_F(RestoreCommandTest, ThingsBelongToTheOwnerOfTheDirectory) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may give files away";
  ASSERT_EQ(chown((directory_ / "state").c_str(), 61'999, 61'999), 0);
  ASSERT_EQ(Run("--no-color"), 0) << err_;
  for (const char* name : {"state/lock", "state/alogd.db"}) {
    struct stat info {};
    ASSERT_EQ(stat((directory_ / name).c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, 61'999u) << name;
  }
}

TEST_F(RestoreCommandTest, RefusesWhileAlogdRuns) {
  const int lock = open((directory_ / "state/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  ASSERT_GE(lock, 0);
  ASSERT_EQ(flock(lock, LOCK_EX), 0);
  EXPECT_EQ(Run("--no-color"), 1);
  EXPECT_THAT(err_, HasSubstr("systemctl stop alogd"));
  close(lock);
  EXPECT_EQ(Run("--no-color"), 0);
}

}  // namespace
}  // namespace alogd
