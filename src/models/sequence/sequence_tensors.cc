// SPDX-License-Identifier: MIT
// DeepLog's weights as named tensors, and back with every shape checked.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "models/sequence/sequence_limits.h"
#include "models/sequence/sequence_model.h"

namespace alogd {
namespace {

constexpr char kSettings[] = "settings";  // [window, top, end_shift, sessions]
constexpr char kCommon[] = "common";      // [words + 1]
// Integers up to here are exact in a float.
constexpr float kMaxExact = 16'777'216.0f;

struct Part {
  std::string name;
  std::vector<size_t> shape;
  size_t at;
};

std::vector<Part> Parts(const LstmLayout& layout) {
  const size_t classes = size_t{layout.words} + 1;
  std::vector<Part> parts = {{"embedding", {classes, layout.embedding}, 0}};
  for (uint32_t l = 0; l < layout.layers; ++l) {
    const size_t units = layout.units[l];
    const std::string layer = fmt::format("layer{}.", l);
    parts.push_back({layer + "wx", {4 * units, LstmInputs(layout, l)}, layout.wx[l]});
    parts.push_back({layer + "wh", {4 * units, units}, layout.wh[l]});
    parts.push_back({layer + "b", {4 * units}, layout.b[l]});
  }
  if (layout.counts > 0) {
    const uint32_t l = layout.layers;
    const size_t units = layout.units[l];
    parts.push_back({"counts.wx", {classes, 4 * units}, layout.wx[l]});
    parts.push_back({"counts.wh", {4 * units, units}, layout.wh[l]});
    parts.push_back({"counts.b", {4 * units}, layout.b[l]});
  }
  parts.push_back({"output.w", {classes, LstmOutputs(layout)}, layout.wo});
  parts.push_back({"output.b", {classes}, layout.bo});
  return parts;
}

size_t Numbers(const std::vector<size_t>& shape) {
  size_t numbers = 1;
  for (const size_t side : shape) numbers *= side;
  return numbers;
}

Error Wrong(std::string_view what) {
  return Error{
      fmt::format("deeplog: {}; the bundle is not one of this version, train again", what)};
}

const Tensor* Find(const TensorMap& tensors, const std::string& name) {
  const auto at = tensors.find(name);
  return at == tensors.end() ? nullptr : &at->second;
}

bool IsCount(float value, float least, float most) {
  return value >= least && value <= most && std::floor(value) == value;
}

Status ReadSettings(const TensorMap& tensors, DeepLogModel* model) {
  const Tensor* settings = Find(tensors, kSettings);
  if (settings == nullptr || settings->shape != std::vector<size_t>{4} ||
      settings->data.size() != 4)
    return Wrong("tensor settings is missing or not [4]");
  const std::vector<float>& s = settings->data;
  if (!IsCount(s[0], 1, static_cast<float>(kMaxLstmWindow)) || !IsCount(s[1], 1, kMaxExact) ||
      !std::isfinite(s[2]) || !IsCount(s[3], 0, 1))
    return Wrong("tensor settings holds values out of range");
  model->options.window = static_cast<uint32_t>(s[0]);
  model->top = static_cast<uint32_t>(s[1]);
  model->end_shift = s[2];
  model->sessions = s[3] == 1.0f;
  return {};
}

Status ReadCommon(const TensorMap& tensors, DeepLogModel* model) {
  const size_t classes = size_t{model->words} + 1;
  const Tensor* common = Find(tensors, kCommon);
  if (common == nullptr || common->shape != std::vector<size_t>{classes} ||
      common->data.size() != classes)
    return Wrong(fmt::format("tensor common is missing or not [{}]", classes));
  if (!std::all_of(common->data.begin(), common->data.end(),
                   [](float share) { return share >= 0 && share <= 1; }))
    return Wrong("tensor common holds shares out of range");
  model->common = common->data;
  return {};
}

// Embedding and layers as the tensors' shapes say, checked for being possible.
Status ReadShape(const TensorMap& tensors, DeepLogModel* model) {
  const Tensor* embedding = Find(tensors, "embedding");
  if (embedding == nullptr || embedding->shape.size() != 2)
    return Wrong("tensor embedding is missing or not a matrix");
  model->options.embedding =
      static_cast<uint32_t>(std::min<size_t>(embedding->shape[1], kMaxLstmEmbedding + 1));
  model->options.layers.clear();
  for (uint32_t l = 0; l <= kMaxLstmLayers; ++l) {
    const Tensor* wh = Find(tensors, fmt::format("layer{}.wh", l));
    if (wh == nullptr) break;
    if (wh->shape.size() != 2) return Wrong(fmt::format("tensor layer{}.wh is not a matrix", l));
    model->options.layers.push_back(
        static_cast<uint32_t>(std::min<size_t>(wh->shape[1], kMaxLstmUnits + 1)));
  }
  return CheckDeepLogOptions(model->options);
}

// Units of the LSTM over counts; 0 where there is none.
Result<uint32_t> ReadCountUnits(const TensorMap& tensors) {
  const Tensor* wh = Find(tensors, "counts.wh");
  if (wh == nullptr) return uint32_t{0};
  if (wh->shape.size() != 2 || wh->shape[1] < 1 || wh->shape[1] > kMaxLstmUnits)
    return Wrong("tensor counts.wh is not a matrix of a possible size");
  return static_cast<uint32_t>(wh->shape[1]);
}

}  // namespace

TensorMap ToTensors(const DeepLogModel& model) {
  TensorMap tensors;
  tensors[kSettings] = {{4},
                        {static_cast<float>(model.options.window), static_cast<float>(model.top),
                         model.end_shift, model.sessions ? 1.0f : 0.0f}};
  tensors[kCommon] = {{model.common.size()}, model.common};
  for (Part& part : Parts(model.layout)) {
    const auto from = model.parameters.begin() + static_cast<ptrdiff_t>(part.at);
    const auto numbers = static_cast<ptrdiff_t>(Numbers(part.shape));
    tensors[part.name] = {std::move(part.shape), std::vector<float>(from, from + numbers)};
  }
  model.known.AddTo(&tensors);
  return tensors;
}

Result<DeepLogModel> DeepLogFromTensors(const TensorMap& tensors, uint32_t words, size_t others) {
  if (words == 0 || words > kMaxDeepLogWords)
    return Wrong(fmt::format("a vocabulary of {} templates", words));
  DeepLogModel model;
  model.words = words;
  if (Status status = ReadSettings(tensors, &model); !status) return status.error();
  if (Status status = ReadShape(tensors, &model); !status) return status.error();
  const Result<uint32_t> count_units = ReadCountUnits(tensors);
  if (!count_units) return count_units.error();
  model.layout = MakeLstmLayout(words, model.options.embedding, model.options.layers.data(),
                                static_cast<uint32_t>(model.options.layers.size()), *count_units);
  const std::vector<Part> parts = Parts(model.layout);
  for (const Part& part : parts) {
    const Tensor* tensor = Find(tensors, part.name);
    if (tensor == nullptr || tensor->shape != part.shape ||
        tensor->data.size() != Numbers(part.shape))
      return Wrong(
          fmt::format("tensor {} is missing or not [{}]", part.name, fmt::join(part.shape, ", ")));
    if (!std::all_of(tensor->data.begin(), tensor->data.end(),
                     [](float value) { return std::isfinite(value); }))
      return Wrong(fmt::format("tensor {} holds numbers that are not finite", part.name));
  }
  if (Status status = ReadCommon(tensors, &model); !status) return status.error();
  Result<KnownHistories> known = KnownHistories::From(tensors, words, model.options.window);
  if (!known) return known.error();
  model.known = std::move(*known);
  const size_t of_known = model.known.rows() > 0 ? KnownHistories::kTensors : 0;
  if (tensors.size() != parts.size() + 2 + of_known + others)
    return Wrong("tensors that do not belong there");
  model.parameters.resize(model.layout.size);
  for (const Part& part : parts) {
    const std::vector<float>& data = tensors.at(part.name).data;
    std::copy(data.begin(), data.end(), model.parameters.begin() + static_cast<ptrdiff_t>(part.at));
  }
  return model;
}

}  // namespace alogd
