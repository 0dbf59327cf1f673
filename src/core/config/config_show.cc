// SPDX-License-Identifier: MIT
// Shows a configuration as YAML along the table of keys, with the origin of every value.
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "core/config/config.h"
#include "core/config/config_schema.h"
#include "core/text.h"

namespace alogd {
namespace {

constexpr size_t kCommentColumn = 60;  // where most lines have ended, on a terminal of 100

// The visitor of config_schema.h that writes, in block style.
class ConfigWriter {
 public:
  explicit ConfigWriter(const LoadedConfig& loaded) : loaded_(loaded) {}

  template <typename T, typename Kind>
  void Key(std::string_view name, T* value, const Kind& kind) {
    Line(name, kind.Format(*value));
  }
  template <typename T, typename Item>
  void Key(std::string_view name, std::vector<T>* values, const ListValue<Item>& kind) {
    std::string text;
    for (const T& value : *values) text += (text.empty() ? "" : ", ") + kind.item.Format(value);
    Line(name, "[" + text + "]");
  }
  template <typename T, typename Kind>
  void KeyUnless(const bool* absent, std::string_view name, T* value, const Kind& kind) {
    if (!*absent) Key(name, value, kind);
  }
  template <typename Visit>
  void Map(std::string_view name, Visit visit_keys) {
    out_ += fmt::format("{}{}:\n", Margin(), name);
    In(Path(name), visit_keys);
  }
  template <typename T, typename Visit>
  void Rows(std::string_view name, std::vector<T>* rows, Visit visit) {
    if (rows->empty()) return Line(name, "[]");
    out_ += fmt::format("{}{}:\n", Margin(), name);
    for (size_t i = 0; i < rows->size(); ++i) {
      dash_ = true;
      In(fmt::format("{}.{}", Path(name), i), [&] { visit((*rows)[i]); });
    }
  }
  template <typename T, typename Visit>
  void Appended(std::string_view name, std::vector<T>* rows, Visit visit) {
    Rows(name, rows, visit);
  }
  template <typename T, typename Visit>
  void Groups(std::string_view name, std::vector<T>* groups, Visit visit) {
    Rows(name, groups, visit);
  }
  template <typename Visit>
  void Switch(std::string_view name, bool* enabled, Visit visit_keys) {
    Map(name, [&] {
      Key("enabled", enabled, FlagValue{});
      visit_keys();
    });
  }
  template <typename Visit>
  void Stream(std::string_view name, StreamOptions*, Visit visit_keys) {
    Map(name, visit_keys);
  }

  std::string Take() && { return std::move(out_); }

 private:
  template <typename Visit>
  void In(const std::string& path, Visit visit_keys) {
    const std::string outer = std::exchange(path_, path);
    indent_ += 2;
    visit_keys();
    indent_ -= 2;
    path_ = outer;
  }
  // The first key of a row stands behind its dash.
  std::string Margin() {
    std::string margin(indent_, ' ');
    if (std::exchange(dash_, false)) margin[indent_ - 2] = '-';
    return margin;
  }
  std::string Path(std::string_view name) const {
    return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
  }
  std::string_view Origin(const std::string& path) const {
    const auto found = loaded_.origins.find(path);
    return found == loaded_.origins.end() ? "default" : std::string_view(found->second);
  }
  void Line(std::string_view name, const std::string& value) {
    const std::string line = fmt::format("{}{}: {}", Margin(), name, value);
    out_ +=
        fmt::format("{:<{}}  # {}\n", line, kCommentColumn, EscapeForTerminal(Origin(Path(name))));
  }

  const LoadedConfig& loaded_;
  std::string out_;
  std::string path_;
  size_t indent_ = 0;
  bool dash_ = false;
};

}  // namespace

std::string ShowConfig(const LoadedConfig& loaded) {
  Config config = loaded.config;  // the table hands out pointers that the reader writes through
  ConfigWriter writer(loaded);
  DescribeConfig(writer, loaded.detectors, config);
  return std::move(writer).Take();
}

}  // namespace alogd
