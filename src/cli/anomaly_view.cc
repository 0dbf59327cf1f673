// SPDX-License-Identifier: MIT
// One anomaly or incident, whole: what happened, why it counts as abnormal, and the records around
// it.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/history_view.h"
#include "cli/output.h"
#include "cli/record_context.h"
#include "core/text.h"

namespace alogd {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kAround = 5;  // records before and after
constexpr size_t kMaxMessage =
    2048;  // bytes of a record as shown here; --json has all that is kept

std::string Safe(std::string_view text) { return EscapeForTerminal(text, kMaxMessage); }

void Say(std::string_view text) { fmt::print("{}\n", text); }

// "  Name      value", wrapped under itself.
void Field(const CliContext& context, std::string_view name, std::string_view value) {
  constexpr size_t kIndent = 13;
  const std::string label = fmt::format("  {:<11}", name);
  bool first = true;
  for (const std::string& line :
       Wrap(value, context.terminal ? TerminalWidth() - kIndent : SIZE_MAX)) {
    Say((first ? Styled(context, Style::kDim, label) : std::string(kIndent, ' ')) + line);
    first = false;
  }
}

void Heading(const CliContext& context, std::string_view text) {
  fmt::print("\n{}\n", Styled(context, Style::kBold, text));
}

// Text under a heading, indented and wrapped.
void Paragraph(const CliContext& context, std::string_view text, size_t indent) {
  for (const std::string& line :
       Wrap(text, context.terminal ? TerminalWidth() - indent : SIZE_MAX)) {
    Say(std::string(indent, ' ') + line);
  }
}

std::string Percent(float probability) {
  const double percent = 100.0 * static_cast<double>(probability);
  if (percent >= 10) return fmt::format("{:.0f}%", percent);
  if (percent >= 0.01) return fmt::format("{:.2g}%", percent);
  return percent > 0 ? "<0.01%" : "0%";
}

void PrintItems(const CliContext& context, std::string_view name,
                const std::vector<std::pair<std::string, float>>& items, bool probabilities,
                std::string_view unit) {
  constexpr size_t kMost = 5;
  for (size_t i = 0; i < items.size() && i < kMost; ++i) {
    const auto& [text, value] = items[i];
    std::string number;
    if (std::isfinite(value))
      number = probabilities ? Percent(value) : fmt::format("{:.3g}", value);
    const std::string label = fmt::format("    {:<10}", i == 0 ? name : "");
    Say(fmt::format("{}{:>8}  {}{}", Styled(context, Style::kDim, label), number, Safe(text),
                    i == 0 && !unit.empty()
                        ? Styled(context, Style::kDim, fmt::format("  ({})", Safe(unit)))
                        : ""));
  }
}

void PrintEvidence(const CliContext& context, const Evidence& e) {
  std::string numbers;
  if (std::isfinite(e.anomaly)) numbers = fmt::format("score {:.0f}", e.anomaly);
  if (std::isfinite(e.raw) && std::isfinite(e.threshold) && (e.raw != 0 || e.threshold != 0)) {
    numbers += fmt::format("{}{:.4g}{}{}, threshold {:.4g}", numbers.empty() ? "" : ": ", e.raw,
                           e.unit.empty() ? "" : " ", Safe(e.unit), e.threshold);
  }
  Say(fmt::format("  {}  {}", Styled(context, Style::kBold, Safe(e.detector)),
                  Styled(context, Style::kDim, numbers)));
  Paragraph(context, Safe(e.summary), 4);
  PrintItems(context, "expected", e.expected, true, "");
  PrintItems(context, "found", e.found, false, e.unit);
}

std::string Span(Time first, Time last) {
  if (first == kNoTime || last == kNoTime || first >= last) return LongTime(first);
  const std::string from = LongTime(first);
  const std::string to = LongTime(last);
  // The day once, where it is the same.
  return from + " to " + (from.substr(0, 10) == to.substr(0, 10) ? to.substr(11) : to);
}

void PrintHead(const CliContext& context, std::string_view what, int64_t id, RiskLevel level,
               std::string_view rest) {
  Say(fmt::format(
      "{} {}", Styled(context, StyleOf(level), fmt::format(" {} ", Name(level))),
      Styled(context, Style::kBold, fmt::format("{} {}", what, id)) + std::string(rest)));
}

void PrintFields(const CliContext& context, const StoredAnomaly& s) {
  const Anomaly& a = s.anomaly;
  Field(context, "Time",
        fmt::format("{} ({} window{})", Span(a.time, a.last_time), a.windows,
                    a.windows == 1 ? "" : "s"));
  Field(context, "Source", Safe(a.source));
  Field(context, "Stream", Safe(a.stream));
  Field(context, "Group", Safe(s.group));
  if (a.template_id != kNoTemplate) {
    Field(context, "Template", fmt::format("{}: {}", Index(a.template_id), Safe(a.template_text)));
  }
  if (s.incident_id != 0) Field(context, "Incident", fmt::format("{}", s.incident_id));
  Field(context, "State", s.state);
  Field(context, "Bundle", a.bundle.empty() ? "none" : Safe(a.bundle));
}

void PrintRecords(const CliContext& context, const Result<RecordContext>& records) {
  if (!records.ok()) {
    Say("  " + Safe(records.error().message));
    return;
  }
  const size_t width = context.terminal ? TerminalWidth() - 4 : SIZE_MAX;
  for (const ContextLine& line : records->lines) {
    std::string text = Safe(line.text);
    // The blamed record is shown whole, the others are there to tell where one is.
    if (!line.blamed) {
      Say("    " + CutToWidth(text, width));
      continue;
    }
    bool first = true;
    for (const std::string& part : Wrap(text, width)) {
      Say(Styled(context, Style::kBold, (first ? "  > " : "    ") + part));
      first = false;
    }
  }
}

Json RecordsJson(const Result<RecordContext>& records) {
  if (!records.ok()) return nullptr;
  Json out = Json::array();
  for (const ContextLine& line : records->lines) {
    out.push_back(
        Json{{"offset", line.offset}, {"text", ToValidUtf8(line.text)}, {"blamed", line.blamed}});
  }
  return out;
}

Result<RecordContext> Records(const StoredAnomaly& stored, const std::optional<StoredFile>& file) {
  if (!file) return Error{"their file is gone, and forgotten"};
  return ReadRecordContext(file->file.path, file->file.inode, stored.anomaly.ref, kAround);
}

}  // namespace

void PrintAnomaly(const CliContext& context, const StoredAnomaly& stored,
                  const std::optional<StoredFile>& file) {
  const Anomaly& a = stored.anomaly;
  const Result<RecordContext> records = Records(stored, file);
  if (context.json) {
    Json json = ToJson(stored);
    json["records"] = RecordsJson(records);
    return PrintJson(json);
  }
  PrintHead(context, "anomaly", stored.id, a.level,
            fmt::format(", risk {:.0f} (anomaly score {:.0f}, severity {})", a.risk, a.score,
                        a.severity));
  fmt::print("\n");
  Paragraph(context, Safe(a.message), 2);
  fmt::print("\n");
  PrintFields(context, stored);
  Heading(context, "Why");
  const std::vector<Evidence> evidence = ParseEvidenceJson(stored.evidence_json);
  for (const Evidence& e : evidence) PrintEvidence(context, e);
  if (evidence.empty()) Say("  No evidence was kept.");
  Heading(context, records.ok() ? fmt::format("Records in {}", Safe(records->path)) : "Records");
  PrintRecords(context, records);
}

void PrintIncident(const CliContext& context, const StoredIncident& stored,
                   const std::vector<StoredAnomaly>& anomalies) {
  const Incident& i = stored.incident;
  if (context.json) {
    Json json = ToJson(stored);
    json["anomaly_ids"] = Json::array();
    for (const StoredAnomaly& a : anomalies) json["anomaly_ids"].push_back(a.id);
    return PrintJson(json);
  }
  PrintHead(context, "incident", stored.id, i.level,
            fmt::format(", risk {:.0f}, {} anomal{}", i.risk, i.anomalies,
                        i.anomalies == 1 ? "y" : "ies"));
  fmt::print("\n");
  Paragraph(context, Safe(i.title), 2);
  fmt::print("\n");
  Field(context, "Time", Span(i.first, i.last));
  Field(context, "Group", Safe(stored.group));
  Field(context, "State", stored.state);
  Heading(context, anomalies.size() < i.anomalies ? "Anomalies, the riskiest" : "Anomalies");
  PrintAnomalies(context, anomalies);
}

}  // namespace alogd
