// SPDX-License-Identifier: MIT
// Scores new and rare templates.
#include "models/novelty.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "core/templates/catalog.h"
#include "core/text.h"

namespace alogd {
namespace {

// Templates whose latest occurrences are remembered: far more than are new at a time; the longest
// unseen go first, an eighth at once so that a flood costs little for each.
constexpr size_t kMaxRecent = 4096;
// A template that comes daily must not stay news for ever, one that comes monthly must: what counts
// as lately halves in a day.
constexpr double kHalfLifeSeconds = 86'400;

bool IsCount(double v) { return std::isfinite(v) && v >= 0; }

class NoveltyDetector : public Detector {
 public:
  NoveltyDetector(const NoveltyOptions& options, NoveltyModel model, const Calibration& calibration)
      : model_(std::move(model)),
        calibration_(calibration),
        learn_records_(std::max(options.learn_records, 1u)),
        decay_(1 - 1.0 / static_cast<double>(learn_records_)) {}

  std::string_view name() const override { return "novelty"; }
  WindowSpec spec() const override { return {.size = 1, .stride = 1, .span = {}}; }

  void ScoreBatch(const ScoreContext& context, std::span<const Window> windows,
                  std::span<Score> scores) override {
    for (size_t i = 0; i < windows.size(); ++i) scores[i] = ScoreWindow(context, windows[i]);
  }

  void Save(StateWriter& out) const override {
    SaveRates(out);
    out.U64(recent_.size());
    for (const auto& [id, recent] : recent_) SaveRecent(out, id, recent);
  }
  bool Load(StateReader& in) override {
    recent_.clear();
    changed_.clear();
    dropped_.clear();
    LoadRates(in);
    return LoadRecent(in) && in.ok();
  }
  void SaveChanges(StateWriter& out) override {
    SaveRates(out);
    out.U64(dropped_.size());
    for (const uint32_t id : dropped_) out.U64(id);
    out.U64(changed_.size());
    for (const uint32_t id : changed_) SaveRecent(out, id, recent_.at(id));
    changed_.clear();
    dropped_.clear();
  }
  bool ApplyChanges(StateReader& in) override {
    LoadRates(in);
    for (size_t n = in.Count(1); n > 0 && in.ok(); --n) recent_.erase(in.U32());
    return LoadRecent(in) && in.ok();
  }
  void Forget(std::string_view) override {}  // templates belong to the group, not to a stream

 private:
  struct Recent {
    double weight = 0;  // occurrences, each halved for every day since
    Time at = kNoTime;  // of the latest
  };

  Score ScoreWindow(const ScoreContext& context, const Window& window) {
    float highest = -1;
    size_t blamed = 0;
    for (size_t i = 0; i < window.events.size(); ++i) {
      const float raw = Surprise(window.events[i]);
      if (raw > highest) highest = raw, blamed = i;
    }
    Score score;
    score.raw = highest;
    score.anomaly = calibration_.Score(static_cast<double>(highest));
    if (context.WantsEvidence(score)) score.evidence = Explain(context, window, blamed, score);
    return score;
  }

  float Surprise(const Event& event) {
    const bool known = event.word < model_.surprise.size();
    const double base = known ? static_cast<double>(model_.surprise[event.word]) : Unknown(event);
    ++records_;
    lately_records_ = lately_records_ * decay_ + 1;
    lately_new_ = lately_new_ * decay_ + (event.created ? 1 : 0);
    if (!(base > 0)) return 0;
    const double worn =
        std::log10(1.0 + static_cast<double>(event.seen)) + std::log10(1.0 + CountRecent(event));
    return static_cast<float>(std::max(0.0, base - worn));
  }

  // Surprise of a template that the model does not know, before repetition wears it.
  double Unknown(const Event& event) const {
    if (model_.trained) return -std::log10(NewShare());
    if (!event.created || records_ < learn_records_) return 0;
    return -std::log10(NewShare());
  }

  // Chance that a record is of a new template. With a bundle a present flood of new ones comes on
  // top of what training saw, so that a software upgrade is not a hundred alarms.
  double NewShare() const {
    if (!model_.trained) return (lately_new_ + 0.5) / (lately_records_ + 1);
    return std::min(1.0, model_.new_share + lately_new_ / static_cast<double>(learn_records_));
  }

  // Occurrences lately, before this one, which is then counted.
  double CountRecent(const Event& event) {
    Recent& recent = recent_[Index(event.id)];
    if (recent.at != kNoTime && event.time > recent.at) {
      // Subtracted as doubles: a damaged state may hold any time, and integers would overflow.
      const double us =
          static_cast<double>(Micros(event.time)) - static_cast<double>(Micros(recent.at));
      recent.weight *= std::exp2(-us / (1e6 * kHalfLifeSeconds));
    }
    const double before = recent.weight;
    recent.weight += 1;
    recent.at = std::max(recent.at, event.time);
    changed_.insert(Index(event.id));
    dropped_.erase(Index(event.id));
    if (recent_.size() > kMaxRecent) DropOldest();
    return before;
  }

  void DropOldest() {
    std::vector<std::pair<Time, uint32_t>> ages;
    ages.reserve(recent_.size());
    for (const auto& [id, recent] : recent_) ages.emplace_back(recent.at, id);
    std::sort(ages.begin(), ages.end());
    ages.resize(kMaxRecent / 8);
    for (const auto& [at, id] : ages) {
      recent_.erase(id);
      changed_.erase(id);
      dropped_.insert(id);
    }
  }

  std::unique_ptr<Evidence> Explain(const ScoreContext& context, const Window& window,
                                    size_t blamed, const Score& score) const {
    const Event& event = window.events[blamed];
    const std::string text = EscapeForTerminal(context.catalog.Text(event.id), 200);
    auto evidence = std::make_unique<Evidence>();
    evidence->detector = "novelty";
    evidence->raw = score.raw;
    evidence->threshold = static_cast<float>(calibration_.threshold);
    evidence->anomaly = score.anomaly;
    evidence->summary = Summary(event, text);
    evidence->found.emplace_back(text, score.raw);
    evidence->unit = "surprise (-log10 of its chance)";
    evidence->first = evidence->last = static_cast<uint32_t>(blamed);
    return evidence;
  }

  std::string Summary(const Event& event, const std::string& text) const {
    const uint64_t count = event.word < model_.counts.size() ? model_.counts[event.word] : 0;
    if (count > 0) {
      return fmt::format("a {} template: '{}' came {} times in {} records of training",
                         model_.surprise[event.word] > 0 ? "rare" : "known", text, count,
                         model_.records);
    }
    const std::string since =
        event.seen > 0 ? fmt::format(", though {} times since", event.seen) : std::string();
    if (model_.trained) {
      return fmt::format("a new template: '{}' never came in {} records of training{}", text,
                         model_.records, since);
    }
    if (event.seen > 0) return fmt::format("'{}' came {} times before", text, event.seen);
    return fmt::format("a new template: '{}' never came before in {} records", text, records_ - 1);
  }

  void SaveRates(StateWriter& out) const {
    out.U64(records_);
    out.F64(lately_records_);
    out.F64(lately_new_);
  }
  void LoadRates(StateReader& in) {
    records_ = in.U64();
    lately_records_ = in.F64();
    lately_new_ = in.F64();
    if (!IsCount(lately_records_) || !IsCount(lately_new_)) in.Fail();
  }
  static void SaveRecent(StateWriter& out, uint32_t id, const Recent& recent) {
    out.U64(id);
    out.F64(recent.weight);
    out.At(recent.at);
  }
  bool LoadRecent(StateReader& in) {
    for (size_t n = in.Count(10); n > 0 && in.ok(); --n) {
      const uint32_t id = in.U32();
      const double weight = in.F64();
      const Time at = in.At();
      if (!in.ok() || !IsCount(weight)) return false;
      recent_[id] = {weight, at};
    }
    return recent_.size() <= kMaxRecent;
  }

  NoveltyModel model_;
  Calibration calibration_;
  uint32_t learn_records_;
  double decay_;  // of the two sums below, a record
  uint64_t records_ = 0;
  double lately_records_ = 0;
  double lately_new_ = 0;
  std::map<uint32_t, Recent> recent_;  // ordered: states are compared byte by byte
  std::set<uint32_t> changed_;         // since the last SaveChanges
  std::set<uint32_t> dropped_;         // likewise
};

}  // namespace

NoveltyModel TrainNovelty(std::span<const uint64_t> counts, const std::vector<bool>& rare,
                          uint32_t rare_count, double new_share) {
  NoveltyModel model;
  model.trained = true;
  model.counts.assign(counts.begin(), counts.end());
  model.surprise.assign(counts.size(), 0.0f);
  std::map<uint64_t, uint64_t> mass;  // records of the templates with this count
  for (const uint64_t count : counts) {
    if (count > 0) mass[count] += count;
    model.records += count;
  }
  const double singletons = mass.contains(1) ? static_cast<double>(mass[1]) : 0.0;
  const double all = static_cast<double>(model.records) + 1;
  model.new_share =
      new_share > 0 ? std::min(1.0, new_share) : std::min(1.0, std::max(1.0, singletons) / all);
  std::map<uint64_t, float> surprise;
  double below = model.new_share * all;
  for (const auto& [count, records] : mass) {
    below += static_cast<double>(records);
    surprise[count] = static_cast<float>(-std::log10(std::min(1.0, below / all)));
  }
  for (size_t word = 0; word < counts.size(); ++word) {
    if (counts[word] == 0)
      model.surprise[word] = static_cast<float>(-std::log10(model.new_share));
    else if (rare[word] || counts[word] <= rare_count)
      model.surprise[word] = surprise[counts[word]];
  }
  return model;
}

Calibration UntrainedNoveltyCalibration() {
  // New templates that come once in a thousand records are everyday business of a host.
  // Rates below some 1 in 40,000 are not told apart by the default memory: top is near that.
  return {.median = 0, .threshold = 3, .top = 5, .held_out_windows = 0};
}

std::unique_ptr<Detector> MakeNoveltyDetector(const NoveltyOptions& options, NoveltyModel model,
                                              const Calibration& calibration) {
  return std::make_unique<NoveltyDetector>(options, std::move(model), calibration);
}

}  // namespace alogd
