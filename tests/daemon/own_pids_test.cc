// SPDX-License-Identifier: MIT
// Which lines are the service's own.
#include "daemon/own_pids.h"

#include <gtest/gtest.h>

#include "testing/service_harness.h"

namespace alogd {
namespace {

TEST(OwnPidsTest, NameAndIdTogether) {
  const TemporaryDirectory directory;
  const OwnPids own(directory / "pids", 42);
  EXPECT_TRUE(own.IsOwn("alogd", "42"));
  EXPECT_FALSE(own.IsOwn("alogd", "43"));  // logger -t alogd
  EXPECT_FALSE(own.IsOwn("alogd", ""));
  EXPECT_FALSE(own.IsOwn("cron", "42"));
}

TEST(OwnPidsTest, EarlierRunsCountUpToALimit) {
  const TemporaryDirectory directory;
  const std::string path = directory / "pids";
  for (int pid = 1; pid <= 70; ++pid) OwnPids(path, pid);
  const OwnPids own(path, 71);
  EXPECT_TRUE(own.IsOwn("alogd", "71"));
  EXPECT_TRUE(own.IsOwn("alogd", "8"));
  EXPECT_FALSE(own.IsOwn("alogd", "7"));
}

TEST(OwnPidsTest, DamagedOrMissingFile) {
  const TemporaryDirectory directory;
  const std::string path = directory / "pids";
  WriteTo(path, "12\n\nx\n99999999999\n13");
  const OwnPids own(path, 14);
  EXPECT_TRUE(own.IsOwn("alogd", "12"));
  EXPECT_TRUE(own.IsOwn("alogd", "13"));
  EXPECT_FALSE(own.IsOwn("alogd", "x"));
  EXPECT_TRUE(OwnPids("/nonexistent/pids", 5).IsOwn("alogd", "5"));
}

}  // namespace
}  // namespace alogd
