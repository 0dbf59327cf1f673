// SPDX-License-Identifier: MIT
// What the first lines of a source become once its header is known.
#include "core/parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace alogd {
namespace {

// A header that nobody knows beforehand: its thread column is missing now and then, so that the
// first lines are taken apart in more ways than one.
std::string LineAt(size_t i) {
  const std::string thread = i % 6 == 4 ? "" : "[worker-" + std::to_string(i % 3) + "] ";
  const std::string message = i % 2 == 0 ? "took lease " + std::to_string(1000 + i * 7)
                                         : "gave up on peer " + std::to_string(i * 13);
  return "20240229 13:45:" + std::to_string(10 + i / 60 % 50) + ".125 NOTICE node" +
         std::to_string(i % 4) + " " + thread + "store.go:" + std::to_string(100 + i % 5) + ": " +
         message;
}

Parser Make() {
  GroupConfig group;
  group.time_zone = "UTC";
  return std::move(*Parser::Create(group, {}));
}

TemplateId Feed(Parser* parser, SourceId source, size_t i) {
  const std::string text = LineAt(i);
  return parser
      ->Add(source, FileId{1},
            {.text = text, .offset = i * 200, .bytes = static_cast<uint32_t>(text.size() + 1)})
      .id;
}

TEST(ParserTest, FirstLinesGetTheTemplateOfTheirStatement) {
  Parser parser = Make();
  const SourceId source = parser.AddSource("log", kNoTime);
  std::vector<TemplateId> ids;
  for (size_t i = 0; i < 300; ++i) ids.push_back(Feed(&parser, source, i));
  EXPECT_NE(parser.SourceFormat(source), "undecided");
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(parser.catalog().Text(ids[i]), i % 2 == 0 ? "took lease <*>" : "gave up on peer <*>")
        << LineAt(i);
  }
  // The first id of each statement stands for it.
  EXPECT_EQ(parser.catalog().Resolve(ids[298]), ids[0]);
  EXPECT_EQ(parser.catalog().Resolve(ids[299]), ids[1]);
}

// Another source has messages that look like this one's header and message: they mean what they
// meant.
TEST(ParserTest, TemplatesOfOtherSourcesKeepTheirText) {
  GroupConfig group;
  group.time_zone = "UTC";
  Parser probe = Make(), parser = Make();
  const SourceId first = probe.AddSource("log", kNoTime);
  const TemplateId guess = Feed(&probe, first, 0);
  const std::string text(probe.catalog().Text(guess));

  const SourceId other = parser.AddSource("other", kNoTime);
  const ParsedLine line = parser.Add(other, FileId{2}, {.text = text, .offset = 0, .bytes = 100});
  const SourceId source = parser.AddSource("log", kNoTime);
  for (size_t i = 0; i < 300; ++i) (void)Feed(&parser, source, i);
  EXPECT_EQ(parser.catalog().Resolve(line.id), line.id);
  EXPECT_EQ(parser.catalog().Text(line.id), text);
}

TEST(ParserTest, StateCarriesUndecidedLines) {
  Parser whole = Make();
  const SourceId source = whole.AddSource("log", kNoTime);
  std::vector<TemplateId> expected;
  for (size_t i = 0; i < 300; ++i) expected.push_back(Feed(&whole, source, i));
  for (const size_t cut : {1, 5, 40, 79, 120}) {
    Parser before = Make();
    (void)before.AddSource("log", kNoTime);
    for (size_t i = 0; i < cut; ++i) EXPECT_EQ(Feed(&before, source, i), expected[i]);
    std::string blob;
    StateWriter out(&blob);
    before.Save(out);

    Parser after = Make();
    before.catalog().ForEach([&](const Template& row) { after.catalog().Restore(row); });
    StateReader in(blob);
    ASSERT_TRUE(after.Load(in));
    for (size_t i = cut; i < 300; ++i) EXPECT_EQ(Feed(&after, source, i), expected[i]) << cut;
    for (size_t i = 0; i < 300; ++i) {
      EXPECT_EQ(after.catalog().Text(expected[i]), whole.catalog().Text(expected[i])) << cut;
    }
  }
}

// A new file of a source that was trained on: its first line has the template that training gave.
TEST(ParserTest, FormatsOfTraining) {
  Parser trained = Make();
  const SourceId source = trained.AddSource("/var/log/shop/log", kNoTime);
  for (size_t i = 0; i < 300; ++i) (void)Feed(&trained, source, i);
  const Parser::Formats formats = trained.FoundFormats();
  ASSERT_EQ(formats.size(), 1u);
  for (const char* name : {"/var/log/shop/log", "/tmp/copy/log", "/srv/other"}) {
    Parser parser = Make();
    parser.SetFormats(formats);
    const SourceId again = parser.AddSource(name, kNoTime);
    for (size_t i = 0; i < 4; ++i)
      EXPECT_EQ(parser.catalog().Text(Feed(&parser, again, i)),
                i % 2 == 0 ? "took lease <*>" : "gave up on peer <*>")
          << name;
  }
}

// Another log under the same name finds its own format; damaged formats do no harm.
TEST(ParserTest, FormatsThatDoNotFit) {
  const auto line = [](size_t i) {
    return "[Thu Feb 29 13:45:" + std::to_string(10 + i % 50) + " 2024] [INF] Cart: sold " +
           std::to_string(i) + " for " + std::to_string(i * 7);
  };
  Parser trained = Make();
  const SourceId source = trained.AddSource("log", kNoTime);
  for (size_t i = 0; i < 300; ++i) (void)Feed(&trained, source, i);
  Parser::Formats formats = trained.FoundFormats();
  for (const bool damaged : {false, true}) {
    if (damaged) formats["log"].resize(formats["log"].size() / 2);
    Parser parser = Make();
    parser.SetFormats(formats);
    const SourceId other = parser.AddSource("log", kNoTime);
    ParsedLine last;
    std::string text;
    for (size_t i = 0; i < 300; ++i) {
      text = line(i);
      last = parser.Add(
          other, FileId{1},
          {.text = text, .offset = i * 200, .bytes = static_cast<uint32_t>(text.size() + 1)});
    }
    EXPECT_EQ(last.header.message, "sold 299 for 2093");
    EXPECT_EQ(last.header.level, Level::kInfo);
  }
}

}  // namespace
}  // namespace alogd
