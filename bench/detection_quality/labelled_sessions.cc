// SPDX-License-Identifier: MIT
// Files of sessions with labels: HDFS, HDFS with faults in the training file, OpenStack.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "cli/eval_table.h"
#include "detection_quality/sections.h"

namespace alogd {
namespace {

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

void PrintProtocol(const std::string& name, const SessionTask& task,
                   const SessionEvaluationOptions& options, const SessionEvaluation& evaluation) {
  double seconds = 0;
  for (const DetectorQuality& r : evaluation.results)
    seconds = std::max(seconds, r.training_seconds);
  fmt::print(
      "\n{}: whole sessions; {} to train on, in order, cross-fitted in runs of {:.0f}%; {:.2g}% of "
      "the sessions may be over a threshold; judged on {} normal and {} abnormal ones{}; seeds 1 "
      "to {}, the median F1's is shown; training took at most {:.0f} s of CPU\n",
      name, task.train.size(), 100 * options.held_out, 100 * options.alarm_share, evaluation.normal,
      evaluation.abnormal, task.natural ? ", at natural prevalence (553,366 and 16,838)" : "",
      options.seeds, seconds);
}

Result<int> RunSessions(const QualityArguments& args, const CliContext& context,
                        const std::string& name, const Result<SessionTask>& task) {
  if (!task) return task.error();
  SessionEvaluationOptions options = args.options;
  ProgressLine progress(name);
  options.progress = [&](const std::string& step, double done) { return progress(step, done); };
  Result<SessionEvaluation> evaluation = EvaluateSessions(*task, {}, options);
  if (!evaluation) return evaluation.error();
  if (options.detectors.empty()) {  // off by default, so it has no part in the ensemble
    options.detectors = {"loganomaly_lstm"};
    const Result<SessionEvaluation> network = EvaluateSessions(*task, {}, options);
    if (!network) return network.error();
    std::copy_if(network->results.begin(), network->results.end(),
                 std::back_inserter(evaluation->results),
                 [](const DetectorQuality& q) { return q.detector == "loganomaly_lstm"; });
  }
  if (!args.json) PrintProtocol(name, *task, options, *evaluation);
  PrintQualities(context, evaluation->results);
  if (args.json) return 0;
  const Quality& unique = evaluation->results.front().unique;
  fmt::print("each different session once, {} normal and {} abnormal ones:\n",
             unique.false_positives + unique.true_negatives,
             unique.true_positives + unique.false_negatives);
  PrintUniqueQualities(context, evaluation->results);
  return 0;
}

}  // namespace

Result<int> RunHdfs(const QualityArguments& args, const CliContext& context) {
  return RunSessions(args, context, "hdfs", Hdfs(args.data));
}

Result<int> RunContaminated(const QualityArguments& args, const CliContext& context) {
  return RunSessions(args, context, "contaminated", ContaminatedHdfs(args.data));
}

Result<int> RunOpenStack(const QualityArguments& args, const CliContext& context) {
  const std::string at = args.data + "/openstack_seq/openstack_";
  return RunSessions(args, context, "openstack",
                     ReadTask(at + "train", at + "test_normal", at + "test_abnormal"));
}

}  // namespace alogd
