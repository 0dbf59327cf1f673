// SPDX-License-Identifier: MIT
// Fuzzes header patterns and state: the first line is the pattern, the rest is matched and loaded.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/headers/header_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const size_t end = all.find('\n');
  if (end == std::string_view::npos) return 0;
  auto parser =
      alogd::HeaderParser::Create({.format = std::string(all.substr(0, end)), .time_zone = "UTC"});
  if (!parser.ok()) return 0;
  parser->Parse(all.substr(end + 1));
  alogd::StateReader in(all.substr(end + 1));
  if (parser->Load(in)) parser->Parse(all);
  return 0;
}
