// SPDX-License-Identifier: MIT
// A template's text as symbols: what merging and matching of templates compares.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alogd {

enum class SymbolKind : uint8_t { kVariable, kWord, kPunctuation };

// One token of a masked message or template with the blanks before it, as offsets into the text.
struct Symbol {
  uint32_t gap = 0;    // where the blanks before it begin
  uint32_t begin = 0;  // of the token
  uint32_t end = 0;
  SymbolKind kind = SymbolKind::kPunctuation;
};

// A function of the text's bytes alone, so that a frozen text stands for all that was learnt.
void SplitText(std::string_view text, std::vector<Symbol>* symbols);

// Of the symbol with its blanks; `as_variable` as if <*> stood there.
uint32_t SymbolHash(std::string_view text, const Symbol& symbol, bool as_variable);

// A word that may become a variable: not the first of the message, no outcome word, not touching a
// variable.
bool MayVary(std::string_view text, const std::vector<Symbol>& symbols, size_t at);

// Words that stay if one of `symbols`' words became a variable must be at least so many.
inline constexpr size_t kWordsThatStay = 2;
size_t CountWords(const std::vector<Symbol>& symbols);

// `general` has a variable wherever it differs from `text`, and `text` a word there that may vary.
bool Covers(std::string_view general, const std::vector<Symbol>& general_symbols,
            std::string_view text, const std::vector<Symbol>& symbols);

// `text` with <*> in the place of symbol `at`.
std::string WithVariable(std::string_view text, const Symbol& at);

}  // namespace alogd
