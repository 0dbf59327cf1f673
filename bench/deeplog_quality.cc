// SPDX-License-Identifier: MIT
// Detection quality of deeplog on files of sessions: trains on normal ones, sets its threshold on a
// held-out share of them, and counts what it finds at natural prevalence.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "core/templates/catalog.h"
#include "models/deeplog/deeplog.h"

namespace alogd {
namespace {

using Session = std::vector<int>;  // template numbers of the file
using Words = std::map<int, uint32_t>;

struct Arguments {
  std::string train, normal, abnormal;
  std::vector<double> natural = {553'366,
                                 16'838};  // normal, abnormal sessions of all of HDFS's test set
  uint32_t seeds = 3;
  double held_out = 0.2;       // the last share of the training file: stopping, limits, threshold
  double alarm_share = 0.002;  // of held-out sessions that may be over the threshold
  double support = 0.002;  // templates in a smaller share of the training sessions are not learned
  size_t show = 0;         // held-out sessions to explain, highest first
  DeepLogOptions options;
};

std::vector<Session> Read(const std::string& path) {
  std::ifstream in(path);
  std::vector<Session> sessions;
  for (std::string line; std::getline(in, line);) {
    std::istringstream numbers(line);
    Session session;
    for (int number; numbers >> number;) session.push_back(number);
    if (!session.empty()) sessions.push_back(std::move(session));
  }
  return sessions;
}

Words Vocabulary(std::span<const Session> sessions, double support) {
  std::map<int, size_t> in;
  for (const Session& session : sessions)
    for (const int number : std::set<int>(session.begin(), session.end())) ++in[number];
  Words words;
  for (const auto& [number, count] : in)
    if (static_cast<double>(count) >= support * static_cast<double>(sessions.size()))
      words.emplace(number, static_cast<uint32_t>(words.size()));
  return words;
}

std::vector<Event> Events(const Session& session, const Words& words) {
  std::vector<Event> events;
  for (const int number : session) {
    Event event{};
    const auto at = words.find(number);
    if (at != words.end()) event.word = at->second;
    events.push_back(event);
  }
  return events;
}

SequenceSet Sequences(std::span<const Session> sessions, const Words& words) {
  SequenceSet set{static_cast<uint32_t>(words.size()), {}, true};
  for (const Session& session : sessions) {
    std::vector<uint32_t> sequence;
    for (const Event& event : Events(session, words)) sequence.push_back(event.word);
    set.sequences.push_back(std::move(sequence));
  }
  return set;
}

Score ScoreSession(Detector& detector, const Session& session, const Words& words, bool explain) {
  const Catalog catalog;
  const std::vector<Event> events = Events(session, words);
  const Window window{events, "session", {}, true, false};
  Score score;
  detector.ScoreBatch({catalog, explain}, {&window, 1}, {&score, 1});
  return score;
}

// A template that is not in the vocabulary is beyond every g, as in the paper; the daemon leaves it
// to the detector of new templates.
std::vector<float> RawScores(Detector& detector, std::span<const Session> sessions,
                             const Words& words) {
  std::vector<float> raw;
  for (const Session& session : sessions) {
    const bool known = std::all_of(session.begin(), session.end(),
                                   [&](int number) { return words.contains(number); });
    raw.push_back(known ? ScoreSession(detector, session, words, false).raw
                        : std::numeric_limits<float>::infinity());
  }
  return raw;
}

double Over(const std::vector<float>& raw, float threshold) {
  return static_cast<double>(
      std::count_if(raw.begin(), raw.end(), [&](float r) { return r > threshold; }));
}

// The score that at most this share is over.
float Threshold(std::vector<float> raw, double share) {
  std::sort(raw.begin(), raw.end(), std::greater<>());
  return raw[static_cast<size_t>(share * static_cast<double>(raw.size()))] + 1e-4f;
}

void PrintQuality(const std::vector<float>& normal, const std::vector<float>& abnormal,
                  float threshold, const Arguments& args) {
  const auto normals = static_cast<double>(normal.size());
  const auto abnormals = static_cast<double>(abnormal.size());
  const double alarms = Over(normal, threshold), found = Over(abnormal, threshold);
  const double fp = alarms * args.natural[0] / normals, tp = found * args.natural[1] / abnormals;
  const double precision = tp / (tp + fp), recall = found / abnormals;
  fmt::print(
      "  precision {:.4f}  recall {:.4f}  F1 {:.4f}  ({} of {} normals over the threshold)\n",
      precision, recall, 2 * precision * recall / (precision + recall), alarms, normals);
  fmt::print("  recall at false alarms of");
  for (const double share : {0.0005, 0.001, 0.002, 0.005})
    fmt::print("  {:.2f}%: {:.4f}", share * 100,
               Over(abnormal, Threshold(normal, share)) / abnormals);
  fmt::print("\n");
}

void PrintHighest(const DeepLogModel& model, std::span<const Session> sessions,
                  const std::vector<float>& raw, const Words& words, size_t count) {
  std::vector<std::string> names(words.size());
  for (const auto& [number, word] : words) names[word] = std::to_string(number);
  const auto detector = MakeDeepLogDetector(model, {}, 0, names);
  std::vector<size_t> order(sessions.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return raw[a] > raw[b]; });
  for (size_t i = 0; i < std::min(count, order.size()); ++i) {
    const Score score = ScoreSession(*detector, sessions[order[i]], words, true);
    fmt::print("  {:.2f} [{}] {}\n", raw[order[i]], fmt::join(sessions[order[i]], " "),
               score.evidence ? score.evidence->summary : "");
  }
}

int Run(const Arguments& args) {
  const std::vector<Session> all = Read(args.train);
  if (all.size() < 10) return fmt::print(stderr, "{}: too few sessions\n", args.train), 1;
  const auto kept = static_cast<size_t>(static_cast<double>(all.size()) * (1 - args.held_out));
  const std::span<const Session> train(all.data(), kept),
      later(all.data() + kept, all.size() - kept);
  const std::vector<Session> normal = Read(args.normal), abnormal = Read(args.abnormal);
  const Words words = Vocabulary(train, args.support);
  fmt::print(
      "{} sessions to learn from, {} held out (the last ones), {} templates; {} and {} to test\n",
      train.size(), later.size(), words.size(), normal.size(), abnormal.size());
  const SequenceSet train_set = Sequences(train, words), later_set = Sequences(later, words);
  for (uint32_t seed = 1; seed <= args.seeds; ++seed) {
    const auto begin = std::chrono::steady_clock::now();
    DeepLogReport report;
    const auto model = TrainDeepLog(train_set, later_set, args.options, seed, nullptr, &report);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    if (!model.ok()) return fmt::print(stderr, "{}\n", model.error().message), 1;
    const auto detector = MakeDeepLogDetector(*model, {}, 0, {});
    const std::vector<float> held = RawScores(*detector, later, words);
    const float threshold = Threshold(held, args.alarm_share);
    fmt::print(
        "seed {}: {} different histories, {} epochs ({} the best) in {:.1f} s, held-out loss "
        "{:.4f}, g {}, END shift {:.2f}, threshold {:.2f}\n",
        seed, report.distinct, report.epochs, report.best_epoch, took.count(), report.held_out_loss,
        report.top, report.end_shift, threshold);
    PrintHighest(*model, later, held, words, args.show);
    if (!normal.empty() && !abnormal.empty())
      PrintQuality(RawScores(*detector, normal, words), RawScores(*detector, abnormal, words),
                   threshold, args);
  }
  return 0;
}

}  // namespace
}  // namespace alogd

int main(int argc, char** argv) {
  alogd::Arguments args;
  CLI::App app("Quality of deeplog on files of sessions, one a line, of template numbers");
  app.add_option("--train", args.train)->required();
  app.add_option("--normal", args.normal, "sessions to test on");
  app.add_option("--abnormal", args.abnormal, "sessions to test on");
  app.add_option("--natural", args.natural, "normal and abnormal sessions in nature")->expected(2);
  app.add_option("--seeds", args.seeds);
  app.add_option("--held-out", args.held_out);
  app.add_option("--alarm-share", args.alarm_share);
  app.add_option("--support", args.support);
  app.add_option("--show", args.show, "explain so many held-out sessions, highest first");
  app.add_option("--epochs", args.options.epochs);
  app.add_option("--patience", args.options.patience);
  app.add_option("--rate", args.options.learning_rate);
  app.add_option("--decay", args.options.learning_rate_decay);
  app.add_option("--dropout", args.options.dropout);
  app.add_option("--window", args.options.window);
  app.add_option("--layers", args.options.layers);
  app.add_option("--top", args.options.top);
  CLI11_PARSE(app, argc, argv);
  return alogd::Run(args);
}
