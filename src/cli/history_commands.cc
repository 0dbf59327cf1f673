// SPDX-License-Identifier: MIT
// anomalies and incidents list, show and export, templates: the database as the operator asks for
// it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <memory>
#include <optional>

#include "cli/cli.h"
#include "cli/history_view.h"
#include "cli/output.h"
#include "cli/time_text.h"
#include "cli/verdict_commands.h"
#include "core/store/history.h"
#include "core/text.h"

namespace alogd {
namespace {

// The options as typed; turned into an AnomalyFilter once a command runs.
struct FilterOptions {
  std::string since, until, level, group, source, grep, state;
  std::optional<uint32_t> template_id;
  size_t limit = 100;
  int64_t before = 0;
};

void AddFilterOptions(CLI::App* app, FilterOptions* o, bool anomalies) {
  app->add_option("--since", o->since,
                  "What still went on at that time: -1h, yesterday, '2026-11-22 10:00'")
      ->type_name("TIME");
  app->add_option("--until", o->until, "What had begun by that time")->type_name("TIME");
  app->add_option("--level", o->level, "Of that level or worse: info, low, medium, high, critical")
      ->type_name("LEVEL");
  app->add_option("--group", o->group, "Of one group")->type_name("NAME");
  if (anomalies) {
    app->add_option("--source", o->source, "Of one source: its path, or the end of it (auth.log)")
        ->type_name("PATH");
    app->add_option("--template", o->template_id, "With that template blamed")->type_name("ID");
  }
  app->add_option("--grep", o->grep,
                  anomalies ? "Whose message matches (RE2)" : "Whose title matches (RE2)")
      ->type_name("PATTERN");
  app->add_option("--state", o->state, "new, acked, confirmed or suppressed")
      ->check(CLI::IsMember({"new", "acked", "confirmed", "suppressed"}));
  app->add_option("--limit", o->limit, "At most so many, the newest; 0: all")
      ->type_name("N")
      ->capture_default_str();
  app->add_option("--before", o->before, "Those before that id: the next page")->type_name("ID");
}

Result<AnomalyFilter> MakeFilter(const FilterOptions& o) {
  AnomalyFilter filter;
  for (auto [text, time] :
       {std::pair{&o.since, &filter.since}, std::pair{&o.until, &filter.until}}) {
    if (text->empty()) continue;
    Result<Time> parsed = ParseTimeText(*text, Now());
    if (!parsed.ok()) return parsed.error();
    *time = *parsed;
  }
  if (!o.level.empty() && !ParseRiskLevel(o.level, &filter.min_level)) {
    return Error{fmt::format("'{}' is not a level: use info, low, medium, high or critical",
                             EscapeForTerminal(o.level))};
  }
  filter.group = o.group;
  filter.source = o.source;
  filter.grep = o.grep;
  if (o.template_id) filter.template_id = TemplateId{*o.template_id};
  filter.state = ParseAnomalyState(o.state);
  filter.limit = o.limit;
  filter.before_id = o.before;
  return filter;
}

std::optional<History> OpenHistory(CliContext* context) {
  Config config;
  if (!LoadCliConfig(context, &config)) return {};
  Result<History> history = History::Open(config.DatabasePath());
  if (history.ok()) return std::move(*history);
  Fail(context, history.error().message);
  return {};
}

// What is printed beside the data, for people only.
void Remark(const CliContext& context, const std::string& text) {
  if (!context.quiet && !context.json) fmt::print(stderr, "{}\n", text);
}

// Hands all that the filter finds to `show`, a page at a time, so that neither memory nor a read
// transaction grows with the history. Returns how many there were; nullopt after an error.
template <typename Row>
std::optional<size_t> Pages(
    CliContext* context, AnomalyFilter filter,
    const std::function<Result<std::vector<Row>>(const AnomalyFilter&)>& read,
    const std::function<void(const std::vector<Row>&)>& show) {
  constexpr size_t kPage = 5000;  // rows of a table whose columns are aligned together
  size_t left = filter.limit == 0 ? SIZE_MAX : filter.limit;
  size_t shown = 0;
  while (left > 0) {
    filter.limit = std::min(left, kPage);
    Result<std::vector<Row>> rows = read(filter);
    if (!rows.ok()) {
      Fail(context, rows.error().message);
      return {};
    }
    show(*rows);
    shown += rows->size();
    left -= rows->size();
    if (rows->size() < filter.limit) return shown;
    filter.before_id = rows->back().id;
  }
  filter.limit = 1;
  Result<std::vector<Row>> older = read(filter);
  if (older.ok() && !older->empty()) {
    Remark(*context, fmt::format("(there are older ones: --before {}, or --limit 0 for all)",
                                 filter.before_id));
  }
  return shown;
}

// Checks the options, opens the history, and pages through it.
template <typename Row, typename Read, typename Show>
void List(CliContext* context, const FilterOptions& options, Read read, Show show,
          const char* none) {
  Result<AnomalyFilter> filter = MakeFilter(options);
  if (!filter.ok()) return Fail(context, filter.error().message, kExitUsage);
  std::optional<History> history = OpenHistory(context);
  if (!history) return;
  const std::optional<size_t> shown = Pages<Row>(
      context, *filter, [&](const AnomalyFilter& page) { return read(&*history, page); },
      [&](const std::vector<Row>& rows) { show(*context, rows); });
  if (shown && *shown == 0) Remark(*context, none);
}

void ListAnomalies(CliContext* context, const FilterOptions& options) {
  List<StoredAnomaly>(
      context, options, [](History* h, const AnomalyFilter& f) { return h->Anomalies(f); },
      &PrintAnomalies, "No anomalies match.");
}

void ListIncidents(CliContext* context, const FilterOptions& options) {
  List<StoredIncident>(
      context, options, [](History* h, const AnomalyFilter& f) { return h->Incidents(f); },
      &PrintIncidents, "No incidents match.");
}

// Everything of the anomalies, for other programs: the columns of the database's view.
void ExportAnomalies(CliContext* context, const FilterOptions& options, bool csv) {
  bool first = true;
  List<StoredAnomaly>(
      context, options, [](History* h, const AnomalyFilter& f) { return h->Anomalies(f); },
      [&](const CliContext&, const std::vector<StoredAnomaly>& rows) {
        for (const StoredAnomaly& stored : rows) {
          const nlohmann::ordered_json row = ToJson(stored);
          if (csv) {
            PrintCsv(row, first);
          } else {
            PrintJson(row);
          }
          first = false;
        }
      },
      "No anomalies match.");
}

void ShowAnomaly(CliContext* context, int64_t id) {
  std::optional<History> history = OpenHistory(context);
  if (!history) return;
  Result<std::optional<StoredAnomaly>> found = history->FindAnomaly(id);
  if (!found.ok()) return Fail(context, found.error().message);
  if (!*found) {
    return Fail(context,
                fmt::format("there is no anomaly {}: retention may have deleted it, or it never "
                            "was; `alogctl anomalies list` shows what there is",
                            id));
  }
  Result<std::optional<StoredFile>> file = history->FindFile((*found)->anomaly.ref.file);
  if (!file.ok()) return Fail(context, file.error().message);
  PrintAnomaly(*context, **found, *file);
}

void ShowIncident(CliContext* context, int64_t id) {
  // Of more, the riskiest say enough; `anomalies list --since` has the rest.
  constexpr size_t kMost = 50;
  std::optional<History> history = OpenHistory(context);
  if (!history) return;
  Result<std::optional<StoredIncident>> found = history->FindIncident(id);
  if (!found.ok()) return Fail(context, found.error().message);
  if (!*found) {
    return Fail(context,
                fmt::format("there is no incident {}: retention may have deleted it, or it never "
                            "was; `alogctl incidents list` shows what there is",
                            id));
  }
  Result<std::vector<StoredAnomaly>> anomalies = history->AnomaliesOfIncident(id, kMost);
  if (!anomalies.ok()) return Fail(context, anomalies.error().message);
  PrintIncident(*context, **found, *anomalies);
}

struct TemplateOptions {
  std::string group;
  std::string sort = "id";
  size_t limit = 0;
};

void ListTemplates(CliContext* context, const TemplateOptions& options) {
  std::optional<History> history = OpenHistory(context);
  if (!history) return;
  Result<std::vector<StoredTemplate>> rows = history->Templates(options.group);
  if (!rows.ok()) return Fail(context, rows.error().message);
  if (options.sort == "count") {
    std::ranges::stable_sort(*rows, std::ranges::greater(),
                             [](const StoredTemplate& t) { return t.row.count; });
  } else if (options.sort == "last") {
    std::ranges::stable_sort(*rows, std::ranges::greater(),
                             [](const StoredTemplate& t) { return t.row.last; });
  }
  if (options.limit > 0 && rows->size() > options.limit) {
    rows->erase(rows->begin() + static_cast<ptrdiff_t>(options.limit), rows->end());
  }
  PrintTemplates(*context, *rows);
  if (rows->empty()) Remark(*context, "No templates yet.");
}

void AddExport(CLI::App* family, CliContext* context) {
  CLI::App* command = family->add_subcommand(
      "export", "All that is known of each, as JSON (one object a line) or CSV, newest first");
  auto filter = std::make_shared<FilterOptions>();
  filter->limit = 0;
  AddFilterOptions(command, filter.get(), true);
  auto format = std::make_shared<std::string>("json");
  command->add_option("--format", *format, "json or csv")
      ->check(CLI::IsMember({"json", "csv"}))
      ->capture_default_str();
  command->callback([=] { ExportAnomalies(context, *filter, *format == "csv"); });
}

// list, show and the verdicts of anomalies or incidents.
void AddFamily(CLI::App* app, CliContext* context, const std::string& name, const char* what,
               void (*list)(CliContext*, const FilterOptions&),
               void (*show)(CliContext*, int64_t)) {
  CLI::App* family = app->add_subcommand(name, what);
  family->require_subcommand(1);
  CLI::App* list_command = family->add_subcommand("list", "Newest first");
  auto filter = std::make_shared<FilterOptions>();  // shared: the callback outlives this call
  AddFilterOptions(list_command, filter.get(), name == "anomalies");
  list_command->callback([=] { list(context, *filter); });
  CLI::App* show_command = family->add_subcommand("show", "One of them, with all that is known");
  auto id = std::make_shared<int64_t>(0);
  show_command->add_option("ID", *id, "Its number in the list")->required();
  show_command->callback([=] { show(context, *id); });
  AddVerdictCommands(family, context, name);
  if (name == "anomalies") AddExport(family, context);
}

}  // namespace

void AddHistoryCommands(CLI::App* app, CliContext* context) {
  AddFamily(app, context, "anomalies", "What was abnormal, from the database", &ListAnomalies,
            &ShowAnomaly);
  AddFamily(app, context, "incidents", "Anomalies that belong together", &ListIncidents,
            &ShowIncident);
  CLI::App* templates = app->add_subcommand("templates", "The templates of the daemon's catalog");
  auto options = std::make_shared<TemplateOptions>();
  templates->add_option("--group", options->group, "Of one group")->type_name("NAME");
  templates->add_option("--sort", options->sort, "By id, count (most first) or last (newest first)")
      ->check(CLI::IsMember({"id", "count", "last"}))
      ->capture_default_str();
  templates->add_option("--limit", options->limit, "At most so many; 0: all")
      ->capture_default_str();
  templates->callback([=] { ListTemplates(context, *options); });
}

}  // namespace alogd
