// SPDX-License-Identifier: MIT
// Fuzzes the reader of weights: nothing larger than the file is allocated, what is read is written
// the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz.h"
#include "models/tensors/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace alogd;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Result<TensorMap> read = ParseTensors(bytes, 1 << 20);
  if (!read) return 0;
  size_t floats = 0;
  for (const auto& [name, tensor] : *read) floats += tensor.data.size();
  fuzz::Require(floats * sizeof(float) <= size);
  const Result<TensorMap> again = ParseTensors(SerializeTensors(*read), 1 << 21);
  fuzz::Require(again.ok() && again->size() == read->size());
  for (const auto& [name, tensor] : *again) {
    const Tensor& before = read->at(name);
    fuzz::Require(tensor.shape == before.shape && tensor.data == before.data);
  }
  return 0;
}
