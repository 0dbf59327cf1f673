// SPDX-License-Identifier: MIT
// Message, time and level of JSON and logfmt lines under the keys that loggers use.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "core/headers/field_keys.h"
#include "core/headers/header_parser.h"

namespace alogd {
namespace {

constexpr int64_t kInstant = 1795946400000000;  // 2026-11-29T10:00:00Z

HeaderParser Make() { return HeaderParser::Create({.time_zone = "UTC"}).value(); }

TEST(FieldLineTest, TimesInTheirUsualForms) {
  for (const char* time :
       {R"("t":{"$date":"2026-11-29T10:00:00.000+00:00"},"s":"W")", R"("ts":1795946400)",
        R"("ts":1795946400.000)", R"("timeMillis":1795946400000)", R"("ts":1795946400000000)",
        R"("timeUnixNano":"1795946400000000000")", R"("time_iso8601":"2026-11-29T10:00:00+00:00")",
        R"("time_local":"29/Nov/2026:10:00:00 +0000")", R"("eventTime":"2026-11-29T10:00:00Z")",
        R"("instant":{"epochSecond":1795946400,"nanoOfSecond":0})",
        R"("created_at":"2026-11-29 10:00:00")", R"("date":"2026-11-29","time":"10:00:00")",
        R"("my_own_clock":"2026-11-29T10:00:00Z")"}) {
    const std::string line = fmt::format(R"({{{},"msg":"cache was refreshed"}})", time);
    HeaderParser parser = Make();
    const Header header = parser.Parse(line);
    EXPECT_EQ(Micros(header.time), kInstant) << line;
    EXPECT_EQ(header.message, "cache was refreshed");
  }
}

TEST(FieldLineTest, LevelsInTheirUsualForms) {
  for (const char* level :
       {R"("level":"WARN")", R"("SeverityText":"warning")", R"("level_name":"WARNING")",
        R"("log":{"level":"warn"})", R"("log.level":"warn")", R"("level":40)", R"("level":4)",
        R"("severityNumber":13)", R"("level_value":30000)", R"("s":"W")", R"("lvl":"wrn")",
        R"("record":{"level":{"name":"WARNING"}})", R"("error_severity":"WARNING")",
        R"("status":"warn")", R"("@l":"Warning")"}) {
    const std::string line =
        fmt::format(R"({{"time":"2026-11-29T10:00:00Z",{},"msg":"x y"}})", level);
    HeaderParser parser = Make();
    EXPECT_EQ(parser.Parse(line).level, Level::kWarning) << line;
  }
}

TEST(FieldLineTest, ValuesThatAreNoLevels) {
  for (const char* field : {R"("status":500)", R"("type":"A")", R"("s":"12")", R"("l":"AB")"}) {
    const std::string line =
        fmt::format(R"({{"time":"2026-11-29T10:00:00Z",{},"msg":"x y"}})", field);
    HeaderParser parser = Make();
    EXPECT_EQ(parser.Parse(line).level, Level::kNone) << line;
  }
}

TEST(FieldLineTest, TheMessageIsTheFieldThatIsText) {
  for (const char* key : {"RenderedMessage", "short_message", "textPayload", "description", "error",
                          "content", "log", "what_happened", "Nachricht"}) {
    HeaderParser parser = Make();
    for (int i = 0; i < 30; ++i) {
      const std::string message = fmt::format("the cache was refreshed in {} ms", i);
      const std::string line = fmt::format(
          R"({{"time":"2026-11-29T10:00:00Z","app":"My Own Shop","user":"u{}","{}":"{}"}})", i, key,
          message);
      const Header header = parser.Parse(line);
      ASSERT_TRUE(header.recognised) << line;
      ASSERT_EQ(header.message, message) << line;
    }
    // A word alone is the message by then.
    EXPECT_EQ(parser.Parse(fmt::format(R"({{"app":"My Own Shop","{}":"stopped"}})", key)).message,
              "stopped");
  }
}

TEST(FieldLineTest, WithoutAMessageTheFieldsAreTheText) {
  HeaderParser parser = Make();
  const Header header = parser.Parse(
      R"({"time":"2026-11-29T10:00:00Z","addr":"192.0.2.1","request":"GET /error HTTP/1.1","n":1})");
  EXPECT_EQ(Micros(header.time), kInstant);
  EXPECT_TRUE(header.fields);
  EXPECT_EQ(header.level, Level::kNone);
  EXPECT_EQ(header.message, R"(addr=192.0.2.1 request="GET /error HTTP/1.1" n=1)");
}

TEST(FieldLineTest, NumbersOfLevels) {
  EXPECT_EQ(LevelOfField("3"), Level::kError);
  EXPECT_EQ(LevelOfField("30"), Level::kInfo);
  EXPECT_EQ(LevelOfField("60"), Level::kCritical);
  EXPECT_EQ(LevelOfField("40000"), Level::kError);
  EXPECT_EQ(LevelOfField("900"), Level::kWarning);
  EXPECT_EQ(LevelOfField("D2"), Level::kDebug);
  EXPECT_EQ(LevelOfField("Level.INFO"), Level::kInfo);
  EXPECT_EQ(LevelOfField("LOG_ERR"), Level::kError);
}

}  // namespace
}  // namespace alogd
