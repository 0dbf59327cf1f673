// SPDX-License-Identifier: MIT
// Reboots and upgrades, what they are known by, and how long they excuse what is new.
#include "core/detection/change_watch.h"

#include <gtest/gtest.h>

namespace alogd {
namespace {

using namespace std::chrono_literals;

Time At(Duration after) { return FromMicros(1'795'000'000'000'000) + after; }

TEST(ChangeWatchTest, Reboot) {
  ChangeWatch watch;
  EXPECT_EQ(watch.Reason(At(0s)), "");
  watch.Observe("/var/log/syslog", "kernel", "Linux version 6.1.0-28-amd64 (debian-kernel)",
                At(0s));
  EXPECT_EQ(watch.Reason(At(0s)), "a reboot");
  EXPECT_EQ(watch.Reason(At(599s)), "a reboot");
  EXPECT_EQ(watch.Reason(At(600s)), "");
  EXPECT_EQ(watch.Reason(At(-1s)), "");
  // Said again and again, it excuses nothing more; an hour later it is another boot.
  watch.Observe("/var/log/syslog", "kernel", "[    0.000000] Linux version 6.1.0", At(30min));
  EXPECT_EQ(watch.Reason(At(30min)), "");
  watch.Observe("/var/log/syslog", "kernel", "[    0.000000] Linux version 6.1.0", At(60min));
  EXPECT_EQ(watch.Reason(At(61min)), "a reboot");
}

TEST(ChangeWatchTest, BootThatASourceKnowsOf) {
  ChangeWatch watch;
  const Time time = FromMicros(1'795'308'978'000'000);
  watch.ObserveBoot(time);
  EXPECT_EQ(watch.Reason(time + ChangeWatch::kQuietBoot - Duration(1)), "a reboot");
  EXPECT_EQ(watch.Reason(time + ChangeWatch::kQuietBoot), "");
}

TEST(ChangeWatchTest, WordsOfOthers) {
  ChangeWatch watch;
  watch.Observe("/var/log/syslog", "app", "Linux version 6.1.0", At(0s));
  watch.Observe("/var/log/syslog", "kernel", "using Linux version 6.1.0", At(0s));
  watch.Observe("/var/log/syslog", "app", "status installed x", At(0s));
  watch.Observe("/var/log/app.log", "systemd", "Reloading nginx.service", At(0s));
  EXPECT_EQ(watch.Reason(At(0s)), "");
}

TEST(ChangeWatchTest, UpgradeLastsWhilePackagesCome) {
  ChangeWatch watch;
  for (int minute = 0; minute < 117; minute += 3)
    watch.Observe("/var/log/dpkg.log", "", "status installed libc6:amd64 2.36-9",
                  At(minute * 1min));
  EXPECT_EQ(watch.Reason(At(60min)), "a package upgrade");
  EXPECT_EQ(watch.Reason(At(64min)), "a package upgrade");
  EXPECT_EQ(watch.Reason(At(65min)), "");
  ChangeWatch other;
  other.Observe("/var/log/syslog", "systemd", "Reloading.", At(0s));
  EXPECT_EQ(other.Reason(At(4min)), "a package upgrade");
  EXPECT_EQ(other.Reason(At(5min)), "");
}

TEST(ChangeWatchTest, ToldToTheHostOnce) {
  ChangeWatch watch;
  EXPECT_TRUE(watch.TakeChanges().empty());
  watch.ObserveBoot(At(0s));
  const auto changes = watch.TakeChanges();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, HostChange::Kind::kBoot);
  EXPECT_EQ(changes[0].begin, At(0s));
  EXPECT_EQ(changes[0].end, At(10min));
  watch.ObserveBoot(At(1min));
  EXPECT_TRUE(watch.TakeChanges().empty());
}

TEST(ChangeWatchTest, State) {
  ChangeWatch watch;
  watch.Observe("/x/dpkg.log", "", "upgrade libc6:amd64 1 2", At(0s));
  std::string text;
  StateWriter out(&text);
  watch.Save(out);
  StateReader in(text);
  ChangeWatch restored;
  ASSERT_TRUE(restored.Load(in));
  EXPECT_EQ(restored.Reason(At(1s)), "a package upgrade");
  StateReader half(std::string_view(text).substr(0, text.size() / 2));
  EXPECT_FALSE(restored.Load(half));
}

}  // namespace
}  // namespace alogd
