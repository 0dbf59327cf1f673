// SPDX-License-Identifier: MIT
// Names of levels and states, and evidence to JSON and back.
#include "core/detection/anomaly.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace alogd {
namespace {

TEST(AnomalyTest, LevelNamesBothWays) {
  for (const char* name : {"INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL"}) {
    RiskLevel level{};
    ASSERT_TRUE(ParseRiskLevel(name, &level));
    EXPECT_EQ(Name(level), name);
  }
  RiskLevel level = RiskLevel::kLow;
  EXPECT_TRUE(ParseRiskLevel("hIgh", &level));
  EXPECT_EQ(level, RiskLevel::kHigh);
  EXPECT_FALSE(ParseRiskLevel("high ", &level));
  EXPECT_FALSE(ParseRiskLevel("", &level));
  EXPECT_FALSE(ParseRiskLevel("HIG", &level));
  EXPECT_EQ(level, RiskLevel::kHigh);
  EXPECT_LT(RiskLevel::kHigh, RiskLevel::kCritical);
}

Evidence Sample() {
  Evidence e;
  e.detector = "deeplog";
  e.raw = 0.1f;
  e.threshold = 3.0f;
  e.anomaly = 71.3f;
  e.summary = "after 'a' came 'b'";
  e.expected = {{"open <*>", 0.93f}, {"close <*>", 0.05f}};
  e.found = {{"b", 1e-4f}};
  e.unit = "-log10 p";
  e.first = 8;
  e.last = 9;
  return e;
}

TEST(AnomalyTest, EvidenceAsWritten) {
  EXPECT_EQ(
      EvidenceJson({Sample()}),
      R"([{"detector":"deeplog","score":71.3,"raw":0.1,"threshold":3.0,"unit":"-log10 p",)"
      R"("summary":"after 'a' came 'b'","expected":[{"text":"open <*>","p":0.93},)"
      R"({"text":"close <*>","p":0.05}],"found":[{"text":"b","by":0.0001}],"first":8,"last":9}])");
  EXPECT_EQ(EvidenceJson({}), "[]");
}

TEST(AnomalyTest, EvidenceComesBack) {
  const std::vector<Evidence> back = ParseEvidenceJson(EvidenceJson({Sample(), Evidence{}}));
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(back[0].detector, "deeplog");
  EXPECT_EQ(back[0].raw, 0.1f);
  EXPECT_EQ(back[0].anomaly, 71.3f);
  EXPECT_EQ(back[0].expected, Sample().expected);
  EXPECT_EQ(back[0].found, Sample().found);
  EXPECT_EQ(back[0].first, 8u);
  EXPECT_EQ(back[0].last, 9u);
}

TEST(AnomalyTest, HostileEvidenceIsValidJson) {
  Evidence e = Sample();
  e.summary = "\xff\x80 \"quoted\" \x1b[2J";
  e.raw = std::numeric_limits<float>::infinity();
  e.anomaly = std::nanf("");
  e.found.assign(1000, {"x", 1.0f});
  const nlohmann::json parsed = nlohmann::json::parse(EvidenceJson({e}), nullptr, false);
  ASSERT_TRUE(parsed.is_array());
  EXPECT_TRUE(parsed[0]["raw"].is_null());
  EXPECT_TRUE(parsed[0]["score"].is_null());
  EXPECT_LE(parsed[0]["found"].size(), 32u);
}

TEST(AnomalyTest, DamagedEvidenceIsLeftOut) {
  EXPECT_TRUE(ParseEvidenceJson("").empty());
  EXPECT_TRUE(ParseEvidenceJson("[{").empty());
  EXPECT_TRUE(ParseEvidenceJson("{\"detector\":\"x\"}").empty());
  const std::vector<Evidence> some = ParseEvidenceJson(
      R"([7, {"detector": 7, "expected": {"a": 1}, "first": -1, "last": 99999999999}, {"detector":"x"}])");
  ASSERT_EQ(some.size(), 2u);
  EXPECT_EQ(some[0].detector, "");
  EXPECT_EQ(some[0].last, 0u);
  EXPECT_EQ(some[1].detector, "x");
}

}  // namespace
}  // namespace alogd
