// SPDX-License-Identifier: MIT
// Kinds of messages: what says which event it is stays apart, and what names things is one
// template, in any order of lines.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/templates/drain.h"
#include "core/templates/kept_words.h"
#include "testing/grouping.h"
#include "testing/random.h"

namespace alogd {
namespace {

using testing::MadeUpWord;
using testing::Random;
using Texts = std::vector<std::string>;

std::string Capitals(std::string word) {
  for (char& c : word)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return word;
}

std::string Capital(const std::string& word) {
  return Capitals(word.substr(0, 1)) + word.substr(1);
}

struct Labelled {
  std::string message;
  std::string statement;
};

void Shuffle(std::vector<Labelled>* lines, Random& random) {
  for (size_t i = lines->size(); i > 1; --i) std::swap((*lines)[i - 1], (*lines)[random.Below(i)]);
}

// Two lines have one template exactly when they are of one statement.
void ExpectOneTemplateEach(const std::vector<Labelled>& lines) {
  Catalog catalog;
  Drain drain = std::move(*Drain::Create({}, &catalog));
  std::vector<TemplateId> ids;
  for (const Labelled& line : lines) ids.push_back(drain.Add(line.message, kNoTime).id);
  std::map<std::string, std::set<std::string_view>> texts_of, statements_of;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view text = catalog.Text(catalog.Resolve(ids[i]));
    texts_of[lines[i].statement].insert(text);
    statements_of[std::string(text)].insert(lines[i].statement);
    std::vector<std::string_view> parameters;
    EXPECT_TRUE(drain.Parameters(lines[i].message, text, &parameters)) << lines[i].message;
  }
  for (const auto& [statement, texts] : texts_of)
    EXPECT_EQ(texts.size(), 1u) << statement << ": " << ::testing::PrintToString(texts);
  for (const auto& [text, statements] : statements_of)
    EXPECT_EQ(statements.size(), 1u) << text << ": " << ::testing::PrintToString(statements);
}

// Forty lines of each of the `statements`, in which # stands for a number and % for one of `names`.
void ExpectApart(const Texts& statements, const Texts& names, Random& random) {
  std::vector<Labelled> lines;
  for (const std::string& statement : statements) {
    for (size_t n = 0; n < 40; ++n) {
      std::string message;
      for (const char c : statement) {
        if (c == '#')
          message += std::to_string(random.Below(100000));
        else if (c == '%')
          message += n < names.size() ? names[n] : random.Of(names);
        else
          message += c;
      }
      lines.push_back({std::move(message), statement});
    }
  }
  Shuffle(&lines, random);
  ExpectOneTemplateEach(lines);
}

class TemplateKindsTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  Texts Words(size_t n) {
    std::set<std::string> words;
    while (words.size() < n) words.insert(MadeUpWord(random_));
    return {words.begin(), words.end()};
  }

  Random random_{GetParam()};
  const std::pair<std::string, std::string> opposites_ =
      random_.Of(std::vector<std::pair<std::string, std::string>>{{"Active", "Inactive"},
                                                                  {"up", "down"},
                                                                  {"connected", "disconnected"},
                                                                  {"Locked", "Unlocked"},
                                                                  {"enabled", "disabled"}});
};

INSTANTIATE_TEST_SUITE_P(Seeds, TemplateKindsTest, ::testing::Range(uint64_t{1}, uint64_t{13}));

TEST_P(TemplateKindsTest, OppositesInQuotesStayApart) {
  const std::string noun = MadeUpWord(random_);
  for (const std::string_view form : {"{0} # is '{1}' after # ms", "{0} # has become \"{1}\""})
    ExpectApart({fmt::format(fmt::runtime(form), noun, opposites_.first),
                 fmt::format(fmt::runtime(form), noun, opposites_.second)},
                {}, random_);
}

TEST_P(TemplateKindsTest, FewStatesInQuotesStayApart) {
  const Texts states = Words(4);
  const std::string noun = MadeUpWord(random_);
  for (const std::string_view form : {"{0} # changed to state '{1}' now",
                                      "mode of {0} is \"{1}\" at #", "{0} reason: '{1}' (#)"}) {
    Texts statements;
    for (const std::string& state : states)
      statements.push_back(fmt::format(fmt::runtime(form), noun, Capital(state)));
    ExpectApart(statements, {}, random_);
  }
}

TEST_P(TemplateKindsTest, ConstantsBehindDotsStayApart) {
  const Texts words = Words(3);
  const std::string package = "com." + words[0] + ".intent.";
  ExpectApart(
      {"received action: " + package + "SCREEN_ON id #",
       "received action: " + package + "SCREEN_OFF id #",
       "received action: " + package + Capitals(words[1]) + "_" + Capitals(words[2]) + " id #"},
      {}, random_);
  ExpectApart({"event: " + package + opposites_.first + " for job #",
               "event: " + package + opposites_.second + " for job #"},
              {}, random_);
}

TEST_P(TemplateKindsTest, CodeBeforeTheColonStays) {
  const Texts words = Words(3);
  const Texts codes = {Capital(words[0]) + "Fail", Capital(words[1]) + "Fail",
                       Capital(words[2]) + "Ind", Capitals(words[0]) + "_" + Capitals(words[1])};
  for (const std::string_view form :
       {"join of cell # ended, reason = {}: code #", "leave # cause={}: at #",
        "request # gave up, reason: {}: code #"}) {
    Texts statements;
    for (const std::string& code : codes)
      statements.push_back(fmt::format(fmt::runtime(form), code));
    ExpectApart(statements, {}, random_);
  }
}

TEST_P(TemplateKindsTest, SourcePositionStays) {
  const std::string file = MadeUpWord(random_) + random_.Of(Texts{"_ctl.c", ".cpp", ".go", ".py"});
  const size_t line = 1 + random_.Below(4000);
  ExpectApart({fmt::format("[{}:{}]: NEW SWEEP", file, line),
               fmt::format("[{}:{}]: SWEEP DONE", file, line + 7),
               fmt::format("[{}:{}]: sweep # took # ms", file, line + 20),
               fmt::format("[{}:{}]: sweep # took # ms", file, line + 31)},
              {}, random_);
}

TEST_P(TemplateKindsTest, OperationsAtTheBeginningStayApart) {
  Texts statements;
  for (const char* verb : {"get", "add", "rename", "delete", "set", "list", "open"})
    statements.push_back(verb + Capital(MadeUpWord(random_)) + " Success in # ms");
  ExpectApart(statements, {}, random_);
}

TEST_P(TemplateKindsTest, NameBehindWhatIsDoneToItVaries) {
  ExpectApart({"removing %"}, Words(6 + random_.Below(20)), random_);
  ExpectApart({"Loaded %", "Unloaded %"}, Words(6), random_);
}

TEST_P(TemplateKindsTest, CapitalNameAtTheBeginningVaries) {
  Texts names;
  for (const std::string& word : Words(3 + random_.Below(5)))
    names.push_back(Capitals(word.substr(0, 4)) + "Q");
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  while (names.size() < 3) names.push_back("ZZQ" + Capitals(MadeUpWord(random_).substr(0, 1)));
  ExpectApart({"% (v# ACME tables #)"}, names, random_);
  ExpectApart({"GET done by worker #", "POST done by worker #", "PUT done by worker #"}, {},
              random_);
}

TEST_P(TemplateKindsTest, LettersThatCountVary) {
  const std::string link = Capitals(MadeUpWord(random_).substr(0, 3));
  ExpectApart({"bus link [%] enabled at irq #"}, {link + "A", link + "C"}, random_);
  ExpectApart({"disk % has # bad sectors"}, {"sda", "sdb", "sdc"}, random_);
  ExpectApart({"check [PASSED] of unit #", "check [FAILED] of unit #"}, {}, random_);
}

TEST_P(TemplateKindsTest, InterfaceNamesVary) {
  ExpectApart({"link up on %", "link down on %"}, {"awdl0", "en0", "en1", "lo", "br-lan"}, random_);
  ExpectApart({"%: link becomes ready"}, {"awdl0", "en0", "utun3", "lo"}, random_);
}

TEST_P(TemplateKindsTest, AuditTypesAndResultsStayApart) {
  const Texts users = Words(8);
  std::vector<Labelled> lines;
  for (const char* type : {"USER_AUTH", "USER_CMD", "USER_LOGIN", "CRED_ACQ", "SERVICE_START"}) {
    for (const char* result : {"success", "failed"}) {
      for (size_t n = 0; n < 30; ++n)
        lines.push_back(
            {fmt::format(
                 "type={} msg=audit(17960{}.417:{}): pid={} uid=0 msg='op=PAM:{} acct=\"{}\" "
                 "exe=\"/usr/bin/{}\" hostname={} terminal=pts/0 res={}'",
                 type, random_.Below(90000), random_.Below(900), random_.Below(9000),
                 type[0] == 'U' ? "authentication" : "setcred", random_.Of(users),
                 random_.Of(users), random_.Chance(50) ? "?" : random_.Of(users), result),
             std::string(type) + result});
    }
  }
  Shuffle(&lines, random_);
  ExpectOneTemplateEach(lines);
}

TEST_P(TemplateKindsTest, OddValuesCostTheirOwnGroupAtMost) {
  std::vector<Labelled> lines;
  const Texts nouns = Words(12);
  for (size_t s = 0; s < nouns.size(); ++s) {
    const std::string statement = Capital(nouns[s]) + " accepted batch";
    for (size_t n = 0; n < 60; ++n)
      lines.push_back(
          {fmt::format("{} #{} from peer {}", statement, random_.Below(9000), random_.Below(9000)),
           statement});
  }
  Shuffle(&lines, random_);
  const Texts odd = {"null", "-1", "", "unknown", "-"};
  const auto place = lines.size() / 2 + random_.Below(lines.size() / 2);
  lines.insert(lines.begin() + static_cast<ptrdiff_t>(place),
               {Capital(nouns[0]) + " accepted batch " + random_.Of(odd) + " from peer 7",
                Capital(nouns[0]) + " accepted batch"});
  ExpectOneTemplateEach(lines);
}

TEST_P(TemplateKindsTest, NumberAndPrintedObjectKeepTheirNames) {
  const std::string name = MadeUpWord(random_);
  Catalog catalog;
  Drain drain = std::move(*Drain::Create({}, &catalog));
  const auto text = [&](const std::string& message) {
    return std::string(catalog.Text(drain.Add(message, kNoTime).id));
  };
  EXPECT_EQ(text("wrote " + name + ".2275 out"), "wrote " + name + ".<*> out");
  EXPECT_EQ(text("job #17 of " + name + " done"), "job #<*> of " + name + " done");
  EXPECT_EQ(text("bounds=Rect(0, 1 - 2, 3) of " + name), "bounds=Rect(<*>) of " + name);
  EXPECT_EQ(text("bounds=null of " + name), "bounds=<*> of " + name);  // widened
  EXPECT_EQ(text("bounds=Rect(0, 1 - 2, 3) of " + name), "bounds=<*> of " + name);
}

TEST(KeptWordsTest, OutcomeNames) {
  for (const char* word : {"SCREEN_ON", "a.b.SCREEN_OFF", "STOP_SCAN", "AuthFail", "user_removed",
                           "stopScan", "PowerOff"})
    EXPECT_TRUE(IsOutcomeName(word)) << word;
  for (const char* word :
       {"", "_", "on", "SCREEN_SAVER", "a.b.c", "StopWatch", "loader", "A_", "a_"})
    EXPECT_FALSE(IsOutcomeName(word)) << word;
}

TEST(KeptWordsTest, SourcePositions) {
  EXPECT_EQ(SourcePosition("[file.c:1831]: x"), 13u);
  EXPECT_EQ(SourcePosition("(src/a2.go:7)"), 13u);
  for (const char* text : {"", "[", "[:1]", "[a.c:]", "[a.c:1", "[a.c:1)", "[a.org:80]", "[.c:1]",
                           "[a b.c:1]", "[a.c:1234567]", "{a.c:1}", "[10.0.0.1:80]"})
    EXPECT_EQ(SourcePosition(text), 0u) << text;
  EXPECT_TRUE(InSourcePosition("at [a.c:17] x", 7));
  EXPECT_FALSE(InSourcePosition("at a.c:17] x", 6));
}

// The message is what stands behind the third blank.
TEST(KeptWordsTest, SharedCases) {
  const std::string cases = testing::TestDataPath() + "/../cases/";
  const Texts lines = testing::ReadLines(cases + "templates.log");
  if (lines.empty()) GTEST_SKIP() << "no cases beside the data";
  Catalog catalog;
  Drain drain = std::move(*Drain::Create({}, &catalog));
  std::vector<TemplateId> ids;
  for (const std::string& line : lines) {
    std::string_view message = line;
    for (int i = 0; i < 3; ++i) message.remove_prefix(message.find(' ') + 1);
    ids.push_back(drain.Add(message, kNoTime).id);
  }
  std::set<std::string_view> texts;
  for (const TemplateId id : ids) texts.insert(catalog.Text(catalog.Resolve(id)));
  EXPECT_EQ(texts.size(), 17u) << ::testing::PrintToString(texts);
  EXPECT_TRUE(texts.contains("removing <*>"));
  EXPECT_TRUE(texts.contains("bus interrupt link [<*>] enabled at irq <*>"));
}

}  // namespace
}  // namespace alogd
