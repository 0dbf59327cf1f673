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

// A word that may become a variable: not the first of the message unless it is a name there, no
// word of outcome, no value that masking left as it is, not touching a variable.
bool MayVary(std::string_view text, const std::vector<Symbol>& symbols, size_t at);

// What keeps a template with variables apart from all others: two constant words, or one among
// three signs as in "(<*>) CMD (<*>)", or one that says what is done to the name behind it.
// `less` words are taken for variables.
bool IsAnchored(std::string_view text, const std::vector<Symbol>& symbols, size_t less = 0);
bool IsAnchored(std::string_view text);

// A word that people make up rather than find in a dictionary: with '_', '-', '.' or a capital
// inside.
bool IsName(std::string_view word);

// `text` without its last chunk and the blank before that, if the chunk is variables and
// punctuation and enough words stay; else empty.
std::string_view WithoutBareEnd(std::string_view text);

// `general` has a variable wherever it differs from `text`, and `text` a word there that may vary.
bool Covers(std::string_view general, const std::vector<Symbol>& general_symbols,
            std::string_view text, const std::vector<Symbol>& symbols);

// `text` with <*> in the place of symbol `at`.
std::string WithVariable(std::string_view text, const Symbol& at);

}  // namespace alogd
