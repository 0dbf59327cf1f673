// SPDX-License-Identifier: MIT
// Which lines make one record.
#include "core/records/record_assembler.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace alogd {
namespace {

using Kind = Assembled::Kind;

class RecordAssemblerTest : public ::testing::Test {
 protected:
  Assembled Add(std::string_view text) {
    Line line{text, offset_, static_cast<uint32_t>(text.size() + 1), false, false};
    offset_ += line.bytes;
    return assembler_.Add(line);
  }
  void ExpectKinds(const std::vector<std::pair<std::string, Kind>>& lines) {
    for (const auto& [text, kind] : lines) EXPECT_EQ(Add(text).kind, kind) << text;
  }

  HeaderParser parser_ = HeaderParser::Create({.time_zone = "UTC"}).value();
  RecordAssembler assembler_{&parser_};
  uint64_t offset_ = 0;
};

TEST_F(RecordAssemblerTest, JavaStackTrace) {
  ExpectKinds({
      {"2024-02-29 13:45:01,250 INFO [main] a.b.C: started", Kind::kRecord},
      {"2024-02-29 13:45:02,250 ERROR [main] a.b.C: request failed", Kind::kRecord},
      {"java.io.IOException: broken pipe", Kind::kContinuation},
      {"\tat a.b.C.run(C.java:12)", Kind::kContinuation},
      {"Caused by: java.sql.SQLException: gone", Kind::kContinuation},
      {"\t... 12 more", Kind::kContinuation},
      {"", Kind::kContinuation},
      {"2024-02-29 13:45:03,250 INFO [main] a.b.C: next", Kind::kRecord},
  });
}

TEST_F(RecordAssemblerTest, PythonTracebackWithoutHeaders) {
  ExpectKinds({
      {"starting up", Kind::kRecord},
      {"ready", Kind::kRecord},
      {"Traceback (most recent call last):", Kind::kRecord},
      {"  File \"x.py\", line 3, in <module>", Kind::kContinuation},
      {"    main()", Kind::kContinuation},
      {"ValueError: bad", Kind::kContinuation},
      {"restarting", Kind::kRecord},
  });
}

TEST_F(RecordAssemblerTest, SourceWithoutHeaders) {
  ExpectKinds({{"one", Kind::kRecord},
               {"two", Kind::kRecord},
               {"  indented", Kind::kContinuation},
               {"three", Kind::kRecord}});
}

TEST_F(RecordAssemblerTest, AuditEventIsOneRecord) {
  ExpectKinds({
      {"type=SYSCALL msg=audit(1709214301.250:71): arch=c000003e syscall=59", Kind::kRecord},
      {"type=EXECVE msg=audit(1709214301.250:71): argc=2 a0=\"ls\"", Kind::kContinuation},
      {"type=CWD msg=audit(1709214301.250:71): cwd=\"/\"", Kind::kContinuation},
      {"type=USER_END msg=audit(1709214301.250:72): pid=7", Kind::kRecord},
  });
}

TEST_F(RecordAssemblerTest, PostgresDetailIsOneRecord) {
  ExpectKinds({
      {"2024-02-29 13:45:01.250 UTC [77] app@db ERROR:  duplicate key", Kind::kRecord},
      {"2024-02-29 13:45:01.250 UTC [77] app@db DETAIL:  Key (id)=(3) exists.",
       Kind::kContinuation},
      {"2024-02-29 13:45:01.250 UTC [77] app@db STATEMENT:  insert into t", Kind::kContinuation},
      {"\tvalues (3)", Kind::kContinuation},
      {"2024-02-29 13:45:02.250 UTC [77] app@db LOG:  checkpoint", Kind::kRecord},
  });
}

// What a program says when it dies has no header; it is a record with all that follows it.
TEST_F(RecordAssemblerTest, CrashesAreRecords) {
  const std::vector<std::vector<std::string>> crashes = {
      {"panic: runtime error: invalid memory address or nil pointer dereference",
       "[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x6b2f4e]", "",
       "goroutine 34 [running]:", "main.(*Server).handle(0xc0001a2000)", "\t/build/handle.go:88",
       "created by net/http.(*Server).Serve in goroutine 1", "exit status 2"},
      {"PHP Fatal error:  Uncaught Exception: boom in /srv/a.php:3",
       "Stack trace:", "#0 /srv/b.php(12): f()", "#1 {main}", "  thrown in /srv/a.php on line 3"},
      {"# A fatal error has been detected by the Java Runtime Environment:", "#",
       "#  SIGSEGV (0xb) at pc=0x00007f, pid=7, tid=9"},
      {"Exception in thread \"main\" java.lang.IllegalStateException: broken",
       "\tat a.b.C.main(C.java:7)"},
      {"thread 'main' panicked at 'index out of bounds', src/main.rs:3:5",
       "note: run with `RUST_BACKTRACE=1`"},
      {"./start.sh: line 3:    77 Segmentation fault      (core dumped) ./app"}};
  for (const std::string form :
       {"2024-02-29 13:{:02}:01 INFO [main] a.b.C: sold {}", "2024/02/29 13:{:02}:01 http: sold {}",
        R"({{"time":"2024-02-29T13:{:02}:01Z","level":"INFO","msg":"sold {}"}})"}) {
    for (const std::vector<std::string>& crash : crashes) {
      for (const int usual : {2, 6, 120}) {
        parser_ = HeaderParser::Create({.time_zone = "UTC"}).value();
        assembler_ = RecordAssembler(&parser_);
        for (int i = 0; i < usual; ++i) Add(fmt::format(fmt::runtime(form), i / 4, i));
        const Assembled first = Add(crash[0]);
        EXPECT_EQ(first.kind, Kind::kRecord) << crash[0];
        EXPECT_EQ(first.header.level, Level::kCritical) << crash[0];
        for (size_t i = 1; i < crash.size(); ++i)
          EXPECT_EQ(Add(crash[i]).kind, Kind::kContinuation) << crash[i] << " behind " << usual;
        EXPECT_EQ(Add(fmt::format(fmt::runtime(form), 59, 1)).kind, Kind::kRecord);
      }
    }
  }
}

TEST_F(RecordAssemblerTest, TextWithoutAHeader) {
  for (int i = 0; i < 120; ++i)
    Add(fmt::format("2024-02-29 13:45:{:02} - shop.db - INFO - sold {}", i % 60, i));
  ExpectKinds({
      // A traceback that nobody caught, and one that was logged.
      {"Traceback (most recent call last):", Kind::kRecord},
      {"  File \"x.py\", line 3, in <module>", Kind::kContinuation},
      {"sqlite3.OperationalError: disk I/O error", Kind::kContinuation},
      {"2024-02-29 13:47:00 - shop.db - ERROR - cannot sell", Kind::kRecord},
      {"Traceback (most recent call last):", Kind::kContinuation},
      {"  File \"x.py\", line 3, in <module>", Kind::kContinuation},
      {"ValueError: bad", Kind::kContinuation},
      {"worker left", Kind::kRecord},
      {"2024-02-29 13:47:01 - shop.db - INFO - statement: SELECT a,", Kind::kRecord},
      {"b", Kind::kContinuation},
      {"FROM t", Kind::kContinuation},
      {"WHERE c = 7", Kind::kContinuation},
      {"2024-02-29 13:47:02 - shop.db - INFO - answer {", Kind::kRecord},
      {"\"a\": 1", Kind::kContinuation},
      {"}", Kind::kContinuation},
      {"------", Kind::kContinuation},
      {"fatal: disk gone", Kind::kRecord},
  });
}

TEST_F(RecordAssemblerTest, PiecesOfPostgresInSyslog) {
  for (int i = 0; i < 30; ++i)
    ExpectKinds({{fmt::format("Feb 29 13:45:01 db8 postgresql-11[200]: [{}-1] LOG:  select", i),
                  Kind::kRecord},
                 {fmt::format("Feb 29 13:45:01 db8 postgresql-11[200]: [{}-2] #011  a,", i),
                  Kind::kContinuation},
                 {"Feb 29 13:45:01 db8 sshd[7]: [1-2] is no piece", Kind::kRecord}});
}

// Header on one line, message on the next: one record, whose message the second line is.
TEST_F(RecordAssemblerTest, RecordsOfTwoLines) {
  struct Form {
    std::string head, text, message;
    Level level;
  };
  const std::vector<Form> forms = {
      {"info: Shop.Api.Orders[{1}]", "      sold {1}", "sold {1}", Level::kInfo},
      {"2024-02-29 13:{0:02}:01 fail: Shop.Api.Orders[{1}]", "      sold {1}", "sold {1}",
       Level::kError},
      {"2024-02-29 13:{0:02}:01,123 WARN [main] c.e.Shop -", "sold {1}", "sold {1}",
       Level::kWarning},
      {"Feb 29, 2024 1:{0:02}:01 PM c.e.Shop sell", "SEVERE: sold {1}", "sold {1}", Level::kError},
      {"2024-02-29T13:{0:02}:01.250000+00:00", "sold {1}", "sold {1}", Level::kNone},
      {"# Time: 2024-02-29T13:{0:02}:01.250000Z", "select {1};", "select {1};", Level::kNone}};
  for (const Form& form : forms) {
    parser_ = HeaderParser::Create({.time_zone = "UTC"}).value();
    assembler_ = RecordAssembler(&parser_);
    offset_ = 0;
    for (int i = 0; i < 240; ++i) {
      const auto fill = [&](const std::string& text) {
        return fmt::format(fmt::runtime(text), i / 4, i);
      };
      const uint64_t begin = offset_;
      EXPECT_EQ(Add(fill(form.head)).kind, Kind::kHeld) << fill(form.head);
      if (form.head[0] == '#') {
        EXPECT_EQ(Add("# Query_time: 2.0  Lock_time: 0.0").kind, Kind::kHeld);
      }
      const Assembled got = Add(fill(form.text));
      ASSERT_EQ(got.kind, Kind::kRecord) << fill(form.text) << " " << parser_.format();
      EXPECT_EQ(got.header.message, fill(form.message));
      EXPECT_EQ(got.offset, begin);
      EXPECT_EQ(got.bytes, offset_ - begin);
      EXPECT_EQ(got.header.level, form.level) << form.head;
      if (i % 7 == 3) {
        EXPECT_EQ(Add("more of it").kind, Kind::kContinuation);
      }
    }
  }
}

// Programs that now and then have nothing to say: their headers are records.
TEST_F(RecordAssemblerTest, HeadersWithoutAMessage) {
  size_t records = 0;
  for (int i = 0; i < 200; ++i) {
    records += Add(fmt::format("2024-02-29 13:{:02}:01 INFO [main] c.e.Shop - {}", i / 4,
                               i % 10 == 9 ? "" : "sold " + std::to_string(i)))
                           .kind == Kind::kRecord
                   ? 1
                   : 0;
  }
  EXPECT_GE(records, 199u);
}

TEST_F(RecordAssemblerTest, OffsetsAndText) {
  Add("2024-02-29 13:45:01 INFO a.b: one");
  const Assembled second = Add("2024-02-29 13:45:01 INFO a.b: two");
  EXPECT_EQ(second.offset, 34u);
  EXPECT_EQ(second.bytes, 34u);
  EXPECT_EQ(second.text, "2024-02-29 13:45:01 INFO a.b: two");
  EXPECT_EQ(second.header.message, "two");
}

TEST_F(RecordAssemblerTest, DockerPiecesAreJoined) {
  const Assembled first = Add(
      R"({"log":"2024-02-29 13:45:01 WARN a.b: \"long","stream":"stdout","time":"2024-02-29T13:45:02.5Z"})");
  EXPECT_EQ(first.kind, Kind::kHeld);
  // The other output takes its turn in between.
  const Assembled other =
      Add(R"({"log":"plain\n","stream":"stderr","time":"2024-02-29T13:45:02.5Z"})");
  EXPECT_EQ(other.kind, Kind::kRecord);
  EXPECT_EQ(other.header.message, "plain");
  EXPECT_EQ(Micros(other.header.time), 1709214302500000);
  const Assembled last =
      Add(R"({"log":" line\"\n","stream":"stdout","time":"2024-02-29T13:45:02.5Z"})");
  EXPECT_EQ(last.kind, Kind::kRecord);
  EXPECT_EQ(last.text, "2024-02-29 13:45:01 WARN a.b: \"long line\"");
  EXPECT_EQ(last.header.message, "\"long line\"");
  EXPECT_EQ(last.header.level, Level::kWarning);
  EXPECT_EQ(Micros(last.header.time), 1709214301000000);
  EXPECT_EQ(last.offset, 0u);
  EXPECT_EQ(last.bytes, offset_);
}

TEST_F(RecordAssemblerTest, CriPiecesAreJoined) {
  EXPECT_EQ(Add("2024-02-29T13:45:02.123456789Z stdout P panic: it ").kind, Kind::kHeld);
  const Assembled last = Add("2024-02-29T13:45:02.223456789Z stdout F broke");
  EXPECT_EQ(last.kind, Kind::kRecord);
  EXPECT_EQ(last.text, "panic: it broke");
  EXPECT_EQ(Micros(last.header.time), 1709214302223456);
  EXPECT_EQ(Add("2024-02-29T13:45:02.3Z stderr F \tat x(y)").kind, Kind::kContinuation);
}

TEST_F(RecordAssemblerTest, JoinedPiecesAreBounded) {
  const std::string piece = fmt::format(
      R"({{"log":"{}","stream":"stdout","time":"2024-02-29T13:45:02Z"}})", std::string(16384, 'x'));
  for (int i = 0; i < 40; ++i) EXPECT_EQ(Add(piece).kind, Kind::kHeld);
  const Assembled last = Add(R"({"log":"end\n","stream":"stdout","time":"2024-02-29T13:45:02Z"})");
  EXPECT_EQ(last.text.size(), RecordAssembler::kMaxJoined);
}

TEST_F(RecordAssemblerTest, RecordsAreBounded) {
  Add("2024-02-29 13:45:01 INFO a.b: one");
  uint32_t continuations = 0, records = 0;
  for (uint32_t i = 0; i < 3 * RecordAssembler::kMaxLines; ++i) {
    const Kind kind = Add("\tmore of it").kind;
    continuations += kind == Kind::kContinuation ? 1 : 0;
    records += kind == Kind::kRecord ? 1 : 0;
  }
  EXPECT_EQ(records, 3u);
  EXPECT_EQ(continuations, 3 * RecordAssembler::kMaxLines - 3);
}

void ExpectTheSameWhereverRestored(const std::vector<std::string>& lines) {
  const auto run = [&](size_t cut) {
    HeaderParser parser = HeaderParser::Create({.time_zone = "UTC"}).value();
    RecordAssembler assembler(&parser);
    HeaderParser parser2 = HeaderParser::Create({.time_zone = "UTC"}).value();
    RecordAssembler assembler2(&parser2);
    std::string out;
    uint64_t offset = 0;
    for (size_t i = 0; i < lines.size(); ++i) {
      if (i == cut) {
        std::string blob;
        StateWriter writer(&blob);
        parser.Save(writer);
        assembler.Save(writer);
        StateReader reader(blob);
        EXPECT_TRUE(parser2.Load(reader) && assembler2.Load(reader) && reader.at_end());
      }
      const Line line{lines[i], offset, static_cast<uint32_t>(lines[i].size() + 1), false, false};
      offset += line.bytes;
      const Assembled a = i >= cut ? assembler2.Add(line) : assembler.Add(line);
      out += fmt::format("{} {} {} {} {}\n", static_cast<int>(a.kind), a.offset, a.bytes, a.text,
                         a.header.message);
    }
    return out;
  };
  const std::string expected = run(lines.size());
  for (size_t cut = 0; cut < lines.size(); ++cut) EXPECT_EQ(run(cut), expected) << cut;
}

// Restored after any line, the rest comes out the same.
TEST(RecordAssemblerStateTest, SaveAndLoadAnywhere) {
  std::vector<std::string> lines;
  for (int i = 0; i < 12; ++i) {
    lines.push_back(fmt::format(
        R"({{"log":"2024-02-29 13:45:{:02} INFO a.b: part {} ","stream":"stdout","time":"2024-02-29T13:45:02Z"}})",
        i, i));
    if (i % 3 == 0)
      lines.push_back(
          R"({"log":"Traceback (most recent call last):\n","stream":"stderr","time":"2024-02-29T13:45:02Z"})");
    lines.push_back(R"({"log":"and the end\n","stream":"stdout","time":"2024-02-29T13:45:02Z"})");
    lines.push_back(R"({"log":"  File \"x\"\n","stream":"stderr","time":"2024-02-29T13:45:02Z"})");
    lines.push_back(R"({"log":"E: last\n","stream":"stderr","time":"2024-02-29T13:45:02Z"})");
  }
  ExpectTheSameWhereverRestored(lines);
  lines.clear();
  for (int i = 0; i < 30; ++i) {
    lines.push_back(fmt::format("2024-02-29 13:45:{:02},123 WARN [main] c.e.Shop -", i));
    if (i % 7 != 6) lines.push_back(fmt::format("sold {}", i));
    if (i % 5 == 4) lines.insert(lines.end(), {"panic: broken", "goroutine 1 [running]:"});
  }
  ExpectTheSameWhereverRestored(lines);
}

}  // namespace
}  // namespace alogd
