// SPDX-License-Identifier: MIT
// Trains DeepLog's key model: merged windows, minibatches, Adam, early stopping.
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "models/sequence/history_table.h"
#include "models/sequence/lstm_kernels.h"
#include "models/sequence/next_word.h"
#include "models/sequence/sequence_limits.h"
#include "models/sequence/sequence_model.h"
#include "models/tensors/adam.h"

namespace alogd {
namespace {

// Different histories that are kept: with a window of 10 some 100 MB, as many as 2 million records
// of real logs have.
constexpr size_t kMaxHistories = 400'000;
// Histories an epoch goes through at the most (a second or so): a larger set is gone through in
// several epochs, so that patience and learning rate act on steps, not on the size of the log.
constexpr size_t kEpochHistories = 16'384;
constexpr size_t kHeldOutHistories = 8'192;  // evenly spread; the loss's error is then under 1%
// Histories of a minibatch: as many as the kernels score at a time.
constexpr size_t kBatch = 64;
// Norm beyond which a gradient is scaled down; usual ones are under 1.
constexpr float kClip = 2.0f;
// Weights that are kept are a running mean of the last steps' (Polyak and Juditsky 1992), over some
// 100: minibatches leave noise that the mean takes out.
constexpr double kAverage = 0.99;
// A history that came n times weighs n^kTemper as a row; what followed it keeps its shares, so the
// probabilities stay calibrated while rare histories are learned too.
constexpr double kTemper = 0.5;

// Uniform in [0, 1): the standard's distributions may differ between libraries, this does not.
double Uniform(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1.0p-53; }

// Masks of a whole batch.
size_t MaskNumbers(const LstmLayout& layout, uint32_t window) {
  size_t units = 0;
  for (uint32_t l = 0; l < layout.layers + layout.counts; ++l) units += layout.units[l];
  return units * kBatch * window;
}

class Trainer {
 public:
  Trainer(const HistoryTable& train, const HistoryTable& held_out, const DeepLogOptions& options,
          uint32_t words, uint64_t seed, const NetworkExtras& extras)
      : train_(train),
        held_out_(held_out),
        options_(options),
        layout_(MakeLstmLayout(words, options.embedding, options.layers.data(),
                               static_cast<uint32_t>(options.layers.size()), extras.count_units)),
        fixed_(extras.vectors.size()),
        kernels_(ActiveLstmKernels()),
        random_(seed),
        parameters_(layout_.size),
        gradient_(layout_.size),
        scratch_(LstmScratch(layout_, kBatch, options.window)),
        masks_(options.dropout > 0 ? MaskNumbers(layout_, options.window) : 0),
        adam_(layout_.size - fixed_),
        average_(layout_.size) {
    Initialise();
    for (AlignedFloats* to : {&parameters_, &average_})
      std::copy(extras.vectors.begin(), extras.vectors.end(), to->data());
    WeighRows();
  }

  // False where the callback stopped it.
  bool Run(const DeepLogCallback& progress, DeepLogReport* report);
  const LstmLayout& layout() const { return layout_; }
  std::vector<float> TakeBest() { return std::move(best_); }

 private:
  void Initialise();
  void WeighRows();
  bool Epoch(uint32_t epoch, double held_out_loss, const DeepLogCallback& progress, double* loss);
  double Batch(const HistoryTable& table, std::span<const uint32_t> rows,
               std::span<const float> row_weights, bool learn);
  void DrawMasks();
  void Average();
  double HeldOutLoss();

  const HistoryTable& train_;
  const HistoryTable& held_out_;
  const DeepLogOptions& options_;
  LstmLayout layout_;
  size_t fixed_;  // so many parameters, the first ones, are not learned
  const LstmKernels& kernels_;
  std::mt19937_64 random_;
  AlignedFloats parameters_;
  std::vector<float> best_;
  AlignedFloats gradient_;
  AlignedFloats scratch_;
  AlignedFloats masks_;
  Adam adam_;
  AlignedFloats average_;  // of parameters_: what is judged and kept
  uint64_t steps_ = 0;
  float rate_ = 0;
  std::vector<float> row_weights_;  // per training row, mean 1
  std::vector<uint32_t> order_;     // shuffled rows, gone through by next_
  size_t next_ = 0;
  // A minibatch, gathered.
  std::vector<uint32_t> histories_, target_begin_, targets_;
  std::vector<float> weights_;
};

void Trainer::Initialise() {
  const auto fill = [&](size_t at, size_t count, double limit) {
    for (size_t i = 0; i < count; ++i)
      parameters_.data()[at + i] = static_cast<float>((2 * Uniform(random_) - 1) * limit);
  };
  const size_t classes = size_t{layout_.words} + 1;
  fill(0, classes * layout_.embedding, 1.0);
  for (uint32_t l = 0; l < layout_.layers; ++l) {
    const size_t units = layout_.units[l], inputs = LstmInputs(layout_, l);
    // Glorot and Bengio 2010, and a forget bias of 1 (Jozefowicz et al. 2015): memory is kept at
    // first.
    fill(layout_.wx[l], 4 * units * inputs, std::sqrt(6.0 / static_cast<double>(units + inputs)));
    fill(layout_.wh[l], 4 * units * units, std::sqrt(3.0 / static_cast<double>(units)));
    std::fill_n(parameters_.data() + layout_.b[l] + units, units, 1.0f);
  }
  if (layout_.counts > 0) {
    const uint32_t l = layout_.layers;
    const size_t units = layout_.units[l];
    // As a layer whose one input is the word: shares of the window add up to 1.
    fill(layout_.wx[l], classes * 4 * units, std::sqrt(6.0 / static_cast<double>(units + 1)));
    fill(layout_.wh[l], 4 * units * units, std::sqrt(3.0 / static_cast<double>(units)));
    std::fill_n(parameters_.data() + layout_.b[l] + units, units, 1.0f);
  }
  const size_t last = LstmOutputs(layout_);
  fill(layout_.wo, classes * last, std::sqrt(6.0 / static_cast<double>(last + classes)));
}

void Trainer::WeighRows() {
  row_weights_.resize(train_.rows());
  double sum = 0;
  for (size_t row = 0; row < train_.rows(); ++row) {
    double count = 0;
    for (uint32_t i = train_.target_begin[row]; i < train_.target_begin[row + 1]; ++i)
      count += double{train_.counts[i]};
    // Times the share of each target, which is counts / count.
    row_weights_[row] = static_cast<float>(std::pow(count, kTemper - 1));
    sum += std::pow(count, kTemper);
  }
  const auto mean = static_cast<float>(sum / static_cast<double>(train_.rows()));
  for (float& weight : row_weights_) weight /= mean;
  order_.resize(train_.rows());
  std::iota(order_.begin(), order_.end(), 0u);
  next_ = order_.size();
}

// Bernoulli masks scaled to keep the mean (inverted dropout) on each layer's outputs.
void Trainer::DrawMasks() {
  if (options_.dropout <= 0) return;
  const auto keep = static_cast<float>(1 / (1 - options_.dropout));
  for (float& mask : masks_.span()) mask = Uniform(random_) < options_.dropout ? 0.0f : keep;
}

// At first over fewer steps: the random weights of the beginning must not linger.
void Trainer::Average() {
  const auto steps = static_cast<double>(++steps_);
  const auto keep = static_cast<float>(std::min(kAverage, steps / (steps + 10)));
  for (size_t i = fixed_; i < average_.size(); ++i)
    average_.data()[i] = keep * average_.data()[i] + (1 - keep) * parameters_.data()[i];
}

// Sum of weight * -ln p over the rows; with `learn`, one step of Adam on its mean,
// else of the averaged weights.
double Trainer::Batch(const HistoryTable& table, std::span<const uint32_t> rows,
                      std::span<const float> row_weights, bool learn) {
  histories_.clear();
  targets_.clear();
  weights_.clear();
  target_begin_.assign(1, 0);
  for (const uint32_t row : rows) {
    const std::span<const uint32_t> history = table.history(row);
    histories_.insert(histories_.end(), history.begin(), history.end());
    const float weight = row_weights.empty() ? 1.0f : row_weights[row];
    for (uint32_t i = table.target_begin[row]; i < table.target_begin[row + 1]; ++i) {
      targets_.push_back(table.targets[i]);
      weights_.push_back(table.counts[i] * weight);
    }
    target_begin_.push_back(static_cast<uint32_t>(targets_.size()));
  }
  const LstmBatch<float> batch{static_cast<uint32_t>(rows.size()),
                               table.window,
                               histories_.data(),
                               target_begin_.data(),
                               targets_.data(),
                               weights_.data()};
  if (learn) DrawMasks();
  const bool masked = learn && options_.dropout > 0;
  const double loss = kernels_.gradient(layout_, (learn ? parameters_ : average_).data(), batch,
                                        masked ? masks_.data() : nullptr,
                                        learn ? gradient_.data() : nullptr, scratch_.data());
  if (learn) {
    const float scale = 1.0f / static_cast<float>(rows.size());
    const std::span<float> gradient = gradient_.span().subspan(fixed_);
    for (float& g : gradient) g *= scale;
    adam_.Step(gradient, rate_, kClip, parameters_.span().subspan(fixed_));
    Average();
  }
  return loss;
}

bool Trainer::Epoch(uint32_t epoch, double held_out_loss, const DeepLogCallback& progress,
                    double* loss) {
  const size_t goal = std::min(order_.size(), kEpochHistories);
  double sum = 0;
  size_t done = 0;
  for (size_t batches = 0; done < goal; ++batches) {
    if (next_ == order_.size()) {
      for (size_t i = order_.size(); i > 1; --i)
        std::swap(order_[i - 1], order_[static_cast<size_t>(random_() % i)]);
      next_ = 0;
    }
    const size_t count = std::min({kBatch, goal - done, order_.size() - next_});
    sum += Batch(train_, std::span(order_).subspan(next_, count), row_weights_, true);
    next_ += count;
    done += count;
    *loss = sum / static_cast<double>(done);
    // Every 16 batches, some 50 ms: Ctrl-C is felt at once.
    if (progress && batches % 16 == 15 && !progress({epoch, options_.epochs, *loss, held_out_loss}))
      return false;
  }
  return !progress || progress({epoch, options_.epochs, *loss, held_out_loss});
}

double Trainer::HeldOutLoss() {
  const size_t step = (held_out_.rows() + kHeldOutHistories - 1) / kHeldOutHistories;
  std::vector<uint32_t> rows;
  double loss = 0, windows = 0;
  for (size_t row = 0; row < held_out_.rows(); row += step) {
    rows.push_back(static_cast<uint32_t>(row));
    for (uint32_t i = held_out_.target_begin[row]; i < held_out_.target_begin[row + 1]; ++i)
      windows += double{held_out_.counts[i]};
    if (rows.size() < kBatch && row + step < held_out_.rows()) continue;
    loss += Batch(held_out_, rows, {}, false);
    rows.clear();
  }
  return loss / windows;
}

bool Trainer::Run(const DeepLogCallback& progress, DeepLogReport* report) {
  double best = std::numeric_limits<double>::infinity();
  double held_out_loss = std::numeric_limits<double>::quiet_NaN();
  rate_ = static_cast<float>(options_.learning_rate);
  best_.assign(average_.span().begin(), average_.span().end());
  for (uint32_t epoch = 1; epoch <= options_.epochs; ++epoch) {
    double loss = 0;
    if (!Epoch(epoch, held_out_loss, progress, &loss)) return false;
    held_out_loss = held_out_.rows() > 0 ? HeldOutLoss() : loss;
    report->epochs = epoch;
    if (held_out_loss < best) {
      best = held_out_loss;
      best_.assign(average_.span().begin(), average_.span().end());
      report->best_epoch = epoch;
      report->train_loss = loss;
      report->held_out_loss = held_out_loss;
    } else if (epoch - report->best_epoch >= options_.patience) {
      break;
    }
    rate_ *= static_cast<float>(options_.learning_rate_decay);
  }
  return true;
}

// Share of each class among the windows' targets.
std::vector<float> CommonWords(const HistoryTable& table, uint32_t words) {
  std::vector<double> counts(size_t{words} + 1);
  for (size_t i = 0; i < table.targets.size(); ++i)
    counts[table.targets[i]] += double{table.counts[i]};
  std::vector<float> shares;
  for (const double count : counts) shares.push_back(static_cast<float>(count / table.windows()));
  return shares;
}

}  // namespace

Result<DeepLogModel> TrainDeepLog(const SequenceSet& train, const SequenceSet& held_out,
                                  const DeepLogOptions& options, uint64_t seed,
                                  const DeepLogCallback& progress, DeepLogReport* report,
                                  const NetworkExtras& extras) {
  DeepLogReport unread;
  if (report == nullptr) report = &unread;
  *report = {};
  if (Status status = CheckDeepLogOptions(options); !status) return status.error();
  if (train.words == 0 || train.words > kMaxDeepLogWords)
    return Error{fmt::format("deeplog: cannot train on {} templates", train.words)};
  if (held_out.words != train.words || held_out.sessions != train.sessions)
    return Error{"deeplog: held-out data is of another vocabulary or kind than the training data"};
  assert(extras.vectors.empty() ||
         extras.vectors.size() == (size_t{train.words} + 1) * options.embedding);
  const HistoryTable table = MakeHistoryTable(train, options.window, kMaxHistories);
  const HistoryTable later = MakeHistoryTable(held_out, options.window, kMaxHistories);
  if (table.rows() == 0)
    return Error{"deeplog: no records to learn sequences from; train on more, or leave it out"};
  report->windows = static_cast<uint64_t>(table.windows());
  report->distinct = table.rows();
  report->held_out_windows = static_cast<uint64_t>(later.windows());

  Trainer trainer(table, later, options, train.words, seed, extras);
  if (!trainer.Run(progress, report)) return Error{"interrupted"};
  DeepLogModel model;
  model.options = options;
  model.words = train.words;
  model.sessions = train.sessions;
  model.layout = trainer.layout();
  model.parameters = trainer.TakeBest();
  model.common = CommonWords(table, train.words);
  // Records change places because others write at the same time; no session ends by chance.
  model.common.back() = 0;
  // Without held-out data nothing says how far the counts can be trusted.
  if (later.rows() > 0) model.known = KnownHistories(table);
  ChooseLimits(later.rows() > 0 ? later : table, &model);
  report->top = model.top;
  report->end_shift = model.end_shift;
  report->known_weight = model.known.weight();
  report->known_histories = model.known.weight() > 0 ? model.known.rows() : 0;
  return model;
}

}  // namespace alogd
