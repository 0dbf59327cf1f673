// SPDX-License-Identifier: MIT
// Names of levels and states, and evidence as the JSON of the database.
#include "core/detection/anomaly.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/text.h"

namespace alogd {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 5> kLevels = {"INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL"};
constexpr std::array<std::string_view, 4> kStates = {"new", "acked", "confirmed", "suppressed"};

// A bug in a detector must not fill the database: more than this of one thing nobody reads.
constexpr size_t kMaxItems = 32;
constexpr size_t kMaxText = 2048;  // bytes of one text

char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// The float's own digits: 0.1f is 0.1 and not 0.10000000149011612. Null where JSON has no number
// for it.
Json Number(float value) {
  if (!std::isfinite(value)) return nullptr;
  return std::strtod(fmt::format("{}", value).c_str(), nullptr);
}

Json Items(const std::vector<std::pair<std::string, float>>& items, const char* number) {
  Json out = Json::array();
  for (const auto& [text, value] : items) {
    if (out.size() == kMaxItems) break;
    out.push_back(Json{{"text", ToValidUtf8(text, kMaxText)}, {number, Number(value)}});
  }
  return out;
}

std::string Text(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

float Float(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number() ? static_cast<float>(it->get<double>())
                                               : std::nanf("");
}

uint32_t Position(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number_unsigned()) return 0;
  const uint64_t value = it->get<uint64_t>();
  return value > UINT32_MAX ? 0 : static_cast<uint32_t>(value);
}

std::vector<std::pair<std::string, float>> ParseItems(const Json& object, const char* key,
                                                      const char* number) {
  std::vector<std::pair<std::string, float>> out;
  const auto it = object.find(key);
  if (it == object.end() || !it->is_array()) return out;
  for (const Json& item : *it) {
    if (item.is_object() && out.size() < kMaxItems) {
      out.emplace_back(Text(item, "text"), Float(item, number));
    }
  }
  return out;
}

}  // namespace

std::string_view Name(RiskLevel level) { return kLevels.at(static_cast<size_t>(level)); }

std::string_view Name(AnomalyState state) { return kStates.at(static_cast<size_t>(state)); }

std::optional<AnomalyState> ParseAnomalyState(std::string_view name) {
  for (size_t i = 0; i < kStates.size(); ++i)
    if (kStates[i] == name) return static_cast<AnomalyState>(i);
  return {};
}

bool ParseRiskLevel(std::string_view name, RiskLevel* level) {
  for (size_t i = 0; i < kLevels.size(); ++i) {
    if (name.size() != kLevels[i].size()) continue;
    size_t same = 0;
    while (same < name.size() && Upper(name[same]) == kLevels[i][same]) ++same;
    if (same < name.size()) continue;
    *level = static_cast<RiskLevel>(i);
    return true;
  }
  return false;
}

std::string EvidenceJson(const std::vector<Evidence>& evidence) {
  Json out = Json::array();
  for (const Evidence& e : evidence) {
    if (out.size() == kMaxItems) break;
    out.push_back(Json{{"detector", ToValidUtf8(e.detector, kMaxText)},
                       {"score", Number(e.anomaly)},
                       {"raw", Number(e.raw)},
                       {"threshold", Number(e.threshold)},
                       {"unit", ToValidUtf8(e.unit, kMaxText)},
                       {"summary", ToValidUtf8(e.summary, kMaxText)},
                       {"expected", Items(e.expected, "p")},
                       {"found", Items(e.found, "by")},
                       {"first", e.first},
                       {"last", e.last}});
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<Evidence> ParseEvidenceJson(std::string_view json) {
  std::vector<Evidence> out;
  const Json parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_array()) return out;
  for (const Json& object : parsed) {
    if (!object.is_object() || out.size() == kMaxItems) continue;
    Evidence e;
    e.detector = Text(object, "detector");
    e.anomaly = Float(object, "score");
    e.raw = Float(object, "raw");
    e.threshold = Float(object, "threshold");
    e.unit = Text(object, "unit");
    e.summary = Text(object, "summary");
    e.expected = ParseItems(object, "expected", "p");
    e.found = ParseItems(object, "found", "by");
    e.first = Position(object, "first");
    e.last = Position(object, "last");
    out.push_back(std::move(e));
  }
  return out;
}

}  // namespace alogd
