// SPDX-License-Identifier: MIT
// Secrets leave lines before anything is made of them.
#include "core/records/redactor.h"

#include <gtest/gtest.h>

#include "core/pipeline.h"

namespace alogd {
namespace {

std::string Apply(const std::vector<std::string>& patterns, std::string_view text) {
  const Result<Redactor> redactor = Redactor::Create(patterns);
  EXPECT_TRUE(redactor.ok()) << redactor.error().message;
  std::string buffer;
  return std::string(redactor->Apply(text, &buffer));
}

TEST(RedactorTest, GroupOrWholeMatchEachTime) {
  EXPECT_EQ(Apply({"password=(\\S+)"}, "login password=hunter2 ok, password=x"),
            "login password=[redacted] ok, password=[redacted]");
  EXPECT_EQ(Apply({"[0-9]{16}"}, "card 4111111111111111."), "card [redacted].");
  EXPECT_EQ(Apply({"a(b)?c"}, "abc ac"), "a[redacted]c [redacted]")
      << "a group that took no part leaves the whole match";
}

TEST(RedactorTest, InOrderEachOnWhatTheOneBeforeLeft) {
  EXPECT_EQ(Apply({"token ([a-z]+)", "redacted"}, "token abc"), "token [[redacted]]");
}

TEST(RedactorTest, NothingToHide) {
  const Result<Redactor> redactor = Redactor::Create({"secret"});
  std::string buffer;
  const std::string_view text = "plain";
  EXPECT_EQ(redactor->Apply(text, &buffer).data(), text.data()) << "no copy";
  EXPECT_EQ(Apply({}, "secret"), "secret");
  EXPECT_EQ(Apply({"x*"}, "abc"), "abc") << "an empty match hides nothing";
  EXPECT_EQ(Apply({"x*"}, ""), "");
}

TEST(RedactorTest, AnyBytes) {
  EXPECT_EQ(Apply({"key=(.+)$"}, std::string_view("key=\xff\x00z", 7)), "key=[redacted]");
}

TEST(RedactorTest, BadPatternIsRefused) {
  const Result<Redactor> redactor = Redactor::Create({"fine", "(open"});
  ASSERT_FALSE(redactor.ok());
  EXPECT_NE(redactor.error().message.find("(open"), std::string::npos);
}

// Through the pipeline: what a rule's match, its text and the templates say.
TEST(RedactorTest, NothingOfItReachesAUnit) {
  Config config;
  config.rules.emplace_back();
  config.rules[0].match = "login failed";
  config.rules[0].level = RiskLevel::kHigh;
  GroupConfig group;
  group.redact = {"password=(\\S+)"};
  const auto pipeline = Pipeline::Create(
      config, group, ModelSet{}, [](const RecordRef&) { return std::string("password=hunter2"); });
  ASSERT_TRUE(pipeline.ok());
  const SourceId source = (*pipeline)->AddSource("/var/log/app.log", kNoTime);
  const std::string text =
      "2026-11-20T10:00:00.000000+00:00 host app[1]: login failed password=hunter2 for bob";
  (*pipeline)->Feed(source, FileId{1},
                    Line{text, 0, static_cast<uint32_t>(text.size() + 1), false, false});
  const CommitUnit unit = (*pipeline)->TakeUnit();
  ASSERT_EQ(unit.anomalies.size(), 1u);
  EXPECT_NE(unit.anomalies[0].message.find("login failed"), std::string::npos);
  std::string all = unit.delta + unit.anomalies[0].message + unit.anomalies[0].template_text;
  for (const Template& row : unit.templates) all += row.text;
  for (const Incident& incident : unit.incidents) all += incident.title;
  EXPECT_EQ(all.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace alogd
