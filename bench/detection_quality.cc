// SPDX-License-Identifier: MIT
// Detection quality of every detector on the labelled sequence data, trivial detectors beside: the
// table of doc/detectors.md from one command.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "cli/eval_table.h"
#include "models/evaluation/session_evaluation.h"

namespace alogd {
namespace {

struct Arguments {
  std::string data = ALOGD_SOURCE_DIR "/../shared/data";
  std::vector<std::string> only;
  SessionEvaluationOptions options;
  bool json = false;
};

Result<SessionTask> ReadTask(const std::string& train, const std::string& normal,
                             const std::string& abnormal) {
  SessionTask task;
  for (const auto& [path, sessions] :
       {std::pair(&train, &task.train), {&normal, &task.normal}, {&abnormal, &task.abnormal}}) {
    Result<std::vector<NumberedSession>> read = ReadSessions(*path);
    if (!read) return read.error();
    *sessions = std::move(*read);
  }
  return task;
}

Result<SessionTask> Hdfs(const std::string& data) {
  const std::string directory = data + "/hdfs_seq/";
  Result<SessionTask> task = ReadTask(directory + "train_normal.txt", directory + "dev_normal.txt",
                                      directory + "dev_abnormal.txt");
  // Of the whole test set that the files are samples of.
  if (task) task->natural = Prevalence{553'366, 16'838};
  return task;
}

constexpr uint32_t kFault = 20;  // a template that only faults have

// Faults that got into training data taken for normal: the first two abnormal sessions that hold
// template 20, at a third and at two thirds of the training file, and not in the test.
Result<SessionTask> ContaminatedHdfs(const std::string& data) {
  Result<SessionTask> task = Hdfs(data);
  if (!task) return task;
  for (size_t place : {task->train.size() / 3, 2 * task->train.size() / 3}) {
    const auto fault = std::find_if(
        task->abnormal.begin(), task->abnormal.end(), [](const NumberedSession& session) {
          return std::find(session.begin(), session.end(), kFault) != session.end();
        });
    if (fault == task->abnormal.end()) return Error{"no abnormal session holds template 20"};
    task->train.insert(task->train.begin() + static_cast<ptrdiff_t>(place), std::move(*fault));
    task->abnormal.erase(fault);
  }
  return task;
}

Result<SessionTask> OpenStack(const std::string& data) {
  const std::string directory = data + "/openstack_seq/";
  return ReadTask(directory + "openstack_train", directory + "openstack_test_normal",
                  directory + "openstack_test_abnormal");
}

int Run(const Arguments& args) {
  CliContext context;
  context.terminal = !args.json;
  context.json = args.json;
  const std::pair<const char*, Result<SessionTask> (*)(const std::string&)> tasks[] = {
      {"hdfs", Hdfs}, {"contaminated", ContaminatedHdfs}, {"openstack", OpenStack}};
  for (const auto& [name, make] : tasks) {
    if (!args.only.empty() &&
        std::find(args.only.begin(), args.only.end(), name) == args.only.end())
      continue;
    const Result<SessionTask> task = make(args.data);
    if (!task) {
      fmt::print(stderr, "{}: skipped: {}\n", name, task.error().message);
      continue;
    }
    const Result<SessionEvaluation> evaluation = EvaluateSessions(*task, {}, args.options);
    if (!evaluation) return fmt::print(stderr, "{}: {}\n", name, evaluation.error().message), 1;
    fmt::print(
        "\n{}: {} sessions to train on, judged on {} normal and {} abnormal ones{}; {} seeds\n",
        name, task->train.size(), evaluation->normal, evaluation->abnormal,
        task->natural ? ", at natural prevalence" : "", args.options.seeds);
    PrintQualities(context, evaluation->results);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace alogd

int main(int argc, char** argv) {
  alogd::Arguments args;
  CLI::App app("Detection quality on labelled sequences, all detectors");
  app.add_option("--data", args.data, "Directory with hdfs_seq and openstack_seq")
      ->capture_default_str();
  app.add_option("--only", args.only, "hdfs, contaminated, openstack");
  app.add_option("--seeds", args.options.seeds)->capture_default_str();
  app.add_option("--detectors", args.options.detectors)->delimiter(',');
  app.add_option("--alarm-share", args.options.alarm_share)->capture_default_str();
  app.add_option("--held-out", args.options.held_out)->capture_default_str();
  app.add_flag("--ablate", args.options.ablate, "Also the ensemble without each of its detectors");
  app.add_flag("--json", args.json, "One object a detector and seed");
  CLI11_PARSE(app, argc, argv);
  return alogd::Run(args);
}
