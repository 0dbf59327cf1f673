// SPDX-License-Identifier: MIT
// The words of lists: the first line says what happened and how much of it, the body has all.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/config/units.h"
#include "core/notify/alert_lists.h"
#include "core/text.h"

namespace alogd {
namespace {

constexpr size_t kNamed = 3;        // troubles that the first line quotes
constexpr size_t kQuoted = 100;     // bytes of each
constexpr size_t kMostInBody = 50;  // troubles in the body
// New statements below HIGH of so many texts are a wave: a release, an upgrade.
constexpr size_t kWaveLeast = 10;

std::string Plural(uint64_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string Quote(const DueList::Item& item) {
  const std::string text = ToValidUtf8(item.text, kQuoted);
  return item.stream.empty() ? text : ToValidUtf8(item.stream, kQuoted) + ": " + text;
}

// "a; b; c; and 9 more"
std::string Quotes(const DueList& list, uint64_t count) {
  std::string out;
  const size_t named = std::min(list.items.size(), kNamed);
  for (size_t i = 0; i < named; ++i) out += (i == 0 ? "" : "; ") + Quote(list.items[i]);
  if (count > named) out += fmt::format("; and {} more", count - named);
  return out;
}

// "9 of them new statements of orderd", of the stream that has most; empty below a third.
std::string MostOf(const DueList& list) {
  std::map<std::string, uint64_t> streams;
  for (const DueList::Item& item : list.items)
    if (item.new_statement) ++streams[item.stream];
  const auto most = std::max_element(streams.begin(), streams.end(),
                                     [](auto& a, auto& b) { return a.second < b.second; });
  if (most == streams.end() || most->second < 2 || most->second * 3 < list.items.size()) return {};
  return fmt::format(", {} of them new statements of {}", most->second,
                     ToValidUtf8(most->first, kQuoted));
}

std::string Title(const DueList& list, RiskLevel level, uint64_t count, Time clock) {
  const std::string took = RoughDuration(clock - list.since);
  const std::string quotes = Quotes(list, count);
  switch (list.key.kind) {
    case AlertKind::kCascade:
      return fmt::format("{} within seconds of '{}': {}", Plural(count, "more trouble"),
                         ToValidUtf8(list.title, kQuoted), quotes);
    case AlertKind::kWave:
      return fmt::format("{} of {} within {}: {}", Plural(count, "new statement"),
                         list.title.empty() ? "several programs" : ToValidUtf8(list.title, kQuoted),
                         took, quotes);
    case AlertKind::kHushed:
      return fmt::format("{} {} held back in the {} after {}: {}", Plural(count, "trouble"),
                         count == 1 ? "was" : "were", took, list.title, quotes);
    case AlertKind::kFlood:
      return fmt::format("a flood: {} within {}, not sent one by one: {}",
                         Plural(count, "more trouble"), took, quotes);
    default:
      return fmt::format("{} more {} in the last {} than alerts.budget_per_day allows{}: {}", count,
                         Name(level), took, MostOf(list), quotes);
  }
}

std::string Body(const DueList& list, uint64_t count, Time clock) {
  nlohmann::ordered_json body;
  body["count"] = count;
  body["since_us"] = Micros(list.since);
  body["until_us"] = Micros(clock);
  auto& alerts = body["alerts"] = nlohmann::ordered_json::array();
  for (const DueList::Item& item : list.items) {
    if (alerts.size() == kMostInBody) break;
    alerts.push_back({{"anomaly", item.anomaly_id},
                      {"incident", item.incident_id},
                      {"level", Name(item.level)},
                      {"group", ToValidUtf8(item.group)},
                      {"stream", ToValidUtf8(item.stream, 1024)},
                      {"text", ToValidUtf8(item.text, 1024)}});
  }
  return body.dump();
}

}  // namespace

NewAlert ListAlert(const DueList& list, Time clock) {
  NewAlert alert;
  alert.kind = list.key.kind;
  alert.created = clock;
  const bool loud =
      list.more > 0 || std::any_of(list.items.begin(), list.items.end(),
                                   [](const DueList::Item& item) { return !item.quiet; });
  const uint64_t count = list.items.size() + list.more;
  if (list.items.empty() || (!loud && (list.key.kind != AlertKind::kWave || count < kWaveLeast)))
    return alert;
  for (const DueList::Item& item : list.items) alert.level = std::max(alert.level, item.level);
  // It was held because it is likely nothing: worth a look, nobody is woken.
  if (list.key.kind == AlertKind::kHushed) alert.level = std::min(alert.level, RiskLevel::kMedium);
  // Rules and waves of what is mild reach sinks, whatever these want else.
  alert.any_level = true;
  if (list.key.group_id != 0) alert.group_id = list.key.group_id;
  if (list.items[0].incident_id != 0) alert.incident_id = list.items[0].incident_id;
  alert.title = Title(list, alert.level, count, clock);
  alert.body = Body(list, count, clock);
  return alert;
}

}  // namespace alogd
