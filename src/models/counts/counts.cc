// SPDX-License-Identifier: MIT
// Looks count vectors up, and for the nearest where they are new.
#include "models/counts/counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/templates/catalog.h"
#include "core/text.h"
#include "models/corpus/corpus.h"

namespace alogd {
namespace {

constexpr size_t kShown = 3;        // templates that evidence names
constexpr size_t kTextBytes = 160;  // of a template in evidence

struct Difference {
  uint64_t apart = 0, largest = 0;  // sum |a - b|, sum max(a, b)
  double distance() const {
    return largest > 0 ? static_cast<double>(apart) / static_cast<double>(largest) : 0;
  }
};

// Calls `each(word, in_a, in_b)` for the words of either.
template <typename Each>
void Walk(const CountVector& a, const CountVector& b, Each each) {
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    const bool in_a = j == b.size() || (i < a.size() && a[i].first <= b[j].first);
    const bool in_b = i == a.size() || (j < b.size() && b[j].first <= a[i].first);
    const uint32_t word = in_a ? a[i].first : b[j].first;
    each(word, in_a ? a[i].second : 0u, in_b ? b[j].second : 0u);
    i += in_a;
    j += in_b;
  }
}

Difference Compare(const CountVector& a, const CountVector& b) {
  Difference d;
  Walk(a, b, [&](uint32_t, uint32_t x, uint32_t y) {
    d.apart += x > y ? x - y : y - x;
    d.largest += std::max(x, y);
  });
  return d;
}

uint64_t Total(const CountVector& vector) {
  uint64_t total = 0;
  for (const auto& [word, count] : vector) total += count;
  return total;
}

// The first of the nearest of `seen` by distance, but for number `self`; none where nothing is in
// common. Totals bound the distance from below, which spares most comparisons.
size_t NearestOther(const std::vector<CountVector>& seen, const std::vector<uint64_t>& totals,
                    size_t self) {
  size_t nearest = SIZE_MAX;
  double least = 1;
  const double total = static_cast<double>(totals[self]);
  for (size_t i = 0; i < seen.size(); ++i) {
    const double other = static_cast<double>(totals[i]);
    if (i == self || 1 - std::min(total, other) / std::max(total, other) >= least) continue;
    const double distance = Compare(seen[self], seen[i]).distance();
    if (distance < least) least = distance, nearest = i;
  }
  return nearest;
}

class CountsDetector : public StatelessDetector {
 public:
  CountsDetector(CountsModel model, std::span<const std::string> vocabulary,
                 const Calibration& calibration)
      : window_(model.window),
        stride_(model.stride),
        seen_(std::move(model.seen)),
        surprise_(std::move(model.surprise)),
        rare_(std::move(model.rare)),
        silent_(std::move(model.silent)),
        vocabulary_(vocabulary.begin(), vocabulary.end()),
        calibration_(calibration) {
    std::sort(seen_.begin(), seen_.end());
    for (const CountVector& vector : seen_) totals_.push_back(Total(vector));
    if (surprise_.empty()) surprise_.assign(1, 0.0f);
    least_ = static_cast<double>(*std::min_element(surprise_.begin(), surprise_.end()));
  }

  std::string_view name() const override { return "counts"; }
  WindowSpec spec() const override { return {.size = window_, .stride = stride_, .span = {}}; }

  void ScoreBatch(const ScoreContext& context, std::span<const Window> windows,
                  std::span<Score> scores) override {
    for (size_t i = 0; i < windows.size(); ++i) scores[i] = ScoreWindow(context, windows[i]);
  }

 private:
  struct Nearest {
    double raw = 0;
    size_t index = SIZE_MAX;  // into seen_; none where nothing is in common
  };

  Score ScoreWindow(const ScoreContext& context, const Window& window) const {
    Score score;
    // What a pause cut short has fewer records of everything, which says nothing.
    if (!window.session && (window.events.size() < window_ || Silent(window))) return score;
    const CountVector vector = CountWords(window.events);
    Nearest nearest{0, 0};
    if (!std::binary_search(seen_.begin(), seen_.end(), vector)) nearest = Find(vector);
    score.raw = static_cast<float>(nearest.raw);
    score.anomaly = calibration_.Score(nearest.raw);
    if (context.WantsEvidence(score))
      score.evidence = Explain(context, window, vector, nearest, score);
    return score;
  }

  // A record that training lacked or took for rare makes new numbers of every window that holds it;
  // it counts in the first one.
  bool Silent(const Window& window) const {
    if (std::binary_search(silent_.begin(), silent_.end(), LiveStream(window.stream),
                           std::less<>()))
      return true;
    const size_t before = window.events.size() - std::min<size_t>(stride_, window.events.size());
    const auto earlier = window.events.first(before);
    return std::any_of(earlier.begin(), earlier.end(), [&](const Event& event) {
      return event.word == kUnknownWord || (event.word < rare_.size() && rare_[event.word]);
    });
  }

  double Surprise(uint32_t word) const {
    return static_cast<double>(surprise_[std::min<size_t>(word, surprise_.size() - 1)]);
  }

  // The first of those with the least raw score. A vector's total bounds its distance from below,
  // which spares many comparisons.
  Nearest Find(const CountVector& vector) const {
    const double total = static_cast<double>(Total(vector));
    Nearest nearest;
    for (const auto& [word, count] : vector) nearest.raw = std::max(nearest.raw, Surprise(word));
    nearest.raw += 1;
    for (size_t i = 0; i < seen_.size(); ++i) {
      const double other = static_cast<double>(totals_[i]);
      if (least_ + 1 - std::min(total, other) / std::max(total, other) >= nearest.raw) continue;
      const double raw = RawBeside(vector, seen_[i]);
      if (raw < nearest.raw) nearest = {raw, i};
    }
    return nearest;
  }

  double RawBeside(const CountVector& vector, const CountVector& other) const {
    Difference difference;
    double surprise = 0;
    bool common = false;
    Walk(vector, other, [&](uint32_t word, uint32_t here, uint32_t there) {
      difference.apart += here > there ? here - there : there - here;
      difference.largest += std::max(here, there);
      common = common || (here > 0 && there > 0);
      if (here != there) surprise = std::max(surprise, Surprise(word));
    });
    return common ? difference.distance() + surprise : std::numeric_limits<double>::infinity();
  }

  std::unique_ptr<Evidence> Explain(const ScoreContext& context, const Window& window,
                                    const CountVector& vector, const Nearest& nearest,
                                    const Score& score) const {
    auto evidence = std::make_unique<Evidence>();
    evidence->detector = "counts";
    evidence->raw = score.raw;
    evidence->threshold = static_cast<float>(calibration_.threshold);
    evidence->anomaly = score.anomaly;
    evidence->unit = "how seldom such numbers are new (-log10), and their distance";
    evidence->first = 0;
    evidence->last = static_cast<uint32_t>(window.events.size() - 1);
    const char* what = window.session ? "session" : "window";
    if (!(nearest.raw > 0)) {
      evidence->summary = fmt::format("training saw a {} with just these records", what);
      return evidence;
    }
    if (nearest.index == SIZE_MAX) {
      evidence->summary =
          fmt::format("no {} of training has a single template in common with this one", what);
      return evidence;
    }
    Describe(context, window, vector, seen_[nearest.index], evidence.get());
    evidence->summary = fmt::format(
        "no {} of training had these numbers of records ({:.0f}% apart from the nearest): {}", what,
        100 * Compare(vector, seen_[nearest.index]).distance(), evidence->summary);
    return evidence;
  }

  // What differs most, and the last record of it.
  void Describe(const ScoreContext& context, const Window& window, const CountVector& vector,
                const CountVector& other, Evidence* evidence) const {
    struct Item {
      uint32_t word, here, there;
    };
    std::vector<Item> items;
    Walk(vector, other, [&](uint32_t word, uint32_t here, uint32_t there) {
      if (here != there) items.push_back({word, here, there});
    });
    const auto apart = [](const Item& i) {
      return i.here > i.there ? i.here - i.there : i.there - i.here;
    };
    std::stable_sort(items.begin(), items.end(),
                     [&](const Item& a, const Item& b) { return apart(a) > apart(b); });
    items.resize(std::min(items.size(), kShown));
    for (const Item& item : items) {
      const std::string text = Text(context, window, item.word);
      evidence->summary +=
          fmt::format("{}'{}' came {} times, there {}", evidence->summary.empty() ? "" : "; ", text,
                      item.here, item.there);
      evidence->found.emplace_back(text,
                                   static_cast<float>(item.here) - static_cast<float>(item.there));
    }
    for (size_t i = window.events.size(); i-- > 0 && !items.empty();) {
      if (window.events[i].word != items.front().word) continue;
      evidence->first = evidence->last = static_cast<uint32_t>(i);
      break;
    }
  }

  std::string Text(const ScoreContext& context, const Window& window, uint32_t word) const {
    if (word < vocabulary_.size()) return EscapeForTerminal(vocabulary_[word], kTextBytes);
    for (const Event& event : window.events)
      if (event.word == word) return EscapeForTerminal(context.catalog.Text(event.id), kTextBytes);
    return "(unknown to training)";
  }

  uint32_t window_, stride_;
  std::vector<CountVector> seen_;    // sorted
  std::vector<float> surprise_;      // by word, last of the unknown ones
  std::vector<bool> rare_;           // by word
  std::vector<std::string> silent_;  // keys of streams, ascending
  double least_ = 0;                 // of them
  std::vector<uint64_t> totals_;     // records of each
  std::vector<std::string> vocabulary_;
  Calibration calibration_;
};

}  // namespace

CountVector CountWords(std::span<const Event> events) {
  std::vector<uint32_t> words;
  words.reserve(events.size());
  for (const Event& event : events) words.push_back(event.word);
  std::sort(words.begin(), words.end());
  CountVector vector;
  for (const uint32_t word : words) {
    if (vector.empty() || vector.back().first != word) vector.emplace_back(word, 0);
    ++vector.back().second;
  }
  return vector;
}

void CountsTrainer::Add(const Window& window) {
  CountVector vector = CountWords(window.events);
  ++windows_;
  if (const auto it = seen_.find(vector); it != seen_.end())
    ++it->second;
  else if (seen_.size() < kMaxVectors && vector.size() <= kMaxWords)
    seen_.emplace(std::move(vector), 1);
  else
    ++left_out_;
}

CountsModel CountsTrainer::Finish() const {
  CountsModel model;
  model.window = options_.window;
  model.stride = options_.stride;
  for (const auto& [vector, times] : seen_) model.seen.push_back(vector);
  model.surprise = Surprises(model.seen);
  return model;
}

std::vector<float> CountsTrainer::Surprises(const std::vector<CountVector>& seen) const {
  std::vector<uint64_t> totals;
  std::vector<size_t> once;
  for (const auto& [vector, times] : seen_) {
    if (times == 1) once.push_back(totals.size());
    totals.push_back(Total(vector));
  }
  std::vector<double> differ(words_ + 1, 0);
  const size_t step = once.size() / kCompared + 1;
  for (size_t i = 0; i < once.size(); i += step) {
    const size_t nearest = NearestOther(seen, totals, once[i]);
    if (nearest == SIZE_MAX) continue;
    Walk(seen[once[i]], seen[nearest], [&](uint32_t word, uint32_t here, uint32_t there) {
      if (here != there) differ[std::min<size_t>(word, words_)] += static_cast<double>(step);
    });
  }
  std::vector<float> surprise;
  for (const double times : differ)
    surprise.push_back(static_cast<float>(
        -std::log10(std::min(1.0, (times + 0.5) / (static_cast<double>(windows_) + 1)))));
  return surprise;
}

TensorMap ToTensors(const CountsModel& model) {
  Tensor settings{{2}, {static_cast<float>(model.window), static_cast<float>(model.stride)}};
  Tensor ends{{model.seen.size()}, {}}, words, counts;
  for (const CountVector& vector : model.seen) {
    for (const auto& [word, count] : vector) {
      words.data.push_back(static_cast<float>(word));
      counts.data.push_back(static_cast<float>(count));
    }
    ends.data.push_back(static_cast<float>(words.data.size()));
  }
  words.shape = counts.shape = {words.data.size()};
  return {{"settings", std::move(settings)},
          {"ends", std::move(ends)},
          {"words", std::move(words)},
          {"counts", std::move(counts)},
          {"surprise", {{model.surprise.size()}, model.surprise}}};
}

Result<CountsModel> CountsFrom(const TensorMap& tensors, size_t words) {
  const Error malformed{"the weights of counts are malformed; train again"};
  // Beyond it floats are no longer whole numbers.
  constexpr float kMost = 1 << 24;
  const auto whole = [&](float v, float least, float most) {
    return v >= least && v <= std::min(most, kMost) && v == std::floor(v);
  };
  for (const char* name : {"settings", "ends", "words", "counts"})
    if (!tensors.contains(name)) return malformed;
  const auto& settings = tensors.at("settings").data;
  const auto& ends = tensors.at("ends").data;
  const auto& of = tensors.at("words").data;
  const auto& counts = tensors.at("counts").data;
  if (settings.size() != 2 || ends.size() > CountsTrainer::kMaxVectors ||
      of.size() != counts.size() || !whole(settings[0], 1, 10'000) ||
      !whole(settings[1], 1, 10'000))
    return malformed;
  CountsModel model;
  model.window = static_cast<uint32_t>(settings[0]);
  model.stride = static_cast<uint32_t>(settings[1]);
  size_t at = 0;
  for (const float end : ends) {
    if (!whole(end, static_cast<float>(at) + 1, static_cast<float>(of.size()))) return malformed;
    CountVector vector;
    for (; at < static_cast<size_t>(end); ++at) {
      if (!whole(of[at], 0, static_cast<float>(words) - 1) || !whole(counts[at], 1, kMost))
        return malformed;
      vector.emplace_back(static_cast<uint32_t>(of[at]), static_cast<uint32_t>(counts[at]));
      if (vector.size() > 1 && vector[vector.size() - 2].first >= vector.back().first)
        return malformed;
    }
    model.seen.push_back(std::move(vector));
  }
  // Bundles of before have none: their thresholds are of distances alone.
  if (const auto surprise = tensors.find("surprise"); surprise != tensors.end())
    model.surprise = surprise->second.data;
  const bool sound = std::all_of(model.surprise.begin(), model.surprise.end(),
                                 [](float v) { return v >= 0 && v < 100; });
  if (!sound || (!model.surprise.empty() && model.surprise.size() != words + 1)) return malformed;
  return model;
}

std::unique_ptr<Detector> MakeCountsDetector(CountsModel model,
                                             std::span<const std::string> vocabulary,
                                             const Calibration& calibration) {
  return std::make_unique<CountsDetector>(std::move(model), vocabulary, calibration);
}

}  // namespace alogd
