// SPDX-License-Identifier: MIT
// Which anomalies are one trouble: codes and names tell apart, ids and addresses do not.
#include "core/detection/trouble.h"

#include <gtest/gtest.h>

namespace alogd {
namespace {

TEST(TellingWordsTest, WhatMayDiffer) {
  EXPECT_EQ(TellingWords(""), "");
  EXPECT_EQ(TellingWords("Killed process 4711 (httpd)."), "Killed process # (httpd).");
  EXPECT_EQ(TellingWords("Killed process <*> (httpd)."), "Killed process # (httpd).");
  EXPECT_EQ(TellingWords("from 192.0.2.7 port 22"), "from # port #");
  EXPECT_EQ(TellingWords("from 2001:db8::7 port 22"), "from # port #");
  EXPECT_EQ(TellingWords("from fe80::abcd port 22"), "from # port #");
  EXPECT_EQ(TellingWords("mac 00:1a:2b:3c:4d:5e"), "mac #");
  EXPECT_EQ(TellingWords("at 2026-12-01 10:00:01.5 UTC"), "at # UTC");
  EXPECT_EQ(TellingWords("request 550e8400-e29b-41d4-a716-446655440000 gone"), "request # gone");
  EXPECT_EQ(TellingWords("object deadbeef at 0x7f3a"), "object # at #");
  EXPECT_EQ(TellingWords("took 747 ms"), TellingWords("took 12 ms"));
  EXPECT_EQ(TellingWords("sizes 1, 2, 3"), TellingWords("sizes 1, 2"));
  EXPECT_EQ(TellingWords("disk sch\xc3\xb6n1 \xff"), "disk # \xff");
  EXPECT_EQ(TellingWords("<*"), "<*");
}

TEST(TellingWordsTest, WhatCarriesMeaning) {
  const auto differ = [](const char* a, const char* b) {
    EXPECT_NE(TellingWords(a), TellingWords(b));
  };
  differ("192.0.2.7 - - \"GET / HTTP/1.1\" 404 153", "192.0.2.9 - - \"GET / HTTP/1.1\" 403 153");
  EXPECT_EQ(TellingWords("192.0.2.7 \"GET / HTTP/1.1\" 404 153"),
            TellingWords("192.0.2.99 \"GET / HTTP/1.1\" 404 7"));
  differ("upstream answered with status 502", "upstream answered with status 504");
  differ("exited, code=exited, status=1", "exited, code=exited, status=203");
  differ("main process exited: signal 9", "main process exited: signal 11");
  differ("ORA-00600: internal", "ORA-04031: internal");
  differ("SQLSTATE[42P01]", "SQLSTATE[42601]");
  differ("backup.service: Start request repeated", "shop.service: Start request repeated");
  differ("session opened for user root", "session opened for user adm");
  differ("eth0: link down", "eth1: link down");
  differ("EXT4-fs error on sda1", "EXT4-fs error on sdb1");
}

TEST(StreamClassTest, WithoutIds) {
  EXPECT_EQ(StreamClass("worker-1234"), StreamClass("worker-99871"));
  EXPECT_EQ(StreamClass("blk_-1608999687919862906"), StreamClass("blk_-77"));
  EXPECT_NE(StreamClass("sshd"), StreamClass("cron"));
}

Anomaly Make(const char* detector, const char* message) {
  Anomaly a;
  a.detector = detector;
  a.message = message;
  a.stream = "kernel";
  a.evidence.emplace_back().detector = detector;
  return a;
}

TEST(TroubleTest, WindowDetectorsAreOneFamily) {
  EXPECT_EQ(TroubleOf(Make("deeplog", "disk failed")).Key(),
            TroubleOf(Make("counts", "disk failed")).Key());
  EXPECT_NE(TroubleOf(Make("deeplog", "disk failed")).Key(),
            TroubleOf(Make("deeplog", "fan failed")).Key());
  Anomaly elsewhere = Make("deeplog", "disk failed");
  elsewhere.stream = "smartd";
  EXPECT_NE(TroubleOf(Make("deeplog", "disk failed")).Key(), TroubleOf(elsewhere).Key());
  EXPECT_EQ(TroubleOf(Make("deeplog", "disk failed")).HostKey(), TroubleOf(elsewhere).HostKey());
}

TEST(TroubleTest, MissingIsToldByWhatWasExpected) {
  Anomaly a = Make("followers", "backup began");
  a.evidence[0].expected = {{"backup done", 0.9f}};
  Anomaly b = a;
  b.evidence[0].expected = {{"dump done", 0.9f}};
  EXPECT_NE(TroubleOf(a).Key(), TroubleOf(b).Key());
  // Whatever its last healthy record was.
  EXPECT_EQ(TroubleOf(Make("silence", "served 1")).Key(),
            TroubleOf(Make("silence", "reloaded")).Key());
}

TEST(TroubleTest, RulesByNameAndWhatTheyAreAbout) {
  Anomaly a = Make("rule", "Killed process 1 (httpd)");
  a.evidence[0].found = {{"oom", 1.0f}};
  Anomaly b = Make("rule", "Killed process 2 (httpd)");
  b.evidence[0].found = {{"oom", 1.0f}};
  EXPECT_EQ(TroubleOf(a).Key(), TroubleOf(b).Key());
  b.message = "Killed process 2 (mysqld)";
  EXPECT_NE(TroubleOf(a).Key(), TroubleOf(b).Key());
  b = a;
  b.evidence[0].found[0].first = "memory";
  EXPECT_NE(TroubleOf(a).Key(), TroubleOf(b).Key());
  // A counted rule is about what it counts by, not about the last line.
  a.evidence[0].found.emplace_back("192.0.2.7", 5.0f);
  b.evidence = a.evidence;
  b.message = "something else";
  EXPECT_EQ(TroubleOf(a).Key(), TroubleOf(b).Key());
}

TEST(TroubleTest, LongKeysStayApart) {
  const std::string text(600, 'x');
  const Anomaly a = Make("novelty", (text + "y").c_str());
  const Anomaly b = Make("novelty", (text + "z").c_str());
  EXPECT_EQ(TroubleOf(a).Key().size(), Trouble::kMaxKey);
  EXPECT_NE(TroubleOf(a).Key(), TroubleOf(b).Key());
}

TEST(TroubleTest, NewErrors) {
  Anomaly a = Make("deeplog", "x");
  a.severity = 100;
  EXPECT_FALSE(IsNewError(a));
  a.evidence.emplace_back().detector = "novelty";
  EXPECT_TRUE(IsNewError(a));
  a.severity = 20;
  EXPECT_FALSE(IsNewError(a));
  EXPECT_TRUE(IsNewStatement(a));
}

}  // namespace
}  // namespace alogd
