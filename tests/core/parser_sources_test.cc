// SPDX-License-Identifier: MIT
// The sources of a group come and go: their numbers are used again, also over a restart.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "core/parser.h"

namespace alogd {
namespace {

Parser MakeParser() { return std::move(*Parser::Create(GroupConfig{}, SeverityOptions{})); }

std::string TextLine(int number) {
  return fmt::format("2026-11-20T10:00:{:02}+00:00 host app[12]: event {} done", number % 60,
                     number);
}

// A parser and what a database would hold of it, for one source a file.
struct Kept {
  Parser parser = MakeParser();
  std::string whole;
  std::vector<std::string> deltas;

  void Commit(bool snapshot) {
    std::string blob;
    StateWriter out(&blob);
    if (snapshot) {
      std::string ignored;
      StateWriter changes(&ignored);
      parser.SaveChanges(changes);
      parser.Save(out);
      whole = blob;
      deltas.clear();
    } else {
      parser.SaveChanges(out);
      deltas.push_back(blob);
    }
  }
  void Restart() {
    Parser next = MakeParser();
    parser.catalog().ForEach([&](const Template& row) { next.catalog().Restore(row); });
    next.catalog().set_next_id(parser.catalog().next_id());
    if (!whole.empty()) {
      StateReader in(whole);
      ASSERT_TRUE(next.Load(in) && in.at_end());
    }
    for (const std::string& delta : deltas) {
      StateReader in(delta);
      ASSERT_TRUE(next.ApplyChanges(in) && in.at_end());
    }
    parser = std::move(next);
  }
};

TEST(ParserSourcesTest, NumbersOfForgottenSourcesAreUsedAgain) {
  Parser parser = MakeParser();
  for (int i = 0; i < 10'000; ++i) {
    const SourceId id = parser.AddSource(fmt::format("/var/log/job{}.log", i), kNoTime);
    const std::string text = TextLine(i);
    parser.Add(id, FileId{i}, {text, 0, static_cast<uint32_t>(text.size() + 1), false, false});
    EXPECT_EQ(parser.SourceName(id), fmt::format("/var/log/job{}.log", i));
    if (i % 3 == 0) parser.ForgetSources({id});
    if (i % 3 == 2)
      parser.ForgetSources(
          {id, parser.AddSource(fmt::format("/var/log/job{}.log", i - 1), kNoTime), id});
  }
  EXPECT_LE(parser.sources(), 3u);
}

TEST(ParserSourcesTest, SourcesThatComeAndGoAreTheSameAfterARestart) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    Kept kept;
    std::map<std::string, SourceId> known;
    for (int step = 0; step < 200; ++step) {
      const std::string name = fmt::format("/var/log/{}.log", random() % 12);
      const auto what = random() % 10;
      if (what < 6) {
        const SourceId id = known[name] = kept.parser.AddSource(name, kNoTime);
        const std::string text = TextLine(step);
        kept.parser.Add(id, FileId{Index(id)},
                        {text, 0, static_cast<uint32_t>(text.size() + 1), false, false});
      } else if (what < 8) {
        if (const auto at = known.find(name); at != known.end()) {
          kept.parser.ForgetSources({at->second});
          known.erase(at);
        }
      } else if (what < 9) {
        kept.Commit(random() % 4 == 0);
      } else {
        kept.Commit(random() % 4 == 0);
        kept.Restart();
      }
      for (const auto& [path, id] : known) {
        ASSERT_TRUE(kept.parser.HasSource(id)) << "seed " << seed << " step " << step;
        ASSERT_EQ(kept.parser.SourceName(id), path) << "seed " << seed << " step " << step;
      }
    }
    EXPECT_LE(kept.parser.sources(), 12u);
  }
}

TEST(ParserSourcesTest, DamagedSourcesAreRefused) {
  using std::string_literals::operator""s;
  for (const std::string& name : {"\0"s, "\0x\0a"s, "\0007"s, "\099999999\0a"s}) {
    std::string blob;
    StateWriter out(&blob);
    EventClock().Save(out);
    out.U64(1);
    out.Bytes(name);
    out.At(kNoTime);
    Parser parser = MakeParser();
    StateReader in(blob);
    EXPECT_FALSE(parser.Load(in)) << name.substr(1);
  }
}

}  // namespace
}  // namespace alogd
