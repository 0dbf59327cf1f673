// SPDX-License-Identifier: MIT
// Trains the detectors of a group, calibrates them and makes the bundle.
#include "models/training/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/bundle/manifest.h"
#include "models/corpus/training_split.h"
#include "models/registry/detectors.h"
#include "models/sequence/lstm_kernels.h"
#include "models/tensors/json_text.h"
#include "models/training/training_calibrate.h"
#include "models/training/training_detectors.h"

namespace alogd {
namespace {

using nlohmann::json;

constexpr size_t kGoodRecords = 10'000;      // fewer make rough thresholds
constexpr double kGoodDays = 1;              // held out: less knows no daily job
constexpr size_t kListedRare = 1000;         // rare templates named in the manifest
constexpr size_t kListedFiles = 1000;        // files named in the manifest
constexpr size_t kLongestGoldenLine = 4096;  // bytes

constexpr double kJudgeFrom = 0.85;  // the share of the work that is done before the thresholds
// Sessions are cross-fitted up to so many: more leave enough in the held-out part alone.
constexpr size_t kCrossFitSessions = 20'000;
constexpr uint32_t kFolds = 5;  // at most: each trains everything once more

// The trained detectors' scores of one run in time that they did not see.
struct FoldScores {
  std::vector<std::vector<float>> raw;  // by detector
  std::vector<uint64_t> rare;           // see Candidate
  HeldOutMoments moments;
  double days = 0;
};

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
    folds_ = CountFolds();
    if (const Status status = TrainAll(); !status) return status.error();
    if (const Status status = CrossFit(); !status) return status.error();
    CalibrateAll();
    if (const Status status = TrainOnWhole(); !status) return status.error();
    FinishBundle();
    return std::move(bundle_);
  }

 private:
  bool Say(const std::string& step, double done) const {
    return !options_.progress || options_.progress(step, done);
  }
  void Remark(std::string text) { notes_.push_back(std::move(text)); }

  Status ChooseDetectors() {
    Result<std::vector<const DetectorSpec*>> wanted = DetectorsToTrain(group_, options_.detectors);
    if (!wanted) return wanted.error();
    wanted_ = std::move(*wanted);
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

  // Where sessions are few, the last fifth of them says next to nothing of one in 500. So each
  // fifth is scored by detectors that were trained on the other four, in runs of time, never at
  // random: what comes together is alike. Only whole sessions can be cut out so; a stream's later
  // records depend on its earlier ones, and there the last part alone is judged.
  uint32_t CountFolds() const {
    if (group_.stream.kind != StreamOptions::Kind::kSession || split_.sessions > kCrossFitSessions)
      return 1;
    return std::clamp<uint32_t>(static_cast<uint32_t>(std::lround(1 / options_.held_out)), 1,
                                kFolds);
  }

  // Trainings: one a fold, and one on everything where there are several.
  double Parts() const { return folds_ == 1 ? 1 : folds_ + 1; }

  // Trains on all but a fold, and scores that.
  Result<TrainedDetectors> TrainFold(const TrainingSplit& split, uint32_t back,
                                     FoldScores* scores) {
    const auto say = [&](const std::string& step, double from, double to, double done) {
      const double part = (from + (to - from) * done + back) / Parts();
      return Say(folds_ == 1 ? step : fmt::format("part {} of {}: {}", back + 1, folds_, step),
                 part);
    };
    Result<TrainedDetectors> trained = TrainDetectors(
        {corpus_, split, group_, wanted_, options_.seed,
         [&](const std::string& step, double done) { return say(step, 0, kJudgeFrom, done); }});
    if (!trained) return trained.error();
    if (!Judge(corpus_, split, group_, &trained->candidates, &scores->moments, [&](double done) {
          return say("thresholds on held-out records", kJudgeFrom, 1, done);
        }))
      return Interrupted();
    for (Candidate& candidate : trained->candidates) {
      scores->raw.push_back(std::move(candidate.raw));
      scores->rare.push_back(candidate.rare);
    }
    scores->days = split.held_out_days;
    return trained;
  }

  // What the bundle gets: trained on everything but the last part.
  Status TrainAll() {
    Result<TrainedDetectors> trained = TrainFold(split_, 0, &scores_);
    if (!trained) return trained.error();
    candidates_ = std::move(trained->candidates);
    bundle_.tensors = std::move(trained->tensors);
    bundle_.manifest["detectors"] = std::move(trained->entries);
    for (std::string& remark : trained->remarks) Remark(std::move(remark));
    return {};
  }

  Status CrossFit() {
    for (uint32_t back = 1; back < folds_; ++back) {
      Result<TrainingSplit> split = SplitCorpus(corpus_, group_, options_.held_out, back);
      if (!split) return split.error();
      FoldScores scores;
      const Result<TrainedDetectors> trained = TrainFold(*split, back, &scores);
      if (!trained) return trained.error();
      if (SameDetectors(*trained)) PutBefore(std::move(scores));
    }
    for (size_t d = 0; d < candidates_.size(); ++d) {
      candidates_[d].raw = std::move(scores_.raw[d]);
      candidates_[d].rare = scores_.rare[d];
    }
    return {};
  }

  // With thresholds from parts that were not seen, nothing need be held back from what the bundle
  // gets: more to learn from can only make it milder. (Some have it all already, see
  // DetectorSpec::again.)
  Status TrainOnWhole() {
    if (folds_ == 1) return {};
    Result<TrainingSplit> whole = WholeCorpus(corpus_, group_);
    if (!whole) return whole.error();
    std::vector<const DetectorSpec*> wanted;
    for (const DetectorSpec* spec : wanted_)
      if (spec->again && bundle_.tensors.contains(std::string(spec->info.name)))
        wanted.push_back(spec);
    Result<TrainedDetectors> trained = TrainDetectors(
        {corpus_, *whole, group_, wanted, options_.seed, [&](const std::string& step, double done) {
           return Say("on everything: " + step, (folds_ + done) / Parts());
         }});
    if (!trained) return trained.error();
    for (auto& [name, tensors] : trained->tensors) bundle_.tensors[name] = std::move(tensors);
    for (const auto& [name, entry] : trained->entries.items())
      bundle_.manifest["detectors"][name].update(entry);
    split_.rare = std::move(whole->rare);
    split_.rare_rule = std::move(whole->rare_rule);
    return {};
  }

  // A part may lack what a detector needs.
  bool SameDetectors(const TrainedDetectors& trained) const {
    return std::equal(trained.candidates.begin(), trained.candidates.end(), candidates_.begin(),
                      candidates_.end(), [](const Candidate& a, const Candidate& b) {
                        return a.detector->name() == b.detector->name();
                      });
  }

  void PutBefore(FoldScores earlier) {
    const auto append = [](auto* to, const auto& from) {
      to->insert(to->end(), from.begin(), from.end());
    };
    for (size_t d = 0; d < earlier.raw.size(); ++d) {
      append(&earlier.raw[d], scores_.raw[d]);
      earlier.rare[d] += scores_.rare[d];
    }
    append(&earlier.moments.rare, scores_.moments.rare);
    append(&earlier.moments.ends, scores_.moments.ends);
    append(&earlier.moments.raw, scores_.moments.raw);
    earlier.days += scores_.days;
    scores_ = std::move(earlier);
  }

  void CalibrateAll() {
    std::vector<Calibration> calibrations;
    for (Candidate& candidate : candidates_) {
      const std::string name(candidate.detector->name());
      Calibrated result = Calibrate(candidate, scores_.days, options_.alarms_per_day);
      json& entry = bundle_.manifest["detectors"][name];
      entry["calibration"] = ToJson(result.calibration);
      entry["metrics"] = std::move(result.metrics);
      calibrations.push_back(result.calibration);
      Remark(std::move(result.remark));
      if (!candidate.golden.empty()) bundle_.golden_windows[name] = std::move(candidate.golden);
    }
    CalibratedJoint together =
        CalibrateJoint(candidates_, calibrations, scores_.moments,
                       {options_.alarms_per_day, scores_.days, options_.incident_gap});
    Remark(std::move(together.remark));
    if (together.joint.curves.empty()) return;
    bundle_.manifest["joint"] = ToJson(together.joint);
    bundle_.manifest["joint"]["metrics"] = std::move(together.metrics);
  }

  void FinishBundle() {
    json& manifest = bundle_.manifest;
    manifest["trained_on"] = TrainedOn();
    manifest["options"] = {{"seed", options_.seed},
                           {"held_out", options_.held_out},
                           {"folds", folds_},
                           {"alarms_per_day", options_.alarms_per_day},
                           {"instruction_set", std::string(ActiveLstmKernels().name)}};
    manifest["rare"] = RareList();
    manifest["headers"] = EncodeFormats(corpus_.formats);
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
  std::vector<const DetectorSpec*> wanted_;
  TrainingSplit split_;
  uint32_t folds_ = 1;  // parts that are held out in turn
  FoldScores scores_;   // of all of them, in order of time
  std::vector<Candidate> candidates_;
  Bundle bundle_;
};

}  // namespace

Result<Bundle> TrainBundle(const Corpus& corpus, const GroupConfig& group,
                           const TrainOptions& options, std::vector<std::string>* remarks) {
  return Trainer(corpus, group, options, remarks).Train();
}

Result<uint64_t> EstimateTrainingMemory(const TrainingSize& size, const GroupConfig& group,
                                        std::span<const std::string> detectors) {
  const auto wanted = DetectorsToTrain(group, detectors);
  if (!wanted) return wanted.error();
  // The corpus (24 bytes a record) and support pairs (8); streams of the Windower are bounded by
  // the state budget; raw scores are 4 bytes a detector, twice while they are sorted, and once more
  // by moment and sum.
  uint64_t bytes =
      (48ull << 20) + group.state_budget + size.records * (24 + 8 + 4 * 4 * wanted->size());
  // Texts, their terms and vectors, catalog and parser.
  bytes += size.templates * 4096;
  uint64_t numbers = 0, largest = 0;
  for (const DetectorSpec* spec : *wanted) {
    // Some three numbers a record, in the corpus.
    if (spec->info.numbers) numbers = size.records * 4 * sizeof(float);
    // They are trained one after the other.
    if (spec->memory) largest = std::max(largest, spec->memory(size, group));
  }
  return bytes + numbers + largest;
}

}  // namespace alogd
