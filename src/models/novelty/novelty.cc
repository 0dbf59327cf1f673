// SPDX-License-Identifier: MIT
// Scores new and rare templates.
#include "models/novelty/novelty.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "core/config/units.h"
#include "core/templates/catalog.h"
#include "core/text.h"
#include "models/sequence/recent_occurrences.h"

namespace alogd {
namespace {

// Templates whose latest occurrences are remembered: far more than are new at a time.
constexpr size_t kMaxRecent = 4096;

// Before it has learned to the end, a group knows what is normal well enough for a first judgement
// after so many records or so long a time, whichever comes first.
constexpr uint64_t kEarlyRecords = 2000;
constexpr Duration kEarlyTime = std::chrono::hours(24);
constexpr Time kLatestTime{std::chrono::hours(24) * 365 * 231};  // that a damaged state may claim
// New statements of no severity are news as often; bad ones as long as training does not know them.
constexpr uint32_t kMildNews = 20;
constexpr uint8_t kBad = 60;  // a WARNING of the default tables
// Below it a record of a new statement is rare.
constexpr double kRareShare = 1e-3;

bool IsCount(double v) { return std::isfinite(v) && v >= 0; }

// "20,000"
std::string Grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

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
    recent_.Save(out);
    out.At(first_);
  }
  bool Load(StateReader& in) override {
    LoadRates(in);
    return recent_.Load(in) && LoadFirst(in);
  }
  void SaveChanges(StateWriter& out) override {
    SaveRates(out);
    recent_.SaveChanges(out);
    out.At(first_);
  }
  bool ApplyChanges(StateReader& in) override {
    LoadRates(in);
    return recent_.ApplyChanges(in) && LoadFirst(in);
  }
  void Forget(std::string_view) override {}  // templates belong to the group, not to a stream

 private:
  Score ScoreWindow(const ScoreContext& context, const Window& window) {
    Score score;
    float highest = -1, blamed_raw = -1;
    size_t blamed = 0;
    for (size_t i = 0; i < window.events.size(); ++i) {
      const Event& event = window.events[i];
      const News news = NewsOf(event, window.session);
      const float raw = Surprise(event);
      highest = std::max(highest, raw);
      // News before what is rare, the worst of it first.
      const auto rank = [&](News n, const Event& e, float r) {
        return std::tuple(n != News::kNone, n != News::kNone ? e.severity : 0, r);
      };
      if (i > 0 && !(rank(news, event, raw) > rank(score.news, window.events[blamed], blamed_raw)))
        continue;
      score.news = news;
      blamed = i;
      blamed_raw = raw;
    }
    score.raw = highest;
    score.anomaly = calibration_.Score(static_cast<double>(highest));
    if (context.WantsEvidence(score)) score.evidence = Explain(context, window, blamed, score);
    return score;
  }

  // Before the event is counted.
  News NewsOf(const Event& event, bool session) const {
    if (model_.trained) {
      const bool known = event.word < model_.counts.size() && model_.counts[event.word] > 0;
      if (known || (!session && event.severity < kBad && event.seen >= kMildNews))
        return News::kNone;
    } else if (!event.created || !LearnedSome(event.time)) {
      return News::kNone;
    } else if (records_ < learn_records_) {
      return News::kEarly;
    }
    return NewShare() < kRareShare ? News::kRare : News::kNew;
  }

  bool LearnedSome(Time now) const {
    return records_ >= std::min<uint64_t>(learn_records_, kEarlyRecords) ||
           (first_ != kNoTime && now >= first_ + kEarlyTime);
  }

  float Surprise(const Event& event) {
    if (first_ == kNoTime && event.time > Time{}) first_ = event.time;
    const bool known = event.word < model_.surprise.size();
    const double base = known ? static_cast<double>(model_.surprise[event.word]) : Unknown(event);
    ++records_;
    lately_records_ = lately_records_ * decay_ + 1;
    lately_new_ = lately_new_ * decay_ + (event.created ? 1 : 0);
    if (!(base > 0)) return 0;
    const double lately = recent_.Count(Index(event.id), event.time).lately;
    const double worn =
        std::log10(1.0 + static_cast<double>(event.seen)) + std::log10(1.0 + lately);
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
    if (model_.trained)
      return fmt::format("a new statement: never seen in {} records{} of training{}",
                         Grouped(model_.records), Over(), since);
    if (event.seen > 0) return fmt::format("'{}' came {} times before", text, event.seen);
    return fmt::format("a new statement: never seen in {} records", Grouped(records_ - 1));
  }

  // " over 9 days"
  std::string Over() const {
    return model_.span > Duration(0) ? " over " + RoughDuration(model_.span) : std::string();
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

  // It came later than the rest, which older states end with.
  bool LoadFirst(StateReader& in) {
    if (in.ok() && !in.at_end()) first_ = in.At();
    if (first_ != kNoTime && (first_ < Time{} || first_ > kLatestTime)) in.Fail();
    return in.ok();
  }

  NoveltyModel model_;
  Calibration calibration_;
  uint32_t learn_records_;
  double decay_;  // of the two sums below, a record
  uint64_t records_ = 0;
  double lately_records_ = 0;
  double lately_new_ = 0;
  Time first_ = kNoTime;                  // of the first record
  RecentOccurrences recent_{kMaxRecent};  // of new and rare templates
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
