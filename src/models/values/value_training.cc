// SPDX-License-Identifier: MIT
// Learns which numbers are usual in the records of a template.
#include <algorithm>
#include <array>
#include <numeric>
#include <random>

#include "models/tensors/adam.h"
#include "models/values/values.h"

namespace alogd {
namespace {

constexpr double kUsualShare = 0.95;  // of a template's records that have as many numbers
constexpr double kLearnShare = 0.8;   // the rest, which is later, says how large errors are
constexpr float kUnitShare = 0.1f;    // of the median magnitude: what is smaller is as good as 0
// Of asinh(value / unit): a tenth more or less is never news, however constant a value was.
constexpr float kLeastDeviation = 0.1f;
// The time before a record: stamps are often in whole seconds, and a busy host is some late.
constexpr float kGapUnit = 1000;  // ms
constexpr float kLeastGapDeviation = 0.5f;
// A value whose later mean is so many deviations off drifts (a counter, a clock): what training
// saw says nothing of it.
constexpr double kDrift = 1;
// Of a Gaussian 0.1% is so many deviations off; a heavier tail makes the deviation larger.
constexpr float kGaussianTail = 3.29f;
constexpr double kTailShare = 0.001;
constexpr double kWorthIt = 0.95;  // of the mean's squared error: else the network is left out
constexpr size_t kWindows = 2000, kJudged = 1000;  // that an epoch learns from, and is judged by
constexpr uint32_t kEpochs = 15;
constexpr size_t kBatch = 32;
constexpr float kRate = 0.01f, kClip = 5.0f;

struct Row {
  float gap;
  std::span<const float> numbers;
};

// The rows with as many numbers as is usual.
std::vector<Row> UsualRows(std::span<const float> rows, size_t numbers) {
  std::vector<Row> usual;
  for (size_t at = 0; at < rows.size();) {
    const auto count = static_cast<size_t>(rows[at + 1]);
    if (count == numbers) usual.push_back({rows[at], rows.subspan(at + 2, count)});
    at += 2 + count;
  }
  return usual;
}

float LeastDeviation(uint32_t number) { return number == 0 ? kLeastGapDeviation : kLeastDeviation; }

float ValueAt(const Row& row, uint32_t number) {
  return number == 0 ? row.gap : row.numbers[number - 1];
}

struct Moments {
  double n = 0, sum = 0, squares = 0;
  void Add(double x) { n += 1, sum += x, squares += x * x; }
  double mean() const { return n > 0 ? sum / n : 0; }
  double deviation() const {
    return n > 0 ? std::sqrt(std::max(0.0, squares / n - mean() * mean())) : 0;
  }
};

float MedianMagnitude(std::span<const Row> rows, uint32_t number) {
  std::vector<float> magnitudes;
  for (const Row& row : rows)
    if (const float value = std::abs(ValueAt(row, number)); value > 0) magnitudes.push_back(value);
  if (magnitudes.empty()) return 1;
  const auto middle = magnitudes.begin() + static_cast<ptrdiff_t>(magnitudes.size() / 2);
  std::nth_element(magnitudes.begin(), middle, magnitudes.end());
  return *middle;
}

class TemplateTrainer {
 public:
  TemplateTrainer(const std::vector<Row>& rows, uint32_t history, uint64_t seed, ValueTemplate* out)
      : rows_(rows),
        learn_(static_cast<size_t>(kLearnShare * static_cast<double>(rows.size()))),
        history_(history),
        random_(seed),
        out_(*out) {}

  void Train() {
    for (uint32_t number = 0; number <= out_.numbers; ++number) AddPlace(number);
    if (out_.places.empty()) return;
    Standardise();
    TrainLstm();
    MeasureErrors();
  }

 private:
  size_t width() const { return out_.places.size(); }
  std::span<const float> VectorAt(size_t i) const {
    return std::span(vectors_).subspan(i * width(), width());
  }
  std::span<const float> HistoryOf(size_t i) const {
    const size_t length = std::min<size_t>(i, history_);
    return std::span(vectors_).subspan((i - length) * width(), length * width());
  }

  void AddPlace(uint32_t number) {
    ValuePlace place;
    place.number = number;
    place.unit = std::max(kUnitShare * MedianMagnitude(std::span(rows_).first(learn_), number),
                          number == 0 ? kGapUnit : std::numeric_limits<float>::min());
    Moments early, late;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const float value = ValueAt(rows_[i], number);
      if (!std::isnan(value))
        (i < learn_ ? early : late).Add(static_cast<double>(std::asinh(value / place.unit)));
    }
    // The time before a record that mostly comes after a pause says nothing.
    if (early.n * 2 < static_cast<double>(learn_) || late.n == 0) return;
    place.mean = static_cast<float>(early.mean());
    place.deviation = std::max(static_cast<float>(early.deviation()), LeastDeviation(number));
    if (std::abs(late.mean() - early.mean()) > kDrift * static_cast<double>(place.deviation))
      return;
    out_.places.push_back(place);
  }

  void Standardise() {
    vectors_.resize(rows_.size() * width());
    for (size_t i = 0; i < rows_.size(); ++i)
      StandardisedRow(out_, rows_[i].gap, rows_[i].numbers,
                      std::span(vectors_).subspan(i * width(), width()));
  }

  // Mean squared error of later records; without parameters that of the mean.
  double LaterError(std::span<const float> parameters) {
    const size_t step = std::max<size_t>(1, (rows_.size() - learn_) / kJudged);
    double sum = 0, n = 0;
    ValueLstm lstm(out_.shape());
    for (size_t i = learn_; i < rows_.size(); i += step, n += 1) {
      std::span<const float> predicted;
      if (!parameters.empty()) predicted = lstm.Predict(parameters, HistoryOf(i));
      for (size_t p = 0; p < width(); ++p) {
        const float off = VectorAt(i)[p] - (predicted.empty() ? 0 : predicted[p]);
        sum += static_cast<double>(off) * static_cast<double>(off);
      }
    }
    return sum / std::max(n, 1.0);
  }

  void TrainLstm() {
    const ValueLstmShape shape = out_.shape();
    std::vector<float> parameters(shape.size()), gradient(shape.size());
    const auto uniform = [&] { return static_cast<double>(random_() >> 11) * 0x1.0p-52 - 1; };
    const double limit = std::sqrt(3.0 / static_cast<double>(shape.units + shape.inputs));
    for (float& parameter : parameters) parameter = static_cast<float>(limit * uniform());
    std::fill_n(parameters.begin() + static_cast<ptrdiff_t>(shape.b() + shape.units), shape.units,
                1.0f);  // memory is kept at first
    ValueLstm lstm(shape);
    Adam adam(shape.size());
    double best = kWorthIt * LaterError({});
    for (uint32_t epoch = 0; epoch < kEpochs; ++epoch) {
      const size_t windows = std::min(kWindows, learn_);
      for (size_t done = 0; done < windows; done += kBatch) {
        std::fill(gradient.begin(), gradient.end(), 0.0f);
        const size_t batch = std::min(kBatch, windows - done);
        for (size_t i = 0; i < batch; ++i) {
          const auto at = static_cast<size_t>(random_() % learn_);
          lstm.Learn(parameters, HistoryOf(at), VectorAt(at), gradient);
        }
        for (float& g : gradient) g /= static_cast<float>(batch);
        adam.Step(gradient, kRate, kClip, parameters);
      }
      const double error = LaterError(parameters);
      if (error >= best) continue;
      best = error;
      out_.lstm = parameters;
    }
  }

  void MeasureErrors() {
    ValueLstm lstm(out_.shape());
    std::vector<std::vector<float>> errors(width());
    for (size_t i = learn_; i < rows_.size(); ++i) {
      std::span<const float> predicted;
      if (!out_.lstm.empty()) predicted = lstm.Predict(out_.lstm, HistoryOf(i));
      for (size_t p = 0; p < width(); ++p)
        if (!std::isnan(ValueAt(rows_[i], out_.places[p].number)))
          errors[p].push_back(VectorAt(i)[p] - (predicted.empty() ? 0 : predicted[p]));
    }
    for (size_t p = 0; p < width(); ++p) SetErrors(&errors[p], &out_.places[p]);
  }

  static void SetErrors(std::vector<float>* errors, ValuePlace* place) {
    Moments moments;
    for (const float error : *errors) moments.Add(static_cast<double>(error));
    place->error_mean = static_cast<float>(moments.mean());
    for (float& error : *errors) error = std::abs(error - place->error_mean);
    const auto beyond = static_cast<size_t>(kTailShare * static_cast<double>(errors->size()));
    const auto at = errors->end() - 1 - static_cast<ptrdiff_t>(beyond);
    std::nth_element(errors->begin(), at, errors->end());
    place->error_deviation = std::max({static_cast<float>(moments.deviation()), *at / kGaussianTail,
                                       LeastDeviation(place->number) / place->deviation});
  }

  const std::vector<Row>& rows_;
  size_t learn_;  // rows before it are learned from
  uint32_t history_;
  std::mt19937_64 random_;
  ValueTemplate& out_;
  std::vector<float> vectors_;  // [row][place], standardised
};

}  // namespace

void StandardisedRow(const ValueTemplate& model, float gap, std::span<const float> numbers,
                     std::span<float> row) {
  for (size_t p = 0; p < model.places.size(); ++p) {
    const ValuePlace& place = model.places[p];
    const float value = place.number == 0 ? gap : numbers[place.number - 1];
    row[p] = std::isnan(value)
                 ? 0
                 : std::clamp(place.Standardised(value), -kMostDeviation, kMostDeviation);
  }
}

void ValueTrainer::Add(uint32_t word, float gap, std::span<const float> numbers) {
  if (numbers.empty()) return;
  Samples& samples = words_[word];
  ++samples.records[numbers.size()];
  samples.rows.push_back(gap);
  samples.rows.push_back(static_cast<float>(numbers.size()));
  samples.rows.insert(samples.rows.end(), numbers.begin(), numbers.end());
}

ValueModel ValueTrainer::Finish(const std::function<bool(double)>& go_on) const {
  struct Choice {
    uint32_t word;
    size_t numbers, records;
  };
  std::vector<Choice> choices;
  for (const auto& [word, samples] : words_) {
    const auto usual =
        std::max_element(samples.records.begin(), samples.records.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    size_t all = 0;
    for (const auto& [numbers, records] : samples.records) all += records;
    if (usual->second >= options_.least &&
        static_cast<double>(usual->second) >= kUsualShare * static_cast<double>(all))
      choices.push_back({word, usual->first, usual->second});
  }
  std::stable_sort(choices.begin(), choices.end(),
                   [](const Choice& a, const Choice& b) { return a.records > b.records; });
  choices.resize(std::min(choices.size(), kMaxValueTemplates));
  ValueModel model{options_.history, {}};
  for (size_t i = 0; i < choices.size(); ++i) {
    if (go_on && !go_on(static_cast<double>(i) / static_cast<double>(choices.size()))) break;
    const auto& [word, numbers, records] = choices[i];
    ValueTemplate trained{word, static_cast<uint32_t>(numbers), {}, {}};
    const std::vector<Row> rows = UsualRows(words_.at(word).rows, numbers);
    TemplateTrainer(rows, options_.history, seed_ + word, &trained).Train();
    // The time before it alone is no number of its own.
    if (!trained.places.empty() && trained.places.back().number > 0)
      model.templates.push_back(std::move(trained));
  }
  std::sort(model.templates.begin(), model.templates.end(),
            [](const ValueTemplate& a, const ValueTemplate& b) { return a.word < b.word; });
  return model;
}

}  // namespace alogd
