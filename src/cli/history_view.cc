// SPDX-License-Identifier: MIT
// Lists as tables, and everything of the history as JSON.
#include "cli/history_view.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/output.h"
#include "cli/scan_report.h"

namespace alogd {
namespace {

using Json = nlohmann::ordered_json;

Json TimeJson(Time time) { return time == kNoTime ? Json(nullptr) : Json(Micros(time)); }

Json TemplateJson(TemplateId id) { return id == kNoTemplate ? Json(nullptr) : Json(Index(id)); }

// 67.3 and not 67.30000305: the float's own digits.
Json Digits(float value) { return Json::parse(fmt::format("{}", value), nullptr, false); }

// What tells sources apart: below /var/log all of the path, elsewhere its last component.
std::string_view ShortSource(std::string_view path) {
  constexpr std::string_view kLogs = "/var/log/";
  if (path.starts_with(kLogs)) return path.substr(kLogs.size());
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// "auth.log:sshd" for people, the whole source for programs.
std::string Where(const CliContext& context, const Anomaly& a) {
  const std::string source(context.terminal ? ShortSource(a.source) : a.source);
  if (source.empty()) return a.stream;
  return a.stream.empty() || a.stream == a.source ? source : source + ":" + a.stream;
}

std::string When(const CliContext& context, Time time, Time now) {
  return context.terminal ? ShortTime(time, now) : IsoTime(time);
}

Cell LevelCell(RiskLevel level) { return {std::string(Name(level)), StyleOf(level)}; }

}  // namespace

Json ToJson(const StoredAnomaly& s) {
  const Anomaly& a = s.anomaly;
  return Json{{"id", s.id},
              {"time_us", TimeJson(a.time)},
              {"level", Name(a.level)},
              {"risk", Digits(a.risk)},
              {"score", Digits(a.score)},
              {"severity", a.severity},
              {"detector", a.detector},
              {"group_name", s.group},
              {"source", a.source},
              {"stream", a.stream},
              {"template_id", TemplateJson(a.template_id)},
              {"template", a.template_text},
              {"message", a.message},
              {"evidence", Json::parse(s.evidence_json, nullptr, false)},
              {"file_id", Index(a.ref.file)},
              {"first_offset", a.first_offset},
              {"last_offset", a.last_offset},
              {"windows", a.windows},
              {"incident_id", s.incident_id == 0 ? Json(nullptr) : Json(s.incident_id)},
              {"bundle", a.bundle},
              {"state", s.state}};
}

Json ToJson(const StoredIncident& s) {
  const Incident& i = s.incident;
  return Json{{"id", s.id},
              {"first_us", TimeJson(i.first)},
              {"last_us", TimeJson(i.last)},
              {"level", Name(i.level)},
              {"risk", Digits(i.risk)},
              {"group_name", s.group},
              {"anomalies", i.anomalies},
              {"title", i.title},
              {"state", s.state}};
}

Json ToJson(const StoredTemplate& s) {
  const Template& t = s.row;
  return Json{{"group_name", s.group},
              {"template_id", TemplateJson(t.id)},
              {"template", t.text},
              {"count", t.count},
              {"first_us", TimeJson(t.first)},
              {"last_us", TimeJson(t.last)},
              {"origin", t.trained ? "trained" : "live"},
              {"alias_of", TemplateJson(t.alias_of)}};
}

void PrintCsv(const Json& object, bool first) {
  std::string names, values;
  for (const auto& [key, value] : object.items()) {
    names += (names.empty() ? "" : ",") + key;
    const std::string text = value.is_null()     ? std::string()
                             : value.is_string() ? value.get<std::string>()
                                                 : value.dump();
    if (&value != &*object.begin()) values += ',';
    values += CsvField(text);
  }
  if (first) fmt::print("{}\n", names);
  fmt::print("{}\n", values);
}

void PrintAnomalies(const CliContext& context, const std::vector<StoredAnomaly>& anomalies) {
  if (context.json) {
    for (const StoredAnomaly& stored : anomalies) PrintJson(ToJson(stored));
    return;
  }
  Table table(context, {{"ID", true},
                        {"TIME"},
                        {"LEVEL"},
                        {"RISK", true},
                        {"DETECTOR", false, 7},
                        {"WHERE", false, 10},
                        {"MESSAGE", false, 20}});
  const Time now = Now();
  for (const StoredAnomaly& s : anomalies) {
    const Anomaly& a = s.anomaly;
    table.Add({fmt::format("{}", s.id), Cell(When(context, a.time, now), Style::kDim),
               LevelCell(a.level), fmt::format("{:.0f}", a.risk), a.detector, Where(context, a),
               a.message});
  }
  table.Print();
}

void PrintIncidents(const CliContext& context, const std::vector<StoredIncident>& incidents) {
  if (context.json) {
    for (const StoredIncident& stored : incidents) PrintJson(ToJson(stored));
    return;
  }
  Table table(context, {{"ID", true},
                        {"FIRST"},
                        {"LASTED", true},
                        {"LEVEL"},
                        {"RISK", true},
                        {"ANOM", true},
                        {"GROUP", false, 8, true},
                        {"TITLE", false, 20}});
  const Time now = Now();
  for (const StoredIncident& s : incidents) {
    const Incident& i = s.incident;
    const bool timed = i.first != kNoTime && i.last != kNoTime;
    table.Add({fmt::format("{}", s.id), Cell(When(context, i.first, now), Style::kDim),
               timed ? HumanDuration(i.last - i.first) : std::string("-"), LevelCell(i.level),
               fmt::format("{:.0f}", i.risk), fmt::format("{}", i.anomalies), s.group, i.title});
  }
  table.Print();
}

void PrintTemplates(const CliContext& context, const std::vector<StoredTemplate>& templates) {
  if (context.json) {
    for (const StoredTemplate& stored : templates) PrintJson(ToJson(stored));
    return;
  }
  Table table(context, {{"GROUP", false, 6, true},
                        {"ID", true},
                        {"COUNT", true},
                        {"FIRST"},
                        {"LAST"},
                        {"ORIGIN"},
                        {"TEMPLATE", false, 20}});
  const Time now = Now();
  for (const StoredTemplate& s : templates) {
    const Template& t = s.row;
    std::string origin = t.trained ? "trained" : "live";
    if (t.alias_of != kNoTemplate) origin = fmt::format("= {}", Index(t.alias_of));
    table.Add({s.group, fmt::format("{}", Index(t.id)), fmt::format("{}", t.count),
               Cell(When(context, t.first, now), Style::kDim),
               Cell(When(context, t.last, now), Style::kDim), origin, t.text});
  }
  table.Print();
}

}  // namespace alogd
