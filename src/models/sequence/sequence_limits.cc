// SPDX-License-Identifier: MIT
// What training DeepLog checks before it begins, and what it chooses on held-out data at its end.
#include "models/sequence/sequence_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "models/sequence/next_word.h"

namespace alogd {
namespace {

// g: as many likeliest words as leave so few held-out records outside. The paper's fixed g = 9 is
// nearly "any known template" where ten templates are alive, and far too strict where a thousand
// are.
constexpr double kOutsideTop = 1e-4;
// END and records should have as many held-out sessions beyond their limits. The tails are short,
// so the shift is a mean over limits from two in a thousand sessions to ten times that.
constexpr double kFewestBeyond = 0.002;
constexpr int kLimits = 10;

// A raw score and how often it came, highest first.
using Weighted = std::vector<std::pair<float, float>>;

// The score that `count` windows reach or pass.
float ReachedBy(Weighted& scores, double count) {
  std::sort(scores.begin(), scores.end(), std::greater<>());
  double seen = 0;
  for (const auto& [raw, weight] : scores)
    if ((seen += double{weight}) >= count) return raw;
  return scores.empty() ? 0.0f : scores.back().first;
}

struct Judged {
  std::vector<uint32_t> targets;
  std::vector<float> counts;
  std::vector<LstmVerdict> verdicts;
};

Judged JudgeTable(const HistoryTable& table, const DeepLogModel& model) {
  NextWordScorer scorer(model.layout, model.parameters, model.options.window);
  Judged all{table.targets, table.counts, std::vector<LstmVerdict>(table.targets.size())};
  std::vector<uint32_t> histories, targets;
  std::vector<LstmVerdict> verdicts;
  for (size_t row = 0; row < table.rows(); ++row) {
    const std::span<const uint32_t> history = table.history(row);
    const uint32_t begin = table.target_begin[row], end = table.target_begin[row + 1];
    for (uint32_t i = begin; i < end; ++i) {
      histories.insert(histories.end(), history.begin(), history.end());
      targets.push_back(table.targets[i]);
    }
    if (targets.size() < kLstmColumns && row + 1 < table.rows()) continue;
    verdicts.resize(targets.size());
    scorer.Score(histories, targets, verdicts);
    std::copy(verdicts.begin(), verdicts.end(),
              all.verdicts.begin() + static_cast<ptrdiff_t>(end - targets.size()));
    histories.clear();
    targets.clear();
  }
  return all;
}

// The weight of the network beside the counts that gives held-out data the least loss; 0 where that
// is the network alone.
float ChooseWeight(const Judged& judged, const HistoryTable& table, KnownHistories known) {
  float best = 0;
  double least = 0;
  // Pseudo-counts. Steps of about two: the loss is flat around its minimum.
  for (const float weight : {0.0f, 1.0f, 2.0f, 5.0f, 10.0f, 20.0f, 50.0f, 100.0f, 200.0f, 500.0f}) {
    known.set_weight(weight);
    double loss = 0;
    for (size_t row = 0; row < table.rows(); ++row)
      for (uint32_t i = table.target_begin[row]; i < table.target_begin[row + 1]; ++i)
        loss += static_cast<double>(judged.counts[i]) *
                static_cast<double>(
                    known.Mix(table.history(row), table.targets[i], judged.verdicts[i].nll));
    if (weight > 0 && loss >= least) continue;
    best = weight;
    least = loss;
  }
  return best;
}

void MixKnown(const KnownHistories& known, const HistoryTable& table, Judged* judged) {
  for (size_t row = 0; row < table.rows(); ++row)
    for (uint32_t i = table.target_begin[row]; i < table.target_begin[row + 1]; ++i)
      judged->verdicts[i].nll =
          known.Mix(table.history(row), table.targets[i], judged->verdicts[i].nll);
}

uint32_t ChooseTop(const Judged& judged, uint32_t words) {
  std::vector<double> at_rank(words + 1);
  double records = 0;
  for (size_t i = 0; i < judged.targets.size(); ++i) {
    if (judged.targets[i] == words) continue;
    at_rank[judged.verdicts[i].rank] += double{judged.counts[i]};
    records += double{judged.counts[i]};
  }
  double outside = records;
  uint32_t top = 0;
  while (top < words && outside > kOutsideTop * records) outside -= at_rank[top++];
  return std::max(top, 1u);
}

float ChooseEndShift(const Judged& judged, const DeepLogModel& model) {
  Weighted records, ends;
  double sessions = 0;
  for (size_t i = 0; i < judged.targets.size(); ++i) {
    const LstmVerdict& verdict = judged.verdicts[i];
    const float loss = DeepLogLoss(verdict.nll, model.common[judged.targets[i]]);
    if (judged.targets[i] == model.words) {
      ends.emplace_back(loss, judged.counts[i]);
      sessions += double{judged.counts[i]};
    } else {
      records.emplace_back(DeepLogRaw(loss, verdict.rank, model.top), judged.counts[i]);
    }
  }
  if (ends.empty() || records.empty()) return 0;
  double sum = 0;
  for (int i = 1; i <= kLimits; ++i) {
    const double count = std::max(1.0, kFewestBeyond * i * sessions);
    sum += static_cast<double>(ReachedBy(records, count) - ReachedBy(ends, count));
  }
  return static_cast<float>(sum / kLimits);
}

}  // namespace

Status CheckDeepLogOptions(const DeepLogOptions& o) {
  const auto wrong = [](std::string_view key, const auto& value, std::string_view range) {
    return Error{fmt::format("deeplog: {} is {}, must be {}", key, value, range)};
  };
  if (o.window < 1 || o.window > kMaxLstmWindow)
    return wrong("window", o.window, fmt::format("1 to {}", kMaxLstmWindow));
  if (o.embedding < 1 || o.embedding > kMaxLstmEmbedding)
    return wrong("embedding", o.embedding, fmt::format("1 to {}", kMaxLstmEmbedding));
  if (o.layers.empty() || o.layers.size() > kMaxLstmLayers)
    return wrong("number of layers", o.layers.size(), fmt::format("1 to {}", kMaxLstmLayers));
  for (const uint32_t units : o.layers)
    if (units < 1 || units > kMaxLstmUnits)
      return wrong("layer", units, fmt::format("1 to {} units", kMaxLstmUnits));
  if (!(o.dropout >= 0 && o.dropout < 1)) return wrong("dropout", o.dropout, "0 or more, under 1");
  if (!(o.learning_rate > 0 && o.learning_rate <= 1))
    return wrong("learning rate", o.learning_rate, "over 0, at most 1");
  if (!(o.learning_rate_decay > 0 && o.learning_rate_decay <= 1))
    return wrong("learning rate decay", o.learning_rate_decay, "over 0, at most 1");
  if (o.epochs < 1) return wrong("epochs", o.epochs, "1 or more");
  return {};
}

float DeepLogLoss(float nll, float common) {
  constexpr float kLeast = 1e-30f;  // keeps the score finite
  return -std::log10((1 - kCommonShare) * std::exp(-nll) + kCommonShare * common + kLeast);
}

float DeepLogRaw(float loss, uint32_t rank, uint32_t top) {
  return rank < top ? std::max(loss - kTopRelief, 0.0f) : loss;
}

void ChooseLimits(const HistoryTable& table, DeepLogModel* model) {
  Judged judged = JudgeTable(table, *model);
  model->known.set_weight(ChooseWeight(judged, table, model->known));
  MixKnown(model->known, table, &judged);
  model->top = model->options.top > 0 ? model->options.top : ChooseTop(judged, model->words);
  model->end_shift = model->sessions ? ChooseEndShift(judged, *model) : 0;
}

}  // namespace alogd
