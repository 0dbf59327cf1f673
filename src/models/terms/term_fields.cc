// SPDX-License-Identifier: MIT
// Terms and numbers to JSON, and back with every field checked.
#include "models/terms/term_fields.h"

#include <set>

#include "models/tensors/json_text.h"

namespace alogd {
namespace {

constexpr size_t kMaxTerms = 10'000;
constexpr uint32_t kMaxNgram = 8;

}  // namespace

nlohmann::json TermParameters(const TermWeights& terms) {
  return {{"ngram_min", terms.ngram_min},
          {"ngram_max", terms.ngram_max},
          {"terms", EncodeAll(terms.terms)}};
}

bool TakeTermParameters(const nlohmann::json& parameters, TermWeights* terms) {
  return parameters.is_object() &&
         TakeNumber(parameters, "ngram_min", 1, kMaxNgram, &terms->ngram_min) &&
         TakeNumber(parameters, "ngram_max", terms->ngram_min, kMaxNgram, &terms->ngram_max) &&
         parameters.contains("terms") && TakeStrings(parameters["terms"], kMaxTerms, &terms->terms);
}

bool TakeStrings(const nlohmann::json& json, size_t limit, std::vector<std::string>* out) {
  if (!json.is_array() || json.size() > limit) return false;
  std::set<std::string> seen;
  for (const nlohmann::json& item : json) {
    std::string text;
    if (!DecodeText(item, &text) || !seen.insert(text).second) return false;
    out->push_back(std::move(text));
  }
  return true;
}

bool TakeNumber(const nlohmann::json& json, const char* key, uint32_t least, uint32_t most,
                uint32_t* out) {
  const auto it = json.find(key);
  if (it == json.end() || !it->is_number_unsigned()) return false;
  const uint64_t value = it->get<uint64_t>();
  if (value < least || value > most) return false;
  *out = static_cast<uint32_t>(value);
  return true;
}

bool TakeTensor(const TensorMap& tensors, const char* name, const std::vector<size_t>& shape,
                std::vector<float>* out) {
  const auto it = tensors.find(name);
  if (it == tensors.end() || it->second.shape != shape) return false;
  *out = it->second.data;
  return true;
}

nlohmann::json EncodeAll(const std::vector<std::string>& texts) {
  nlohmann::json out = nlohmann::json::array();
  for (const std::string& text : texts) out.push_back(EncodeText(text));
  return out;
}

}  // namespace alogd
