// SPDX-License-Identifier: MIT
// The terms of template vectors in a manifest, and the fields that are read beside them.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/tensors/safetensors.h"
#include "models/terms/term_vectors.h"

namespace alogd {

// "ngram_min", "ngram_max" and "terms"; idf is a tensor.
nlohmann::json TermParameters(const TermWeights& terms);
// All but idf. False unless everything is there and within limits.
bool TakeTermParameters(const nlohmann::json& parameters, TermWeights* terms);

// Each is false where the value is missing or out of range.
bool TakeStrings(const nlohmann::json& json, size_t limit, std::vector<std::string>* out);
bool TakeNumber(const nlohmann::json& json, const char* key, uint32_t least, uint32_t most,
                uint32_t* out);
bool TakeTensor(const TensorMap& tensors, const char* name, const std::vector<size_t>& shape,
                std::vector<float>* out);

nlohmann::json EncodeAll(const std::vector<std::string>& texts);

}  // namespace alogd
