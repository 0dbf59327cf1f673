// SPDX-License-Identifier: MIT
// The detector "values": numbers of a record against what its template's network expects.
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <set>

#include "core/text.h"
#include "models/values/values.h"

namespace alogd {
namespace {

constexpr float kMostRaw = 1e6f;  // keeps the score finite
constexpr float kUsual = 3.29f;   // deviations that evidence calls usual: 99.9% of a Gaussian

// "9,000", "0.25", "12.5": four digits, whole where it is large.
std::string Number(float value) {
  const double x = static_cast<double>(value);
  const double magnitude = std::abs(x);
  if (magnitude >= 1e15) return fmt::format("{:.3g}", x);
  if (magnitude < 100) return fmt::format("{:.3g}", x);
  std::string digits = fmt::format("{:.0f}", magnitude);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return (x < 0 ? "-" : "") + digits;
}

// Milliseconds as "350 ms", "35 s", "12 min".
std::string Pause(float ms) {
  if (ms < 1000) return fmt::format("{:.3g} ms", std::max(ms, 0.0f));
  if (ms < 120'000) return fmt::format("{:.3g} s", ms / 1000);
  return fmt::format("{:.3g} min", ms / 60'000);
}

class ValuesDetector : public Detector {
 public:
  ValuesDetector(ValueModel model, std::span<const std::string> vocabulary,
                 const Calibration& calibration)
      : model_(std::move(model)), calibration_(calibration) {
    for (size_t i = 0; i < model_.templates.size(); ++i) {
      const ValueTemplate& t = model_.templates[i];
      index_.resize(std::max<size_t>(index_.size(), t.word + 1), kNone);
      index_[t.word] = static_cast<uint32_t>(i);
      texts_.push_back(t.word < vocabulary.size() ? vocabulary[t.word] : std::string());
      fingerprint_ = XXH3_64bits_withSeed(texts_.back().data(), texts_.back().size(),
                                          fingerprint_ + t.places.size());
      lstms_.emplace_back(t.shape());
    }
    memory_.resize(model_.templates.size());
    row_.resize(kMaxNumbers + 1);
  }

  std::string_view name() const override { return "values"; }
  WindowSpec spec() const override { return {.size = 2, .stride = 1, .span = {}, .each = true}; }

  void ScoreBatch(const ScoreContext& context, std::span<const Window> windows,
                  std::span<Score> scores) override {
    for (size_t i = 0; i < windows.size(); ++i) scores[i] = ScoreWindow(context, windows[i]);
  }

  void Save(StateWriter& out) const override {
    out.U64(fingerprint_);
    out.U64(memory_.size());
    for (size_t i = 0; i < memory_.size(); ++i) SaveMemory(i, out);
  }
  bool Load(StateReader& in) override {
    const bool loaded = LoadAll(in);
    if (!loaded) memory_.assign(memory_.size(), {});
    changed_.clear();
    return loaded;
  }
  void SaveChanges(StateWriter& out) override {
    out.U64(fingerprint_);
    out.U64(changed_.size());
    for (const uint32_t i : changed_) SaveMemory(i, out);
    changed_.clear();
  }
  bool ApplyChanges(StateReader& in) override { return LoadAll(in); }
  void Forget(std::string_view) override {}  // templates belong to the group, not to a stream

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  // The last records of a template, standardised, oldest first.
  using Memory = std::vector<float>;

  struct Finding {
    float raw = 0;
    size_t place = 0;
    float expected = 0;  // standardised
  };

  Score ScoreWindow(const ScoreContext& context, const Window& window) {
    Score score;
    const Event& event = window.events.back();
    if (event.word >= index_.size() || index_[event.word] == kNone || event.numbers == 0)
      return score;
    const uint32_t index = index_[event.word];
    const ValueTemplate& model = model_.templates[index];
    const std::span<const float> numbers = NumbersAt(context.numbers, event.numbers);
    if (numbers.size() != model.numbers) return score;
    const float gap = GapOf(window);
    const std::span<float> row = std::span(row_).first(model.places.size());
    StandardisedRow(model, gap, numbers, row);
    const Finding found = Judge(index, gap, numbers);
    Remember(index, row);
    score.raw = found.raw;
    score.anomaly = calibration_.Score(static_cast<double>(score.raw));
    if (context.WantsEvidence(score))
      score.evidence = Explain(window, index, found, gap, numbers, score);
    return score;
  }

  static float GapOf(const Window& window) {
    if (window.events.size() < 2) return std::numeric_limits<float>::quiet_NaN();
    return MillisBetween(window.events[window.events.size() - 2].time, window.events.back().time);
  }

  Finding Judge(uint32_t index, float gap, std::span<const float> numbers) {
    const ValueTemplate& model = model_.templates[index];
    std::span<const float> predicted;
    if (!model.lstm.empty()) predicted = lstms_[index].Predict(model.lstm, memory_[index]);
    Finding found;
    for (size_t p = 0; p < model.places.size(); ++p) {
      const ValuePlace& place = model.places[p];
      const float value = place.number == 0 ? gap : numbers[place.number - 1];
      if (std::isnan(value)) continue;
      const float expected = (predicted.empty() ? 0 : predicted[p]) + place.error_mean;
      const float raw = std::min(
          kMostRaw, std::abs(place.Standardised(value) - expected) / place.error_deviation);
      if (raw > found.raw) found = {raw, p, expected};
    }
    return found;
  }

  void Remember(uint32_t index, std::span<const float> row) {
    if (model_.templates[index].lstm.empty()) return;
    Memory& memory = memory_[index];
    memory.insert(memory.end(), row.begin(), row.end());
    if (memory.size() > model_.history * row.size())
      memory.erase(memory.begin(), memory.begin() + static_cast<ptrdiff_t>(row.size()));
    changed_.insert(index);
  }

  std::unique_ptr<Evidence> Explain(const Window& window, uint32_t index, const Finding& found,
                                    float gap, std::span<const float> numbers,
                                    const Score& score) const {
    const ValuePlace& place = model_.templates[index].places[found.place];
    const std::string text = EscapeForTerminal(texts_[index], 200);
    const float reach = kUsual * place.error_deviation;
    const float low = place.Value(found.expected - reach),
                high = place.Value(found.expected + reach);
    auto evidence = std::make_unique<Evidence>();
    evidence->detector = "values";
    evidence->raw = score.raw;
    evidence->threshold = static_cast<float>(calibration_.threshold);
    evidence->anomaly = score.anomaly;
    evidence->unit = "standard deviations";
    evidence->found.emplace_back(text, score.raw);
    evidence->first = evidence->last = static_cast<uint32_t>(window.events.size() - 1);
    if (place.number == 0) {
      evidence->summary =
          fmt::format("'{}' came {} after the record before it, where {} to {} is usual", text,
                      Pause(gap), Pause(low), Pause(high));
    } else {
      const float value = numbers[place.number - 1];
      evidence->summary = fmt::format("'{}': {} where {} to {} is usual (number {} of the message)",
                                      text, Number(value), Number(low), Number(high), place.number);
    }
    return evidence;
  }

  void SaveMemory(size_t index, StateWriter& out) const {
    out.U64(index);
    out.U64(memory_[index].size());
    for (const float value : memory_[index]) out.F32(value);
  }
  bool LoadAll(StateReader& in) {
    if (in.U64() != fingerprint_) return false;
    for (size_t n = in.Count(2); n > 0 && in.ok(); --n) {
      const uint64_t index = in.U64();
      const size_t size = in.Count(4);
      if (!in.ok() || index >= memory_.size()) return false;
      const size_t width = model_.templates[index].places.size();
      if (size > model_.history * width || size % width != 0) return false;
      Memory memory;
      for (size_t i = 0; i < size; ++i) memory.push_back(in.F32());
      if (!std::all_of(memory.begin(), memory.end(),
                       [](float v) { return std::abs(v) <= kMostDeviation; }))
        return false;
      memory_[index] = std::move(memory);
    }
    return in.ok();
  }

  ValueModel model_;
  Calibration calibration_;
  std::vector<uint32_t> index_;  // of the template's model, by word
  std::vector<std::string> texts_;
  uint64_t fingerprint_ = 1;  // of what the memory belongs to
  std::vector<ValueLstm> lstms_;
  std::vector<Memory> memory_;  // by model
  std::set<uint32_t> changed_;  // since the last SaveChanges
  std::vector<float> row_;
};

}  // namespace

std::unique_ptr<Detector> MakeValuesDetector(ValueModel model,
                                             std::span<const std::string> vocabulary,
                                             const Calibration& calibration) {
  return std::make_unique<ValuesDetector>(std::move(model), vocabulary, calibration);
}

}  // namespace alogd
