// SPDX-License-Identifier: MIT
// Labelled raw logs: Hadoop by application and container, HDFS by block.
#include "detection_quality/labelled_logs.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <set>

#include "cli/corpus_builder.h"
#include "cli/eval_table.h"
#include "models/evaluation/session_files.h"
#include "models/evaluation/trivial_detectors.h"
#include "models/training/trainer.h"

namespace alogd {
namespace {

namespace fs = std::filesystem;

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

Result<LogTask> Hadoop(const std::string& data, const fs::path& scratch) {
  const Result<HadoopLogs> logs = ReadHadoop(data, scratch);
  if (!logs) return logs.error();
  LogTask task;
  task.what = "trained on the 6 normal applications that come first by name";
  task.group.stream.kind = StreamOptions::Kind::kSource;
  LogTask::Judged applications{{LabelKind::kDirectory}, {}}, containers{{LabelKind::kFile}, {}};
  size_t trained = 0;
  for (const auto& [application, abnormal] : logs->abnormal) {
    const bool train = !abnormal && trained < kHadoopTrained;
    trained += train;
    if (!train) applications.labels[application] = abnormal;
    for (const std::string& path : logs->containers.at(application)) {
      (train ? task.train : task.test).push_back(path);
      if (!train) containers.labels[fs::path(path).filename().string()] = abnormal;
    }
  }
  task.judged = {std::move(applications), std::move(containers)};
  return task;
}

constexpr const char* kBlock = "blk_-?\\d+";

struct Block {
  bool abnormal = false;
  bool train = false;
  NumberedSession records;  // what each says, without its numbers and addresses
};

// Every second normal block is trained on, the others and all abnormal ones are judged. They are
// not divided by time, because the two of the 43 abnormal blocks that show a fault within these
// five minutes are among the first.
std::map<std::string, Block> RawBlocks(const std::vector<std::string>& lines,
                                       const std::map<std::string, bool>& labels) {
  const RE2 pattern(fmt::format("({})", kBlock)), varies("[0-9./:_-]*[0-9][0-9./:_-]*");
  std::map<std::string, Block> blocks;
  std::map<std::string, uint32_t> texts;
  size_t normals = 0;
  for (const std::string& line : lines) {
    std::string key;
    if (!RE2::PartialMatch(line, pattern, &key) || !labels.contains(key)) continue;
    const auto [block, is_new] = blocks.try_emplace(key);
    if (is_new) block->second.abnormal = labels.at(key);
    if (is_new && !block->second.abnormal) block->second.train = ++normals % 2 == 1;
    // The file that a block belongs to has a name of its own.
    std::string text = line.substr(0, line.find("allocateBlock"));
    RE2::GlobalReplace(&text, varies, "");
    const auto number = static_cast<uint32_t>(texts.size());
    block->second.records.push_back(texts.emplace(text, number).first->second);
  }
  return blocks;
}

// How many of the abnormal blocks hold what a normal block holds as well, each as often.
size_t LikeNormal(const std::map<std::string, Block>& blocks) {
  std::vector<NumberedSession> normal;
  for (const auto& [key, block] : blocks)
    if (!block.abnormal) normal.push_back(block.records);
  for (const TrivialDetector& detector : TrainTrivialDetectors(normal))
    if (detector.name == "count vector never seen")
      return static_cast<size_t>(
          std::count_if(blocks.begin(), blocks.end(), [&](const auto& entry) {
            return entry.second.abnormal && !detector.abnormal(entry.second.records);
          }));
  return 0;
}

Result<LogTask> RawHdfs(const std::string& data, const fs::path& scratch) {
  const auto labels = ReadLabels(data + "/hdfs_raw/block_labels.csv");
  if (!labels) return labels.error();
  if (const Status status = Extract(data + "/hdfs_raw/HDFS_20000.log.xz", scratch); !status)
    return status.error();
  std::vector<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(scratch)) {
    std::ifstream in(entry.path());
    for (std::string line; entry.is_regular_file() && std::getline(in, line);)
      lines.push_back(line);
  }
  const std::map<std::string, Block> blocks = RawBlocks(lines, *labels);
  LogTask task;
  task.group.stream.kind = StreamOptions::Kind::kSession;
  task.group.stream.session = kBlock;
  task.train = {(scratch / "train.log").string()};
  task.test = {(scratch / "test.log").string()};
  std::ofstream train(task.train[0]), test(task.test[0]);
  const RE2 pattern(fmt::format("({})", kBlock));
  for (const std::string& line : lines) {
    std::string key;
    if (!RE2::PartialMatch(line, pattern, &key)) continue;
    const auto block = blocks.find(key);
    if (block != blocks.end()) (block->second.train ? train : test) << line << '\n';
  }
  std::map<std::string, bool> judged;
  for (const auto& [key, block] : blocks)
    if (!block.train) judged[key] = block.abnormal;
  const auto abnormal = std::count_if(blocks.begin(), blocks.end(),
                                      [](const auto& entry) { return entry.second.abnormal; });
  task.what = fmt::format(
      "trained on every second normal block; {} of the {} abnormal blocks hold within these lines "
      "just what normal ones hold, each record as often",
      LikeNormal(blocks), abnormal);
  task.judged = {{{LabelKind::kSession}, std::move(judged)}};
  return task;
}

std::string NameOf(const UnitKind& of) {
  switch (of.kind) {
    case LabelKind::kDirectory:
      return "application";
    case LabelKind::kFile:
      return "container";
    case LabelKind::kSession:
      return "block";
    case LabelKind::kLine:
      return "line";
    case LabelKind::kWindow:
      return fmt::format("window of {} lines", of.window);
  }
  return {};
}

void PrintLogs(const QualityArguments& args, const CliContext& context, const std::string& name,
               const LogTask& task, const LogTask::Judged& judged,
               const std::vector<DetectorQuality>& results) {
  const auto abnormal = std::count_if(judged.labels.begin(), judged.labels.end(),
                                      [](const auto& label) { return label.second; });
  double seconds = 0;
  for (const DetectorQuality& r : results) seconds = std::max(seconds, r.training_seconds);
  if (!args.json)
    fmt::print(
        "\n{}, by {}: {}; {} normal and {} abnormal; a unit's score is its highest; {}; seeds 1 to "
        "{}; training took at most {:.0f} s of CPU\n",
        name, NameOf(judged.of), task.what, static_cast<ptrdiff_t>(judged.labels.size()) - abnormal,
        abnormal,
        judged.optimize_share > 0
            ? fmt::format("thresholds have the best F1 on the first {:.0f}%, which are not judged",
                          100 * judged.optimize_share)
            : fmt::format("budget {} a day", TrainOptions().alarms_per_day),
        args.log_seeds, seconds);
  PrintQualities(context, results);
}

// A seed's results, by kind of unit.
Result<std::vector<std::vector<DetectorQuality>>> JudgeSeed(const QualityArguments& args,
                                                            const LogTask& task, uint64_t seed,
                                                            ProgressLine* progress) {
  const Config config;
  const std::clock_t begin = std::clock();
  const Result<Bundle> bundle = TrainOnLogs(task, config, seed, args.options.detectors, progress);
  if (!bundle) return bundle.error();
  const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  (*progress)("scoring", 1);
  std::vector<UnitScores> scores;
  std::vector<UnitScores*> all;
  for (const LogTask::Judged& judged : task.judged)
    scores.emplace_back(judged.of, Thresholds(*bundle), bundle->vocabulary, config.risk.high);
  for (UnitScores& of : scores) all.push_back(&of);
  if (const Status status = ScoreLogs(config, task.group, *bundle, task.test, all); !status)
    return status.error();
  std::vector<std::vector<DetectorQuality>> results(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    for (DetectorQuality quality :
         scores[i].Judge(task.judged[i].labels, task.judged[i].optimize_share).results) {
      quality.seed = quality.trivial ? 0 : seed;
      quality.training_seconds = quality.trivial ? 0 : took;
      if (!quality.trivial || seed == 1) results[i].push_back(std::move(quality));
    }
  }
  return results;
}

}  // namespace

Result<HadoopLogs> ReadHadoop(const std::string& data, const fs::path& scratch) {
  if (const Status status = Extract(data + "/hadoop_full.tar.xz", scratch); !status)
    return status.error();
  HadoopLogs logs;
  for (const auto& entry : fs::recursive_directory_iterator(scratch))
    if (entry.path().filename() == "abnormal_label.txt") logs.abnormal = HadoopLabels(entry.path());
  for (const auto& [application, abnormal] : logs.abnormal) {
    std::vector<std::string>& paths = logs.containers[application];
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(scratch / application, missing))
      paths.push_back(entry.path().string());
    std::sort(paths.begin(), paths.end());
  }
  return logs;
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

int RunLogs(const QualityArguments& args, const CliContext& context, const std::string& name,
            const LogTask& task) {
  std::vector<std::vector<DetectorQuality>> results(task.judged.size());
  for (uint64_t seed = 1; seed <= args.log_seeds; ++seed) {
    ProgressLine progress(fmt::format("{}, seed {} of {}", name, seed, args.log_seeds));
    auto of_seed = JudgeSeed(args, task, seed, &progress);
    if (!of_seed) return fmt::print(stderr, "{}: {}\n", name, of_seed.error().message), 1;
    for (size_t i = 0; i < results.size(); ++i)
      results[i].insert(results[i].end(), (*of_seed)[i].begin(), (*of_seed)[i].end());
  }
  for (size_t i = 0; i < results.size(); ++i)
    PrintLogs(args, context, name, task, task.judged[i], results[i]);
  return 0;
}

Result<int> RunHadoop(const QualityArguments& args, const CliContext& context) {
  const ScratchDirectory scratch;
  const Result<LogTask> task = Hadoop(args.data, scratch.path());
  if (!task) return task.error();
  return RunLogs(args, context, "hadoop_full", *task);
}

Result<int> RunRawHdfs(const QualityArguments& args, const CliContext& context) {
  const ScratchDirectory scratch;
  const Result<LogTask> task = RawHdfs(args.data, scratch.path());
  if (!task) return task.error();
  return RunLogs(args, context, "hdfs_raw", *task);
}

}  // namespace alogd
