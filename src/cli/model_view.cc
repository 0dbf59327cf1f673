// SPDX-License-Identifier: MIT
// Describes and compares bundles.
#include "cli/model_view.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <set>

#include "cli/output.h"
#include "core/text.h"
#include "models/tensors/json_text.h"

namespace alogd {
namespace {

using nlohmann::json;

// What the manifest has at a path, null where there is nothing; nothing in it is trusted to be
// there.
const json& At(const json& manifest, const char* pointer) {
  static const json null;
  const json::json_pointer path(pointer);
  return manifest.contains(path) ? manifest.at(path) : null;
}

uint64_t Number(const json& value) {
  return value.is_number_unsigned() ? value.get<uint64_t>() : 0;
}

double Real(const json& value) { return value.is_number() ? value.get<double>() : 0.0; }

std::string Text(const json& value) {
  std::string text;
  if (!DecodeText(value, &text)) text = value.is_null() ? "-" : value.dump(-1, ' ', true);
  return EscapeForTerminal(text, 500);
}

std::vector<std::string> DetectorNames(const json& manifest) {
  std::vector<std::string> names;
  for (const auto& [name, entry] : At(manifest, "/detectors").items()) names.push_back(name);
  return names;
}

std::string Joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string DetectorLine(const std::string& name, const json& entry) {
  std::string line =
      fmt::format("  {:<12} threshold {:.4g}, 100 at {:.4g}", EscapeForTerminal(name),
                  Real(At(entry, "/calibration/threshold")), Real(At(entry, "/calibration/top")));
  if (!At(entry, "/metrics").is_null()) {
    line += fmt::format("; {} of {} held-out windows over it, under {:.2g} alarms a day (95%)",
                        Number(At(entry, "/metrics/held_out_alarms")),
                        Number(At(entry, "/metrics/held_out_windows")),
                        Real(At(entry, "/metrics/alarms_per_day_upper_95")));
  }
  if (!At(entry, "/training").is_null()) {
    line += fmt::format("; {} epochs, the best was {}", Number(At(entry, "/training/epochs")),
                        Number(At(entry, "/training/best_epoch")));
  }
  return line + "\n";
}

void AppendList(std::string_view title, const json& list, const char* field, std::string* out) {
  constexpr size_t kShown = 20;
  if (!list.is_array() || list.empty()) return;
  *out += fmt::format("{}:\n", title);
  for (size_t i = 0; i < std::min(kShown, list.size()); ++i)
    *out += fmt::format("  {}\n", Text(field[0] ? At(list[i], field) : list[i]));
  if (list.size() > kShown) *out += fmt::format("  ... and {} more\n", list.size() - kShown);
}

// A detector's entry; null where the bundle lacks it.
const json& Entry(const Bundle& bundle, const std::string& detector) {
  static const json null;
  const json& detectors = At(bundle.manifest, "/detectors");
  const auto it = detectors.find(detector);
  return it == detectors.end() ? null : *it;
}

void CompareDetector(const Bundle& a, const Bundle& b, const std::string& name,
                     BundleComparison* out) {
  const auto has = [&](const Bundle& bundle) { return !Entry(bundle, name).is_null(); };
  const auto value = [&](const Bundle& bundle, const char* path) {
    return has(bundle) ? fmt::format("{:.4g}", Real(At(Entry(bundle, name), path)))
                       : std::string("-");
  };
  out->lines.push_back({name + ": threshold", value(a, "/calibration/threshold"),
                        value(b, "/calibration/threshold")});
  out->lines.push_back({name + ": held-out alarms a day", value(a, "/metrics/alarms_per_day"),
                        value(b, "/metrics/alarms_per_day")});
  out->lines.push_back({name + ": at most, with 95%", value(a, "/metrics/alarms_per_day_upper_95"),
                        value(b, "/metrics/alarms_per_day_upper_95")});
  if (has(a) && !has(b)) out->worse.push_back(fmt::format("it lacks {}", name));
  if (!has(b)) return;
  const double rate = Real(At(Entry(b, name), "/metrics/alarms_per_day"));
  const double budget = Real(At(b.manifest, "/options/alarms_per_day"));
  const double before = has(a) ? Real(At(Entry(a, name), "/metrics/alarms_per_day")) : 0;
  if (budget > 0 && rate > budget && rate > before) {
    out->worse.push_back(
        fmt::format("{} alarms {:.2g} times a day on held-out records, the budget is {:.2g}", name,
                    rate, budget));
  }
}

}  // namespace

Time BundleTime(const std::string& name, const std::string& directory) {
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  if (std::sscanf(name.c_str(), "%4d%2d%2dT%2d%2d%2dZ", &y, &mo, &d, &h, &mi, &s) == 6) {
    const std::chrono::year_month_day day(std::chrono::year{y},
                                          std::chrono::month{static_cast<unsigned>(mo)},
                                          std::chrono::day{static_cast<unsigned>(d)});
    if (day.ok() && h >= 0 && mi >= 0 && s >= 0) {
      return Time(std::chrono::sys_days(day)) + std::chrono::hours(h) + std::chrono::minutes(mi) +
             std::chrono::seconds(s);
    }
  }
  struct stat info {};
  if (stat((directory + "/manifest.json").c_str(), &info) != 0) return kNoTime;
  return FromMicros(int64_t{info.st_mtim.tv_sec} * 1'000'000);
}

BundleRow DescribeBundle(const std::string& group, const std::string& name,
                         const std::string& directory, bool active) {
  BundleRow row{group, name, active, BundleTime(name, directory), 0, 0, {}, {}};
  const Result<json> manifest = ReadManifest(directory);
  if (!manifest) {
    row.problem = manifest.error().message;
    return row;
  }
  row.records = Number(At(*manifest, "/trained_on/records"));
  row.templates = Number(At(*manifest, "/trained_on/templates"));
  row.detectors = Joined(DetectorNames(*manifest));
  return row;
}

nlohmann::ordered_json ToJson(const BundleRow& row) {
  nlohmann::ordered_json out = {
      {"group", row.group},
      {"name", row.name},
      {"active", row.active},
      {"made_us",
       row.made == kNoTime ? nlohmann::ordered_json() : nlohmann::ordered_json(Micros(row.made))},
      {"records", row.records},
      {"templates", row.templates},
      {"detectors", row.detectors}};
  if (!row.problem.empty()) out["problem"] = row.problem;
  return out;
}

std::string ShowBundle(const BundleRow& row, const json& manifest) {
  const auto time = [&](const char* path) {
    const json& value = At(manifest, path);
    return value.is_number_integer() ? LongTime(FromMicros(value.get<int64_t>()))
                                     : std::string("-");
  };
  std::string out = fmt::format("{}{}\n", row.name, row.active ? " (active)" : "");
  out += fmt::format("group:      {}\n", Text(At(manifest, "/group")));
  out += fmt::format("made:       {} by {}\n", LongTime(row.made), Text(At(manifest, "/program")));
  out += fmt::format("trained on: {} of {} records, {} to {}\n", row.records,
                     Number(At(manifest, "/trained_on/records_seen")), time("/trained_on/first_us"),
                     time("/trained_on/last_us"));
  out += fmt::format(
      "            {} files, {} bytes; {} templates, {} streams; the last {} records held out\n",
      Number(At(manifest, "/trained_on/files_total")), Number(At(manifest, "/trained_on/bytes")),
      row.templates, Number(At(manifest, "/trained_on/streams")),
      Number(At(manifest, "/trained_on/held_out_records")));
  out += "detectors:\n";
  for (const auto& [name, entry] : At(manifest, "/detectors").items())
    out += DetectorLine(name, entry);
  AppendList(fmt::format("rare templates ({})", Text(At(manifest, "/rare_rule"))),
             At(manifest, "/rare"), "/template", &out);
  AppendList("files", At(manifest, "/trained_on/files"), "", &out);
  AppendList("remarks", At(manifest, "/remarks"), "", &out);
  return out;
}

BundleComparison CompareBundles(const Bundle& a, const Bundle& b) {
  BundleComparison out;
  const std::set<std::string> in_a(a.vocabulary.begin(), a.vocabulary.end());
  const std::set<std::string> in_b(b.vocabulary.begin(), b.vocabulary.end());
  std::set_difference(in_b.begin(), in_b.end(), in_a.begin(), in_a.end(),
                      std::back_inserter(out.gained));
  std::set_difference(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(),
                      std::back_inserter(out.lost));
  const uint64_t records_a = Number(At(a.manifest, "/trained_on/records"));
  const uint64_t records_b = Number(At(b.manifest, "/trained_on/records"));
  out.lines.push_back({"records", std::to_string(records_a), std::to_string(records_b)});
  out.lines.push_back(
      {"templates", std::to_string(a.vocabulary.size()), std::to_string(b.vocabulary.size())});
  const auto rare = [](const Bundle& bundle) {
    return std::to_string(std::count(bundle.rare.begin(), bundle.rare.end(), true));
  };
  out.lines.push_back({"rare templates", rare(a), rare(b)});
  if (2 * records_b < records_a)
    out.worse.push_back(
        fmt::format("it was trained on {} records, less than half of {}", records_b, records_a));
  std::set<std::string> names;
  for (const Bundle* bundle : {&a, &b})
    for (const std::string& name : DetectorNames(bundle->manifest)) names.insert(name);
  for (const std::string& name : names) CompareDetector(a, b, name, &out);
  return out;
}

}  // namespace alogd
