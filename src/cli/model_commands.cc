// SPDX-License-Identifier: MIT
// models list, show, validate, activate, rollback, compare.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/model_view.h"
#include "cli/output.h"
#include "core/text.h"
#include "models/bundle/bundle.h"

namespace alogd {
namespace {

// What the command line of a models command gives.
struct Arguments {
  std::string group;        // empty: the only one, or all for a list
  std::string name, other;  // of bundles; a path where it holds a slash
};

class ModelCommands {
 public:
  ModelCommands(CliContext* context, const Arguments& arguments)
      : context_(*context), arguments_(arguments) {}

  void List() {
    if (!Load()) return;
    std::vector<BundleRow> rows;
    for (const GroupConfig& group : config_.groups) {
      if (!arguments_.group.empty() && group.name != arguments_.group) continue;
      if (!Collect(group, &rows)) return;
    }
    if (!context_.json) return PrintRows(rows);
    for (const BundleRow& row : rows) PrintJson(ToJson(row));
  }

  void Show() {
    std::string directory;
    if (!Load() || !OneGroup() || !Find(arguments_.name, &directory)) return;
    const Result<nlohmann::json> manifest = ReadManifest(directory);
    if (!manifest) return Fail(&context_, manifest.error().message);
    if (context_.json) {
      nlohmann::json shown = *manifest;
      shown.erase("golden");  // for programs that check, not for those that look
      fmt::print("{}\n", shown.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
      return;
    }
    const std::string name = BaseName(directory);
    const bool active = name == active_;
    fmt::print("{}", ShowBundle(DescribeBundle(group_->name, name, directory, active), *manifest));
  }

  void Validate() {
    std::string directory;
    if (!Load() || !OneGroup() || !Find(arguments_.name, &directory)) return;
    const Result<Bundle> bundle = LoadBundle(directory, *group_);
    if (context_.json) {
      nlohmann::ordered_json out = {{"name", BaseName(directory)}, {"valid", bundle.ok()}};
      if (!bundle) out["problem"] = bundle.error().message;
      PrintJson(out);
    } else if (bundle) {
      fmt::print("{}: good; {} templates, {} golden lines and {} golden windows came out right\n",
                 bundle->name, bundle->vocabulary.size(), bundle->golden_lines.size(),
                 GoldenWindows(*bundle));
    } else {
      fmt::print("{}\n", EscapeForTerminal(bundle.error().message));
    }
    if (!bundle) context_.exit_status = kExitNo;
  }

  void Activate() {
    if (!Load() || !OneGroup()) return;
    ActivateChecked(arguments_.name);
  }

  void Rollback() {
    if (!Load() || !OneGroup()) return;
    const Result<std::string> previous = PreviousBundle(Models());
    if (!previous) return Fail(&context_, previous.error().message);
    if (previous->empty()) {
      return Fail(&context_, fmt::format("group '{}' has no earlier bundle to go back to; alogctl "
                                         "models list shows what there is",
                                         group_->name));
    }
    ActivateChecked(*previous);
  }

  void Compare() {
    std::string directory_a, directory_b;
    if (!Load() || !OneGroup() || !Find(arguments_.name, &directory_a) ||
        !Find(arguments_.other, &directory_b))
      return;
    const Result<Bundle> a = LoadBundle(directory_a, *group_);
    if (!a) return Fail(&context_, a.error().message);
    const Result<Bundle> b = LoadBundle(directory_b, *group_);
    if (!b) return Fail(&context_, b.error().message);
    const BundleComparison comparison = CompareBundles(*a, *b);
    if (context_.json)
      PrintComparisonJson(*a, *b, comparison);
    else
      PrintComparison(*a, *b, comparison);
    if (!comparison.worse.empty()) context_.exit_status = kExitNo;
  }

 private:
  static std::string BaseName(const std::string& directory) {
    const size_t end = directory.find_last_not_of('/');
    const std::string path = directory.substr(0, end + 1);
    return path.substr(path.find_last_of('/') + 1);
  }

  static size_t GoldenWindows(const Bundle& bundle) {
    size_t count = 0;
    for (const auto& [detector, windows] : bundle.golden_windows) count += windows.size();
    return count;
  }

  bool Load() {
    if (!LoadCliConfig(&context_, &config_)) return false;
    const auto named = [&](const GroupConfig& group) { return group.name == arguments_.group; };
    if (arguments_.group.empty() ||
        std::any_of(config_.groups.begin(), config_.groups.end(), named))
      return true;
    Fail(&context_, fmt::format("there is no group '{}'; {}", arguments_.group, GroupNames()),
         kExitUsage);
    return false;
  }

  std::string GroupNames() const {
    std::string names;
    for (const GroupConfig& group : config_.groups)
      names += (names.empty() ? "" : ", ") + group.name;
    return "the configuration has " + (names.empty() ? std::string("none") : names);
  }

  // The group that the command is about, and which of its bundles is active.
  bool OneGroup() {
    for (const GroupConfig& group : config_.groups) {
      if (arguments_.group.empty() ? config_.groups.size() == 1 : group.name == arguments_.group)
        group_ = &group;
    }
    if (!group_) {
      Fail(&context_, fmt::format("say which group with --group; {}", GroupNames()), kExitUsage);
      return false;
    }
    const Result<std::string> current = CurrentBundle(Models());
    if (current) active_ = *current;  // where it is broken, `activate` mends it
    return true;
  }

  std::string Models() const { return config_.ModelsPath(group_->name); }

  // The directory of a bundle by its name, by a path, or the active one where nothing was given.
  bool Find(const std::string& name, std::string* directory) {
    if (name.find('/') != std::string::npos) return *directory = name, true;
    const std::string wanted = name.empty() || name == "current" ? active_ : name;
    if (wanted.empty()) {
      Fail(&context_, fmt::format("group '{}' has no active bundle; train one with: alogctl train "
                                  "--group {} --activate LOG...",
                                  group_->name, group_->name));
      return false;
    }
    const Result<std::vector<std::string>> names = ListBundles(Models());
    if (!names) return Fail(&context_, names.error().message), false;
    if (std::find(names->begin(), names->end(), wanted) != names->end())
      return *directory = Models() + "/" + wanted, true;
    Fail(&context_,
         fmt::format("there is no bundle '{}' in {}; alogctl models list shows what there is",
                     wanted, Models()));
    return false;
  }

  bool Collect(const GroupConfig& group, std::vector<BundleRow>* rows) {
    const std::string models = config_.ModelsPath(group.name);
    const Result<std::vector<std::string>> names = ListBundles(models);
    if (!names) return Fail(&context_, names.error().message), false;
    const Result<std::string> current = CurrentBundle(models);
    if (!current) Fail(&context_, current.error().message);
    for (const std::string& name : *names) {
      rows->push_back(
          DescribeBundle(group.name, name, models + "/" + name, current && name == *current));
    }
    return true;
  }

  void PrintRows(const std::vector<BundleRow>& rows) const {
    Table table(context_, {{"", false, 0},
                           {"NAME", false, 0},
                           {"GROUP", false, 0},
                           {"AGE", true, 0},
                           {"RECORDS", true, 0},
                           {"TEMPLATES", true, 0},
                           {"DETECTORS", false, 20}});
    const Time now = Now();
    for (const BundleRow& row : rows) {
      const bool good = row.problem.empty();
      const std::string age = row.made == kNoTime ? "-" : HumanDuration(now - row.made);
      table.Add({{row.active ? "*" : "", Style::kGreen},
                 {row.name, row.active ? Style::kBold : Style::kPlain},
                 {row.group},
                 {age},
                 {good ? std::to_string(row.records) : "-"},
                 {good ? std::to_string(row.templates) : "-"},
                 {good ? row.detectors : row.problem, good ? Style::kPlain : Style::kRed}});
    }
    if (rows.empty() && context_.terminal && !context_.quiet)
      fmt::print("no bundles yet; train one with: alogctl train --activate LOG...\n");
    else
      table.Print();
  }

  void ActivateChecked(const std::string& name) {
    std::string directory;
    if (name.find('/') != std::string::npos) {
      return Fail(&context_,
                  "activate takes the name of a bundle of the group, not a path; to use one "
                  "elsewhere set `model:` in the configuration",
                  kExitUsage);
    }
    if (!Find(name, &directory)) return;
    const Result<Bundle> bundle = LoadBundle(directory, *group_);
    if (!bundle) {
      return Fail(&context_, fmt::format("not activated, the active bundle stays: {}",
                                         bundle.error().message));
    }
    const Result<std::string> before = ActivateBundle(Models(), BaseName(directory));
    if (!before) return Fail(&context_, before.error().message);
    if (context_.json) {
      return PrintJson({{"group", group_->name}, {"active", bundle->name}, {"before", *before}});
    }
    fmt::print("{} is active for group {}{}\n", bundle->name, group_->name,
               before->empty() || *before == bundle->name ? "" : fmt::format(", {} was", *before));
    if (group_->model != "current" && !context_.quiet) {
      fmt::print("but the configuration names another one: model: {}\n",
                 EscapeForTerminal(group_->model));
    }
    if (!context_.quiet) fmt::print("a running alogd takes it with: alogctl reload --wait\n");
  }

  void PrintComparison(const Bundle& a, const Bundle& b, const BundleComparison& c) const {
    Table table(context_, {{"", false, 0}, {a.name, true, 0}, {b.name, true, 0}});
    for (const BundleComparison::Line& line : c.lines) table.Add({{line.what}, {line.a}, {line.b}});
    table.Print();
    PrintTemplates(fmt::format("only in {}", b.name), c.gained);
    PrintTemplates(fmt::format("only in {}", a.name), c.lost);
    if (c.worse.empty()) fmt::print("{} is no worse than {}\n", b.name, a.name);
    for (const std::string& reason : c.worse)
      fmt::print("{} is worse than {}: {}\n", b.name, a.name, EscapeForTerminal(reason));
  }

  static void PrintTemplates(const std::string& title, const std::vector<std::string>& texts) {
    constexpr size_t kShown = 20;
    if (texts.empty()) return;
    fmt::print("{} templates {}:\n", texts.size(), title);
    for (size_t i = 0; i < std::min(kShown, texts.size()); ++i)
      fmt::print("  {}\n", EscapeForTerminal(texts[i], 300));
    if (texts.size() > kShown) fmt::print("  ... and {} more\n", texts.size() - kShown);
  }

  static void PrintComparisonJson(const Bundle& a, const Bundle& b, const BundleComparison& c) {
    nlohmann::ordered_json values = nlohmann::ordered_json::object();
    for (const BundleComparison::Line& line : c.lines) values[line.what] = {line.a, line.b};
    PrintJson({{"a", a.name},
               {"b", b.name},
               {"values", std::move(values)},
               {"gained", c.gained},
               {"lost", c.lost},
               {"worse", c.worse}});
  }

  CliContext& context_;
  const Arguments& arguments_;
  Config config_;
  const GroupConfig* group_ = nullptr;
  std::string active_;
};

using Action = void (ModelCommands::*)();

// A subcommand; the arguments live as long as its options and its callback.
CLI::App* AddCommand(CLI::App* models, CliContext* context, const char* name,
                     const char* description, Action action,
                     std::shared_ptr<Arguments>* arguments) {
  *arguments = std::make_shared<Arguments>();
  CLI::App* command = models->add_subcommand(name, description);
  command->add_option("--group", (*arguments)->group, "The group; needed where there are several")
      ->type_name("NAME");
  command->callback([context, action, held = *arguments] {
    ModelCommands commands(context, *held);
    (commands.*action)();
  });
  return command;
}

}  // namespace

void AddModelCommands(CLI::App* app, CliContext* context) {
  CLI::App* models = app->add_subcommand("models", "The bundles that training made");
  models->require_subcommand(1);
  std::shared_ptr<Arguments> arguments;
  const auto add = [&](const char* name, const char* description, Action action) {
    return AddCommand(models, context, name, description, action, &arguments);
  };
  add("list", "All bundles, the active ones marked", &ModelCommands::List)
      ->footer(
          "With --json one object a bundle: group, name, active, made_us, records, templates, "
          "detectors.");
  const char* kName = "A bundle's name, or a path; the active one if none is given";
  add("show", "What a bundle was trained on, its thresholds and remarks", &ModelCommands::Show)
      ->add_option("NAME", arguments->name, kName);
  add("validate", "Check a bundle as the daemon does before it takes it", &ModelCommands::Validate)
      ->footer("Exit status: 0 it is good, 3 it is not.")
      ->add_option("NAME", arguments->name, kName);
  add("activate", "Make a bundle the one that is used from the next reload on",
      &ModelCommands::Activate)
      ->add_option("NAME", arguments->name, "The bundle's name")
      ->required();
  add("rollback", "Activate the bundle that was active before", &ModelCommands::Rollback);
  CLI::App* compare = add("compare", "How bundle B differs from bundle A", &ModelCommands::Compare);
  compare->footer(
      "Exit status: 0 B is no worse than A, 3 it is: it lacks a detector, exceeds the alarm "
      "budget where A does not, or saw less than half of the records.");
  compare->add_option("A", arguments->name, "A bundle's name or path")->required();
  compare->add_option("B", arguments->other, "Another one")->required();
}

}  // namespace alogd
