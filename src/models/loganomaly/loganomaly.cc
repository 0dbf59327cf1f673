// SPDX-License-Identifier: MIT
// Scores windows by their mean template vector.
#include "models/loganomaly/loganomaly.h"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <functional>

#include "core/templates/catalog.h"
#include "core/text.h"
#include "models/corpus/corpus.h"
#include "models/terms/nearest_template.h"

namespace alogd {
namespace {

// Sums are 32 bit: so many vectors of length 1 fit. Of a longer session the first ones count.
constexpr size_t kMaxRecords = (size_t{1} << 31) / kTermOne - 1;
constexpr size_t kShown = 5;  // terms in the evidence

using Floats = Eigen::ArrayXf;
using Sums = Eigen::Array<int32_t, Eigen::Dynamic, 1>;

struct StringHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

// The program of a stream's key SOURCE<tab>PROGRAM, or the source where it has none.
std::string StreamName(std::string_view key) {
  const size_t tab = key.find('\t');
  const bool has_program = tab != std::string_view::npos && tab + 1 < key.size();
  return EscapeForTerminal(has_program ? key.substr(tab + 1) : key.substr(0, tab), 100);
}

class LogAnomalyDetector : public StatelessDetector {
 public:
  LogAnomalyDetector(LogAnomalyModel model, std::span<const std::string> vocabulary,
                     const Calibration& calibration)
      : window_(model.window),
        stride_(model.stride),
        calibration_(calibration),
        nearest_(std::move(model.terms), vocabulary),
        vectors_(nearest_.vectors()),
        vocabulary_(vocabulary.begin(), vocabulary.end()),
        terms_(static_cast<Eigen::Index>(vectors_.weights().terms.size())),
        mean_(Eigen::Map<const Floats>(model.mean.data(),
                                       static_cast<Eigen::Index>(model.mean.size()))),
        inverse_(Eigen::Map<const Floats>(model.deviation.data(),
                                          static_cast<Eigen::Index>(model.deviation.size()))
                     .inverse()),
        sums_(Sums::Zero(terms_)) {
    for (size_t i = 0; i < model.streams.size(); ++i)
      row_of_.emplace(std::move(model.streams[i]), static_cast<Eigen::Index>(i + 1));
  }

  std::string_view name() const override { return "loganomaly"; }
  WindowSpec spec() const override { return {.size = window_, .stride = stride_, .span = {}}; }

  void ScoreBatch(const ScoreContext& context, std::span<const Window> windows,
                  std::span<Score> scores) override {
    summed_ = {};
    for (size_t i = 0; i < windows.size(); ++i) scores[i] = ScoreWindow(context, windows[i]);
  }

 private:
  Score ScoreWindow(const ScoreContext& context, const Window& window) {
    Score score;
    if (!window.session && window.events.size() < (window_ + 1) / 2) return score;
    if (terms_ == 0) return score;
    const auto events = window.events.first(std::min(window.events.size(), kMaxRecords));
    Sum(context, events);
    const Eigen::Index row = RowOf(window.stream) * terms_;
    const float scale = 1.0f / (static_cast<float>(events.size()) * static_cast<float>(kTermOne));
    score.raw = ((sums_.cast<float>() * scale - mean_.segment(row, terms_)).abs() *
                 inverse_.segment(row, terms_))
                    .maxCoeff() *
                Shortness(window);
    score.anomaly = calibration_.Score(static_cast<double>(score.raw));
    if (context.WantsEvidence(score))
      score.evidence =
          Explain(context, events, window.stream, scale, Shortness(window), row, score);
    return score;
  }

  // The mean of fewer records spreads more, by the square root: what a pause cut short is judged by
  // the deviation of its own length.
  float Shortness(const Window& window) const {
    if (window.session || window.events.size() >= window_) return 1;
    return std::sqrt(static_cast<float>(window.events.size()) / static_cast<float>(window_));
  }

  // sums_ = sum of the events' vectors. Of a window that overlaps the last one only the difference
  // is added; with integers that is the same.
  void Sum(const ScoreContext& context, std::span<const Event> events) {
    const Event* begin = events.data();
    const Event* end = begin + events.size();
    const Event* old_begin = summed_.data();
    const Event* old_end = old_begin + summed_.size();
    const std::less_equal<const Event*> le;
    if (!summed_.empty() && le(old_begin, begin) && le(begin, old_end) && le(old_end, end)) {
      for (const Event* e = old_begin; e != begin; ++e) AddVector(context, *e, -1);
      for (const Event* e = old_end; e != end; ++e) AddVector(context, *e, 1);
    } else {
      sums_.setZero();
      for (const Event& event : events) AddVector(context, event, 1);
    }
    summed_ = events;
  }

  void AddVector(const ScoreContext& context, const Event& event, int32_t sign) {
    const uint32_t word = WordOf(context, event);
    if (word == TermVectors::kNone) return;
    for (const auto& [term, value] : vectors_.of(word)) sums_[term] += sign * value;
  }

  uint32_t WordOf(const ScoreContext& context, const Event& event) {
    return event.word < vectors_.words() ? event.word
                                         : nearest_.Find(context.catalog, event.id).word;
  }

  Eigen::Index RowOf(std::string_view stream) const {
    const auto it = row_of_.find(LiveStream(stream));
    return it == row_of_.end() ? 0 : it->second;
  }

  std::unique_ptr<Evidence> Explain(const ScoreContext& context, std::span<const Event> events,
                                    std::string_view stream, float scale, float shortness,
                                    Eigen::Index row, const Score& score) {
    const Floats z = (sums_.cast<float>() * scale - mean_.segment(row, terms_)) *
                     inverse_.segment(row, terms_) * shortness;
    std::vector<Eigen::Index> order(static_cast<size_t>(terms_));
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Eigen::Index>(i);
    std::stable_sort(order.begin(), order.end(), [&](Eigen::Index a, Eigen::Index b) {
      return std::abs(z[a]) > std::abs(z[b]);
    });
    auto evidence = std::make_unique<Evidence>();
    evidence->detector = "loganomaly";
    evidence->raw = score.raw;
    evidence->threshold = static_cast<float>(calibration_.threshold);
    evidence->anomaly = score.anomaly;
    evidence->unit = "z";
    for (const Eigen::Index term : std::span(order).first(std::min(kShown, order.size())))
      evidence->found.emplace_back(EscapeForTerminal(Term(term), 200), z[term]);
    const Eigen::Index top = order.front();
    Blame(context, events, top, z[top], evidence.get());
    const float share = static_cast<float>(sums_[top]) * scale;
    evidence->summary = Summary(context, events, top, z[top], share, mean_[row + top], *evidence);
    if (row == 0 && !row_of_.empty())
      evidence->summary += "; compared with the whole group, for '" + StreamName(stream) +
                           "' was too seldom in training";
    return evidence;
  }

  const std::string& Term(Eigen::Index term) const {
    return vectors_.weights().terms[static_cast<size_t>(term)];
  }

  // The latest record that carries the term, where there is more of it than normal.
  void Blame(const ScoreContext& context, std::span<const Event> events, Eigen::Index term, float z,
             Evidence* evidence) {
    evidence->last = static_cast<uint32_t>(events.size() - 1);
    if (z <= 0) return;
    for (size_t i = events.size(); i-- > 0;) {
      const uint32_t word = WordOf(context, events[i]);
      if (word == TermVectors::kNone) continue;
      for (const auto& [t, value] : vectors_.of(word)) {
        if (t != static_cast<uint32_t>(term)) continue;
        evidence->first = evidence->last = static_cast<uint32_t>(i);
        return;
      }
    }
  }

  std::string Summary(const ScoreContext& context, std::span<const Event> events, Eigen::Index term,
                      float z, float weight, float usual, const Evidence& evidence) {
    std::string summary = fmt::format(
        "'{}' comes far {} often than in normal windows of {} records: weight {:.2f}, normally "
        "{:.2f} ({:+.1f} standard deviations)",
        EscapeForTerminal(Term(term), 200), z > 0 ? "more" : "less", events.size(), weight, usual,
        z);
    if (z > 0)
      summary += fmt::format(
          ", last in '{}'", EscapeForTerminal(context.catalog.Text(events[evidence.last].id), 200));
    return summary + UnseenSentence(context, events);
  }

  // What stood in for templates that training never saw.
  std::string UnseenSentence(const ScoreContext& context, std::span<const Event> events) {
    size_t count = 0;
    const Event* last = nullptr;
    for (const Event& event : events) {
      if (event.word < vectors_.words()) continue;
      ++count;
      last = &event;
    }
    if (count == 0) return {};
    const NearestTemplate::Match& unseen = nearest_.Find(context.catalog, last->id);
    std::string out = fmt::format("; {} of the records unknown to training, of which '{}' ", count,
                                  EscapeForTerminal(unseen.text, 200));
    if (unseen.word == TermVectors::kNone) return out + "resembles nothing known";
    return out + fmt::format("was taken for '{}' (similarity {:.2f})",
                             EscapeForTerminal(vocabulary_[unseen.word], 200), unseen.cosine);
  }

  uint32_t window_;
  uint32_t stride_;
  Calibration calibration_;
  NearestTemplate nearest_;
  const TermVectors& vectors_;  // nearest_'s
  std::vector<std::string> vocabulary_;
  Eigen::Index terms_;
  Floats mean_;     // [rows * terms], a row a stream
  Floats inverse_;  // 1 / deviation, likewise
  std::unordered_map<std::string, Eigen::Index, StringHash, std::equal_to<>> row_of_;
  Sums sums_;                      // of summed_
  std::span<const Event> summed_;  // within the present batch
};

}  // namespace

std::unique_ptr<Detector> MakeLogAnomalyDetector(LogAnomalyModel model,
                                                 std::span<const std::string> vocabulary,
                                                 const Calibration& calibration) {
  return std::make_unique<LogAnomalyDetector>(std::move(model), vocabulary, calibration);
}

}  // namespace alogd
