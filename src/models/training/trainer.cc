// SPDX-License-Identifier: MIT
// Trains the detectors of a group, calibrates them and makes the bundle.
#include "models/training/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/baseline.h"
#include "models/bundle/json_text.h"
#include "models/bundle/model_set.h"
#include "models/counts.h"
#include "models/deeplog/deeplog.h"
#include "models/deeplog/lstm_kernels.h"
#include "models/length.h"
#include "models/loganomaly/loganomaly.h"
#include "models/novelty.h"
#include "models/training/training_calibrate.h"
#include "models/training/training_split.h"
#include "models/training/training_windows.h"

namespace alogd {
namespace {

using nlohmann::json;

const Error kInterrupted{"interrupted"};
constexpr size_t kGoodRecords = 10'000;      // fewer make rough thresholds
constexpr double kGoodDays = 1;              // held out: less knows no daily job
constexpr size_t kListedRare = 1000;         // rare templates named in the manifest
constexpr size_t kListedFiles = 1000;        // files named in the manifest
constexpr size_t kLongestGoldenLine = 4096;  // bytes

// The share of the whole that each part of the work takes, roughly; DeepLog is by far the longest.
constexpr double kLogAnomalyFrom = 0.02, kDeepLogFrom = 0.1, kJudgeFrom = 0.85;

class Trainer {
 public:
  Trainer(const Corpus& corpus, const GroupConfig& group, const TrainOptions& options,
          std::vector<std::string>* remarks)
      : corpus_(corpus), group_(group), options_(options), remarks_(remarks) {}

  Result<Bundle> Train() {
    if (const Status status = ChooseDetectors(); !status) return status.error();
    Result<TrainingSplit> split = SplitCorpus(corpus_, group_, options_.held_out);
    if (!split) return split.error();
    split_ = std::move(*split);
    RemarkOnData();
    for (const auto step : {&Trainer::AddSimple, &Trainer::TrainSets, &Trainer::TrainLogAnomaly,
                            &Trainer::TrainSequences, &Trainer::CalibrateAll}) {
      if (const Status status = (this->*step)(); !status) return status.error();
    }
    FinishBundle();
    return std::move(bundle_);
  }

 private:
  bool Say(const std::string& step, double done) const {
    return !options_.progress || options_.progress(step, done);
  }
  void Remark(std::string text) { notes_.push_back(std::move(text)); }

  bool Wanted(std::string_view name) const {
    return std::find(wanted_.begin(), wanted_.end(), name) != wanted_.end();
  }

  Status ChooseDetectors() {
    const std::pair<const char*, bool> all[] = {
        {"novelty", group_.novelty.enabled},       {"baseline", group_.baseline.enabled},
        {"loganomaly", group_.loganomaly.enabled}, {"deeplog", group_.deeplog.enabled},
        {"counts", group_.counts.enabled},         {"length", group_.length.enabled}};
    for (const std::string& name : options_.detectors) {
      if (std::none_of(std::begin(all), std::end(all),
                       [&](const auto& d) { return name == d.first; }))
        return Error{fmt::format(
            "there is no detector '{}'; there are novelty, baseline, loganomaly, deeplog, counts "
            "and length",
            name)};
    }
    for (const auto& [name, enabled] : all) {
      const bool named = std::find(options_.detectors.begin(), options_.detectors.end(), name) !=
                         options_.detectors.end();
      if (options_.detectors.empty() ? enabled : named) wanted_.emplace_back(name);
    }
    if (wanted_.empty())
      return Error{fmt::format("group '{}' has no detector enabled; enable one", group_.name)};
    return {};
  }

  void RemarkOnData() {
    if (corpus_.records.size() < kGoodRecords) {
      Remark(fmt::format("only {} records: thresholds are rough, {} or more are better",
                         corpus_.records.size(), kGoodRecords));
    }
    if (split_.held_out_days < kGoodDays) {
      Remark(fmt::format(
          "the held-out part spans {}: what comes once a day or less often was not seen in it",
          SpanText(split_.held_out_days)));
    }
    const auto rare = std::count(split_.rare.begin(), split_.rare.end(), true);
    if (rare > 0) {
      Remark(fmt::format(
          "{} of {} templates are rare ({}) and were left out of sequences; the manifest "
          "lists them",
          rare, split_.vocabulary.size(), split_.rare_rule));
    }
  }

  Status AddSimple() {
    if (!Say("novelty", 0)) return kInterrupted;
    if (Wanted("novelty")) {
      NoveltyModel model = TrainNovelty(split_.train_counts, split_.rare, group_.novelty.rare);
      Candidate candidate;
      candidate.reach = -std::log10(model.new_share);
      bundle_.manifest["detectors"]["novelty"]["parameters"] = {{"rare", group_.novelty.rare},
                                                                {"new_share", model.new_share}};
      candidate.detector = MakeNoveltyDetector(group_.novelty, std::move(model), OutOfReach());
      candidate.stateless = false;
      candidate.min_span = kNoveltySpan;
      candidates_.push_back(std::move(candidate));
    }
    if (Wanted("baseline")) {
      Candidate candidate;
      candidate.detector = MakeBaselineDetector(group_.baseline, OutOfReach());
      candidate.stateless = false;
      candidate.min_span = kBaselineSpan;
      candidate.least_threshold = kBaselineMinThreshold;
      candidates_.push_back(std::move(candidate));
      bundle_.manifest["detectors"]["baseline"]["parameters"] = {
          {"window", group_.baseline.window},
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
    for (size_t i = 0; i < split_.first_held_out; ++i) ++records[corpus_.records[i].stream];
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
    CountsTrainer early_counts(group_.counts), all_counts(group_.counts);
    LengthTrainer early_length(split_.vocabulary.size()), all_length(split_.vocabulary.size());
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
    bundle_.tensors["counts"] = ToTensors(model);
    bundle_.manifest["detectors"]["counts"]["parameters"] = {
        {"window", model.window}, {"stride", model.stride}, {"vectors", model.seen.size()}};
    Candidate candidate;
    candidate.detector = MakeCountsDetector(early.Finish(), split_.vocabulary, OutOfReach());
    candidate.min_span = kCountsSpan;
    candidates_.push_back(std::move(candidate));
  }

  void AddLength(const LengthTrainer& early, const LengthTrainer& all) {
    const LengthModel model = all.Finish();
    bundle_.tensors["length"] = ToTensors(model);
    bundle_.manifest["detectors"]["length"]["parameters"] = {
        {"shortest", model.lengths.begin()->first}, {"longest", model.lengths.rbegin()->first}};
    Candidate candidate;
    candidate.detector = MakeLengthDetector(early.Finish(), split_.vocabulary, OutOfReach());
    candidate.min_span = kLengthSpan;
    candidates_.push_back(std::move(candidate));
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
                 kLogAnomalyFrom + (kDeepLogFrom - kLogAnomalyFrom) * done);
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
    bundle_.tensors["loganomaly"] = ToTensors(model);
    json& entry = bundle_.manifest["detectors"]["loganomaly"];
    entry["parameters"] = Parameters(model);
    Candidate candidate;
    candidate.detector = MakeLogAnomalyDetector(std::move(model), split_.vocabulary, OutOfReach());
    candidate.min_span = kLogAnomalySpan;
    candidate.fixed_threshold = group_.loganomaly.threshold;
    candidates_.push_back(std::move(candidate));
  }

  Status TrainSequences() {
    if (!Wanted("deeplog")) return {};
    TrainingSequences sequences = MakeSequences(corpus_, split_, group_);
    const bool sessions = group_.stream.kind == StreamOptions::Kind::kSession;
    const auto words = static_cast<uint32_t>(split_.vocabulary.size());
    if (sequences.left_out > 0) {
      Remark(fmt::format("deeplog: {} of {} sessions hold rare templates and were left out",
                         sequences.left_out, sequences.left_out + sequences.train.size()));
    }
    if (words > kMaxDeepLogWords || sequences.train.empty()) {
      Remark(fmt::format("deeplog was left out: {} sequences, {} templates (at most {})",
                         sequences.train.size(), words, kMaxDeepLogWords));
      return {};
    }
    const SequenceSet train{words, std::move(sequences.train), sessions};
    const SequenceSet held_out{words, std::move(sequences.held_out), sessions};
    DeepLogReport report;
    Result<DeepLogModel> model = TrainDeepLog(
        train, held_out, group_.deeplog, options_.seed,
        [&](const DeepLogProgress& p) { return SayEpoch(p); }, &report);
    if (!model) return model.error();
    AddDeepLog(std::move(*model), report);
    return {};
  }

  bool SayEpoch(const DeepLogProgress& p) const {
    const double done = static_cast<double>(p.epoch) / std::max(1u, p.epochs);
    std::string step = fmt::format("deeplog: epoch {} of at most {}", p.epoch, p.epochs);
    if (std::isfinite(p.held_out_loss))
      step += fmt::format(", held-out loss {:.4f}", p.held_out_loss);
    return Say(step, kDeepLogFrom + (kJudgeFrom - kDeepLogFrom) * std::min(done, 1.0));
  }

  void AddDeepLog(DeepLogModel model, const DeepLogReport& report) {
    bundle_.tensors["deeplog"] = ToTensors(model);
    json& entry = bundle_.manifest["detectors"]["deeplog"];
    const DeepLogOptions& o = model.options;
    entry["parameters"] = {{"window", o.window},
                           {"layers", o.layers},
                           {"embedding", o.embedding},
                           {"dropout", o.dropout},
                           {"learning_rate", o.learning_rate},
                           {"learning_rate_decay", o.learning_rate_decay},
                           {"patience", o.patience},
                           {"top", report.top},
                           {"end_shift", report.end_shift},
                           {"known_histories", report.known_histories},
                           {"known_weight", report.known_weight}};
    entry["training"] = {{"epochs", report.epochs},
                         {"best_epoch", report.best_epoch},
                         {"train_loss", report.train_loss},
                         {"held_out_loss", Finite(report.held_out_loss)},
                         {"windows", report.windows},
                         {"distinct_windows", report.distinct},
                         {"held_out_windows", report.held_out_windows}};
    Candidate candidate;
    candidate.detector =
        MakeDeepLogDetector(std::move(model), OutOfReach(), group_.deeplog.top, split_.vocabulary);
    candidate.min_span = kDeepLogSpan;
    candidate.fixed_threshold = group_.deeplog.threshold;
    candidates_.push_back(std::move(candidate));
  }

  static json Finite(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

  Status CalibrateAll() {
    const auto progress = [&](double done) {
      return Say("thresholds on held-out records", kJudgeFrom + (1 - kJudgeFrom) * done);
    };
    HeldOutMoments moments;
    if (!Judge(corpus_, split_, group_, &candidates_, &moments, progress)) return kInterrupted;
    std::vector<Calibration> calibrations;
    for (Candidate& candidate : candidates_) {
      const std::string name(candidate.detector->name());
      Calibrated result = Calibrate(candidate, split_, options_.alarms_per_day);
      json& entry = bundle_.manifest["detectors"][name];
      entry["calibration"] = ToJson(result.calibration);
      entry["metrics"] = std::move(result.metrics);
      calibrations.push_back(result.calibration);
      Remark(std::move(result.remark));
      if (!candidate.golden.empty()) bundle_.golden_windows[name] = std::move(candidate.golden);
    }
    CalibratedJoint together =
        CalibrateJoint(candidates_, calibrations, moments,
                       {options_.alarms_per_day, split_.held_out_days, options_.incident_gap});
    Remark(std::move(together.remark));
    if (together.joint.curves.empty()) return {};
    bundle_.manifest["joint"] = ToJson(together.joint);
    bundle_.manifest["joint"]["metrics"] = std::move(together.metrics);
    return {};
  }

  void FinishBundle() {
    json& manifest = bundle_.manifest;
    manifest["trained_on"] = TrainedOn();
    manifest["options"] = {{"seed", options_.seed},
                           {"held_out", options_.held_out},
                           {"alarms_per_day", options_.alarms_per_day},
                           {"instruction_set", std::string(ActiveLstmKernels().name)}};
    manifest["rare"] = RareList();
    manifest["rare_rule"] = split_.rare_rule;
    json notes = json::array();
    for (const std::string& note : notes_) notes.push_back(EncodeText(note));
    manifest["remarks"] = std::move(notes);
    for (const std::string& line : corpus_.golden_lines)
      if (line.size() <= kLongestGoldenLine) bundle_.golden_lines.push_back(line);
    bundle_.vocabulary = std::move(split_.vocabulary);
    bundle_.counts = std::move(split_.counts);
    bundle_.rare = std::move(split_.rare);
    if (remarks_) remarks_->insert(remarks_->end(), notes_.begin(), notes_.end());
  }

  json TrainedOn() const {
    json files = json::array();
    for (size_t i = 0; i < std::min(corpus_.files.size(), kListedFiles); ++i)
      files.push_back(EncodeText(corpus_.files[i]));
    return {{"files", std::move(files)},
            {"files_total", corpus_.files.size()},
            {"bytes", corpus_.bytes},
            {"records", corpus_.records.size()},
            {"records_seen", std::max<uint64_t>(corpus_.records_seen, corpus_.records.size())},
            {"held_out_records", corpus_.records.size() - split_.first_held_out},
            {"templates", split_.vocabulary.size()},
            {"streams", corpus_.streams.size()},
            {"sessions", split_.sessions},
            {"first_us", Micros(corpus_.records.front().time)},
            {"last_us", Micros(corpus_.records.back().time)},
            {"held_out_days", split_.held_out_days}};
  }

  json RareList() const {
    json list = json::array();
    for (size_t word = 0; word < split_.vocabulary.size() && list.size() < kListedRare; ++word) {
      if (!split_.rare[word]) continue;
      list.push_back(
          {{"template", EncodeText(split_.vocabulary[word])}, {"count", split_.counts[word]}});
    }
    return list;
  }

  const Corpus& corpus_;
  const GroupConfig& group_;
  const TrainOptions& options_;
  std::vector<std::string>* remarks_;
  std::vector<std::string> notes_;
  std::vector<std::string> wanted_;
  TrainingSplit split_;
  std::vector<Candidate> candidates_;
  Bundle bundle_;
};

}  // namespace

Result<Bundle> TrainBundle(const Corpus& corpus, const GroupConfig& group,
                           const TrainOptions& options, std::vector<std::string>* remarks) {
  return Trainer(corpus, group, options, remarks).Train();
}

uint64_t EstimateTrainingMemory(size_t records, size_t templates, const GroupConfig& group) {
  // The corpus (24 bytes a record), sequences (4), support pairs (8), streams of the Windower are
  // bounded by the state budget; raw scores are 4 bytes a detector, twice while they are sorted,
  // and once more by moment.
  uint64_t bytes = (48ull << 20) + group.state_budget + records * (24 + 4 + 8 + 4 * 4 * 6);
  // Texts, their terms and vectors, catalog and parser.
  bytes += templates * 4096ull;
  if (group.deeplog.enabled) {
    // Distinct histories with their targets and hash: half of the windows repeat in real logs.
    bytes += records / 2 * (4ull * group.deeplog.window + 32);
    // Weights, gradients and Adam's two moments, over embedding and output layer.
    const uint64_t last = group.deeplog.layers.empty() ? 64 : group.deeplog.layers.back();
    bytes += 4 * sizeof(float) * templates * (group.deeplog.embedding + last + 1);
  }
  return bytes;
}

}  // namespace alogd
