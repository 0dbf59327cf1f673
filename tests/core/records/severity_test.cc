// SPDX-License-Identifier: MIT
// Severity by level, words and exceptions.
#include "core/records/severity.h"

#include <gtest/gtest.h>

namespace alogd {
namespace {

class SeverityTest : public ::testing::Test {
 protected:
  int Of(std::string_view message, Level level = Level::kNone) const {
    return table_.OfRecord(level, message);
  }
  SeverityTable table_{SeverityOptions{}};
};

TEST_F(SeverityTest, Levels) {
  EXPECT_EQ(Of("x", Level::kEmergency), 100);
  EXPECT_EQ(Of("x", Level::kCritical), 100);
  EXPECT_EQ(Of("x", Level::kError), 80);
  EXPECT_EQ(Of("x", Level::kWarning), 60);
  EXPECT_EQ(Of("x", Level::kNotice), 20);
  EXPECT_EQ(Of("x", Level::kDebug), 10);
}

TEST_F(SeverityTest, LevelGoesBeforeWords) { EXPECT_EQ(Of("fatal error", Level::kInfo), 20); }

TEST_F(SeverityTest, WordsWithoutLevel) {
  EXPECT_EQ(Of(""), 20);
  EXPECT_EQ(Of("Kernel PANIC - not syncing"), 100);
  EXPECT_EQ(Of("nginx[12]: segfault at 0"), 100);
  EXPECT_EQ(Of("Failed password for root"), 80);
  EXPECT_EQ(Of("auth_failed"), 80);
  EXPECT_EQ(Of("connection refused, retry"), 80);
  EXPECT_EQ(Of("Retrying in 5 s"), 60);
  EXPECT_EQ(Of("a longer line so that the word stands behind sixteen bytes: timeout"), 60);
  EXPECT_EQ(Of("session opened for user root"), 20);
}

TEST_F(SeverityTest, WordsMatchAtTheirBeginningOnly) {
  EXPECT_EQ(Of("terror, unwarned and prefail"), 20);
  EXPECT_EQ(Of("0123456789abcdeXfail"), 20);
  EXPECT_EQ(Of("0123456789abcdefail"), 20);
  EXPECT_EQ(Of("0123456789abcde fail"), 80);
}

TEST_F(SeverityTest, Exceptions) {
  EXPECT_EQ(Of("java.lang.OutOfMemoryError: Java heap space", Level::kWarning), 100);
  EXPECT_EQ(Of("caught java.sql.SQLTransientException", Level::kInfo), 80);
  EXPECT_EQ(Of("java.lang.NullPointerException", Level::kInfo), 80);
  EXPECT_EQ(Of("KeyError: 'user'", Level::kInfo), 60);
  EXPECT_EQ(Of("com.example.Outer$InnerException", Level::kInfo), 60);
  EXPECT_EQ(Of("what(): std::bad_alloc", Level::kInfo), 100);
  EXPECT_EQ(Of("SystemExit: 1"), 100);
}

TEST_F(SeverityTest, NoExceptions) {
  EXPECT_EQ(Of("Disk: 80% full, Connection closed, FileSystem mounted", Level::kInfo), 20);
  EXPECT_EQ(Of("onError called, Error: none, lastError is 0", Level::kInfo), 20);
  EXPECT_EQ(Of("ErrorHandler installed", Level::kInfo), 20);
  EXPECT_EQ(Of("at (IOException.java:3)", Level::kInfo), 20);
}

TEST_F(SeverityTest, Continuations) {
  EXPECT_EQ(table_.OfContinuation("Caused by: java.io.IOException: broken pipe"), 80);
  EXPECT_EQ(table_.OfContinuation("    raise ValueError(x)"), 60);
  EXPECT_EQ(table_.OfContinuation("MemoryError"), 100);
  EXPECT_EQ(table_.OfContinuation("\tat a.b.SomeException.throwIt(SomeException.java:3)"), 0);
  EXPECT_EQ(table_.OfContinuation("  File \"x.py\", line 3, in RaiseError"), 0);
  EXPECT_EQ(table_.OfContinuation("DETAIL: the fatal word alone raises nothing"), 0);
  EXPECT_EQ(table_.OfContinuation("   "), 0);
}

TEST_F(SeverityTest, OwnTables) {
  SeverityOptions options;
  options.words = {{90, {"Kaputt"}}, {50, {"kap", "7up"}}};
  options.otherwise = 5;
  options.exceptions = {{70, {"Teapot"}}};
  options.other_exception = 33;
  const SeverityTable table(options);
  EXPECT_EQ(table.OfRecord(Level::kNone, "es ist KAPUTT"), 90);
  EXPECT_EQ(table.OfRecord(Level::kNone, "kap 1"), 50);
  EXPECT_EQ(table.OfRecord(Level::kNone, "a 7up"), 50);
  EXPECT_EQ(table.OfRecord(Level::kNone, "error"), 5);
  EXPECT_EQ(table.OfRecord(Level::kNone, "HttpTeapotError"), 70);
  EXPECT_EQ(table.OfRecord(Level::kNone, "OtherError"), 33);
}

}  // namespace
}  // namespace alogd
