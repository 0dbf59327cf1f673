// SPDX-License-Identifier: MIT
// Parses golden lines and scores golden windows.
#include "models/bundle/golden.h"

#include <algorithm>
#include <cmath>

#include "core/headers/header_parser.h"
#include "core/templates/drain.h"

namespace alogd {
namespace {

constexpr double kTolerance = 1e-4;

}  // namespace

Catalog CatalogOf(std::span<const std::string> vocabulary) {
  Catalog catalog(std::max<size_t>(vocabulary.size() + 1, 1024));
  for (const std::string& text : vocabulary) catalog.Create(text, /*trained=*/true, Time{});
  return catalog;
}

Result<std::vector<std::string>> ParseGoldenLines(std::span<const std::string> lines,
                                                  std::span<const std::string> vocabulary,
                                                  const GroupConfig& group) {
  Catalog catalog(std::max<size_t>(vocabulary.size() + 1, 1024));
  Result<Drain> drain = Drain::Create(group.drain, &catalog);
  if (!drain) return drain.error();
  for (const std::string& text : vocabulary) drain->AddTrained(text, Time{});
  std::vector<std::string> templates;
  for (const std::string& line : lines) {
    Result<HeaderParser> header = HeaderParser::Create({group.format, group.time_zone, Time{}});
    if (!header) return header.error();
    const TemplateId id = drain->Find(header->Parse(line).message);
    templates.push_back(id == kNoTemplate ? std::string() : std::string(catalog.Text(id)));
  }
  return templates;
}

std::vector<float> ScoreGoldenWindows(Detector* detector, const Catalog& catalog,
                                      std::span<const GoldenWindow> golden) {
  std::vector<std::vector<Event>> events(golden.size());
  std::vector<Window> windows(golden.size());
  for (size_t i = 0; i < golden.size(); ++i) {
    for (const uint32_t word : golden[i].words) {
      Event event{.time = FromMicros(static_cast<int64_t>(events[i].size()) * 1'000'000)};
      event.id = TemplateId{word};
      event.word = word;
      event.seen = 1000;
      event.severity = 20;
      events[i].push_back(event);
    }
    windows[i] = {.events = events[i],
                  .stream = "golden",
                  .end = events[i].back().time,
                  .session = golden[i].session,
                  .tail = false};
  }
  std::vector<Score> scores(golden.size());
  detector->ScoreBatch({.catalog = catalog, .explain_all = false}, windows, scores);
  std::vector<float> raw;
  for (const Score& score : scores) raw.push_back(score.raw);
  return raw;
}

bool SameScore(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  const double x = static_cast<double>(a), y = static_cast<double>(b);
  return std::abs(x - y) <= kTolerance * std::max(1.0, std::abs(y));
}

}  // namespace alogd
