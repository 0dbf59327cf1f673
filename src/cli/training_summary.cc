// SPDX-License-Identifier: MIT
// Three lines from the figures of a manifest.
#include "cli/training_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "models/training/training_calibrate.h"

namespace alogd {
namespace {

using nlohmann::json;

constexpr double kDay = 86'400e6;       // microseconds
constexpr double kFewRecords = 10'000;  // under it thresholds are rough
constexpr size_t kMostGaps = 2;         // that are named; the next matters less than these

double Number(const json& manifest, const char* pointer) {
  const json::json_pointer at(pointer);
  return manifest.contains(at) && manifest[at].is_number() ? manifest[at].get<double>() : 0;
}

// 1,234,567
std::string Count(double number) {
  std::string text = fmt::format("{:.0f}", number);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string Counted(double number, std::string_view what) {
  return fmt::format("{} {}{}", Count(number), what, number == 1 ? "" : "s");
}

double Days(const json& manifest) {
  return (Number(manifest, "/trained_on/last_us") - Number(manifest, "/trained_on/first_us")) /
         kDay;
}

std::string Learned(const json& manifest) {
  const double records = Number(manifest, "/trained_on/records");
  const double seen = std::max(records, Number(manifest, "/trained_on/records_seen"));
  const double sessions = Number(manifest, "/trained_on/sessions");
  std::string text = Counted(records, "record");
  if (seen > records) text += fmt::format(" (of {})", Count(seen));
  text += fmt::format(" from {}, {}", Counted(Number(manifest, "/trained_on/files_total"), "file"),
                      SpanText(Days(manifest)));
  text += fmt::format(": {}", Counted(Number(manifest, "/trained_on/templates"), "template"));
  return text +
         (sessions > 0
              ? fmt::format(", {}", Counted(sessions, "session"))
              : fmt::format(", {}", Counted(Number(manifest, "/trained_on/streams"), "stream")));
}

// Detectors whose held-out part holds nothing to judge them by, so that they stay silent.
std::string Mute(const json& manifest) {
  std::string names;
  const json detectors = manifest.value("detectors", json::object());
  for (const auto& [name, entry] : detectors.items())
    if (entry.contains("metrics") && Number(entry, "/metrics/held_out_windows") == 0)
      names += (names.empty() ? "" : ", ") + name;
  return names;
}

// The widest gap first.
std::string NotKnown(const json& manifest) {
  std::vector<std::string> gaps;
  const double days = Days(manifest);
  if (days < 1)
    gaps.push_back("what other hours of the day bring");
  else if (days < 8)
    gaps.push_back("what other days of the week bring");
  else if (days < 35)
    gaps.push_back("what comes once a month");
  else
    gaps.push_back(fmt::format("what did not come in these {:.0f} days", days));
  const double records = Number(manifest, "/trained_on/records");
  if (records < kFewRecords)
    gaps.push_back(fmt::format("how rare a rare thing is ({} records; {} or more tell)",
                               Count(records), Count(kFewRecords)));
  if (const std::string mute = Mute(manifest); !mute.empty())
    gaps.push_back(fmt::format("what {} would find (too few records to set a threshold)", mute));
  const size_t rare = manifest.value("rare", json::array()).size();
  if (rare > 0)
    gaps.push_back(fmt::format("the order around {} that came too seldom",
                               Counted(static_cast<double>(rare), "template")));
  std::string text;
  for (size_t i = 0; i < std::min(gaps.size(), kMostGaps); ++i)
    text += (i > 0 ? "; " : "") + gaps[i];
  return text;
}

std::string Expect(const json& manifest, double budget) {
  const double days = Number(manifest, "/trained_on/held_out_days");
  const double incidents = Number(manifest, "/joint/metrics/held_out_incidents");
  const std::string most =
      fmt::format("{} HIGH alert{} a day", Count(budget), budget == 1 ? "" : "s");
  // Under a day, a rate per day is a guess.
  if (days < 1)
    return fmt::format(
        "at most {} one by one, the rest in one summary; {} of logs to try it on say "
        "no more",
        most, SpanText(days));
  const double rate = incidents / days;
  const std::string tried = fmt::format("{} in the last {} of these logs, of any level",
                                        Counted(incidents, "incident"), SpanText(days));
  if (rate > budget) return fmt::format("about {}, and the rest in one summary ({})", most, tried);
  if (rate >= 0.5) return fmt::format("about {} ({})", most, tried);
  if (incidents == 0)
    return fmt::format("less than one HIGH alert in {} ({})", Counted(std::floor(days), "day"),
                       tried);
  return fmt::format("about one HIGH alert in {} ({})", Counted(std::round(1 / rate), "day"),
                     tried);
}

}  // namespace

std::array<std::string, 3> SummarizeTraining(const json& manifest, double budget_per_day) {
  return {"learned:  " + Learned(manifest), "unknown:  " + NotKnown(manifest),
          "expect:   " + Expect(manifest, budget_per_day)};
}

}  // namespace alogd
