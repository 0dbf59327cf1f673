// SPDX-License-Identifier: MIT
// Trains each detector of a group on one division of a corpus.
#include "models/training/training_detectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "models/baseline/baseline.h"
#include "models/bundle/model_set.h"
#include "models/corpus/training_windows.h"
#include "models/counts/counts.h"
#include "models/length/length.h"
#include "models/loganomaly/loganomaly.h"
#include "models/loganomaly_lstm/loganomaly_lstm.h"
#include "models/novelty/novelty.h"
#include "models/pairs/pairs.h"
#include "models/sequence/sequence_model.h"
#include "models/terms/term_fields.h"
#include "models/values/values.h"

namespace alogd {
namespace {

using nlohmann::json;

const Error kInterrupted{"interrupted"};

// The share of the whole that each part of the work takes, roughly; networks are by far the
// longest, LogAnomaly's twice as long as DeepLog's.
constexpr double kLogAnomalyFrom = 0.02, kNetworksFrom = 0.1, kDeepLogPart = 0.35;

constexpr size_t kStoppingPart = 10;  // one in so many trained sessions

class DetectorTrainer {
 public:
  explicit DetectorTrainer(const DetectorTask& task)
      : task_(task), corpus_(task.corpus), split_(task.split), group_(task.group) {}

  Result<TrainedDetectors> Train() {
    for (const auto step : {&DetectorTrainer::AddSimple, &DetectorTrainer::TrainSets,
                            &DetectorTrainer::TrainLogAnomaly, &DetectorTrainer::TrainValues,
                            &DetectorTrainer::TrainSequences}) {
      if (const Status status = (this->*step)(); !status) return status.error();
    }
    return std::move(trained_);
  }

 private:
  bool Say(const std::string& step, double done) const {
    return !task_.progress || task_.progress(step, done);
  }
  void Remark(std::string text) { trained_.remarks.push_back(std::move(text)); }
  bool Wanted(std::string_view name) const {
    return std::find(task_.wanted.begin(), task_.wanted.end(), name) != task_.wanted.end();
  }

  Status AddSimple() {
    if (!Say("novelty", 0)) return kInterrupted;
    if (Wanted("novelty")) {
      NoveltyModel model = TrainNovelty(split_.train_counts, split_.rare, group_.novelty.rare);
      Candidate candidate;
      candidate.reach = -std::log10(model.new_share);
      trained_.entries["novelty"]["parameters"] = {{"rare", group_.novelty.rare},
                                                   {"new_share", model.new_share}};
      candidate.detector = MakeNoveltyDetector(group_.novelty, std::move(model), OutOfReach());
      candidate.stateless = false;
      candidate.min_span = kNoveltySpan;
      trained_.candidates.push_back(std::move(candidate));
    }
    if (Wanted("baseline")) {
      Candidate candidate;
      candidate.detector = MakeBaselineDetector(group_.baseline, OutOfReach());
      candidate.stateless = false;
      candidate.min_span = kBaselineSpan;
      candidate.least_threshold = kBaselineMinThreshold;
      trained_.candidates.push_back(std::move(candidate));
      trained_.entries["baseline"]["parameters"] = {{"window", group_.baseline.window},
                                                    {"stride", group_.baseline.stride},
                                                    {"ewm_alpha", group_.baseline.ewm_alpha},
                                                    {"quantile", group_.baseline.quantile}};
    }
    return {};
  }

  // No window of the calibration run shall make evidence.
  static Calibration OutOfReach() { return FitCalibration({}, 0); }

  // Counts of the words that features are chosen by: rare ones must not crowd out others.
  std::vector<uint64_t> CommonCounts() const {
    std::vector<uint64_t> counts = split_.train_counts;
    for (size_t word = 0; word < counts.size(); ++word)
      if (split_.rare[word]) counts[word] = 0;
    const bool none = std::all_of(counts.begin(), counts.end(), [](uint64_t n) { return n == 0; });
    return none ? split_.train_counts : counts;
  }

  // Streams with enough records for statistics of their own, by falling number of records.
  std::vector<std::string> OwnStreams() const {
    if (group_.stream.kind == StreamOptions::Kind::kSession) return {};
    std::vector<uint64_t> records(corpus_.streams.size(), 0);
    for (size_t i = 0; i < corpus_.records.size(); ++i)
      if (!split_.HeldOut(i)) ++records[corpus_.records[i].stream];
    std::vector<std::pair<uint64_t, size_t>> ranked;
    const uint64_t least = uint64_t{LogAnomalyTrainer::kOwnStatistics} * group_.loganomaly.window;
    for (size_t i = 0; i < records.size(); ++i)
      if (records[i] >= least) ranked.emplace_back(records[i], i);
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    ranked.resize(std::min(ranked.size(), LogAnomalyTrainer::kMaxOwn));
    std::vector<std::string> names;
    for (const auto& [n, i] : ranked) names.push_back(corpus_.streams[i]);
    return names;
  }

  // counts and length. Thresholds come from models of the trained part, the bundle has those of
  // all: what the held-out part taught can only make them milder.
  Status TrainSets() {
    const bool sessions = group_.stream.kind == StreamOptions::Kind::kSession;
    const bool counts = Wanted("counts"), length = sessions && Wanted("length");
    if (!counts && !length) return {};
    const size_t vocabulary = split_.vocabulary.size();
    CountsTrainer early_counts(group_.counts, vocabulary), all_counts(group_.counts, vocabulary);
    LengthTrainer early_length(vocabulary), all_length(vocabulary);
    const auto add = [&](std::span<const CorpusWindow> windows) {
      for (const CorpusWindow& item : windows) {
        if (HasRare(item.window)) continue;
        if (!sessions && item.window.events.size() < group_.counts.window) continue;
        if (!item.held_out) early_counts.Add(item.window), early_length.Add(item.window);
        all_counts.Add(item.window);
        all_length.Add(item.window);
      }
    };
    std::vector<uint32_t> words(split_.vocabulary.size());
    for (uint32_t word = 0; word < words.size(); ++word) words[word] = word;
    const WindowSpec spec{group_.counts.window, group_.counts.stride, {}};
    const auto progress = [&](double) { return Say("counts and length", kLogAnomalyFrom); };
    if (!RunWindows(corpus_, split_, group_, {spec}, words,
                    {.windows = add, .ended = {}, .progress = progress}))
      return kInterrupted;
    if (counts) AddCounts(early_counts, all_counts);
    if (length && !early_length.empty()) AddLength(early_length, all_length);
    return {};
  }

  void AddCounts(const CountsTrainer& early, const CountsTrainer& all) {
    if (early.empty()) return Remark("counts: no window in the trained part; it was left out");
    if (all.left_out() > 0)
      Remark(fmt::format("counts: {} windows had vectors over the limit of {}", all.left_out(),
                         CountsTrainer::kMaxVectors));
    const CountsModel model = all.Finish();
    trained_.tensors["counts"] = ToTensors(model);
    trained_.entries["counts"]["parameters"] = {
        {"window", model.window}, {"stride", model.stride}, {"vectors", model.seen.size()}};
    Candidate candidate;
    candidate.detector = MakeCountsDetector(early.Finish(), split_.vocabulary, OutOfReach());
    candidate.min_span = kCountsSpan;
    trained_.candidates.push_back(std::move(candidate));
  }

  void AddLength(const LengthTrainer& early, const LengthTrainer& all) {
    const LengthModel model = all.Finish();
    trained_.tensors["length"] = ToTensors(model);
    trained_.entries["length"]["parameters"] = {{"shortest", model.lengths.begin()->first},
                                                {"longest", model.lengths.rbegin()->first}};
    Candidate candidate;
    candidate.detector = MakeLengthDetector(early.Finish(), split_.vocabulary, OutOfReach());
    candidate.min_span = kLengthSpan;
    trained_.candidates.push_back(std::move(candidate));
  }

  bool HasRare(const Window& window) const {
    return std::any_of(window.events.begin(), window.events.end(),
                       [&](const Event& event) { return split_.rare[Index(event.id)]; });
  }

  // Windows with rare words are taken for contaminated, unless most have one.
  Status TrainLogAnomaly() {
    if (!Wanted("loganomaly")) return {};
    LogAnomalyTrainer clean(group_.loganomaly, split_.vocabulary, CommonCounts(), OwnStreams());
    LogAnomalyTrainer all = clean;
    std::vector<uint32_t> words(split_.vocabulary.size());
    for (uint32_t word = 0; word < words.size(); ++word) words[word] = word;
    const WindowSpec spec{group_.loganomaly.window, group_.loganomaly.stride, {}};
    const auto add = [&](std::span<const CorpusWindow> windows) {
      for (const CorpusWindow& item : windows) {
        if (item.held_out) continue;
        if (!item.window.session && item.window.events.size() < (spec.size + 1) / 2) continue;
        all.Add(item.window);
        if (!HasRare(item.window)) clean.Add(item.window);
      }
    };
    const auto progress = [&](double done) {
      return Say("loganomaly: window means",
                 kLogAnomalyFrom + (kNetworksFrom - kLogAnomalyFrom) * done);
    };
    if (!RunWindows(corpus_, split_, group_, {spec}, words,
                    {.windows = add, .ended = {}, .progress = progress}))
      return kInterrupted;
    if (all.windows() == 0) {
      Remark("loganomaly: no window in the trained part; it was left out");
      return {};
    }
    const bool mostly_clean = 2 * clean.windows() >= all.windows();
    AddLogAnomaly((mostly_clean ? clean : all).Finish());
    return {};
  }

  void AddLogAnomaly(LogAnomalyModel model) {
    trained_.tensors["loganomaly"] = ToTensors(model);
    json& entry = trained_.entries["loganomaly"];
    entry["parameters"] = Parameters(model);
    Candidate candidate;
    candidate.detector = MakeLogAnomalyDetector(std::move(model), split_.vocabulary, OutOfReach());
    candidate.min_span = kLogAnomalySpan;
    candidate.fixed_threshold = group_.loganomaly.threshold;
    trained_.candidates.push_back(std::move(candidate));
  }

  Status TrainSequences() {
    const bool deeplog = Wanted("deeplog"), loganomaly = Wanted("loganomaly_lstm");
    if (!deeplog && !loganomaly && !Wanted("pairs")) return {};
    TrainingSequences sequences = MakeSequences(corpus_, split_, group_);
    const bool sessions = group_.stream.kind == StreamOptions::Kind::kSession;
    const auto words = static_cast<uint32_t>(split_.vocabulary.size());
    if (Wanted("pairs")) AddPairs(sequences, words, sessions);
    if (!deeplog && !loganomaly) return {};
    const std::string_view name = deeplog ? "deeplog" : "loganomaly_lstm";
    if (sequences.left_out > 0) {
      Remark(fmt::format("{}: {} of {} sessions hold rare templates and were left out", name,
                         sequences.left_out, sequences.left_out + sequences.train.size()));
    }
    if (words > kMaxDeepLogWords || sequences.train.empty()) {
      Remark(fmt::format("{} was left out: {} sequences, {} templates (at most {})", name,
                         sequences.train.size(), words, kMaxDeepLogWords));
      return {};
    }
    if (sessions) sequences.held_out = TakeLast(&sequences.train);
    const SequenceSet train{words, std::move(sequences.train), sessions};
    const SequenceSet held_out{words, std::move(sequences.held_out), sessions};
    if (deeplog)
      if (const Status status = TrainDeepLogOn(train, held_out); !status) return status;
    return loganomaly ? TrainLogAnomalyLstmOn(train, held_out) : Status();
  }

  // As with counts, thresholds come from the trained part and the bundle knows all pairs.
  void AddPairs(const TrainingSequences& sequences, uint32_t words, bool sessions) {
    PairsTrainer early(words, sessions), all(words, sessions);
    for (const std::vector<uint32_t>& sequence : sequences.train)
      early.Add(sequence), all.Add(sequence);
    for (const std::vector<uint32_t>& sequence : sequences.held_out) all.Add(sequence);
    if (early.empty() || all.too_many()) {
      return Remark(fmt::format("pairs: {}; it was left out",
                                early.empty() ? "no sequence in the trained part"
                                              : "too many different ones to be news"));
    }
    const PairsModel model = all.Finish();
    trained_.tensors["pairs"] = ToTensors(model);
    trained_.entries["pairs"]["parameters"] = {{"pairs", model.second.size()}};
    Candidate candidate;
    candidate.detector = MakePairsDetector(early.Finish(), split_.vocabulary, OutOfReach());
    candidate.stateless = false;
    candidate.min_span = kPairsSpan;
    trained_.candidates.push_back(std::move(candidate));
  }

  Status TrainDeepLogOn(const SequenceSet& train, const SequenceSet& held_out) {
    DeepLogReport report;
    const double to = Wanted("loganomaly_lstm") ? kDeepLogPart : 1;
    Result<DeepLogModel> model = TrainDeepLog(
        train, held_out, group_.deeplog, task_.seed,
        [&](const DeepLogProgress& p) { return SayEpoch("deeplog", kNetworksFrom, to, p); },
        &report);
    if (!model) return model.error();
    trained_.tensors["deeplog"] = ToTensors(*model);
    trained_.entries["deeplog"] = NetworkEntry(*model, report);
    AddNetwork(
        MakeDeepLogDetector(std::move(*model), OutOfReach(), group_.deeplog.top, split_.vocabulary),
        group_.deeplog.threshold);
    return {};
  }

  Status TrainLogAnomalyLstmOn(const SequenceSet& train, const SequenceSet& held_out) {
    DeepLogReport report;
    const LogAnomalyLstmOptions& options = group_.loganomaly_lstm;
    const double from = Wanted("deeplog") ? kDeepLogPart : kNetworksFrom;
    Result<LogAnomalyLstmModel> model = TrainLogAnomalyLstm(
        train, held_out, split_.vocabulary, CommonCounts(), options, task_.seed,
        [&](const DeepLogProgress& p) { return SayEpoch("loganomaly_lstm", from, 1, p); }, &report);
    if (!model) return model.error();
    trained_.tensors["loganomaly_lstm"] = ToTensors(*model);
    json& entry = trained_.entries["loganomaly_lstm"];
    entry = NetworkEntry(model->network, report);
    entry["parameters"]["counts"] = options.counts;
    entry["parameters"].update(TermParameters(model->terms));
    AddNetwork(
        MakeLogAnomalyLstmDetector(std::move(*model), OutOfReach(), options.top, split_.vocabulary),
        options.threshold);
    return {};
  }

  // Numbers in records, of what is not held out; rare templates have none to speak of.
  Status TrainValues() {
    if (!Wanted("values")) return {};
    ValueTrainer trainer(group_.values, task_.seed);
    struct Last {
      Time activity = kNoTime, time = kNoTime;
    };
    std::vector<Last> streams(corpus_.streams.size());
    Time watermark = kNoTime;
    for (size_t i = 0; i < corpus_.records.size(); ++i) {
      const CorpusRecord& record = corpus_.records[i];
      watermark = std::max(watermark, record.time);
      Last& last = streams[record.stream];
      const bool follows = last.time != kNoTime && watermark - last.activity <= Pause();
      const uint32_t word = split_.word_of[record.word];
      if (!split_.HeldOut(i) && !split_.rare[word])
        trainer.Add(word, follows ? MillisBetween(last.time, record.time) : NAN,
                    corpus_.NumbersOf(record));
      last = {watermark, record.time};
    }
    bool stopped = false;
    ValueModel model = trainer.Finish([&](double) {
      stopped = !Say("values", kNetworksFrom);
      return !stopped;
    });
    if (stopped) return kInterrupted;
    if (model.templates.empty()) return {};  // as in most logs without numbers
    trained_.tensors["values"] = ToTensors(model);
    trained_.entries["values"]["parameters"] = {{"history", model.history},
                                                {"templates", model.templates.size()}};
    Candidate candidate;
    candidate.detector = MakeValuesDetector(std::move(model), split_.vocabulary, OutOfReach());
    candidate.stateless = false;
    candidate.min_span = kValuesSpan;
    candidate.fixed_threshold = group_.values.threshold;
    trained_.candidates.push_back(std::move(candidate));
    return {};
  }

  Duration Pause() const {
    return group_.stream.kind == StreamOptions::Kind::kSession ? group_.stream.idle
                                                               : group_.max_gap;
  }

  // The last of the trained sessions, by which training stops and sets its limits: the held-out
  // ones shall be as new to it as any later ones, and of some ten sessions it would know all.
  // Streams have too few pauses to cut at; their held-out part serves for both.
  static std::vector<std::vector<uint32_t>> TakeLast(std::vector<std::vector<uint32_t>>* train) {
    const auto from = train->end() - static_cast<ptrdiff_t>(train->size() / kStoppingPart);
    std::vector<std::vector<uint32_t>> last(std::make_move_iterator(from),
                                            std::make_move_iterator(train->end()));
    train->erase(from, train->end());
    return last;
  }

  bool SayEpoch(std::string_view name, double from, double to, const DeepLogProgress& p) const {
    const double done = static_cast<double>(p.epoch) / std::max(1u, p.epochs);
    std::string step = fmt::format("{}: epoch {} of at most {}", name, p.epoch, p.epochs);
    if (std::isfinite(p.held_out_loss))
      step += fmt::format(", held-out loss {:.4f}", p.held_out_loss);
    return Say(step, from + (to - from) * std::min(done, 1.0));
  }

  static json NetworkEntry(const DeepLogModel& model, const DeepLogReport& report) {
    const DeepLogOptions& o = model.options;
    return {{"parameters",
             {{"window", o.window},
              {"layers", o.layers},
              {"embedding", o.embedding},
              {"dropout", o.dropout},
              {"learning_rate", o.learning_rate},
              {"learning_rate_decay", o.learning_rate_decay},
              {"patience", o.patience},
              {"top", report.top},
              {"end_shift", report.end_shift},
              {"known_histories", report.known_histories},
              {"known_weight", report.known_weight}}},
            {"training",
             {{"epochs", report.epochs},
              {"best_epoch", report.best_epoch},
              {"train_loss", report.train_loss},
              {"held_out_loss", Finite(report.held_out_loss)},
              {"windows", report.windows},
              {"distinct_windows", report.distinct},
              {"held_out_windows", report.held_out_windows}}}};
  }

  void AddNetwork(std::unique_ptr<Detector> detector, const std::optional<double>& threshold) {
    Candidate candidate;
    candidate.detector = std::move(detector);
    candidate.min_span = kDeepLogSpan;
    candidate.fixed_threshold = threshold;
    trained_.candidates.push_back(std::move(candidate));
  }

  static json Finite(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

  const DetectorTask& task_;
  const Corpus& corpus_;
  const TrainingSplit& split_;
  const GroupConfig& group_;
  TrainedDetectors trained_;
};

}  // namespace

Result<TrainedDetectors> TrainDetectors(const DetectorTask& task) {
  return DetectorTrainer(task).Train();
}

}  // namespace alogd
