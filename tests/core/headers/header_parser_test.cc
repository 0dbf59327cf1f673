// SPDX-License-Identifier: MIT
// Headers recognised by themselves, by name and by pattern; votes, mixtures, state.
#include "core/headers/header_parser.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace alogd {
namespace {

HeaderParser Make(const std::string& format = "auto") {
  // 2024-03-01 12:00:00 UTC
  return HeaderParser::Create(
             {.format = format, .time_zone = "UTC", .reference = FromMicros(1709294400000000)})
      .value();
}

std::string ErrorOf(const std::string& format) {
  const Result<HeaderParser> result = HeaderParser::Create({.format = format, .time_zone = "UTC"});
  return result.ok() ? "" : result.error().message;
}

TEST(HeaderParserTest, FirstLineIsTakenApartAtOnce) {
  HeaderParser parser = Make();
  const Header h =
      parser.Parse("2024-02-29 13:45:01,250 WARN [worker-3] com.example.Pool: queue is full");
  EXPECT_TRUE(h.recognised);
  EXPECT_EQ(Micros(h.time), 1709214301250000);
  EXPECT_EQ(h.level, Level::kWarning);
  EXPECT_EQ(h.program, "com.example.Pool");
  EXPECT_EQ(h.message, "queue is full");
  EXPECT_EQ(parser.format(), "undecided");
}

TEST(HeaderParserTest, LineWithoutHeaderKeepsItsText) {
  HeaderParser parser = Make();
  const Header h = parser.Parse("nothing here looks like a header");
  EXPECT_FALSE(h.recognised);
  EXPECT_EQ(h.message, "nothing here looks like a header");
  EXPECT_EQ(h.time, kNoTime);
}

TEST(HeaderParserTest, EmptyAndBrokenLines) {
  HeaderParser parser = Make();
  for (const std::string_view line :
       {std::string_view(""), std::string_view(" "), std::string_view("\0\0", 2),
        std::string_view("\xff\xfe["), std::string_view("["), std::string_view("{"),
        std::string_view("<"), std::string_view("2024-02-29")}) {
    const Header h = parser.Parse(line);
    if (!h.recognised) {
      EXPECT_EQ(h.message, line);
    }
  }
}

TEST(HeaderParserTest, SettlesAfterTwentyLinesOfAKnownFormat) {
  HeaderParser parser = Make();
  for (int i = 0; i < 20; ++i)
    parser.Parse(fmt::format("Feb 29 13:45:{:02} web1 cron[{}]: job {}", i, 100 + i, i));
  EXPECT_EQ(parser.format(), "syslog");
  const Header h = parser.Parse("Feb 29 13:46:00 web1 last message repeated 2 times");
  EXPECT_TRUE(h.recognised);
  EXPECT_EQ(h.host, "web1");
  EXPECT_EQ(h.message, "last message repeated 2 times");
}

TEST(HeaderParserTest, Weblogic) {
  HeaderParser parser = Make();
  const Header h = parser.Parse(
      "####<May 18, 2026 12:00:00 AM CST> <Error> <Socket> <node0> <There are 0 sockets>");
  EXPECT_EQ(Micros(h.time), 1779084000000000);  // 06:00 UTC
  EXPECT_EQ(h.level, Level::kError);
  EXPECT_EQ(h.program, "Socket");
  EXPECT_EQ(h.host, "node0");
  EXPECT_EQ(h.message, "There are 0 sockets");
}

TEST(HeaderParserTest, ColoursAreNoPartOfAnything) {
  HeaderParser parser = Make();
  for (int i = 0; i < 100; ++i) {
    const Header h =
        parser.Parse(fmt::format("\x1b[2m2024-02-29T13:45:{:02}Z\x1b[0m \x1b[3{}mERROR\x1b[0m "
                                 "\x1b[2mnet::pool\x1b[0m: took {} ms",
                                 i % 60, i % 8, i));
    ASSERT_EQ(h.level, Level::kError);
    ASSERT_NE(h.time, kNoTime);
    ASSERT_EQ(h.message, fmt::format("took {} ms", i));
  }
}

TEST(HeaderParserTest, DateAndTimeInTwoGroups) {
  HeaderParser parser = Make();
  for (int i = 0; i < 100; ++i) {
    const std::string line =
        fmt::format("[2024-02-29] [13:45:{:02}] [INFO] session {} opened", i % 60, i);
    const Header h = parser.Parse(line);  // views of the line
    ASSERT_EQ(Micros(h.time), 1709214300000000 + i % 60 * 1000000);
    ASSERT_EQ(h.level, Level::kInfo);
    ASSERT_EQ(h.message, fmt::format("session {} opened", i));
  }
}

TEST(HeaderParserTest, MixedFormats) {
  HeaderParser parser = Make();
  for (int i = 0; i < 150; ++i) {
    const std::string first =
        fmt::format("2024-02-29T13:45:{:02}.5Z INFO  net.Pool - got {} of {}", i % 60, i, i * 7);
    const Header a = parser.Parse(first);
    if (i >= 5) {
      ASSERT_EQ(a.message, fmt::format("got {} of {}", i, i * 7)) << parser.format();
      ASSERT_EQ(a.program, "net.Pool");
    }
    const std::string second = fmt::format("[29/Feb/2024 13:45:{:02}] {} reload took {} ms", i % 60,
                                           i % 3 != 0 ? "ERROR" : "INFO", i);
    const Header b = parser.Parse(second);
    if (i >= 5) {
      ASSERT_EQ(b.message, fmt::format("reload took {} ms", i)) << parser.format();
      ASSERT_EQ(b.level, i % 3 != 0 ? Level::kError : Level::kInfo);
    }
  }
}

TEST(HeaderParserTest, FormatChangesLater) {
  HeaderParser parser = Make();
  for (int i = 0; i < 300; ++i)
    parser.Parse(fmt::format("Feb 29 13:45:{:02} web1 cron[{}]: job {}", i % 60, 100 + i, i));
  for (int i = 0; i < 700; ++i) {
    const std::string line = fmt::format("{} | {} | db | row {} went away", 1709214301 + i,
                                         i % 2 != 0 ? "WARN" : "INFO", i);
    const Header h = parser.Parse(line);
    if (i < 400) continue;
    ASSERT_EQ(h.message, fmt::format("row {} went away", i)) << parser.format();
    ASSERT_EQ(Micros(h.time), (1709214301 + i) * 1000000ll);
  }
}

TEST(HeaderParserTest, UserPattern) {
  HeaderParser parser = Make("<time:%Y-%m-%d %H:%M:%S> <level> [<program>] <message>");
  const Header h = parser.Parse("2024-02-29 13:45:01  WARN [disk io] sector 7 is bad");
  EXPECT_TRUE(h.recognised);
  EXPECT_EQ(Micros(h.time), 1709214301000000);
  EXPECT_EQ(h.level, Level::kWarning);
  EXPECT_EQ(h.program, "disk io");
  EXPECT_EQ(h.message, "sector 7 is bad");
  // A line with the time but other columns has its time all the same.
  const Header other = parser.Parse("2024-02-29 13:45:02 WARN disk: x");
  EXPECT_EQ(Micros(other.time), 1709214302000000);
  EXPECT_EQ(other.level, Level::kWarning);
  EXPECT_EQ(other.message, "disk: x");
  EXPECT_FALSE(parser.Parse("WARN disk: x").recognised);
}

TEST(HeaderParserTest, UserPatternWithEveryName) {
  HeaderParser parser = Make("{<time>} <host>/<program>#<pid>;<skip>; <level>: <message>");
  const Header h = parser.Parse("{29/Feb/2024:13:45:01 +0100} web1/app#42;x y; E: broken");
  EXPECT_TRUE(h.recognised);
  EXPECT_EQ(Micros(h.time), 1709210701000000);
  EXPECT_EQ(h.host, "web1");
  EXPECT_EQ(h.program, "app");
  EXPECT_EQ(h.pid, "42");
  EXPECT_EQ(h.level, Level::kError);
  EXPECT_EQ(h.message, "broken");
}

TEST(HeaderParserTest, BadFormatsSayWhatIsWrong) {
  EXPECT_NE(ErrorOf("sylog").find("unknown log format 'sylog'"), std::string::npos);
  EXPECT_NE(ErrorOf("<time> <lvl> <message>").find("<lvl> is not known"), std::string::npos);
  EXPECT_NE(ErrorOf("<time> <lvl> <message>").find("column 8"), std::string::npos);
  EXPECT_NE(ErrorOf("<time> <level>").find("must end in <message>"), std::string::npos);
  EXPECT_NE(ErrorOf("<time:%Q> <message>").find("%Q is not known"), std::string::npos);
  EXPECT_NE(ErrorOf("<time").find("without its '>'"), std::string::npos);
  EXPECT_NE(ErrorOf("<host><message>").find("needs text behind it"), std::string::npos);
  EXPECT_NE(ErrorOf("<message>").find("nothing before"), std::string::npos);
  EXPECT_NE(ErrorOf("<message> x").find("must be the last"), std::string::npos);
  EXPECT_FALSE(HeaderParser::Create({.time_zone = "Mars/Olympus"}).ok());
}

TEST(HeaderParserTest, NamedFormatIsNotVotedOn) {
  HeaderParser parser = Make("syslog");
  EXPECT_EQ(parser.format(), "syslog");
  EXPECT_EQ(parser.Parse("2024-02-29 13:45:01 INFO x.y: z").message, "x.y: z");
  EXPECT_FALSE(parser.Parse("INFO x.y: z").recognised);
  EXPECT_EQ(parser.Parse("Feb 29 13:45:01 web1 no tag at all").message, "no tag at all");
  for (const std::string_view name : HeaderFormatNames())
    EXPECT_EQ(ErrorOf(std::string(name)), "") << name;
}

// A parser restored at any point goes on as the one that was saved.
TEST(HeaderParserTest, SaveAndLoadAtAnyLine) {
  std::vector<std::string> lines;
  for (int i = 0; i < 260; ++i) {
    if (i % 5 == 1)
      lines.push_back(fmt::format("Dec {} 23:59:{:02} h p[{}]: m {}", 1 + i % 31, i % 60, i, i));
    else if (i % 11 == 3)
      lines.push_back("\tat com.example.Frame.run(Frame.java:7)");
    else
      lines.push_back(fmt::format("12-{:02} 01:02:{:02}.{:03} {} [t{}] a.b.C: m {}", 1 + i % 31,
                                  i % 60, i, i % 2 ? "INFO" : "WARN", i % 4, i));
  }
  const auto show = [](const Header& h) {
    return fmt::format("{} {} {} {} {} {}", Micros(h.time), static_cast<int>(h.level), h.host,
                       h.program, h.pid, h.message);
  };
  std::vector<std::string> expected;
  HeaderParser whole = Make();
  for (const std::string& line : lines) expected.push_back(show(whole.Parse(line)));
  for (size_t cut = 0; cut < lines.size(); cut += 1 + cut / 9) {
    HeaderParser before = Make();
    for (size_t i = 0; i < cut; ++i) before.Parse(lines[i]);
    std::string blob;
    StateWriter out(&blob);
    before.Save(out);
    HeaderParser after = Make();
    StateReader in(blob);
    ASSERT_TRUE(after.Load(in));
    EXPECT_TRUE(in.at_end());
    EXPECT_EQ(after.format(), before.format());
    for (size_t i = cut; i < lines.size(); ++i)
      ASSERT_EQ(show(after.Parse(lines[i])), expected[i]) << "cut " << cut << " line " << i;
  }
}

TEST(HeaderParserTest, DamagedStateIsRefusedOrHarmless) {
  HeaderParser parser = Make();
  for (int i = 0; i < 30; ++i) parser.Parse(fmt::format("2024-02-29 13:45:01 INFO a.b: {}", i));
  std::string blob;
  StateWriter out(&blob);
  parser.Save(out);
  for (size_t cut = 0; cut < blob.size(); ++cut) {
    HeaderParser other = Make();
    StateReader in(std::string_view(blob).substr(0, cut));
    EXPECT_FALSE(other.Load(in)) << cut;
  }
  for (size_t i = 0; i < blob.size(); ++i) {
    std::string damaged = blob;
    damaged[i] = static_cast<char>(damaged[i] ^ 0xff);
    HeaderParser other = Make();
    StateReader in(damaged);
    if (other.Load(in)) other.Parse("2024-02-29 13:45:01 INFO a.b: x");
  }
}

}  // namespace
}  // namespace alogd
