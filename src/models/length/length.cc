// SPDX-License-Identifier: MIT
// Scores lengths, durations and ends of sessions.
#include "models/length/length.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/templates/catalog.h"
#include "core/text.h"

namespace alogd {
namespace {

constexpr size_t kTextBytes = 160;       // of a template in evidence
constexpr double kLeastSeconds = 0.001;  // shorter durations are one: clocks tell no more

double Surprise(double sessions, double of) { return -std::log10((sessions + 0.5) / (of + 1)); }

// How seldom a value is among sorted ones: the rarer of its two sides, and how far beyond both.
double TailSurprise(double value, double at_most, double at_least, double of, double lowest,
                    double highest) {
  // A side that half of all are on is no surprise: two sides, so twice the share.
  double raw = std::max(0.0, Surprise(std::min(at_most, at_least), of) - std::log10(2.0));
  if (value > highest) raw += std::log2(value / highest);
  if (value < lowest) raw += std::log2(lowest / value);
  return raw;
}

std::string SecondsText(double seconds) {
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 120) return fmt::format("{:.1f} s", seconds);
  return fmt::format("{:.0f} min", seconds / 60);
}

double Seconds(std::span<const Event> events) {
  const double us = static_cast<double>(Micros(events.back().time)) -
                    static_cast<double>(Micros(events.front().time));
  // Bundles keep floats: a duration must be the same before and after it was kept.
  return static_cast<double>(static_cast<float>(std::max(us / 1e6, kLeastSeconds)));
}

class LengthDetector : public StatelessDetector {
 public:
  LengthDetector(LengthModel model, std::span<const std::string> vocabulary,
                 const Calibration& calibration)
      : durations_(std::move(model.durations)),
        ends_(std::move(model.ends)),
        vocabulary_(vocabulary.begin(), vocabulary.end()),
        calibration_(calibration) {
    for (const auto& [length, sessions] : model.lengths) {
      sessions_ += static_cast<double>(sessions);
      lengths_.push_back({length, sessions_});
    }
  }

  std::string_view name() const override { return "length"; }
  // Whole sessions come whatever it says.
  WindowSpec spec() const override { return {.size = 1, .stride = 1, .span = {}}; }

  void ScoreBatch(const ScoreContext& context, std::span<const Window> windows,
                  std::span<Score> scores) override {
    for (size_t i = 0; i < windows.size(); ++i)
      scores[i] = windows[i].session ? ScoreSession(context, windows[i]) : Score();
  }

 private:
  struct Parts {
    double length = 0, duration = 0, end = 0;
    double highest() const { return std::max({length, duration, end}); }
  };

  // Sessions of at most so many records.
  double AtMost(uint32_t length) const {
    const auto after =
        std::upper_bound(lengths_.begin(), lengths_.end(), length,
                         [](uint32_t value, const auto& item) { return value < item.first; });
    return after == lengths_.begin() ? 0 : std::prev(after)->second;
  }

  Parts Judge(std::span<const Event> events) const {
    Parts parts;
    if (lengths_.empty()) return parts;
    const auto length = static_cast<uint32_t>(events.size());
    parts.length = TailSurprise(length, AtMost(length), sessions_ - AtMost(length - 1), sessions_,
                                lengths_.front().first, lengths_.back().first);
    if (!durations_.empty()) parts.duration = JudgeDuration(Seconds(events));
    const uint32_t last = events.back().word;
    const double ended = last < ends_.size() ? static_cast<double>(ends_[last]) : 0;
    parts.end = Surprise(ended, sessions_);
    return parts;
  }

  double JudgeDuration(double seconds) const {
    const auto lower = std::lower_bound(durations_.begin(), durations_.end(), seconds);
    const auto upper = std::upper_bound(lower, durations_.end(), seconds);
    const double of = static_cast<double>(durations_.size());
    return TailSurprise(seconds, static_cast<double>(upper - durations_.begin()),
                        static_cast<double>(durations_.end() - lower), of, durations_.front(),
                        durations_.back());
  }

  Score ScoreSession(const ScoreContext& context, const Window& window) const {
    const Parts parts = Judge(window.events);
    Score score;
    score.raw = static_cast<float>(parts.highest());
    score.anomaly = calibration_.Score(parts.highest());
    if (context.WantsEvidence(score)) score.evidence = Explain(context, window, parts, score);
    return score;
  }

  std::unique_ptr<Evidence> Explain(const ScoreContext& context, const Window& window,
                                    const Parts& parts, const Score& score) const {
    auto evidence = std::make_unique<Evidence>();
    evidence->detector = "length";
    evidence->raw = score.raw;
    evidence->threshold = static_cast<float>(calibration_.threshold);
    evidence->anomaly = score.anomaly;
    evidence->unit = "surprise (-log10 of the share of sessions)";
    evidence->first = evidence->last = static_cast<uint32_t>(window.events.size() - 1);
    const Event& last = window.events.back();
    const std::string text =
        EscapeForTerminal(last.word < vocabulary_.size() ? std::string_view(vocabulary_[last.word])
                                                         : context.catalog.Text(last.id),
                          kTextBytes);
    if (parts.end >= parts.length && parts.end >= parts.duration) {
      const uint64_t ended = last.word < ends_.size() ? ends_[last.word] : 0;
      evidence->summary = fmt::format("the session ended with '{}'; of {:.0f} in training {} did",
                                      text, sessions_, ended);
      evidence->found.emplace_back(text, static_cast<float>(parts.end));
    } else if (parts.length >= parts.duration) {
      evidence->summary = fmt::format(
          "the session has {} records and ended with '{}'; those of training have {} to {}",
          window.events.size(), text, lengths_.front().first, lengths_.back().first);
      evidence->found.emplace_back("records", static_cast<float>(window.events.size()));
    } else {
      evidence->summary =
          fmt::format("the session took {}; those of training took {} to {}",
                      SecondsText(Seconds(window.events)), SecondsText(durations_.front()),
                      SecondsText(durations_.back()));
      evidence->found.emplace_back("seconds", static_cast<float>(Seconds(window.events)));
    }
    return evidence;
  }

  std::vector<std::pair<uint32_t, double>> lengths_;  // and sessions of at most that length
  double sessions_ = 0;
  std::vector<double> durations_;
  std::vector<uint64_t> ends_;
  std::vector<std::string> vocabulary_;
  Calibration calibration_;
};

}  // namespace

void LengthTrainer::Add(const Window& session) {
  if (!session.session) return;
  const auto length = static_cast<uint32_t>(session.events.size());
  if (model_.lengths.size() < LengthModel::kMaxLengths || model_.lengths.contains(length))
    ++model_.lengths[length];
  const uint32_t last = session.events.back().word;
  if (last < model_.ends.size()) ++model_.ends[last];
  if (offered_++ % every_ != 0) return;
  model_.durations.push_back(Seconds(session.events));
  if (model_.durations.size() < LengthModel::kMaxDurations) return;
  for (size_t i = 0; 2 * i < model_.durations.size(); ++i)
    model_.durations[i] = model_.durations[2 * i];
  model_.durations.resize(model_.durations.size() / 2);
  every_ *= 2;
}

LengthModel LengthTrainer::Finish() const {
  LengthModel model = model_;
  std::sort(model.durations.begin(), model.durations.end());
  return model;
}

TensorMap ToTensors(const LengthModel& model) {
  Tensor lengths{{model.lengths.size(), 2}, {}};
  for (const auto& [length, sessions] : model.lengths) {
    lengths.data.push_back(static_cast<float>(length));
    lengths.data.push_back(static_cast<float>(sessions));
  }
  Tensor durations{{model.durations.size()}, {}}, ends{{model.ends.size()}, {}};
  for (const double seconds : model.durations)
    durations.data.push_back(static_cast<float>(seconds));
  for (const uint64_t sessions : model.ends) ends.data.push_back(static_cast<float>(sessions));
  return {{"lengths", std::move(lengths)},
          {"durations", std::move(durations)},
          {"ends", std::move(ends)}};
}

Result<LengthModel> LengthFrom(const TensorMap& tensors, size_t words) {
  const Error malformed{"the weights of length are malformed; train again"};
  for (const char* name : {"lengths", "durations", "ends"})
    if (!tensors.contains(name)) return malformed;
  const auto& lengths = tensors.at("lengths").data;
  const auto& durations = tensors.at("durations").data;
  const auto& ends = tensors.at("ends").data;
  constexpr float kMost = 1e15f;  // fits a counter; more sessions than anyone has
  const auto count = [](float v) { return v >= 0 && v <= kMost; };
  if (lengths.size() % 2 != 0 || lengths.size() / 2 > LengthModel::kMaxLengths ||
      durations.size() > LengthModel::kMaxDurations || ends.size() != words ||
      !std::all_of(lengths.begin(), lengths.end(), count) ||
      !std::all_of(durations.begin(), durations.end(), [](float v) { return v > 0; }) ||
      !std::is_sorted(durations.begin(), durations.end()) ||
      !std::all_of(ends.begin(), ends.end(), count))
    return malformed;
  LengthModel model;
  for (size_t i = 0; i < lengths.size(); i += 2) {
    if (lengths[i] < 1 || lengths[i] > 1e9f || lengths[i + 1] < 1) return malformed;
    model.lengths[static_cast<uint32_t>(lengths[i])] = static_cast<uint64_t>(lengths[i + 1]);
  }
  for (const float seconds : durations) model.durations.push_back(static_cast<double>(seconds));
  for (const float sessions : ends) model.ends.push_back(static_cast<uint64_t>(sessions));
  return model;
}

std::unique_ptr<Detector> MakeLengthDetector(LengthModel model,
                                             std::span<const std::string> vocabulary,
                                             const Calibration& calibration) {
  return std::make_unique<LengthDetector>(std::move(model), vocabulary, calibration);
}

}  // namespace alogd
