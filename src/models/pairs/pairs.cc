// SPDX-License-Identifier: MIT
// Learns and judges which templates follow each other.
#include "models/pairs/pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/text.h"
#include "models/sequence/recent_occurrences.h"

namespace alogd {
namespace {

constexpr size_t kMaxRecent = 2048;  // new pairs whose occurrences are remembered

const Error kMalformed{"pairs: its tensors are missing or malformed; train again"};

class PairsDetector : public Detector {
 public:
  PairsDetector(PairsModel model, std::span<const std::string> vocabulary,
                const Calibration& calibration)
      : model_(std::move(model)),
        vocabulary_(vocabulary.begin(), vocabulary.end()),
        calibration_(calibration),
        known_(size_t{model_.words} + 1, false) {
    for (uint32_t a = 0; a <= model_.words; ++a) known_[a] = model_.successors[a] > 0;
    for (const uint32_t b : model_.second) known_[b] = true;
  }

  std::string_view name() const override { return "pairs"; }
  WindowSpec spec() const override { return {.size = 2, .stride = 1, .span = {}}; }

  void ScoreBatch(const ScoreContext& context, std::span<const Window> windows,
                  std::span<Score> scores) override {
    for (size_t i = 0; i < windows.size(); ++i) scores[i] = ScoreWindow(context, windows[i]);
  }

  void Save(StateWriter& out) const override { recent_.Save(out); }
  bool Load(StateReader& in) override { return recent_.Load(in); }
  void SaveChanges(StateWriter& out) override { recent_.SaveChanges(out); }
  bool ApplyChanges(StateReader& in) override { return recent_.ApplyChanges(in); }
  void Forget(std::string_view) override {}  // pairs belong to the group, not to a stream

 private:
  struct Worst {
    float raw = std::numeric_limits<float>::quiet_NaN();
    uint32_t a = 0, b = 0;
    size_t place = 0;  // of the second
  };

  Score ScoreWindow(const ScoreContext& context, const Window& window) {
    Worst worst;
    const std::span<const Event> events = window.events;
    const auto word = [&](size_t i) { return std::min(events[i].word, kUnknownWord); };
    for (size_t i = 1; i < events.size(); ++i)
      Take(word(i - 1), word(i), &events[i - 1], &events[i], i, window.end, &worst);
    if (window.session && model_.sessions) {
      const size_t last = events.size() - 1;
      Take(model_.words, word(0), nullptr, &events[0], 0, window.end, &worst);
      Take(word(last), model_.words, &events[last], nullptr, last, window.end, &worst);
    }
    Score score;
    score.raw = worst.raw;
    score.anomaly = calibration_.Score(static_cast<double>(score.raw));
    if (!std::isnan(score.raw) && context.WantsEvidence(score))
      score.evidence = Explain(worst, score);
    return score;
  }

  bool Known(uint32_t word) const { return word <= model_.words && known_[word]; }

  void Take(uint32_t a, uint32_t b, const Event* first, const Event* second, size_t place, Time end,
            Worst* worst) {
    if (!Known(a) || !Known(b) || !(model_.successors[a] > 0)) return;
    float raw = 0;
    if (!model_.Saw(a, b)) {
      // Ids keep their meaning when a bundle is replaced; none stands for a session's end.
      const uint64_t key = (uint64_t{first ? Index(first->id) : UINT32_MAX} << 32) |
                           (second ? Index(second->id) : UINT32_MAX);
      raw = std::max(0.0f, model_.surprise[a] - Wear(key, second ? second->time : end));
    }
    if (raw <= worst->raw) return;
    *worst = {raw, a, b, place};
  }

  // By how much what came before this record wears a new pair off; this one is counted.
  float Wear(uint64_t key, Time now) {
    const RecentOccurrences::Before before = recent_.Count(key, now);
    return static_cast<float>(std::log10(1.0 + static_cast<double>(before.seen)) +
                              std::log10(1.0 + before.lately));
  }

  std::string Text(uint32_t word) const {
    if (word >= vocabulary_.size()) return fmt::format("(template {})", word);
    return fmt::format("'{}'", EscapeForTerminal(vocabulary_[word], 160));
  }

  std::unique_ptr<Evidence> Explain(const Worst& worst, const Score& score) const {
    auto evidence = std::make_unique<Evidence>();
    evidence->detector = "pairs";
    evidence->raw = score.raw;
    evidence->threshold = static_cast<float>(calibration_.threshold);
    evidence->anomaly = score.anomaly;
    evidence->unit = "surprise (-log10 of its chance)";
    evidence->first = evidence->last = static_cast<uint32_t>(worst.place);
    const double times = static_cast<double>(model_.successors[worst.a]);
    if (model_.Saw(worst.a, worst.b)) {
      evidence->summary = "only pairs of templates that followed each other in training";
    } else if (worst.a == model_.words) {
      evidence->summary = fmt::format("none of the {:.0f} sessions of training began with {}",
                                      times, Text(worst.b));
    } else if (worst.b == model_.words) {
      evidence->summary = fmt::format(
          "no session of training ended with {}, which came {:.0f} times", Text(worst.a), times);
    } else {
      evidence->summary =
          fmt::format("{} never came right after {} in training, which {:.0f} other records did",
                      Text(worst.b), Text(worst.a), times);
    }
    return evidence;
  }

  PairsModel model_;
  std::vector<std::string> vocabulary_;
  Calibration calibration_;
  std::vector<bool> known_;               // by word: training learned from it
  RecentOccurrences recent_{kMaxRecent};  // of new pairs
};

Tensor TensorOf(const std::vector<uint32_t>& values) {
  Tensor tensor{{values.size()}, {}};
  for (const uint32_t value : values) tensor.data.push_back(static_cast<float>(value));
  return tensor;
}

// Whole numbers in [0, most].
bool TakeWhole(const TensorMap& tensors, const char* name, size_t size, float most,
               std::vector<uint32_t>* out) {
  const auto it = tensors.find(name);
  if (it == tensors.end() || it->second.shape.size() != 1) return false;
  const std::vector<float>& data = it->second.data;
  if (size != SIZE_MAX && data.size() != size) return false;
  for (const float value : data) {
    if (!(value >= 0 && value <= most) || value != std::floor(value)) return false;
    out->push_back(static_cast<uint32_t>(value));
  }
  return true;
}

}  // namespace

bool PairsModel::Saw(uint32_t a, uint32_t b) const {
  const auto from = second.begin() + begin[a], to = second.begin() + begin[a + 1];
  return std::binary_search(from, to, b);
}

void PairsTrainer::Add(std::span<const uint32_t> sequence) {
  const auto add = [&](uint32_t a, uint32_t b) {
    const uint64_t key = (uint64_t{a} << 32) | b;
    if (a > words_ || b > words_ || (too_many() && !counts_.contains(key))) return;
    ++counts_[key];
  };
  if (sequence.empty()) return;
  if (sessions_) add(words_, sequence.front());
  for (size_t i = 1; i < sequence.size(); ++i) add(sequence[i - 1], sequence[i]);
  if (sessions_) add(sequence.back(), words_);
}

PairsModel PairsTrainer::Finish() const {
  PairsModel model;
  model.words = words_;
  model.sessions = sessions_;
  model.begin.assign(size_t{words_} + 2, 0);
  model.successors.assign(size_t{words_} + 1, 0);
  model.surprise.assign(size_t{words_} + 1, 0);
  std::vector<double> all(size_t{words_} + 1), once(size_t{words_} + 1);
  for (const auto& [key, count] : counts_) {
    const auto a = static_cast<size_t>(key >> 32);
    ++model.begin[a + 1];
    model.second.push_back(static_cast<uint32_t>(key & UINT32_MAX));
    all[a] += static_cast<double>(count);
    once[a] += count == 1;
  }
  for (size_t a = 0; a <= words_; ++a) {
    model.begin[a + 1] += model.begin[a];
    if (!(all[a] > 0)) continue;
    model.successors[a] = static_cast<float>(all[a]);
    model.surprise[a] =
        std::max(0.0f, static_cast<float>(-std::log10((once[a] + 0.5) / (all[a] + 1))));
  }
  return model;
}

TensorMap ToTensors(const PairsModel& model) {
  return {{"settings", {{1}, {model.sessions ? 1.0f : 0.0f}}},
          {"begin", TensorOf(model.begin)},
          {"second", TensorOf(model.second)},
          {"successors", {{model.successors.size()}, model.successors}},
          {"surprise", {{model.surprise.size()}, model.surprise}}};
}

Result<PairsModel> PairsFrom(const TensorMap& tensors, uint32_t words) {
  PairsModel model;
  model.words = words;
  const size_t firsts = size_t{words} + 1;
  std::vector<uint32_t> settings;
  if (tensors.size() != 5 || !TakeWhole(tensors, "settings", 1, 1, &settings) ||
      !TakeWhole(tensors, "begin", firsts + 1, static_cast<float>(PairsTrainer::kMaxPairs + 1),
                 &model.begin) ||
      !TakeWhole(tensors, "second", SIZE_MAX, static_cast<float>(words), &model.second) ||
      !tensors.contains("successors") || !tensors.contains("surprise"))
    return kMalformed;
  model.sessions = settings[0] == 1;
  model.successors = tensors.at("successors").data;
  model.surprise = tensors.at("surprise").data;
  const auto natural = [](float v) { return v >= 0 && std::isfinite(v); };
  if (model.successors.size() != firsts || model.surprise.size() != firsts ||
      !std::all_of(model.successors.begin(), model.successors.end(), natural) ||
      !std::all_of(model.surprise.begin(), model.surprise.end(), natural) ||
      model.begin.front() != 0 || model.begin.back() != model.second.size() ||
      !std::is_sorted(model.begin.begin(), model.begin.end()))
    return kMalformed;
  for (size_t a = 0; a < firsts; ++a)
    for (size_t i = model.begin[a] + size_t{1}; i < model.begin[a + 1]; ++i)
      if (model.second[i] <= model.second[i - 1]) return kMalformed;
  return model;
}

std::unique_ptr<Detector> MakePairsDetector(PairsModel model,
                                            std::span<const std::string> vocabulary,
                                            const Calibration& calibration) {
  return std::make_unique<PairsDetector>(std::move(model), vocabulary, calibration);
}

}  // namespace alogd
