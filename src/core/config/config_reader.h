// SPDX-License-Identifier: MIT
// Fills a Config from a YAML tree along the table of keys, and collects every problem with its
// place.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/config.h"
#include "core/config/config_values.h"
#include "core/config/yaml_reader.h"

namespace alogd {

// A place in one of the files; problems are sorted by it.
struct ConfigMark {
  size_t file = 0;  // in order of reading
  uint32_t line = 1, column = 1;
  auto operator<=>(const ConfigMark&) const = default;
};

// What is known beside the values while files are merged.
struct ConfigNotes {
  std::vector<std::string> files;
  std::map<std::string, ConfigMark, std::less<>> marks;  // dotted key to where it was given last
  std::set<std::string, std::less<>> refused;            // keys whose value was wrong
  std::vector<std::pair<ConfigMark, ConfigProblem>> problems;

  void Add(const ConfigMark& mark, const std::string& message, bool warning = false);
  // At the place of `key`, or of the nearest thing above it that was given. Nothing if a value of
  // it was refused: what follows from that is not worth a second message.
  void AddAt(std::string key, const std::string& message, bool warning = false);
  bool Refused(const std::string& key) const;  // it, or something below it
  void ForgetBelow(const std::string& key);
};

// The one of `known` that `word` was probably meant to be; empty where none is near.
std::string_view NearestWord(std::string_view word, const std::vector<std::string_view>& known);

// The visitor of config_schema.h that reads. One object a file.
class ConfigReader {
 public:
  // `root` and `notes` outlive this; the file is the last one of notes->files.
  ConfigReader(const YamlNode& root, ConfigNotes* notes);

  // The keys of the root map; visit_keys() as in Map.
  template <typename Visit>
  void Root(Visit visit_keys) {
    if (root_->kind != YamlNode::Kind::kNull) In(*root_, "", visit_keys);
  }
  template <typename T, typename Kind>
  void Key(std::string_view name, T* value, const Kind& kind) {
    if (const YamlNode* node = Take(name)) Read(*node, Path(name), value, kind);
  }
  template <typename T, typename Kind>
  void KeyUnless(const bool*, std::string_view name, T* value, const Kind& kind) {
    Key(name, value, kind);
  }
  template <typename Visit>
  void Map(std::string_view name, Visit visit_keys) {
    const YamlNode* node = Take(name);
    if (node != nullptr && node->kind != YamlNode::Kind::kNull) In(*node, Path(name), visit_keys);
  }
  template <typename T, typename Visit>
  void Rows(std::string_view name, std::vector<T>* rows, Visit visit) {
    const YamlNode* node = TakeList(name);
    if (node == nullptr) return;
    rows->clear();
    notes_->ForgetBelow(Path(name));
    AppendRows(*node, Path(name), rows, visit);
  }
  template <typename T, typename Visit>
  void Appended(std::string_view name, std::vector<T>* rows, Visit visit) {
    if (const YamlNode* node = TakeList(name)) AppendRows(*node, Path(name), rows, visit);
  }
  template <typename T, typename Visit>
  void Groups(std::string_view name, std::vector<T>* groups, Visit visit) {
    const YamlNode* node = TakeList(name);
    if (node == nullptr) return;
    std::map<std::string, uint32_t> here;  // name to line, of this file
    for (const YamlNode& item : node->items) {
      const std::string group = NameOf(item, T{}.name);
      if (!NewName(item, group, &here)) continue;
      size_t i = 0;
      while (i < groups->size() && (*groups)[i].name != group) ++i;
      if (i == groups->size()) {
        groups->emplace_back();
        groups->back().name = group;
      }
      In(item, Path(name) + "." + std::to_string(i), [&] { visit((*groups)[i]); });
    }
  }
  template <typename Visit>
  void Switch(std::string_view name, bool* enabled, Visit visit_keys) {
    const YamlNode* node = Take(name);
    if (node == nullptr || node->kind == YamlNode::Kind::kNull) return;
    if (node->kind == YamlNode::Kind::kScalar) {
      Read(*node, Path(name), enabled, FlagValue{});
      return Alias(Path(name), "enabled");
    }
    In(*node, Path(name), [&] {
      Key("enabled", enabled, FlagValue{});
      visit_keys();
    });
  }
  template <typename Visit>
  void Stream(std::string_view name, StreamOptions* stream, Visit visit_keys) {
    using Kind = StreamOptions::Kind;
    const YamlNode* node = Take(name);
    if (node == nullptr) return;
    if (node->kind == YamlNode::Kind::kScalar) {
      *stream = StreamOptions{};  // a word replaces an earlier map whole
      notes_->ForgetBelow(Path(name));
      Read(*node, Path(name), &stream->kind,
           ChoiceValue<Kind>{{{"program", Kind::kProgram}, {"source", Kind::kSource}}});
      return Alias(Path(name), "by");
    }
    In(*node, Path(name), visit_keys);
    if (node->Find("session") == nullptr || node->Find("by") != nullptr) return;
    stream->kind = Kind::kSession;
    notes_->marks[Path(name) + ".by"] = MarkOf(*node);
  }

 private:
  template <typename Visit>
  void In(const YamlNode& map, const std::string& path, Visit visit_keys) {
    if (!IsMap(map, path)) return;
    Frame outer = std::exchange(frame_, Frame{&map, path, {}});
    visit_keys();
    ReportUnknown();
    frame_ = std::move(outer);
  }
  template <typename T, typename Visit>
  void AppendRows(const YamlNode& list, const std::string& path, std::vector<T>* rows,
                  Visit visit) {
    for (const YamlNode& item : list.items) {
      const std::string row = path + "." + std::to_string(rows->size());
      rows->emplace_back();
      In(item, row, [&] { visit(rows->back()); });
    }
  }
  template <typename T, typename Kind>
  void Read(const YamlNode& node, const std::string& path, T* value, const Kind& kind) {
    if (!IsScalar(node, path)) return;
    auto parsed = kind.Parse(node.scalar);
    if (!parsed) return Refuse(node, path, parsed.error().message);
    *value = static_cast<T>(*std::move(parsed));
    notes_->marks[path] = MarkOf(node);
  }
  template <typename T, typename Item>
  void Read(const YamlNode& node, const std::string& path, std::vector<T>* values,
            const ListValue<Item>& kind) {
    if (kind.bare && node.kind == YamlNode::Kind::kScalar) {
      T value{};
      const size_t before = notes_->problems.size();
      Read(node, path, &value, kind.item);
      if (notes_->problems.size() == before) *values = {std::move(value)};
      return;
    }
    if (!IsList(node, path) || !HasLength(node, path, kind.least, kind.most)) return;
    std::vector<T> read(node.items.size());
    const size_t before = notes_->problems.size();
    for (size_t i = 0; i < read.size(); ++i)
      Read(node.items[i], path + "." + std::to_string(i), &read[i], kind.item);
    notes_->ForgetBelow(path);  // the list has one origin
    if (notes_->problems.size() != before) return;
    *values = std::move(read);
    notes_->marks[path] = MarkOf(node);
  }

  struct Frame {
    const YamlNode* map = nullptr;
    std::string path;
    std::vector<std::string_view> known;  // keys that were visited
  };

  // A word that stands for a map: `name` in that map comes from where the word stands.
  void Alias(const std::string& path, std::string_view name) {
    if (const auto mark = notes_->marks.find(path); mark != notes_->marks.end())
      notes_->marks[path + "." + std::string(name)] = mark->second;
  }
  // The node at `name` of the current map, which is a known key from now on.
  const YamlNode* Take(std::string_view name);
  const YamlNode* TakeList(std::string_view name);  // null for an empty one, or after a report
  std::string Path(std::string_view name) const;
  ConfigMark MarkOf(const YamlNode& node) const;
  void Report(const YamlNode& node, const std::string& message);
  void Refuse(const YamlNode& node, const std::string& path, const std::string& message);
  void ReportUnknown();
  bool IsMap(const YamlNode& node, const std::string& path);
  bool IsList(const YamlNode& node, const std::string& path);
  bool IsScalar(const YamlNode& node, const std::string& path);
  bool HasLength(const YamlNode& node, const std::string& path, size_t least, size_t most);
  static std::string NameOf(const YamlNode& group, const std::string& otherwise);
  bool NewName(const YamlNode& group, const std::string& name,
               std::map<std::string, uint32_t>* here);

  const YamlNode* root_;
  ConfigNotes* notes_;
  Frame frame_;
};

}  // namespace alogd
