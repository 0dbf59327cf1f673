// SPDX-License-Identifier: MIT
// Detection quality of every detector on labelled data, trivial detectors beside: doc/detectors.md.
#include <fmt/format.h>
#include <re2/re2.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/corpus_builder.h"
#include "cli/eval_logs.h"
#include "cli/eval_table.h"
#include "core/records/archive_reader.h"
#include "models/evaluation/session_evaluation.h"
#include "models/training/trainer.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string data = ALOGD_SOURCE_DIR "/../shared/data";
  std::vector<std::string> only;
  SessionEvaluationOptions options;
  uint32_t log_seeds = 1;
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

using Clock = std::chrono::steady_clock;

// What is being done: on a terminal a line that overwrites itself, else a line each half minute.
class ProgressLine {
 public:
  explicit ProgressLine(std::string task) : task_(std::move(task)) {}
  ~ProgressLine() {
    if (terminal_) fmt::print(stderr, "\r{:78}\r", "");
  }
  bool operator()(const std::string& step, double done) {
    const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    if (!terminal_ && seconds < next_) return true;
    next_ = seconds + 30;
    const std::string line =
        fmt::format("{}: {:.0f}% after {:.0f} s: {:60}", task_, 100 * done, seconds, step);
    if (terminal_)
      fmt::print(stderr, "\r{:.78}", line);
    else
      fmt::print(stderr, "{:.78}\n", line);
    return true;
  }

 private:
  std::string task_;
  Clock::time_point begin_ = Clock::now();
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  double next_ = 0;
};

int RunSessions(const Arguments& args, const CliContext& context, const std::string& name,
                const SessionTask& task) {
  SessionEvaluationOptions options = args.options;
  ProgressLine progress(name);
  options.progress = [&](const std::string& step, double done) { return progress(step, done); };
  GroupConfig group;
  group.loganomaly_lstm.enabled = true;  // off by default for its cost
  const Result<SessionEvaluation> evaluation = EvaluateSessions(task, group, options);
  if (!evaluation) return fmt::print(stderr, "{}: {}\n", name, evaluation.error().message), 1;
  double seconds = 0;
  for (const DetectorQuality& r : evaluation->results)
    seconds = std::max(seconds, r.training_seconds);
  if (!args.json)
    fmt::print(
        "\n{}: {} sessions to train on, in order, cross-fitted in runs of {:.0f}%; {:.2g}% of the "
        "sessions may be over a threshold; judged on {} normal and {} abnormal ones{}; seeds 1 to "
        "{}, the median F1's is shown; training took at most {:.0f} s\n",
        name, task.train.size(), 100 * options.held_out, 100 * options.alarm_share,
        evaluation->normal, evaluation->abnormal,
        task.natural ? ", at natural prevalence (553,366 and 16,838)" : "", options.seeds, seconds);
  PrintQualities(context, evaluation->results);
  return 0;
}

// Labelled raw logs.
struct LogTask {
  GroupConfig group;
  std::vector<std::string> train, test;  // files
  std::string what;                      // for the heading
  // What a label is of, and the labels.
  std::vector<std::pair<LabelKind, std::map<std::string, bool>>> labels;
};

// Files that are taken apart for a task; gone with it.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (fs::temp_directory_path() / "detection_quality.XXXXXX").string();
    if (mkdtemp(name.data())) path_ = name;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

Status Extract(const std::string& archive, const fs::path& to) {
  Result<ArchiveReader> reader = ArchiveReader::Open(archive);
  if (!reader) return reader.error();
  std::string name;
  int64_t mtime = 0;
  std::vector<char> buffer(1 << 20);
  while (true) {
    const Result<bool> more = reader->NextMember(&name, &mtime);
    if (!more) return more.error();
    if (!*more) return {};
    const fs::path member(name.substr(name.find('!') + 1));
    const fs::path path = to / member.parent_path().filename() / member.filename();
    fs::create_directories(path.parent_path());
    std::ofstream out(path, std::ios::binary);
    while (true) {
      const auto bytes = reader->Read(buffer);
      if (!bytes) return bytes.error();
      if (*bytes == 0) break;
      out.write(buffer.data(), static_cast<std::streamsize>(*bytes));
    }
  }
}

// "+ application_1" under headings that end in a colon; true: abnormal.
std::map<std::string, bool> HadoopLabels(const fs::path& path) {
  std::map<std::string, bool> labels;
  bool abnormal = false;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.ends_with(':')) abnormal = line != "Normal:";
    if (line.starts_with("+ ")) labels[line.substr(2)] = abnormal;
  }
  return labels;
}

constexpr size_t kHadoopTrained = 6;  // normal applications, the first by name

Result<LogTask> Hadoop(const std::string& data, const fs::path& scratch) {
  if (const Status status = Extract(data + "/hadoop_full.tar.xz", scratch); !status)
    return status.error();
  std::map<std::string, bool> labels, containers;
  for (const auto& entry : fs::recursive_directory_iterator(scratch))
    if (entry.path().filename() == "abnormal_label.txt") labels = HadoopLabels(entry.path());
  LogTask task;
  task.what = "trained on the 6 normal applications that come first by name";
  task.group.stream.kind = StreamOptions::Kind::kSource;
  size_t trained = 0;
  for (auto label = labels.begin(); label != labels.end();) {
    const bool train = !label->second && trained < kHadoopTrained;
    for (const auto& entry : fs::directory_iterator(scratch / label->first)) {
      (train ? task.train : task.test).push_back(entry.path().string());
      if (!train) containers[entry.path().filename().string()] = label->second;
    }
    trained += train;
    label = train ? labels.erase(label) : std::next(label);
  }
  task.labels = {{LabelKind::kDirectory, labels}, {LabelKind::kFile, containers}};
  return task;
}

constexpr const char* kBlock = "blk_-?\\d+";

// The first half of the lines to train on, but for those of abnormal blocks; blocks that begin in
// the second half to judge. (The file ends in the middle of most blocks: what they lack by that is
// the same for normal and abnormal ones.)
Result<LogTask> RawHdfs(const std::string& data, const fs::path& scratch) {
  const auto labels = ReadLabels(data + "/hdfs_raw/block_labels.csv");
  if (!labels) return labels.error();
  if (const Status status = Extract(data + "/hdfs_raw/HDFS_20000.log.xz", scratch); !status)
    return status.error();
  LogTask task;
  task.what = "trained on the normal blocks of the first half of the lines";
  task.group.stream.kind = StreamOptions::Kind::kSession;
  task.group.stream.session = kBlock;
  std::vector<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(scratch)) {
    std::ifstream in(entry.path());
    for (std::string line; entry.is_regular_file() && std::getline(in, line);)
      lines.push_back(line);
  }
  task.train = {(scratch / "train.log").string()};
  task.test = {(scratch / "test.log").string()};
  std::ofstream train(task.train[0]), test(task.test[0]);
  const RE2 pattern(fmt::format("({})", kBlock));
  std::set<std::string> early;
  std::map<std::string, bool> judged;
  for (size_t i = 0; i < lines.size(); ++i) {
    std::string block;
    if (!RE2::PartialMatch(lines[i], pattern, &block)) continue;
    const auto label = labels->find(block);
    if (label == labels->end()) continue;
    if (i < lines.size() / 2) {
      early.insert(block);
      if (!label->second) train << lines[i] << '\n';
    } else if (!early.contains(block)) {
      judged[block] = label->second;
      test << lines[i] << '\n';
    }
  }
  task.labels = {{LabelKind::kSession, judged}};
  return task;
}

Result<Bundle> TrainOnLogs(const LogTask& task, const Config& config, uint64_t seed,
                           const std::vector<std::string>& detectors, ProgressLine* progress) {
  const auto files = FindLogFiles(task.train, {.max_depth = 1, .max_files = 0});
  if (!files) return files.error();
  auto builder = CorpusBuilder::Create(config, task.group, {.filter = false});
  if (!builder) return builder.error();
  std::vector<std::string> remarks;
  AddSources(*files, task.group.max_line, &*builder, &remarks, [](uint64_t) { return true; });
  const Corpus corpus = builder->Finish(&remarks);
  TrainOptions options;
  options.seed = seed;
  options.detectors = detectors;
  options.progress = [&](const std::string& step, double done) { return (*progress)(step, done); };
  return TrainBundle(corpus, task.group, options, nullptr);
}

int RunLogs(const Arguments& args, const CliContext& context, const std::string& name,
            const LogTask& task) {
  const Config config;
  std::vector<std::vector<DetectorQuality>> results(task.labels.size());
  for (uint64_t seed = 1; seed <= args.log_seeds; ++seed) {
    ProgressLine progress(fmt::format("{}, seed {} of {}", name, seed, args.log_seeds));
    const auto begin = Clock::now();
    const Result<Bundle> bundle =
        TrainOnLogs(task, config, seed, args.options.detectors, &progress);
    if (!bundle) return fmt::print(stderr, "{}: {}\n", name, bundle.error().message), 1;
    const std::chrono::duration<double> took = Clock::now() - begin;
    progress("scoring", 1);
    std::vector<UnitScores> scores;
    std::vector<UnitScores*> all;
    for (const auto& [kind, labels] : task.labels)
      scores.emplace_back(kind, Thresholds(*bundle), bundle->vocabulary, config.risk.high);
    for (UnitScores& of : scores) all.push_back(&of);
    if (const Status status = ScoreLogs(config, task.group, *bundle, task.test, all); !status)
      return fmt::print(stderr, "{}: {}\n", name, status.error().message), 1;
    for (size_t i = 0; i < scores.size(); ++i) {
      size_t missing = 0;
      for (DetectorQuality quality : scores[i].Judge(task.labels[i].second, &missing)) {
        quality.seed = quality.trivial ? 0 : seed;
        quality.training_seconds = took.count();
        if (!quality.trivial || seed == 1) results[i].push_back(std::move(quality));
      }
    }
  }
  for (size_t i = 0; i < task.labels.size(); ++i) {
    const auto& labels = task.labels[i].second;
    const auto abnormal =
        std::count_if(labels.begin(), labels.end(), [](const auto& l) { return l.second; });
    if (!args.json)
      fmt::print("\n{}, by {}: {}; {} normal and {} abnormal; a unit's score is its highest\n",
                 name,
                 std::map<LabelKind, const char*>{{LabelKind::kDirectory, "application"},
                                                  {LabelKind::kFile, "container"},
                                                  {LabelKind::kSession, "block"}}
                     .at(task.labels[i].first),
                 task.what, static_cast<ptrdiff_t>(labels.size()) - abnormal, abnormal);
    PrintQualities(context, results[i]);
  }
  return 0;
}

template <typename Task, typename... More>
int RunTask(const Arguments& args, const CliContext& context, const char* name,
            Result<Task> (*make)(const std::string&, More...),
            int (*run)(const Arguments&, const CliContext&, const std::string&, const Task&),
            More... more) {
  if (!args.only.empty() && std::find(args.only.begin(), args.only.end(), name) == args.only.end())
    return 0;
  const Result<Task> task = make(args.data, more...);
  if (!task) return fmt::print(stderr, "{}: skipped: {}\n", name, task.error().message), 0;
  const int status = run(args, context, name, *task);
  std::fflush(stdout);
  return status;
}

int Run(const Arguments& args) {
  CliContext context;
  context.terminal = !args.json;
  context.json = args.json;
  int failed = RunTask(args, context, "hdfs", Hdfs, RunSessions) |
               RunTask(args, context, "contaminated", ContaminatedHdfs, RunSessions) |
               RunTask(args, context, "openstack", OpenStack, RunSessions);
  const ScratchDirectory hadoop, raw;
  failed |= RunTask<LogTask, const fs::path&>(args, context, "hadoop_full", Hadoop, RunLogs,
                                              hadoop.path());
  failed |=
      RunTask<LogTask, const fs::path&>(args, context, "hdfs_raw", RawHdfs, RunLogs, raw.path());
  return failed;
}

}  // namespace
}  // namespace alogd

int main(int argc, char** argv) {
  alogd::Arguments args;
  CLI::App app("Detection quality on labelled sequences and logs, all detectors");
  app.add_option("--data", args.data, "Directory with hdfs_seq, openstack_seq and the rest")
      ->capture_default_str();
  app.add_option("--only", args.only, "hdfs, contaminated, openstack, hadoop_full, hdfs_raw");
  app.add_option("--seeds", args.options.seeds, "Of sequences")->capture_default_str();
  app.add_option("--log-seeds", args.log_seeds, "Of raw logs")->capture_default_str();
  app.add_option("--detectors", args.options.detectors)->delimiter(',');
  app.add_option("--alarm-share", args.options.alarm_share)->capture_default_str();
  app.add_option("--held-out", args.options.held_out)->capture_default_str();
  app.add_flag("--ablate", args.options.ablate, "Also the ensemble without each of its detectors");
  app.add_flag("--json", args.json, "One object a detector and seed");
  CLI11_PARSE(app, argc, argv);
  return alogd::Run(args);
}
