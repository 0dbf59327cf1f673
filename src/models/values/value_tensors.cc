// SPDX-License-Identifier: MIT
// The values model as tensors, and back with every number checked.
#include <algorithm>
#include <string>

#include "models/values/values.h"

namespace alogd {
namespace {

constexpr size_t kTemplateFields = 4;  // word, numbers, places, whether it has a network
constexpr size_t kPlaceFields = 6;     // as in ValuePlace

Error Wrong(const std::string& what) { return Error{"values: " + what + "; train again"}; }

// A whole number in [least, most].
bool Take(float value, float least, float most, uint32_t* out) {
  if (!(value >= least && value <= most) || value != std::floor(value)) return false;
  *out = static_cast<uint32_t>(value);
  return true;
}

const Tensor* Find(const TensorMap& tensors, const char* name, size_t columns) {
  const auto it = tensors.find(name);
  if (it == tensors.end()) return nullptr;
  const std::vector<size_t>& shape = it->second.shape;
  const bool fits = columns == 1 ? shape.size() == 1 : shape.size() == 2 && shape[1] == columns;
  return fits && it->second.data.size() == shape[0] * columns ? &it->second : nullptr;
}

bool TakePlace(std::span<const float> fields, uint32_t numbers, ValuePlace* place) {
  place->unit = fields[1];
  place->mean = fields[2];
  place->deviation = fields[3];
  place->error_mean = fields[4];
  place->error_deviation = fields[5];
  return Take(fields[0], 0, static_cast<float>(numbers), &place->number) && place->unit > 0 &&
         place->deviation > 0 && place->error_deviation > 0;
}

}  // namespace

TensorMap ToTensors(const ValueModel& model) {
  Tensor templates{{model.templates.size(), kTemplateFields}, {}};
  Tensor places{{0, kPlaceFields}, {}};
  Tensor weights{{0}, {}};
  for (const ValueTemplate& t : model.templates) {
    for (const size_t field :
         {size_t{t.word}, size_t{t.numbers}, t.places.size(), size_t{!t.lstm.empty()}})
      templates.data.push_back(static_cast<float>(field));
    for (const ValuePlace& p : t.places)
      places.data.insert(places.data.end(), {static_cast<float>(p.number), p.unit, p.mean,
                                             p.deviation, p.error_mean, p.error_deviation});
    places.shape[0] += t.places.size();
    weights.data.insert(weights.data.end(), t.lstm.begin(), t.lstm.end());
  }
  weights.shape[0] = weights.data.size();
  return {{"settings", {{1}, {static_cast<float>(model.history)}}},
          {"templates", std::move(templates)},
          {"places", std::move(places)},
          {"weights", std::move(weights)}};
}

Result<ValueModel> ValuesFrom(const TensorMap& tensors, uint32_t words) {
  const Tensor* settings = Find(tensors, "settings", 1);
  const Tensor* templates = Find(tensors, "templates", kTemplateFields);
  const Tensor* places = Find(tensors, "places", kPlaceFields);
  const Tensor* weights = Find(tensors, "weights", 1);
  if (!settings || !templates || !places || !weights || tensors.size() != 4)
    return Wrong("its tensors are missing or of the wrong shape");
  ValueModel model;
  if (settings->data.size() != 1 ||
      !Take(settings->data[0], 1, static_cast<float>(kMaxValueHistory), &model.history) ||
      templates->shape[0] > kMaxValueTemplates || words == 0)
    return Wrong("its settings are out of range");
  std::span<const float> place_fields(places->data), weight_fields(weights->data);
  int64_t last = -1;
  for (size_t i = 0; i < templates->shape[0]; ++i) {
    const float* fields = templates->data.data() + i * kTemplateFields;
    ValueTemplate t;
    uint32_t count = 0, network = 0;
    if (!Take(fields[0], 0, static_cast<float>(words - 1), &t.word) || t.word <= last ||
        !Take(fields[1], 1, kMaxNumbers, &t.numbers) ||
        !Take(fields[2], 1, static_cast<float>(t.numbers + 1), &count) ||
        !Take(fields[3], 0, 1, &network) || place_fields.size() < count * kPlaceFields)
      return Wrong("a template's entry is out of range");
    last = t.word;
    for (uint32_t p = 0; p < count; ++p, place_fields = place_fields.subspan(kPlaceFields)) {
      ValuePlace place;
      if (!TakePlace(place_fields.first(kPlaceFields), t.numbers, &place))
        return Wrong("a place's entry is out of range");
      t.places.push_back(place);
    }
    const size_t size = network > 0 ? t.shape().size() : 0;
    if (weight_fields.size() < size) return Wrong("weights are missing");
    t.lstm.assign(weight_fields.begin(), weight_fields.begin() + static_cast<ptrdiff_t>(size));
    weight_fields = weight_fields.subspan(size);
    model.templates.push_back(std::move(t));
  }
  if (!place_fields.empty() || !weight_fields.empty()) return Wrong("there is more than belongs");
  return model;
}

std::vector<bool> NumberWords(const ValueModel& model, size_t words) {
  std::vector<bool> wanted(words, false);
  for (const ValueTemplate& t : model.templates) wanted[t.word] = true;
  return wanted;
}

}  // namespace alogd
