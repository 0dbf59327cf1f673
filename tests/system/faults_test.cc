// SPDX-License-Identifier: MIT
// What an operator, a script or a disk does to a running alogd: permissions, half a configuration.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "testing/tail_cases.h"

namespace alogd {
namespace {

constexpr uid_t kNobody = 65534;

// Permissions are nothing to root: where the test is root, alogd is not.
class FaultsTest : public TailCase {
 protected:
  void SetUp() override {
    if (geteuid() != 0) return;
    Own(std::filesystem::path(daemon_.config_path()).parent_path());
    Own(std::filesystem::path(log_).parent_path());
    const auto notify = std::filesystem::path(daemon_.config_path()).parent_path() / "notify";
    ASSERT_EQ(chmod(notify.c_str(), 0666), 0);
    daemon_.set_before([] {
      if (setgid(kNobody) != 0 || setuid(kNobody) != 0) _exit(126);
    });
  }
  static void Own(const std::filesystem::path& path) {
    ASSERT_EQ(chown(path.c_str(), kNobody, kNobody), 0) << path;
  }
  static void Mode(const std::string& path, mode_t mode) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0) << path;
  }
  size_t Said(const std::string& text) const {
    const std::string said = daemon_.said();
    size_t times = 0;
    for (size_t at = 0; (at = said.find(text, at)) != std::string::npos; ++at) ++times;
    return times;
  }
};

// What is open goes on; a start has no place to write and says so; then all is as it was.
TEST_F(FaultsTest, StateDirectoryReadOnlyForAWhile) {
  Begin();
  Write(100);
  WaitForAll();
  const std::string database = daemon_.state() + "/alogd.db";
  Mode(database, 0440);
  Mode(daemon_.state(), 0550);
  Write(100);
  daemon_.Signal(SIGHUP);
  WaitForAll();
  daemon_.Kill();
  Write(100);
  daemon_.Spawn();
  EXPECT_EQ(daemon_.Wait(), 1);
  EXPECT_EQ(Said("SQLITE_READONLY"), 1U) << daemon_.said();
  Mode(daemon_.state(), 0750);
  Mode(database, 0640);
  ASSERT_TRUE(daemon_.Start());
  Write(100);
  ExpectAllOnce();
}

TEST_F(FaultsTest, PermissionOfALogComesAndGoes) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to write what alogd may not read";
  Begin();
  Write(10);
  WaitForAll();
  for (size_t round = 1; round <= 2; ++round) {
    std::filesystem::rename(log_, Rotated("." + std::to_string(3 - round)));
    const std::string made = daemon_.Log("made");  // closed before it is seen
    const OpenLog writer(made);
    Mode(made, 0600);
    writer.Write(Next(10));
    std::filesystem::rename(made, log_);
    EXPECT_TRUE(Eventually([&] { return Said("Permission denied") == round; })) << daemon_.said();
    writer.Write(Next(10));
    Mode(log_, 0644);
    WaitForAll();
  }
  EXPECT_EQ(Said("Permission denied"), 2U) << "once each time";
  ExpectAllOnce();
}

// The service manager's reload comes while an editor is at it.
TEST_F(FaultsTest, ConfigurationEditedHalfWayDuringAReload) {
  Begin();
  Write(10);
  const std::string whole = ReadAll(daemon_.config_path());
  for (const size_t cut : {whole.find("level") + 3, whole.find("groups") + 3,
                           whole.find("paths") + 9, whole.find("beginning") + 4}) {
    WriteTo(daemon_.config_path(), whole.substr(0, cut));
    const nlohmann::json refused = daemon_.Ask("reload");
    EXPECT_EQ(refused["ok"], false) << whole.substr(0, cut);
    Write(10);
    WaitForAll();
  }
  WriteTo(daemon_.config_path(), whole.substr(0, whole.find("level") + 3));
  daemon_.Signal(SIGHUP);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  WriteTo(daemon_.config_path(), whole);
  daemon_.Signal(SIGHUP);
  EXPECT_TRUE(Eventually([&] { return daemon_.Ask("status")["last_reload"]["ok"] == true; }));
  Write(10);
  ExpectAllOnce();
}

}  // namespace
}  // namespace alogd
