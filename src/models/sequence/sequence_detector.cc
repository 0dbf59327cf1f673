// SPDX-License-Identifier: MIT
// The detectors that say what follows: windows to items of history and target, items to scores and
// evidence.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <numeric>

#include "core/text.h"
#include "models/sequence/next_word.h"
#include "models/sequence/sequence_model.h"
#include "models/sequence/window_cache.h"
#include "models/terms/nearest_template.h"

namespace alogd {
namespace {

constexpr size_t kExpected = 3;     // likeliest words that evidence names
constexpr size_t kTextBytes = 160;  // of a template in evidence

// "62%", "4.3%", "0.012%".
std::string Percent(float p) {
  const float percent = p * 100;
  if (percent >= 9.95f) return fmt::format("{:.0f}%", percent);
  if (percent >= 0.0001f) return fmt::format("{:.2g}%", percent);
  return "under 0.0001%";
}

class SequenceDetector : public StatelessDetector {
 public:
  SequenceDetector(std::string name, DeepLogModel model, const Calibration& calibration,
                   uint32_t top, std::vector<std::string> vocabulary, StandIns stand_ins,
                   size_t cache_windows)
      : window_(model.options.window),
        words_(model.words),
        sessions_(model.sessions),
        top_(top > 0 ? top : model.top),
        end_shift_(model.end_shift),
        common_(std::move(model.common)),
        known_(std::move(model.known)),
        calibration_(calibration),
        vocabulary_(std::move(vocabulary)),
        name_(std::move(name)),
        stand_ins_(std::move(stand_ins)),
        scorer_(model.layout, model.parameters, window_),
        cache_(cache_windows, window_ + 1) {}

  std::string_view name() const override { return name_; }
  WindowSpec spec() const override { return {.size = window_ + 1, .stride = 1, .span = {}}; }

  void ScoreBatch(const ScoreContext& context, std::span<const Window> windows,
                  std::span<Score> scores) override {
    assert(scores.size() == windows.size());
    keys_.clear();
    worst_.assign(windows.size(), {});
    for (size_t i = 0; i < windows.size(); ++i) AddWindow(context, windows[i], i);
    ScorePending();
    for (size_t i = 0; i < windows.size(); ++i) {
      const Worst& worst = worst_[i];
      scores[i] = {};
      if (!worst.any) continue;
      scores[i].raw = worst.raw;
      scores[i].anomaly = calibration_.Score(static_cast<double>(worst.raw));
      if (context.WantsEvidence(scores[i]))
        scores[i].evidence = Explain(context, windows[i], worst, scores[i]);
    }
  }

 private:
  // A history and what followed it: window_ + 1 words in keys_ from `key`.
  struct Item {
    size_t key;
    size_t window;   // index into the batch
    uint32_t place;  // of the target in its window; the number of events: END
  };
  // The item of a window that speaks most against it.
  struct Worst {
    bool any = false;
    float raw = 0;
    LstmVerdict verdict{};
    Item item{};
  };

  std::span<const uint32_t> Key(const Item& item) const {
    return std::span(keys_).subspan(item.key, window_ + 1);
  }
  bool IsEnd(const Item& item) const { return keys_[item.key + window_] == words_; }

  // A full window of a stream has one item, its last event. A whole session has one for each event
  // and one for its end; so has what a pause cut short, but for the end.
  void AddWindow(const ScoreContext& context, const Window& window, size_t index) {
    const size_t full = size_t{window_} + 1;
    const bool whole = window.session || window.events.size() < full;
    const auto events = whole ? window.events : window.events.last(full);
    const size_t origin = keys_.size();
    if (whole) keys_.insert(keys_.end(), window_, words_);
    for (const Event& event : events) keys_.push_back(WordOf(context, event));
    if (window.session && sessions_) keys_.push_back(words_);

    size_t known = 0;  // words since the latest unknown one
    for (size_t at = origin; at < keys_.size(); ++at) {
      known = keys_[at] == kUnknownWord ? 0 : known + 1;
      if (known < full) continue;
      const size_t place = whole ? at - origin - window_ : window.events.size() - 1;
      AddItem({at - window_, index, static_cast<uint32_t>(place)});
    }
  }

  uint32_t WordOf(const ScoreContext& context, const Event& event) {
    if (!stand_ins_.nearest) return event.word < words_ ? event.word : kUnknownWord;
    if (event.word < words_ && common_[event.word] > 0) return event.word;
    const NearestTemplate::Match& match = stand_ins_.nearest->Find(context.catalog, event.id);
    return match.word < words_ && match.cosine >= stand_ins_.least_similar ? match.word
                                                                           : kUnknownWord;
  }

  void AddItem(const Item& item) {
    LstmVerdict verdict;
    if (cache_.Find(Key(item), &verdict)) {
      Take(item, verdict);
      return;
    }
    pending_.push_back(item);
    if (pending_.size() == kLstmColumns) ScorePending();
  }

  void ScorePending() {
    histories_.clear();
    targets_.clear();
    for (const Item& item : pending_) {
      const std::span<const uint32_t> key = Key(item);
      histories_.insert(histories_.end(), key.begin(), key.end() - 1);
      targets_.push_back(key.back());
    }
    const std::span<LstmVerdict> verdicts(verdicts_.data(), pending_.size());
    scorer_.Score(histories_, targets_, verdicts);
    for (size_t i = 0; i < pending_.size(); ++i) {
      const std::span<const uint32_t> key = Key(pending_[i]);
      verdicts[i].nll = known_.Mix(key.first(window_), key.back(), verdicts[i].nll);
      Take(pending_[i], verdicts[i]);
      cache_.Insert(Key(pending_[i]), verdicts[i]);
    }
    pending_.clear();
  }

  // Keeps the highest raw score of a window, of equal ones the earliest: the order in which items
  // are scored must not show.
  void Take(const Item& item, const LstmVerdict& verdict) {
    const float loss = DeepLogLoss(verdict.nll, common_[keys_[item.key + window_]]);
    const float raw =
        IsEnd(item) ? std::max(loss + end_shift_, 0.0f) : DeepLogRaw(loss, verdict.rank, top_);
    Worst& worst = worst_[item.window];
    if (worst.any && (raw < worst.raw || (raw == worst.raw && item.place > worst.item.place)))
      return;
    worst = {true, raw, verdict, item};
  }

  std::string Text(uint32_t word) const {
    if (word == words_) return "(the end of the session)";
    if (word >= vocabulary_.size()) return fmt::format("(template {})", word);
    return EscapeForTerminal(vocabulary_[word], kTextBytes);
  }

  std::unique_ptr<Evidence> Explain(const ScoreContext& context, const Window& window,
                                    const Worst& worst, const Score& score) {
    const std::span<const uint32_t> key = Key(worst.item);
    std::vector<float> p = scorer_.Distribution(key.first(window_));
    known_.MixAll(key.first(window_), &p);
    auto evidence = std::make_unique<Evidence>();
    evidence->detector = name_;
    evidence->raw = score.raw;
    evidence->threshold = static_cast<float>(calibration_.threshold);
    evidence->anomaly = score.anomaly;
    for (const uint32_t word : Likeliest(p)) evidence->expected.emplace_back(Text(word), p[word]);
    evidence->found.emplace_back(Text(key[window_]), p[key[window_]]);
    evidence->unit = "probability";
    evidence->summary = Summary(key, *evidence, worst.verdict.rank);
    const auto last = static_cast<uint32_t>(window.events.size() - 1);
    evidence->first = evidence->last = std::min(worst.item.place, last);
    if (stand_ins_.nearest && key[window_] != words_)
      evidence->summary += StandInSentence(context, window.events[evidence->last]);
    return evidence;
  }

  std::string StandInSentence(const ScoreContext& context, const Event& event) {
    if (event.word < words_ && common_[event.word] > 0) return {};
    const NearestTemplate::Match& match = stand_ins_.nearest->Find(context.catalog, event.id);
    return fmt::format("; it stands for '{}', which training did not know (similarity {:.2f})",
                       EscapeForTerminal(match.text, kTextBytes), match.cosine);
  }

  // Classes by falling probability; a model of streams has no END.
  std::vector<uint32_t> Likeliest(const std::vector<float>& p) const {
    std::vector<uint32_t> order(sessions_ ? p.size() : p.size() - 1);
    std::iota(order.begin(), order.end(), 0u);
    const size_t count = std::min(kExpected, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(count), order.end(),
                      [&](uint32_t a, uint32_t b) { return p[a] != p[b] ? p[a] > p[b] : a < b; });
    order.resize(count);
    return order;
  }

  std::string Summary(std::span<const uint32_t> key, const Evidence& evidence,
                      uint32_t rank) const {
    const uint32_t before = key[window_ - 1];
    std::string expected;
    for (const auto& [text, p] : evidence.expected)
      expected += fmt::format("{}{} ({})", expected.empty() ? "" : ", ", Quoted(text), Percent(p));
    const auto& [text, p] = evidence.found.front();
    const std::string came =
        key[window_] == words_
            ? fmt::format("the session ended ({})", Percent(p))
            : fmt::format("came {} ({}, rank {})", Quoted(text), Percent(p), rank + 1);
    return fmt::format(
        "{} expected {}; {}",
        before == words_ ? std::string(sessions_ ? "at the start of the session" : "after a pause")
                         : fmt::format("after {}", Quoted(Text(before))),
        expected, came);
  }
  static std::string Quoted(const std::string& text) {
    return text.starts_with('(') ? text : fmt::format("'{}'", text);
  }

  uint32_t window_;
  uint32_t words_;
  bool sessions_;
  uint32_t top_;
  float end_shift_;
  std::vector<float> common_;
  KnownHistories known_;
  Calibration calibration_;
  std::vector<std::string> vocabulary_;
  std::string name_;
  StandIns stand_ins_;
  NextWordScorer scorer_;
  WindowCache cache_;
  // Of the batch at hand.
  std::vector<uint32_t> keys_;
  std::vector<Worst> worst_;
  std::vector<Item> pending_;
  std::vector<uint32_t> histories_, targets_;
  std::array<LstmVerdict, kLstmColumns> verdicts_{};
};

}  // namespace

std::unique_ptr<Detector> MakeSequenceDetector(std::string name, DeepLogModel model,
                                               const Calibration& calibration, uint32_t top,
                                               std::vector<std::string> vocabulary,
                                               StandIns stand_ins, size_t cache_windows) {
  return std::make_unique<SequenceDetector>(std::move(name), std::move(model), calibration, top,
                                            std::move(vocabulary), std::move(stand_ins),
                                            cache_windows);
}

}  // namespace alogd
