// SPDX-License-Identifier: MIT
// YAML as a plain tree with the place of every node; size, depth and aliases bounded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alogd {

inline constexpr size_t kMaxYamlBytes = 1 << 20;  // of a file: thousands of rules fit
inline constexpr size_t kMaxYamlDepth = 32;       // a configuration needs six
// Aliases are copied when they are met; this ends the "billion laughs" of aliases of aliases.
inline constexpr size_t kMaxYamlNodes = 200'000;

struct YamlNode {
  enum class Kind : uint8_t { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  uint32_t line = 1, column = 1;  // of its first character, from 1
  bool quoted = false;            // of a scalar: text, whatever it looks like
  std::string scalar;
  std::vector<YamlNode> keys;   // of a map: scalars, each key once
  std::vector<YamlNode> items;  // of a list; of a map: the values, beside `keys`

  // The value at `key`, or null.
  const YamlNode* Find(std::string_view key) const;
};

struct YamlError {
  uint32_t line = 1, column = 1;
  std::string message;  // empty: none
};

// An empty text is a kNull. Fails for more than one document, for keys that are not scalars, and
// for a key that stands twice in its map.
YamlError ParseYaml(std::string_view text, YamlNode* root);

// `text` as a scalar that YAML reads as the same string: 'quoted', or "escaped" if it holds
// characters that a terminal would act on.
std::string QuoteYaml(std::string_view text);

}  // namespace alogd
