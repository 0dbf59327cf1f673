// SPDX-License-Identifier: MIT
// Completions and the manual's commands hold the whole option table, and bash takes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "cli/cli.h"

namespace alogd {
namespace {

using ::testing::HasSubstr;

void AddTable(CLI::App* app, CliContext* context) {
  static std::string text;
  static bool flag = false;
  CLI::App* list = app->add_subcommand("list", "Show [all] that's there: a list");
  list->add_option("--since", text, "From when")->type_name("TIME");
  list->add_option("--out", text, "Where to");
  list->add_flag("-f,--follow", flag, "Go on");
  CLI::App* models = app->add_subcommand("models", "Bundles");
  models->require_subcommand(1);
  models->add_subcommand("show", "Show one")->add_option("NAME", text, "Which");
  AddCompletionCommand(app, context);
}

std::string Completion(const char* shell) {
  const char* argv[] = {"alogctl", "completion", shell};
  testing::internal::CaptureStdout();
  const int status = RunCli(3, argv, {AddTable});
  std::string out = testing::internal::GetCapturedStdout();
  EXPECT_EQ(status, 0);
  return out;
}

// What bash offers for the words.
std::string Offered(const std::string& script, const std::string& words) {
  const std::string path = ::testing::TempDir() + "alogctl_completion.bash";
  std::ofstream(path) << script << "COMP_WORDS=(" << words
                      << ")\nCOMP_CWORD=$((${#COMP_WORDS[@]}-1))\n_alogctl\necho "
                         "\"${COMPREPLY[@]}\"\n";
  FILE* run = popen(("cd / && bash -eu " + path + " 2>&1").c_str(), "r");
  std::string said;
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, run)) > 0;) said.append(buffer, n);
  pclose(run);
  remove(path.c_str());
  return said;
}

TEST(CompletionCommandTest, BashCompletes) {
  const std::string script = Completion("bash");
  EXPECT_EQ(Offered(script, "alogctl mo"), "models\n");
  EXPECT_EQ(Offered(script, "alogctl --no"), "--no-color\n");
  EXPECT_THAT(Offered(script, "alogctl models sh"), ::testing::StartsWith("show"));
  EXPECT_EQ(Offered(script, "alogctl list --fo"), "--follow\n");
  EXPECT_EQ(Offered(script, "alogctl --json list --js"), "--json\n");
  EXPECT_EQ(Offered(script, "alogctl list --since x"), "\n");
  EXPECT_THAT(Offered(script, "alogctl list --out et"), HasSubstr("etc"));
}

TEST(CompletionCommandTest, AllShellsKnowTheTable) {
  for (const char* shell : {"bash", "zsh", "fish", "man"}) {
    const std::string text = Completion(shell);
    for (const char* word : {"list", "models", "show", "since", "follow", "out", "config"})
      EXPECT_THAT(text, HasSubstr(word)) << shell;
  }
  EXPECT_THAT(Completion("zsh"), HasSubstr("'--follow[Go on]'"));
  EXPECT_THAT(Completion("fish"), HasSubstr("-l since -x -d 'From when'"));
  EXPECT_THAT(Completion("man"), HasSubstr(".It Cm models show Ar NAME\n"));
  EXPECT_THAT(Completion("man"), HasSubstr(".It Fl f , Fl \\-follow\nGo on.\n"));
}

TEST(CompletionCommandTest, UnknownShell) {
  const char* argv[] = {"alogctl", "completion", "csh"};
  testing::internal::CaptureStderr();
  EXPECT_EQ(RunCli(3, argv, {AddTable}), 2);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("name bash, zsh or fish"));
}

}  // namespace
}  // namespace alogd
