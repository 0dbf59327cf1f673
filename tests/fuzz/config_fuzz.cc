// SPDX-License-Identifier: MIT
// Fuzzes the configuration: any text gives a configuration or problems with places, and what is
// shown of a good one gives the same again.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/config/config.h"
#include "core/text.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace alogd;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const LoadedConfig loaded = ParseConfig(text, "fuzz.yaml");
  for (const ConfigProblem& problem : loaded.problems) {
    const std::string valid = ToValidUtf8(problem.message, problem.message.size());
    fuzz::Require(!valid.empty() && valid == problem.message);
  }
  if (!loaded.ok()) return 0;
  const std::string shown = ShowConfig(loaded);
  const LoadedConfig again = ParseConfig(shown, "shown.yaml");
  fuzz::Require(again.ok());
  fuzz::Require(again.config.groups.size() == loaded.config.groups.size());
  fuzz::Require(again.config.rules.size() == loaded.config.rules.size());
  return 0;
}
