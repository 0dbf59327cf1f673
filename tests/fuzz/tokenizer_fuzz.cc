// SPDX-License-Identifier: MIT
// Fuzzes masking: the result is bounded, valid, stands for the message, and follows from its
// skeleton.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/templates/drain.h"
#include "core/templates/masks.h"
#include "core/templates/skeleton.h"
#include "core/templates/tokenizer.h"
#include "fuzz.h"

namespace {

using alogd::fuzz::Require;

// The first byte chooses the options, the rest is the message.
void Run(std::string_view input) {
  using namespace alogd;
  static Catalog catalog;
  static Drain drain = std::move(*Drain::Create({}, &catalog));
  static Tokenizer plain = std::move(*Tokenizer::Create({}, 512));
  MaskOptions options;
  const auto choice = static_cast<uint8_t>(input[0]);
  options.num = (choice & 1) == 0;
  options.paths = (choice & 2) == 0;
  options.mac = (choice & 4) == 0;
  options.device = (choice & 8) == 0;
  options.pid = (choice & 16) == 0;
  if (choice & 32) options.user = {"[a-c]+[0-9]"};
  Tokenizer other = std::move(*Tokenizer::Create(options, choice & 64 ? 5 : 512));
  const std::string_view message = input.substr(1);
  std::vector<std::string_view> parameters;
  for (Tokenizer* tokenizer : {&plain, &other}) {
    const std::string_view masked = tokenizer->Mask(message);
    Require(masked.size() <= kMaxMasked && IsValidUtf8(masked));
    Require(drain.Parameters(message, masked, &parameters));
  }

  static std::map<std::string, std::string> masked_by_skeleton;
  static Skeleton skeleton;
  if (!skeleton.Build(TrimEnd(message))) return;
  const std::string masked(plain.Mask(message));
  if (masked_by_skeleton.size() > 100'000) masked_by_skeleton.clear();
  Require(masked_by_skeleton.try_emplace(std::string(skeleton.bytes()), masked).first->second ==
          masked);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
