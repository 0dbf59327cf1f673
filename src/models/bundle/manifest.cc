// SPDX-License-Identifier: MIT
// Encodes and checks the JSON files of a bundle.
#include "models/bundle/manifest.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <set>

#include "models/bundle/sha256.h"
#include "models/tensors/json_text.h"

namespace alogd {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 16;  // ours is 6; deeper text is not ours and costs stack to print
constexpr std::string_view kSeal = "\"manifest_sha256\": \"";
constexpr size_t kMaxFormats = 1024;  // sources whose header formats a bundle keeps
constexpr size_t kMaxGoldenLines = 1024;
constexpr size_t kMaxGoldenWindows = 1024;   // of a detector
constexpr size_t kMaxGoldenWords = 100'000;  // of a window

const char* const kDamaged = "it was damaged or edited; train again or activate another bundle";

json EncodeWindow(const GoldenWindow& window) {
  json out = {{"words", window.words}, {"session", window.session}, {"raw", nullptr}};
  if (!std::isnan(window.raw)) out["raw"] = window.raw;
  return out;
}

bool DecodeWindow(const json& value, size_t words, GoldenWindow* window) {
  if (!value.is_object() || !value.contains("words") || !value.contains("session") ||
      !value.contains("raw"))
    return false;
  const json& list = value["words"];
  const json& raw = value["raw"];
  if (!list.is_array() || list.empty() || list.size() > kMaxGoldenWords) return false;
  if (!value["session"].is_boolean() || (!raw.is_number() && !raw.is_null())) return false;
  for (const json& word : list) {
    if (!word.is_number_unsigned() || word.get<uint64_t>() >= words) return false;
    window->words.push_back(static_cast<uint32_t>(word.get<uint64_t>()));
  }
  window->session = value["session"].get<bool>();
  window->raw = raw.is_null() ? std::numeric_limits<float>::quiet_NaN() : raw.get<float>();
  return true;
}

}  // namespace

json ParserOptions(const GroupConfig& group) {
  const DrainOptions& drain = group.drain;
  const MaskOptions& masks = drain.masks;
  json user = json::array();
  for (const std::string& pattern : masks.user) user.push_back(EncodeText(pattern));
  return {{"masks",
           {{"paths", masks.paths},
            {"hex", masks.hex},
            {"ips", masks.ips},
            {"mac", masks.mac},
            {"uuid", masks.uuid},
            {"pid", masks.pid},
            {"device", masks.device},
            {"num", masks.num},
            {"user", user}}},
          {"classic", drain.classic},
          {"depth", drain.depth},
          {"similarity", drain.similarity},
          {"max_children", drain.max_children},
          {"max_tokens", drain.max_tokens},
          {"merge_after", drain.merge_after}};
}

Result<json> ParseJson(std::string_view text) {
  bool too_deep = false;
  const auto guard = [&](int depth, json::parse_event_t, json&) {
    too_deep |= depth > kMaxDepth;
    return !too_deep;
  };
  json value = json::parse(text, guard, /*allow_exceptions=*/false);
  if (too_deep) return Error{fmt::format("not one of ours: nested deeper than {}", kMaxDepth)};
  if (value.is_discarded()) return Error{fmt::format("not valid JSON: {}", kDamaged)};
  return value;
}

std::string EncodeTemplates(const Bundle& bundle) {
  json list = json::array();
  for (size_t word = 0; word < bundle.vocabulary.size(); ++word) {
    list.push_back({{"text", EncodeText(bundle.vocabulary[word])},
                    {"count", bundle.counts[word]},
                    {"rare", static_cast<bool>(bundle.rare[word])}});
  }
  return list.dump(0) + "\n";
}

Status DecodeTemplates(std::string_view text, Bundle* bundle) {
  const Result<json> list = ParseJson(text);
  if (!list) return list.error();
  if (!list->is_array() || list->size() > kMaxVocabulary)
    return Error{fmt::format("not a list of at most {} templates: {}", kMaxVocabulary, kDamaged)};
  std::set<std::string> seen;
  for (const json& item : *list) {
    std::string name;
    if (!item.is_object() || !item.contains("text") || !DecodeText(item["text"], &name) ||
        !item.contains("count") || !item["count"].is_number_unsigned() || !item.contains("rare") ||
        !item["rare"].is_boolean())
      return Error{fmt::format("template {} lacks text, count or rare: {}",
                               bundle->vocabulary.size(), kDamaged)};
    if (!seen.insert(name).second)
      return Error{
          fmt::format("template {} is there twice: {}", bundle->vocabulary.size(), kDamaged)};
    bundle->vocabulary.push_back(std::move(name));
    bundle->counts.push_back(item["count"].get<uint64_t>());
    bundle->rare.push_back(item["rare"].get<bool>());
  }
  return {};
}

json EncodeFormats(const std::map<std::string, std::string, std::less<>>& formats) {
  json list = json::array();
  for (const auto& [source, found] : formats) {
    if (list.size() >= kMaxFormats) break;
    list.push_back({{"source", EncodeText(source)}, {"formats", EncodeText(found)}});
  }
  return list;
}

std::map<std::string, std::string, std::less<>> DecodeFormats(const json& list) {
  std::map<std::string, std::string, std::less<>> formats;
  if (!list.is_array() || list.size() > kMaxFormats) return formats;
  for (const json& item : list) {
    std::string source, found;
    if (item.is_object() && item.contains("source") && item.contains("formats") &&
        DecodeText(item["source"], &source) && DecodeText(item["formats"], &found))
      formats.emplace(std::move(source), std::move(found));
  }
  return formats;
}

json EncodeGolden(const Bundle& bundle, const std::vector<std::string>& templates) {
  json lines = json::array();
  for (size_t i = 0; i < templates.size(); ++i)
    lines.push_back({EncodeText(bundle.golden_lines[i]), EncodeText(templates[i])});
  json windows = json::object();
  for (const auto& [detector, list] : bundle.golden_windows) {
    windows[detector] = json::array();
    for (const GoldenWindow& window : list) windows[detector].push_back(EncodeWindow(window));
  }
  return {{"lines", lines}, {"windows", windows}};
}

Status DecodeGolden(const json& golden, Bundle* bundle, std::vector<std::string>* templates) {
  const Error foreign{fmt::format("its golden lines or windows are malformed: {}", kDamaged)};
  if (!golden.is_object() || !golden.contains("lines") || !golden.contains("windows"))
    return foreign;
  const json& lines = golden["lines"];
  const json& windows = golden["windows"];
  if (!lines.is_array() || lines.size() > kMaxGoldenLines || !windows.is_object()) return foreign;
  for (const json& pair : lines) {
    std::string line, text;
    if (!pair.is_array() || pair.size() != 2 || !DecodeText(pair[0], &line) ||
        !DecodeText(pair[1], &text))
      return foreign;
    bundle->golden_lines.push_back(std::move(line));
    templates->push_back(std::move(text));
  }
  for (const auto& [detector, list] : windows.items()) {
    if (!list.is_array() || list.size() > kMaxGoldenWindows) return foreign;
    for (const json& item : list) {
      GoldenWindow window;
      if (!DecodeWindow(item, bundle->vocabulary.size(), &window)) return foreign;
      bundle->golden_windows[detector].push_back(std::move(window));
    }
  }
  return {};
}

std::string SealManifest(json manifest) {
  manifest["manifest_sha256"] = std::string(kSha256Digits, '0');
  // What is not UTF-8 went through EncodeText; other strings are ours or escaped.
  std::string text = manifest.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  const size_t at = text.find(kSeal) + kSeal.size();
  text.replace(at, kSha256Digits, Sha256(text));
  return text;
}

Result<json> OpenManifest(std::string text) {
  // A quote within a string is escaped, so log text in the manifest cannot look like the seal.
  const size_t seal = text.find(kSeal);
  if (seal == std::string::npos || text.size() - seal < kSeal.size() + kSha256Digits)
    return Error{fmt::format("not the manifest of a bundle, or {}", kDamaged)};
  const size_t at = seal + kSeal.size();
  const std::string sum = text.substr(at, kSha256Digits);
  text.replace(at, kSha256Digits, kSha256Digits, '0');
  if (Sha256(text) != sum)
    return Error{fmt::format("it does not match its checksum: {}", kDamaged)};
  Result<json> manifest = ParseJson(text);
  if (!manifest) return manifest;
  if (!manifest->is_object() || !manifest->contains("format") || !manifest->contains("parser"))
    return Error{fmt::format("not the manifest of a bundle, or {}", kDamaged)};
  if ((*manifest)["format"] != kBundleFormat) {
    return Error{fmt::format("format {} is not format {} that this alogd reads; train again",
                             (*manifest)["format"].dump(), kBundleFormat)};
  }
  if ((*manifest)["parser"] != kParserVersion) {
    return Error{
        fmt::format("its templates were made by version {} of the parser, this alogd has "
                    "version {}; train again",
                    (*manifest)["parser"].dump(), kParserVersion)};
  }
  return manifest;
}

}  // namespace alogd
