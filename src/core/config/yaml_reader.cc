// SPDX-License-Identifier: MIT
// Builds the tree from yaml-cpp's events, so that limits hold while it grows.
#include "core/config/yaml_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <map>
#include <sstream>
#include <utility>

namespace alogd {
namespace {

uint32_t FromZero(int n) { return n < 0 ? 1u : static_cast<uint32_t>(n) + 1; }

size_t CountNodes(const YamlNode& node) {
  size_t n = 1;
  for (const YamlNode& key : node.keys) n += CountNodes(key);
  for (const YamlNode& item : node.items) n += CountNodes(item);
  return n;
}

size_t DepthOf(const YamlNode& node) {
  size_t deepest = 0;
  for (const YamlNode& item : node.items) deepest = std::max(deepest, DepthOf(item));
  return deepest + 1;
}

// Rejected: YAML::Load, which builds the whole graph before anyone can look at its size, shares
// aliased nodes and keeps no mark for keys that are null. Handlers cannot stop the parser without
// throwing, so after the first error they ignore the rest of the (bounded) text.
class TreeBuilder : public YAML::EventHandler {
 public:
  YamlNode root;
  YamlError error;
  YamlError last_quoted{0, 0, {}};  // where the last text in quotes begins

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(Make(YamlNode::Kind::kNull, mark), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) return Fail(mark, "this alias has no complete value to stand for");
    nodes_ += CountNodes(found->second);
    if (open_.size() + DepthOf(found->second) > kMaxYamlDepth) return TooDeep(mark);
    if (nodes_ > kMaxYamlNodes) return TooMany(mark);
    Add(found->second, 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = Make(YamlNode::Kind::kScalar, mark);
    node.quoted = tag == "!";  // what yaml-cpp calls it
    if (node.quoted) last_quoted = {node.line, node.column, {}};
    if (!tag.empty() && tag != "?" && !node.quoted)
      return Fail(mark, "a tag; quote a text that begins with !");
    node.scalar = value;
    Add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(Make(YamlNode::Kind::kList, mark), anchor, mark);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(Make(YamlNode::Kind::kMap, mark), anchor, mark);
  }
  void OnMapEnd() override { Close(); }

 private:
  static constexpr size_t kMaxKeys = 1000;  // of a map: keeps the search for duplicates short
  struct Frame {
    YamlNode node;
    YAML::anchor_t anchor;
  };

  static YamlNode Make(YamlNode::Kind kind, const YAML::Mark& mark) {
    YamlNode node;
    node.kind = kind;
    node.line = FromZero(mark.line);
    node.column = FromZero(mark.column);
    return node;
  }
  void Fail(uint32_t line, uint32_t column, std::string message) {
    if (error.message.empty()) error = {line, column, std::move(message)};
  }
  void Fail(const YAML::Mark& mark, std::string message) {
    Fail(FromZero(mark.line), FromZero(mark.column), std::move(message));
  }
  void TooDeep(const YAML::Mark& mark) {
    Fail(mark, fmt::format("nested deeper than {} levels; no key of alogd is", kMaxYamlDepth));
  }
  void TooMany(const YAML::Mark& mark) {
    Fail(mark, fmt::format("more than {} values once aliases are written out", kMaxYamlNodes));
  }
  void Open(YamlNode node, YAML::anchor_t anchor, const YAML::Mark& mark) {
    if (open_.size() >= kMaxYamlDepth) TooDeep(mark);
    if (error.message.empty()) open_.push_back({std::move(node), anchor});
  }
  void Close() {
    if (!error.message.empty()) return;
    Frame done = std::move(open_.back());
    open_.pop_back();
    Add(std::move(done.node), done.anchor);
  }
  void Add(YamlNode node, YAML::anchor_t anchor) {
    if (!error.message.empty()) return;
    if (++nodes_ > kMaxYamlNodes)
      return Fail(node.line, node.column, "more values than alogd reads");
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    YamlNode& parent = open_.back().node;
    if (parent.kind == YamlNode::Kind::kMap && parent.keys.size() == parent.items.size())
      AddKey(&parent, std::move(node));
    else
      AddItem(&parent, std::move(node));
  }
  static void AddItem(YamlNode* parent, YamlNode node) {
    // A value that is missing is found missing where the next line begins; it is missing at its
    // key.
    if (node.kind == YamlNode::Kind::kNull && !parent->keys.empty()) {
      node.line = parent->keys.back().line;
      node.column = parent->keys.back().column;
    }
    parent->items.push_back(std::move(node));
  }
  void AddKey(YamlNode* map, YamlNode key) {
    if (key.kind != YamlNode::Kind::kScalar)
      return Fail(key.line, key.column, "a key is one word; here stands something else");
    if (map->keys.size() >= kMaxKeys)
      return Fail(key.line, key.column, "more keys than any map has");
    for (const YamlNode& other : map->keys)
      if (other.scalar == key.scalar)
        return Fail(key.line, key.column,
                    fmt::format("'{}' stands twice in this map, first in line {}; keep one of them",
                                key.scalar.substr(0, 80), other.line));
    map->keys.push_back(std::move(key));
  }

  std::vector<Frame> open_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  size_t nodes_ = 0;
};

// Code points of UTF-8 that a terminal would act on: C1 controls and bidirectional overrides.
size_t UnprintableAt(std::string_view text, size_t i, uint32_t* code) {
  const auto byte = [&](size_t k) {
    return i + k < text.size() ? static_cast<uint8_t>(text[i + k]) : uint8_t{0};
  };
  if (byte(0) < 0x20 || byte(0) == 0x7f) return *code = byte(0), 1;
  if (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) < 0xa0) return *code = byte(1), 2;
  if (byte(0) != 0xe2) return 0;
  *code = 0x2000u | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu);
  const bool line = *code == 0x2028 || *code == 0x2029;
  const bool bidi = (*code >= 0x202a && *code <= 0x202e) || (*code >= 0x2066 && *code <= 0x2069);
  return (byte(1) & 0xc0) == 0x80 && (line || bidi) ? 3 : 0;
}

bool IsPrintable(std::string_view text) {
  uint32_t code = 0;
  for (size_t i = 0; i < text.size(); ++i)
    if (UnprintableAt(text, i, &code) != 0) return false;
  return true;
}

// The usual mistakes behind what yaml-cpp says.
std::string_view HintFor(std::string_view reason) {
  constexpr std::pair<std::string_view, std::string_view> kHints[] = {
      {"unknown escape character",
       "in \"double quotes\" a backslash begins an escape: write patterns in 'single quotes'"},
      {"end of sequence flow", "a '[' or a quote before it is not closed"},
      {"end of map flow", "a '{' or a quote before it is not closed"},
      {"illegal EOF in scalar", "a quote before it is not closed"},
      {"illegal map value", "quote a text that holds ': ', and look at the indentation"},
      {"end of map not found",
       "indent it like the lines above, and close quotes at the end of their text"},
      {"end of sequence not found", "indent it like the lines above"},
      {"the referenced anchor", "quote a text that begins with *"},
      {"unknown token", "quote a text that begins with @, ` or %"},
  };
  for (const auto& [prefix, hint] : kHints)
    if (reason.starts_with(prefix)) return hint;
  return "look here and at the line above";
}

// The first line that is indented by a tab, from 1; 0 if none is. yaml-cpp complains elsewhere.
uint32_t TabbedLine(std::string_view text) {
  for (uint32_t line = 1; !text.empty(); ++line) {
    const std::string_view row = text.substr(0, text.find('\n'));
    const size_t tab = row.find_first_not_of(' ');
    if (tab != std::string_view::npos && row[tab] == '\t') return line;
    text.remove_prefix(std::min(row.size() + 1, text.size()));
  }
  return 0;
}

// Whether the quote at that place, if one is there, has its end. yaml-cpp takes the end of the text
// for it, and with it all that was meant to be keys.
bool IsClosed(std::string_view text, uint32_t line, uint32_t column) {
  for (; line > 1; --line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  if (line == 0 || column > text.size()) return true;
  text.remove_prefix(column - 1);
  const char quote = text.front();
  if (quote != '"' && quote != '\'') return true;
  for (size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\')
      ++i;
    else if (text[i] == quote && quote == '\'' && i + 1 < text.size() && text[i + 1] == quote)
      ++i;
    else if (text[i] == quote)
      return true;
  }
  return false;
}

YamlError Explain(std::string_view text, const YAML::Exception& e) {
  const uint32_t line = FromZero(e.mark.line);
  if (const uint32_t tabbed = TabbedLine(text); tabbed != 0 && tabbed <= line)
    return {tabbed, 1, "not YAML: a tab in the indentation; write blanks"};
  return {line, FromZero(e.mark.column), fmt::format("not YAML: {}; {}", e.msg, HintFor(e.msg))};
}

// Needs no quotes: a word or a path that YAML 1.1 or 1.2 takes for nothing else.
bool IsPlainWord(std::string_view text) {
  constexpr std::string_view kSpecial[] = {"true", "false", "yes", "no",  "on",
                                           "off",  "y",     "n",   "null"};
  if (text.empty() || text.front() == '-' || text.front() == '.') return false;
  bool letter = false;
  std::string lower;
  for (const char c : text) {
    const char folded = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (folded >= 'a' && folded <= 'z')
      letter = true;
    else if (c == '/')
      letter = letter || text.front() == '/';
    else if ((c < '0' || c > '9') && c != '_' && c != '.' && c != '-')
      return false;
    lower += folded;
  }
  const bool number = text.front() >= '0' && text.front() <= '9';  // or 0x1f, 1e5, 12h
  return letter && !number && std::ranges::find(kSpecial, lower) == std::end(kSpecial);
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (size_t i = 0; i < keys.size(); ++i)
    if (keys[i].scalar == key) return &items[i];
  return nullptr;
}

YamlError ParseYaml(std::string_view text, YamlNode* root) {
  if (text.size() > kMaxYamlBytes)
    return {
        1, 1,
        fmt::format("larger than {} bytes; this is not a configuration of alogd", kMaxYamlBytes)};
  TreeBuilder builder;
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    if (parser.HandleNextDocument(builder) && builder.error.message.empty()) {
      if (!IsClosed(text, builder.last_quoted.line, builder.last_quoted.column))
        return {builder.last_quoted.line, builder.last_quoted.column, "this quote is never closed"};
      *root = std::move(builder.root);
      TreeBuilder second;
      if (parser.HandleNextDocument(second))
        return {second.root.line, 1,
                "a second document begins here; keep one, without '---' between"};
    }
  } catch (const YAML::Exception& e) {
    if (!builder.error.message.empty()) return std::move(builder.error);  // came first
    return Explain(text, e);
  } catch (const std::exception& e) {
    return {1, 1, fmt::format("not YAML: {}", e.what())};
  }
  return std::move(builder.error);
}

std::string QuoteYaml(std::string_view text) {
  if (IsPlainWord(text)) return std::string(text);
  const bool printable = IsPrintable(text);
  std::string out(1, printable ? '\'' : '"');
  for (size_t i = 0; i < text.size(); ++i) {
    uint32_t code = 0;
    if (const size_t n = UnprintableAt(text, i, &code); n != 0) {
      out += code < 0x100 ? fmt::format("\\x{:02X}", code) : fmt::format("\\u{:04X}", code);
      i += n - 1;
    } else if (printable) {
      out += text[i] == '\'' ? "''" : std::string(1, text[i]);
    } else {
      if (text[i] == '"' || text[i] == '\\') out += '\\';
      out += text[i];
    }
  }
  return out += printable ? '\'' : '"';
}

}  // namespace alogd
