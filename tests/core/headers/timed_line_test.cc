// SPDX-License-Identifier: MIT
// Rare lines with a time of their own, among lines of another shape.
#include "core/headers/timed_line.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/records/record_assembler.h"

namespace alogd {
namespace {

using Kind = Assembled::Kind;

// One source and its file.
class Source {
 public:
  explicit Source(const std::string& format = "auto")
      : parser_(
            HeaderParser::Create(
                {.format = format, .time_zone = "UTC", .reference = FromMicros(1709203000000000)})
                .value()) {}
  Assembled Add(const std::string& text) {
    text_ = text;
    const Line line{text_, offset_, static_cast<uint32_t>(text_.size() + 1), false, false};
    offset_ += line.bytes;
    return assembler_.Add(line);
  }
  std::string State() const {
    std::string state;
    StateWriter out(&state);
    parser_.Save(out);
    assembler_.Save(out);
    return state;
  }
  bool SetState(const std::string& state) {
    StateReader in(state);
    return parser_.Load(in) && assembler_.Load(in) && in.at_end();
  }

 private:
  HeaderParser parser_;
  RecordAssembler assembler_{&parser_};
  std::string text_;
  uint64_t offset_ = 0;
};

constexpr int64_t kBegin = 1709200800;  // 2024-02-29 10:00:00 UTC

std::string TimeAt(const std::string& form, int64_t second) {
  if (form == "%s") return std::to_string(second);
  return fmt::format(fmt::runtime("{:" + form + "}"),
                     fmt::gmtime(static_cast<std::time_t>(second)));
}

// A message in which numbers and words differ from line to line.
std::string MessageAt(size_t i) {
  const std::vector<std::string> forms = {fmt::format("request {} done in {} ms", i, i % 97),
                                          fmt::format("connection from 10.0.0.{} closed", i % 250),
                                          "cache warmed", fmt::format("user u{} logged in", i % 40),
                                          fmt::format("stored {} rows", i * 3)};
  return forms[i % forms.size()];
}

struct Shape {
  std::string usual;  // what stands between time and message
  struct Rare {
    std::string text;
    Level level;
    std::string message;
  };
  std::vector<Rare> rare;
};

const std::vector<std::string> kTimes = {
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y/%m/%d %H:%M:%S",   "%b %d %H:%M:%S",
    "%d.%m.%Y %H:%M:%S", "%H:%M:%S",           "[%Y-%m-%d %H:%M:%S]", "%s"};

const std::vector<Shape> kShapes = {
    {" worker: ",
     {{" FATAL out of memory", Level::kCritical, "out of memory"},
      {" shutting down", Level::kNone, "shutting down"},
      {" [error] disk full", Level::kError, "disk full"}}},
    {" INFO  [main] com.x.Foo - ",
     {{" ERROR com.x.Foo - disk full", Level::kError, "disk full"},
      {" FATAL disk full", Level::kCritical, "disk full"},
      {" WARN  [main] disk full", Level::kWarning, "disk full"},
      {" node7 ERROR [main] com.x.Foo - disk full", Level::kError, "disk full"},
      {" [main] ERROR disk full", Level::kError, "disk full"},
      {" disk full", Level::kNone, "disk full"}}},
    {" [info] 12#12: *7 ",
     {{" [emerg] host not found", Level::kEmergency, "host not found"},
      {" [alert] 12#12: worker process 33 exited", Level::kAlert, "worker process 33 exited"}}},
    {" | INFO | pool-1 | shop.cart | ",
     {{" | ERROR | disk full", Level::kError, "disk full"},
      {" ERROR disk full", Level::kError, "disk full"}}},
    {" [pool-1] INFO 4711 --- ",
     {{" [pool-1] ERROR disk full", Level::kError, "disk full"},
      {" ERROR 4711 --- disk full", Level::kError, "disk full"}}}};

// Every rare line is a record with its time and level, whatever the source's time looks like.
TEST(TimedLineTest, RareShapes) {
  for (const std::string& form : kTimes) {
    for (const Shape& shape : kShapes) {
      Source source;
      const auto add = [&](int64_t second, const std::string& rest) {
        return source.Add(TimeAt(form, second) + rest);
      };
      for (size_t i = 0; i < 300; ++i)
        (void)add(kBegin + static_cast<int64_t>(i), shape.usual + MessageAt(i));
      for (size_t r = 0; r < shape.rare.size(); ++r) {
        const int64_t second = kBegin + 1000 + static_cast<int64_t>(r);
        const Assembled got = add(second, shape.rare[r].text);
        const std::string shown = form + shape.rare[r].text;
        EXPECT_EQ(got.kind, Kind::kRecord) << shown;
        EXPECT_EQ(got.header.time, FromMicros(second * 1000000)) << shown;
        EXPECT_EQ(got.header.level, shape.rare[r].level) << shown;
        EXPECT_TRUE(got.header.message.ends_with(shape.rare[r].message))
            << shown << ": " << got.header.message;
        const Assembled usual = add(second + 1, shape.usual + MessageAt(r));
        EXPECT_TRUE(usual.header.message.ends_with(MessageAt(r))) << shown;
      }
    }
  }
}

TEST(TimedLineTest, FormatsThatTheVoteNeverSaw) {
  Source source;
  for (size_t i = 0; i < 2000; ++i)
    (void)source.Add(TimeAt("%Y-%m-%d %H:%M:%S", kBegin + static_cast<int64_t>(i)) +
                     " INFO [main] com.x.Foo - " + MessageAt(i));
  const Time time = FromMicros((kBegin + 5000) * 1000000);
  const Assembled syslog = source.Add("Feb 29 11:23:20 web1 sshd[7]: error: disk full");
  EXPECT_EQ(syslog.header.time, time);
  EXPECT_EQ(syslog.header.program, "sshd");
  const Assembled json =
      source.Add(R"({"time":"2024-02-29T11:23:20Z","level":"error","msg":"disk full"})");
  EXPECT_EQ(json.header.time, time);
  EXPECT_EQ(json.header.message, "disk full");
  EXPECT_EQ(source.Add("29/Feb/2024:11:23:20 +0000 disk full").header.time, time);
}

TEST(TimedLineTest, ColumnsBeforeTheTime) {
  Source source;
  const auto head = [](size_t i) {
    const int64_t second = kBegin + static_cast<int64_t>(i);
    return fmt::format("- {} {} dn{} {} ", second, TimeAt("%Y.%m.%d", second), i % 30,
                       TimeAt("%b %d %H:%M:%S", second));
  };
  for (size_t i = 0; i < 400; ++i)
    (void)source.Add(head(i) + fmt::format("dn{}/dn{} crond[{}]: ", i % 30, i % 30, 100 + i) +
                     MessageAt(i));
  const Assembled got = source.Add(head(500) + "out of memory");
  EXPECT_EQ(got.kind, Kind::kRecord);
  EXPECT_EQ(got.header.time, FromMicros((kBegin + 500) * 1000000));
  EXPECT_EQ(got.header.message, "out of memory");
}

// What continues a record still does.
TEST(TimedLineTest, ContinuationsWithNumbers) {
  Source source;
  for (size_t i = 0; i < 300; ++i)
    (void)source.Add(TimeAt("%Y-%m-%d %H:%M:%S", kBegin + static_cast<int64_t>(i)) +
                     " INFO [main] com.x.Foo - " + MessageAt(i));
  for (const char* text : {"java.lang.IllegalStateException: broken", "\tat a.b.C.run(C.java:7)",
                           "Caused by: x.Y: z", "  2024-02-29 10:00:00 indented", "\t... 3 more"})
    EXPECT_EQ(source.Add(text).kind, Kind::kContinuation) << text;
}

TEST(TimedLineTest, PatternThatALineDoesNotFit) {
  Source source("<time> <level> [<program>] <message>");
  (void)source.Add("2024-02-29 10:00:00 INFO [cart] sold 5");
  const Assembled got = source.Add("2024-02-29 10:00:01 ERROR disk full");
  EXPECT_EQ(got.kind, Kind::kRecord);
  EXPECT_EQ(got.header.time, FromMicros((kBegin + 1) * 1000000));
  EXPECT_EQ(got.header.level, Level::kError);
}

TEST(TimedLineTest, FormsAreState) {
  Source source, loaded;
  for (size_t i = 0; i < 300; ++i)
    (void)source.Add(TimeAt("%H:%M:%S", kBegin + static_cast<int64_t>(i)) +
                     " worker: " + MessageAt(i));
  ASSERT_TRUE(loaded.SetState(source.State()));
  EXPECT_EQ(loaded.State(), source.State());
  EXPECT_EQ(loaded.Add("10:30:00 disk full").kind, Kind::kRecord);
}

}  // namespace
}  // namespace alogd
