// SPDX-License-Identifier: MIT
// What happens every day has no severity, whatever words stand in it.
#include "core/records/routine_report.h"

#include <gtest/gtest.h>

#include "core/parser.h"

namespace alogd {
namespace {

// Through the parser that training, scan and daemon share.
int SeverityOf(const std::string& line) {
  GroupConfig group;
  group.time_zone = "UTC";
  auto parser = Parser::Create(group, SeverityOptions());
  EXPECT_TRUE(parser.ok());
  const SourceId source = parser->AddSource("log", kNoTime);
  return parser
      ->Add(source, FileId{1},
            {.text = line, .offset = 0, .bytes = static_cast<uint32_t>(line.size() + 1)})
      .severity;
}

std::string Syslog(const std::string& said) {
  return "2026-11-22T01:30:00.123456+00:00 web1 " + said;
}

TEST(RoutineReportTest, AManagerStartsAndStops) {
  for (const char* said :
       {"systemd[1]: Starting fail2ban.service - Fail2Ban Service...",
        "systemd[1]: Started apport.service - Process error reports.",
        "systemd[1]: Stopping fail2ban.service - Fail2Ban Service...",
        "systemd[812]: Stopped panic-button.service - Panic Button.",
        "systemd[1]: Finished e2scrub_reap.service - Remove Stale Online ext4 Failed Snapshots."})
    EXPECT_EQ(SeverityOf(Syslog(said)), 20) << said;
}

TEST(RoutineReportTest, WhatFailsIsNoRoutine) {
  for (const char* said : {"systemd[1]: Failed to start fail2ban.service - Fail2Ban Service.",
                           "systemd[1]: shop.service: Failed with result 'exit-code'.",
                           "shopd[7]: Started with error 7", "shopd[7]: Stopped: fatal error"})
    EXPECT_GE(SeverityOf(Syslog(said)), 80) << said;
}

TEST(RoutineReportTest, AMissingFileOfAWebServer) {
  const std::string nginx = "2026/11/22 01:30:00 [error] 701#701: *98 ";
  EXPECT_EQ(SeverityOf(nginx + "open() \"/srv/www/favicon.ico\" failed (2: No such file or "
                               "directory), client: 203.0.113.5, server: _, request: \"GET "
                               "/favicon.ico HTTP/1.1\", host: \"x\""),
            20);
  EXPECT_EQ(SeverityOf("[Sun Nov 22 01:30:00.123456 2026] [php:error] [pid 701] [client "
                       "203.0.113.5:50022] script '/srv/www/x.php' not found or unable to stat"),
            20);
  EXPECT_EQ(SeverityOf(nginx + "open() \"/srv/www/a\" failed (13: Permission denied), client: "
                               "203.0.113.5, server: _, request: \"GET /a HTTP/1.1\", host: \"x\""),
            80);
  EXPECT_EQ(SeverityOf("2026/11/22 01:30:00 [crit] 701#701: open() \"/etc/nginx/key.pem\" failed "
                       "(2: No such file or directory)"),
            100)
      << "no visitor asked for it";
  EXPECT_EQ(SeverityOf(nginx + "connect() failed (111: Connection refused) while connecting to "
                               "upstream, client: 203.0.113.5, server: _"),
            80);
}

}  // namespace
}  // namespace alogd
