// SPDX-License-Identifier: MIT
// completion: scripts for shells, and the manual's list of commands, made from the option table.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/cli.h"

namespace alogd {
namespace {

// An option as a shell or a manual needs it.
struct OptionText {
  std::vector<std::string> names;    // with their dashes; none for an operand
  std::string operand;               // what stands for its value; empty for a flag
  std::string description, value;    // value: the default, as captured
  bool file = false;                 // the value is a path
  std::vector<std::string> choices;  // of its value; empty: any
};

struct Command {
  std::vector<std::string> path;  // empty: alogctl itself
  std::string description, footer;
  std::vector<std::string> commands;
  std::vector<OptionText> options;
};

bool IsPath(std::string_view operand) {
  return std::ranges::any_of(std::initializer_list<std::string_view>{"FILE", "PATH", "DIR", "LOG"},
                             [&](std::string_view word) { return operand.starts_with(word); });
}

// CLI11 writes the values that it takes as "TEXT:{a,b}".
std::vector<std::string> Choices(const std::string& type) {
  const size_t begin = type.find('{'), end = type.rfind('}');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

OptionText Describe(const CLI::Option& option) {
  OptionText text;
  for (const std::string& name : option.get_snames()) text.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) text.names.push_back("--" + name);
  text.description = option.get_description();
  text.value = option.get_default_str();
  if (option.get_type_size() == 0) return text;
  text.choices = Choices(option.get_type_name());
  text.operand = text.names.empty() ? option.get_single_name() : option.get_type_name();
  if (!text.choices.empty()) text.operand = text.operand.substr(0, text.operand.find(':'));
  // Paths have a type name of their own; options named so are paths as well.
  const bool named = option.check_lname("out") || option.check_lname("bundle");
  text.file = named || IsPath(text.operand);
  if (text.operand == "TEXT" && named) text.operand = "DIR";
  return text;
}

void Collect(const CLI::App& app, const std::vector<std::string>& path,
             std::vector<Command>* commands) {
  Command command;
  command.path = path;
  command.description = app.get_description();
  command.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) command.options.push_back(Describe(*option));
  const auto below = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* sub : below) command.commands.push_back(sub->get_name());
  commands->push_back(std::move(command));
  for (const CLI::App* sub : below) {
    std::vector<std::string> deeper = path;
    deeper.push_back(sub->get_name());
    Collect(*sub, deeper, commands);
  }
}

std::string Join(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

// Names of the options that are followed by a value.
std::string ValueOptions(const Command& command, bool file) {
  std::string names;
  for (const OptionText& option : command.options)
    if (!option.operand.empty() && option.file == file)
      for (const std::string& name : option.names) names += (names.empty() ? "" : "|") + name;
  return names;
}

std::string Words(const Command& command, const Command& root) {
  std::vector<std::string> words = command.commands;
  for (const Command* from : {&command, &root})
    for (const OptionText& option : from->options)
      for (const std::string& name : option.names)
        if (std::ranges::find(words, name) == words.end()) words.push_back(name);
  return Join(words);
}

// The inside of bash's and zsh's loop over the words: which command they have come to. Ends it, and
// begins the choice by that command.
std::string PathCases(const std::vector<Command>& commands) {
  std::string out;
  for (const Command& command : commands) {
    if (command.path.empty()) continue;
    const std::vector<std::string> above(command.path.begin(), command.path.end() - 1);
    out += fmt::format("      '{} {}') path='{}' ;;\n", Join(above), command.path.back(),
                       Join(command.path));
  }
  out += "    esac\n  done\n  case \"$path\" in\n";
  return out;
}

// Cases of bash for values of which there are a few; in a list, for the last one.
std::string ChoiceCases(const Command& command) {
  std::string out;
  const std::string path = command.path.empty() ? "*" : "'" + Join(command.path) + "'";
  for (const OptionText& option : command.options)
    for (const std::string& name : option.names)
      if (!option.choices.empty())
        out += fmt::format(
            "    {}:{}) COMPREPLY=($(compgen -P \"${{cur%\"${{cur##*,}}\"}}\" -W \"{}\" -- "
            "\"${{cur##*,}}\")) || true; return ;;\n",
            path, name, Join(option.choices));
  return out;
}

std::string Bash(const std::vector<Command>& commands) {
  std::string out =
      "# bash completion of alogctl; made by `alogctl completion bash`\n"
      "_alogctl() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path= words= word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$path $word\" in\n";
  out += PathCases(commands);
  for (const Command& command : commands)
    out +=
        fmt::format("    '{}') words='{}' ;;\n", Join(command.path), Words(command, commands[0]));
  out += "  esac\n  case \"$path:$prev\" in\n";
  for (const Command& command : commands) {
    out += ChoiceCases(command);
    for (const bool file : {true, false}) {
      const std::string names = ValueOptions(command, file);
      if (names.empty()) continue;
      const std::string path = command.path.empty() ? "*" : "'" + Join(command.path) + "'";
      std::string patterns;
      for (size_t at = 0; at < names.size();) {
        const size_t bar = std::min(names.find('|', at), names.size());
        patterns +=
            fmt::format("{}{}:{}", patterns.empty() ? "" : "|", path, names.substr(at, bar - at));
        at = bar + 1;
      }
      out += file
                 ? fmt::format("    {}) COMPREPLY=($(compgen -f -- \"$cur\")) || true; return ;;\n",
                               patterns)
                 : fmt::format("    {}) return ;;\n", patterns);
    }
  }
  out +=
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) || true\n"
      "  if [[ $cur != -* && -n $path ]]; then COMPREPLY+=($(compgen -f -- \"$cur\")) || true; fi\n"
      "}\n"
      "complete -o filenames -F _alogctl alogctl\n";
  return out;
}

// As the body of a word in single quotes.
std::string Quoted(std::string_view text) {
  std::string out;
  for (const char c : text) c == '\'' ? out += "'\\''" : out += c;
  return out;
}

// In _arguments' specifications brackets and colons have a meaning.
std::string ZshText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return Quoted(out);
}

std::string Zsh(const std::vector<Command>& commands) {
  std::string out =
      "#compdef alogctl\n# zsh completion of alogctl; made by `alogctl completion zsh`\n"
      "_alogctl() {\n"
      "  local path= word\n"
      "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
      "    case \"$path $word\" in\n";
  out += PathCases(commands);
  for (const Command& command : commands) {
    out += fmt::format("    '{}')\n      _arguments", Join(command.path));
    for (const Command* from : {&command, &commands[0]}) {
      if (from == &commands[0] && command.path.empty() && from != &command) break;
      for (const OptionText& option : from->options)
        for (const std::string& name : option.names)
          out +=
              fmt::format(" \\\n        '{}[{}]{}'", name, ZshText(option.description),
                          option.operand.empty() ? ""
                          : option.file          ? ":file:_files"
                          : !option.choices.empty()
                              ? fmt::format(":value:_sequence compadd - {}", Join(option.choices))
                              : ":value: ");
      if (command.path.empty()) break;
    }
    if (command.commands.empty())
      out += " \\\n        '*:file:_files'";
    else
      out += fmt::format(" \\\n        '*:command:({})'", Join(command.commands));
    out += " ;;\n";
  }
  return out + "  esac\n}\n_alogctl \"$@\"\n";
}

std::string Fish(const std::vector<Command>& commands) {
  std::string out = "# fish completion of alogctl; made by `alogctl completion fish`\n";
  for (const Command& command : commands) {
    // The words so far name this command, and none below it.
    std::string when = "not __fish_seen_subcommand_from " + Join(commands[0].commands);
    if (!command.path.empty()) {
      when.clear();
      for (const std::string& word : command.path)
        when += fmt::format("{}__fish_seen_subcommand_from {}", when.empty() ? "" : "; and ", word);
    }
    for (const std::string& sub : command.commands)
      out += fmt::format("complete -c alogctl -f -n '{}' -a {}\n", when, sub);
    for (const OptionText& option : command.options) {
      if (option.names.empty()) continue;
      out += "complete -c alogctl";
      if (!command.path.empty()) out += fmt::format(" -n '{}'", when);
      for (const std::string& name : option.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.operand.empty()) out += option.file ? " -r -F" : " -x";
      if (!option.choices.empty()) out += fmt::format(" -a '{}'", Join(option.choices));
      out += fmt::format(" -d '{}'\n", Quoted(option.description));
    }
  }
  return out;
}

// Text in a manual: a leading dot or quote would be a request, a backslash an escape.
std::string Roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (out.empty() && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string RoffOption(const OptionText& option) {
  std::string out = ".It";
  for (size_t i = 0; i < option.names.size(); ++i)
    out += fmt::format("{} Fl {}", i > 0 ? " ," : "", Roff(option.names[i].substr(1)));
  if (!option.operand.empty()) out += " Ar " + Roff(option.operand);
  out += "\n" + Roff(option.description) + ".\n";
  if (!option.value.empty() && option.value != "[]" && !option.operand.empty())
    out += fmt::format("The default is\n.Ql {} .\n", Roff(option.value));
  return out;
}

// The list of commands in mdoc, for alogctl(1).
std::string Manual(const std::vector<Command>& commands) {
  std::string out = ".Bl -tag -width 4n\n";
  for (const Command& command : commands) {
    if (command.path.empty() || !command.commands.empty()) continue;
    out += ".It Cm " + Join(command.path);
    for (const OptionText& option : command.options)
      if (option.names.empty()) out += " Ar " + Roff(option.operand);
    out += "\n" + Roff(command.description) + ".\n";
    if (!command.footer.empty()) out += Roff(command.footer) + "\n";
    bool any = false;
    for (const OptionText& option : command.options) {
      const bool help = std::ranges::find(option.names, "--help") != option.names.end();
      if (option.names.empty() || help) continue;
      if (!any) out += ".Bl -tag -width 4n -compact\n";
      any = true;
      out += RoffOption(option);
    }
    if (any) out += ".El\n";
  }
  out += ".El\n.Pp\nBefore or behind each command may stand:\n.Bl -tag -width 4n -compact\n";
  for (const OptionText& option : commands[0].options)
    if (!option.names.empty()) out += RoffOption(option);
  return out + ".El\n";
}

}  // namespace

void AddCompletionCommand(CLI::App* app, CliContext* context) {
  static std::string shell;
  CLI::App* completion = app->add_subcommand(
      "completion", "Print what makes a shell complete alogctl's commands and options");
  completion->add_option("SHELL", shell, "bash, zsh or fish; man: the manual's list of commands")
      ->required();
  // The table is whole by the time a command runs.
  completion->callback([app, context] {
    std::vector<Command> commands;
    Collect(*app, {}, &commands);
    if (shell == "bash") return fmt::print("{}", Bash(commands));
    if (shell == "zsh") return fmt::print("{}", Zsh(commands));
    if (shell == "fish") return fmt::print("{}", Fish(commands));
    if (shell == "man") return fmt::print("{}", Manual(commands));
    Fail(context, "no completion for '" + shell + "'; name bash, zsh or fish", kExitUsage);
  });
}

}  // namespace alogd
