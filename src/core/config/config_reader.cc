// SPDX-License-Identifier: MIT
// The parts of reading a configuration that do not depend on the type of the value.
#include "core/config/config_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "core/text.h"

namespace alogd {
namespace {

// Damerau-Levenshtein without repeated edits: what separates a slip of the finger from another
// word.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = std::exchange(last, row);
  }
  return last[b.size()];
}

// What stands there, as a message begins: "'90d' where a map belongs".
std::string Found(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return fmt::format("'{}'", node.scalar.substr(0, 80));
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
  }
  return {};
}

// How a list is written, by what stands in its place.
std::string ListFix(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kScalar)
    return fmt::format("write [{}]", QuoteYaml(node.scalar.substr(0, 80)));
  if (node.kind == YamlNode::Kind::kMap) return "write [{...}], or begin its first line with '- '";
  return "write [...], or remove the key";
}

}  // namespace

std::string_view NearestWord(std::string_view word, const std::vector<std::string_view>& known) {
  std::string_view best;
  size_t least = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string_view key : known) {
    const size_t distance = EditDistance(word.substr(0, 64), key);
    if (distance < least && distance < key.size()) best = key, least = distance;
  }
  return best;
}

void ConfigNotes::Add(const ConfigMark& mark, const std::string& message, bool warning) {
  const std::string where = fmt::format("{}:{}:{}", files[mark.file], mark.line, mark.column);
  // Both quote what somebody wrote.
  problems.push_back({mark, {EscapeForTerminal(where), EscapeForTerminal(message), warning}});
}

void ConfigNotes::AddAt(std::string key, const std::string& message, bool warning) {
  if (Refused(key)) return;
  while (!marks.contains(key) && !key.empty()) {
    const size_t dot = key.rfind('.');
    key.resize(dot == std::string::npos ? 0 : dot);
  }
  const auto found = marks.find(key);
  Add(found == marks.end() ? ConfigMark{} : found->second, message, warning);
}

bool ConfigNotes::Refused(const std::string& key) const {
  if (refused.contains(key)) return true;
  const auto below = refused.lower_bound(key + ".");
  return below != refused.end() && below->starts_with(key + ".");
}

void ConfigNotes::ForgetBelow(const std::string& key) {
  const std::string prefix = key + ".";
  auto it = marks.lower_bound(prefix);
  while (it != marks.end() && it->first.starts_with(prefix)) it = marks.erase(it);
}

ConfigReader::ConfigReader(const YamlNode& root, ConfigNotes* notes)
    : root_(&root), notes_(notes) {}

const YamlNode* ConfigReader::Take(std::string_view name) {
  frame_.known.push_back(name);
  return frame_.map->Find(name);
}

const YamlNode* ConfigReader::TakeList(std::string_view name) {
  const YamlNode* node = Take(name);
  // `rules:` with all its entries commented out is a list that is not there.
  if (node == nullptr || node->kind == YamlNode::Kind::kNull) return nullptr;
  return IsList(*node, Path(name)) ? node : nullptr;
}

std::string ConfigReader::Path(std::string_view name) const {
  return frame_.path.empty() ? std::string(name) : fmt::format("{}.{}", frame_.path, name);
}

ConfigMark ConfigReader::MarkOf(const YamlNode& node) const {
  return {notes_->files.size() - 1, node.line, node.column};
}

void ConfigReader::Report(const YamlNode& node, const std::string& message) {
  notes_->Add(MarkOf(node), message);
}

void ConfigReader::Refuse(const YamlNode& node, const std::string& path,
                          const std::string& message) {
  notes_->refused.insert(path);
  Report(node, path.empty() ? message : fmt::format("{}: {}", path, message));
}

void ConfigReader::ReportUnknown() {
  for (const YamlNode& key : frame_.map->keys) {
    if (std::ranges::find(frame_.known, key.scalar) != frame_.known.end()) continue;
    const std::string_view meant = NearestWord(key.scalar, frame_.known);
    if (!meant.empty()) notes_->refused.insert(Path(meant));
    Report(key, fmt::format("unknown key '{}'{}{}; known here: {}", key.scalar.substr(0, 80),
                            frame_.path.empty() ? "" : " in " + frame_.path,
                            meant.empty() ? "" : fmt::format(", did you mean '{}'?", meant),
                            fmt::join(frame_.known, ", ")));
  }
}

bool ConfigReader::IsMap(const YamlNode& node, const std::string& path) {
  if (node.kind == YamlNode::Kind::kMap) {
    if (!path.empty()) notes_->marks[path] = MarkOf(node);
    return true;
  }
  Refuse(node, path,
         fmt::format("{} where {}", Found(node),
                     path.empty() ? "keys belong; write KEY: VALUE lines"
                                  : "a map belongs; write {KEY: VALUE, ...}"));
  return false;
}

bool ConfigReader::IsList(const YamlNode& node, const std::string& path) {
  if (node.kind == YamlNode::Kind::kList) return true;
  Refuse(node, path, fmt::format("{} where a list belongs; {}", Found(node), ListFix(node)));
  return false;
}

bool ConfigReader::IsScalar(const YamlNode& node, const std::string& path) {
  if (node.kind == YamlNode::Kind::kScalar) return true;
  Refuse(node, path,
         node.kind == YamlNode::Kind::kNull
             ? "its value is missing; give one, or remove the key"
             : fmt::format("{} where a single value belongs", Found(node)));
  return false;
}

bool ConfigReader::HasLength(const YamlNode& node, const std::string& path, size_t least,
                             size_t most) {
  const size_t n = node.items.size();
  if (n >= least && n <= most) return true;
  const std::string expected = least == most ? fmt::format("{}", most)
                               : n < least   ? fmt::format("at least {}", least)
                                             : fmt::format("at most {}", most);
  Refuse(node, path, fmt::format("{} in the list; it takes {}", n, expected));
  return false;
}

std::string ConfigReader::NameOf(const YamlNode& group, const std::string& otherwise) {
  const YamlNode* name = group.Find("name");
  return name != nullptr && name->kind == YamlNode::Kind::kScalar ? name->scalar : otherwise;
}

bool ConfigReader::NewName(const YamlNode& group, const std::string& name,
                           std::map<std::string, uint32_t>* here) {
  const auto [first, is_new] = here->emplace(name, group.line);
  if (!is_new)
    Report(group,
           fmt::format("a second group '{}'; the first stands in line {}: give this one another "
                       "name, or join them",
                       name.substr(0, 80), first->second));
  return is_new;
}

}  // namespace alogd
