// SPDX-License-Identifier: MIT
// Lines out of chunks of any size, against a naive splitter that sees all bytes at once.
#include "core/records/line_splitter.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace alogd {
namespace {

struct Copied {
  std::string text;
  uint64_t offset;
  uint32_t bytes;
  bool cut, partial;
  bool operator==(const Copied&) const = default;
};

Copied Copy(const Line& line) {
  return {std::string(line.text), line.offset, line.bytes, line.cut, line.partial};
}

std::vector<Copied> Drain(LineSplitter* splitter) {
  std::vector<Copied> out;
  for (Line line; splitter->Next(&line);) out.push_back(Copy(line));
  return out;
}

// All bytes at once, byte by byte.
std::vector<Copied> Naive(const std::string& bytes, uint32_t max_line) {
  std::vector<Copied> out;
  std::string text;
  uint64_t offset = 0, raw = 0;
  const auto emit = [&](bool partial) {
    if (!partial && !text.empty() && text.back() == '\r') text.pop_back();
    const bool cut = text.size() > max_line;
    out.push_back({text.substr(0, max_line), offset, static_cast<uint32_t>(raw), cut, partial});
    offset += raw;
    text.clear();
    raw = 0;
  };
  for (const char c : bytes) {
    ++raw;
    if (c == '\n') {
      emit(false);
    } else {
      text += c;
    }
  }
  if (raw > 0) emit(true);
  return out;
}

TEST(LineSplitterTest, LineEnds) {
  LineSplitter splitter(100, 7);
  const std::string bytes("a\nb\r\n\n\r\nc\r\r\nd\0e\xff\ng", 18);
  splitter.Append(bytes);
  const std::vector<Copied> lines = Drain(&splitter);
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[0], (Copied{"a", 7, 2, false, false}));
  EXPECT_EQ(lines[1], (Copied{"b", 9, 3, false, false}));
  EXPECT_EQ(lines[2], (Copied{"", 12, 1, false, false}));
  EXPECT_EQ(lines[3], (Copied{"", 13, 2, false, false}));
  EXPECT_EQ(lines[4], (Copied{"c\r", 15, 4, false, false}));
  EXPECT_EQ(lines[5], (Copied{std::string("d\0e\xff", 4), 19, 5, false, false}));
  EXPECT_EQ(splitter.consumed(), 24u);
  EXPECT_TRUE(splitter.has_partial());
}

TEST(LineSplitterTest, WholeLinesAreViewsIntoTheChunk) {
  LineSplitter splitter(100);
  const std::string bytes = "one\ntwo\n";
  splitter.Append(bytes);
  Line line;
  ASSERT_TRUE(splitter.Next(&line));
  EXPECT_EQ(line.text.data(), bytes.data());
  ASSERT_TRUE(splitter.Next(&line));
  EXPECT_EQ(line.text.data(), bytes.data() + 4);
}

TEST(LineSplitterTest, PartialLastLine) {
  LineSplitter splitter(100);
  Line line;
  EXPECT_FALSE(splitter.Flush(&line));
  splitter.Append("half");
  EXPECT_FALSE(splitter.Next(&line));
  EXPECT_TRUE(splitter.has_partial());
  ASSERT_TRUE(splitter.Flush(&line));
  EXPECT_EQ(Copy(line), (Copied{"half", 0, 4, false, true}));
  EXPECT_EQ(splitter.consumed(), 4u);
  splitter.Append("er\n");
  ASSERT_TRUE(splitter.Next(&line));
  EXPECT_EQ(Copy(line), (Copied{"er", 4, 3, false, false}));
  EXPECT_FALSE(splitter.Flush(&line));
}

TEST(LineSplitterTest, NoPartialRightAfterFlush) {
  LineSplitter splitter(100);
  Line line;
  splitter.Append("half");
  EXPECT_FALSE(splitter.Next(&line));
  ASSERT_TRUE(splitter.Flush(&line));
  EXPECT_FALSE(splitter.has_partial());
}

TEST(LineSplitterTest, LimitCountsTextWithoutLineEnd) {
  LineSplitter splitter(4);
  splitter.Append("abcd\nabcd\r\nabcde\nabcd\rx\n");
  const std::vector<Copied> lines = Drain(&splitter);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0], (Copied{"abcd", 0, 5, false, false}));
  EXPECT_EQ(lines[1], (Copied{"abcd", 5, 6, false, false}));
  EXPECT_EQ(lines[2], (Copied{"abcd", 11, 6, true, false}));
  EXPECT_EQ(lines[3], (Copied{"abcd", 17, 7, true, false}));
  EXPECT_EQ(splitter.cut_lines(), 2u);
}

TEST(LineSplitterTest, LongLineInSmallChunks) {
  constexpr uint32_t kLimit = 64 * 1024;
  LineSplitter splitter(kLimit);
  const std::string chunk(4096, 'x');
  Line line;
  for (int i = 0; i < 2048; ++i) {
    splitter.Append(chunk);
    ASSERT_FALSE(splitter.Next(&line));
  }
  splitter.Append("\nnext\n");
  ASSERT_TRUE(splitter.Next(&line));
  EXPECT_TRUE(line.cut);
  EXPECT_EQ(line.text.size(), kLimit);
  EXPECT_EQ(line.bytes, 8u * 1024 * 1024 + 1);
  ASSERT_TRUE(splitter.Next(&line));
  EXPECT_EQ(Copy(line), (Copied{"next", 8 * 1024 * 1024 + 1, 5, false, false}));
}

TEST(LineSplitterTest, ChunkBordersChangeNothing) {
  std::minstd_rand random(20240229);
  const std::string alphabet("ab\r\n\n\0\xff", 7);
  for (int round = 0; round < 400; ++round) {
    const uint32_t max_line = static_cast<uint32_t>(1 + random() % 12);
    std::string bytes;
    for (size_t n = random() % 200; n > 0; --n) bytes += alphabet[random() % alphabet.size()];
    LineSplitter splitter(max_line);
    std::vector<Copied> lines;
    for (size_t at = 0; at < bytes.size();) {
      const std::string chunk = bytes.substr(at, 1 + random() % 9);
      at += chunk.size();
      splitter.Append(chunk);
      for (Copied& line : Drain(&splitter)) lines.push_back(std::move(line));
    }
    Line last;
    if (splitter.Flush(&last)) lines.push_back(Copy(last));
    ASSERT_EQ(lines, Naive(bytes, max_line)) << "round " << round;
    EXPECT_EQ(splitter.consumed(), bytes.size());
  }
}

// "text" in UTF-16, each line end CR LF.
std::string Wide(const std::string& text, bool little) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += little ? std::string("\r\0", 2) : std::string("\0\r", 2);
    out += little ? std::string{c, '\0'} : std::string{'\0', c};
  }
  return out;
}

TEST(LineSplitterTest, ByteOrderMarkIsNoText) {
  LineSplitter splitter(100);
  splitter.Append("\xEF\xBB\xBFx\n\xEF\xBB\xBFy\n");
  const std::vector<Copied> lines = Drain(&splitter);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], (Copied{"x", 0, 5, false, false}));
  EXPECT_EQ(lines[1], (Copied{"y", 5, 5, false, false}));
}

// In chunks of every size, with and without a mark; offsets are those of the bytes.
TEST(LineSplitterTest, Utf16) {
  for (const bool little : {true, false}) {
    for (const bool marked : {true, false}) {
      const std::string mark = !marked ? "" : little ? "\xFF\xFE" : "\xFE\xFF";
      const std::string bytes = mark + Wide("2026 one\n\nthree\n", little);
      const auto skip = static_cast<uint32_t>(mark.size());
      for (size_t chunk = 1; chunk <= bytes.size(); ++chunk) {
        LineSplitter splitter(100);
        std::vector<Copied> lines;
        for (size_t at = 0; at < bytes.size(); at += chunk) {
          splitter.Append(std::string_view(bytes).substr(at, chunk));
          for (const Copied& line : Drain(&splitter)) lines.push_back(line);
        }
        ASSERT_EQ(lines.size(), 3u) << chunk;
        EXPECT_EQ(lines[0], (Copied{"2026 one", 0, skip + 20, false, false})) << chunk;
        EXPECT_EQ(lines[1], (Copied{"", skip + 20, 4, false, false})) << chunk;
        EXPECT_EQ(lines[2], (Copied{"three", skip + 24, 14, false, false})) << chunk;
        EXPECT_EQ(splitter.consumed(), bytes.size());
        // Read again from any line's begin, it is the same.
        LineSplitter again(100, skip + 24, little ? Encoding::kUtf16Le : Encoding::kUtf16Be);
        again.Append(std::string_view(bytes).substr(skip + 24));
        EXPECT_EQ(Drain(&again).at(0).text, "three");
      }
    }
  }
}

TEST(LineSplitterTest, LongUtf16LinesAreCut) {
  LineSplitter splitter(10);
  std::string text(1000, 'x');
  text += "\ny\n";
  const std::string bytes = Wide(text, true);
  for (size_t at = 0; at < bytes.size(); at += 64)
    splitter.Append(std::string_view(bytes).substr(at, 64)), Drain(&splitter);
  EXPECT_EQ(splitter.cut_lines(), 1u);
  EXPECT_EQ(splitter.consumed(), bytes.size());
}

}  // namespace
}  // namespace alogd
