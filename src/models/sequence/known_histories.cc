// SPDX-License-Identifier: MIT
// Looks histories up and mixes counts with probabilities.
#include "models/sequence/known_histories.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/sequence/history_table.h"

namespace alogd {
namespace {

constexpr float kMaxExact = 16'777'216.0f;  // whole numbers up to here are exact in a float

const Error kMalformed{
    "deeplog: the known histories are malformed; the bundle is not one of this version, train "
    "again"};

bool AllWhole(const std::vector<float>& values, float least, float most) {
  return std::all_of(values.begin(), values.end(),
                     [&](float v) { return v >= least && v <= most && v == std::floor(v); });
}

std::vector<uint32_t> Whole(const std::vector<float>& values) {
  std::vector<uint32_t> whole;
  whole.reserve(values.size());
  for (const float value : values) whole.push_back(static_cast<uint32_t>(value));
  return whole;
}

template <typename T>
Tensor TensorOf(const std::vector<T>& values) {
  Tensor tensor{{values.size()}, {}};
  for (const T value : values) tensor.data.push_back(static_cast<float>(value));
  return tensor;
}

}  // namespace

KnownHistories::KnownHistories(const HistoryTable& table) : window_(table.window) {
  std::vector<float> totals(table.rows(), 0.0f);
  for (size_t row = 0; row < table.rows(); ++row)
    for (uint32_t i = table.target_begin[row]; i < table.target_begin[row + 1]; ++i)
      totals[row] += table.counts[i];
  std::vector<size_t> order(table.rows());
  std::iota(order.begin(), order.end(), size_t{0});
  std::erase_if(order, [&](size_t row) { return totals[row] < kLeast; });
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return totals[a] > totals[b]; });
  order.resize(std::min(order.size(), kMaxRows));
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const auto x = table.history(a), y = table.history(b);
    return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end());
  });
  target_begin_.push_back(0);
  for (const size_t row : order) {
    const std::span<const uint32_t> history = table.history(row);
    histories_.insert(histories_.end(), history.begin(), history.end());
    totals_.push_back(totals[row]);
    for (uint32_t i = table.target_begin[row]; i < table.target_begin[row + 1]; ++i) {
      targets_.push_back(table.targets[i]);
      counts_.push_back(std::min(table.counts[i], kMaxExact));
    }
    target_begin_.push_back(static_cast<uint32_t>(targets_.size()));
  }
}

size_t KnownHistories::Find(std::span<const uint32_t> history) const {
  if (history.size() != window_ || weight_ <= 0) return kNone;
  size_t low = 0, high = rows();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    const std::span<const uint32_t> row = Row(middle);
    const auto [a, b] = std::mismatch(row.begin(), row.end(), history.begin());
    if (a == row.end()) return middle;
    (*a < *b ? low : high) = *a < *b ? middle + 1 : middle;
  }
  return kNone;
}

float KnownHistories::Mix(std::span<const uint32_t> history, uint32_t target, float nll) const {
  const size_t row = Find(history);
  if (row == kNone) return nll;
  float count = 0;
  for (uint32_t i = target_begin_[row]; i < target_begin_[row + 1]; ++i)
    if (targets_[i] == target) count = counts_[i];
  constexpr float kLeastP = 1e-37f;  // keeps the logarithm finite
  return -std::log((count + weight_ * std::exp(-nll)) / (totals_[row] + weight_) + kLeastP);
}

void KnownHistories::MixAll(std::span<const uint32_t> history,
                            std::vector<float>* probabilities) const {
  const size_t row = Find(history);
  if (row == kNone) return;
  for (float& p : *probabilities) p = weight_ * p / (totals_[row] + weight_);
  for (uint32_t i = target_begin_[row]; i < target_begin_[row + 1]; ++i)
    if (targets_[i] < probabilities->size())
      (*probabilities)[targets_[i]] += counts_[i] / (totals_[row] + weight_);
}

void KnownHistories::AddTo(TensorMap* tensors) const {
  if (rows() == 0 || weight_ <= 0) return;
  Tensor histories = TensorOf(histories_);
  histories.shape = {rows(), window_};
  (*tensors)["known.histories"] = std::move(histories);
  (*tensors)["known.begin"] = TensorOf(target_begin_);
  (*tensors)["known.targets"] = TensorOf(targets_);
  (*tensors)["known.counts"] = TensorOf(counts_);
  (*tensors)["known.weight"] = {{1}, {weight_}};
}

Result<KnownHistories> KnownHistories::From(const TensorMap& tensors, uint32_t words,
                                            uint32_t window) {
  KnownHistories known;
  if (!tensors.contains("known.weight")) return known;
  for (const char* name : {"known.histories", "known.begin", "known.targets", "known.counts"})
    if (!tensors.contains(name)) return kMalformed;
  const Tensor& histories = tensors.at("known.histories");
  const std::vector<float>& begin = tensors.at("known.begin").data;
  const std::vector<float>& targets = tensors.at("known.targets").data;
  const std::vector<float>& counts = tensors.at("known.counts").data;
  const std::vector<float>& weight = tensors.at("known.weight").data;
  const size_t rows = begin.size() - 1;
  const auto classes = static_cast<float>(words);
  if (begin.size() < 2 || rows > kMaxRows || histories.data.size() != rows * window ||
      targets.size() != counts.size() || weight.size() != 1 || !(weight[0] > 0) ||
      !(weight[0] < 1e9f) || begin.front() != 0 ||
      begin.back() != static_cast<float>(targets.size()) ||
      !std::is_sorted(begin.begin(), begin.end()) || !AllWhole(begin, 0, kMaxExact) ||
      !AllWhole(histories.data, 0, classes) || !AllWhole(targets, 0, classes) ||
      !AllWhole(counts, 1, kMaxExact))
    return kMalformed;
  known.window_ = window;
  known.weight_ = weight[0];
  known.histories_ = Whole(histories.data);
  known.target_begin_ = Whole(begin);
  known.targets_ = Whole(targets);
  known.counts_ = counts;
  for (size_t row = 0; row < rows; ++row) {
    float total = 0;
    for (uint32_t i = known.target_begin_[row]; i < known.target_begin_[row + 1]; ++i)
      total += counts[i];
    known.totals_.push_back(total);
    if (row == 0) continue;
    const auto before = known.Row(row - 1), here = known.Row(row);
    if (!std::lexicographical_compare(before.begin(), before.end(), here.begin(), here.end()))
      return kMalformed;
  }
  return known;
}

}  // namespace alogd
