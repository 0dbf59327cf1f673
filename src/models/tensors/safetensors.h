// SPDX-License-Identifier: MIT
// The safetensors format: named float tensors in one file that any Python tool reads.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace alogd {

// Row-major, as safetensors has it; `shape` of the matrix [rows, columns] is {rows, columns}.
struct Tensor {
  std::vector<size_t> shape;
  std::vector<float> data;
};
using TensorMap = std::map<std::string, Tensor>;

// F32 only. Format: 8 bytes little-endian header length, JSON header, data
// (https://github.com/huggingface/safetensors, "Format").
std::string SerializeTensors(const TensorMap& tensors);
// Checks every length and offset before it allocates; refuses gaps, overlaps and non-finite values.
Result<TensorMap> ParseTensors(std::string_view bytes, size_t max_bytes);

}  // namespace alogd
