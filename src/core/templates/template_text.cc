// SPDX-License-Identifier: MIT
// A template's text as symbols: what merging and matching of templates compares.
#include "core/templates/template_text.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/templates/chunks.h"
#include "core/templates/kept_words.h"
#include "core/templates/list_text.h"
#include "core/templates/masks.h"
#include "core/templates/words.h"

namespace alogd {
namespace {

bool IsVariableAt(std::string_view text, size_t at) {
  return text.compare(at, kWildcard.size(), kWildcard) == 0;
}

// The end of the word or run of dots at `at`, and whether it holds a letter.
size_t EndOfWord(std::string_view text, size_t at, bool* letters) {
  size_t end = at;
  unsigned bits = 0;
  for (; end < text.size(); ++end) {
    const unsigned c = Class(text[end]);
    if (c & (kBlank | kDelimiter)) {
      const bool inside = text[end] == '\'' && end > at && end + 1 < text.size() &&
                          Has(text[end - 1], kLetter) && Has(text[end + 1], kLetter);
      if (!inside) break;
    } else if ((c & kDot) && end + 1 < text.size() && text[end + 1] == '.') {
      break;
    }
    bits |= c;
  }
  *letters = (bits & (kLetter | kHigh | kDigit)) != 0;
  if (end > at) return end;
  while (end < text.size() && text[end] == '.') ++end;
  return end;
}

}  // namespace

void SplitText(std::string_view text, std::vector<Symbol>* symbols) {
  symbols->clear();
  for (size_t at = 0; at < text.size();) {
    Symbol symbol;
    symbol.gap = static_cast<uint32_t>(at);
    while (at < text.size() && Has(text[at], kBlank)) ++at;
    symbol.begin = static_cast<uint32_t>(at);
    if (at < text.size()) {
      if (IsVariableAt(text, at)) {
        symbol.kind = SymbolKind::kVariable;
        at += kWildcard.size();
      } else if (Has(text[at], kDelimiter)) {
        ++at;
      } else {
        bool letters = false;
        at = EndOfWord(text, at, &letters);
        if (letters) symbol.kind = SymbolKind::kWord;
      }
    }
    symbol.end = static_cast<uint32_t>(at);
    symbols->push_back(symbol);
  }
}

uint32_t SymbolHash(std::string_view text, const Symbol& symbol, bool as_variable) {
  if (!as_variable) {
    return static_cast<uint32_t>(XXH3_64bits(text.data() + symbol.gap, symbol.end - symbol.gap));
  }
  std::array<char, 32> buffer;
  const size_t gap = std::min<size_t>(symbol.begin - symbol.gap, buffer.size() - kWildcard.size());
  std::memcpy(buffer.data(), text.data() + symbol.gap, gap);
  std::memcpy(buffer.data() + gap, kWildcard.data(), kWildcard.size());
  return static_cast<uint32_t>(XXH3_64bits(buffer.data(), gap + kWildcard.size()));
}

namespace {

std::string_view Token(std::string_view text, const Symbol& symbol) {
  return text.substr(symbol.begin, symbol.end - symbol.begin);
}

// The first word says what a message is about, unless it is the name of who says it or of what it
// is said: "DSDT (...)", "FACP (...)".
bool MayVaryFirst(std::string_view text, const std::vector<Symbol>& symbols) {
  if (symbols.size() < 2) return false;
  if (text[symbols[1].begin] == ':') return true;
  const std::string_view first = Token(text, symbols[0]);
  return IsCapitalName(first) || (IsName(first) && !IsOperation(first));
}

// "type=USER_AUTH", "reason = AuthFail: ...": of a value that masking left as it is.
bool IsKeptValue(std::string_view text, const std::vector<Symbol>& symbols, size_t at) {
  if (at < 2 || text[symbols[at - 1].begin] != '=') return false;
  const std::string_view key = Token(text, symbols[at - 2]);
  if (IsMessageWord(key) || IsOperationKey(key) || key == "type") return true;
  return at + 1 < symbols.size() && text[symbols[at + 1].begin] == ':';
}

// "removing chargen": what is done, and a name.
bool IsDoneToName(std::string_view text, const std::vector<Symbol>& symbols) {
  return symbols.size() == 2 && symbols[1].kind != SymbolKind::kPunctuation &&
         symbols[1].begin > symbols[1].gap && IsDoing(Token(text, symbols[0]));
}

}  // namespace

bool MayVary(std::string_view text, const std::vector<Symbol>& symbols, size_t at) {
  const Symbol& symbol = symbols[at];
  if (symbol.kind != SymbolKind::kWord) return false;
  if (at == 0 && !MayVaryFirst(text, symbols)) return false;
  if (at > 0 && symbols[at - 1].kind == SymbolKind::kVariable && symbol.gap == symbol.begin)
    return false;
  if (at + 1 < symbols.size() && symbols[at + 1].kind == SymbolKind::kVariable &&
      symbols[at + 1].gap == symbols[at + 1].begin)
    return false;
  if (IsKeptValue(text, symbols, at)) return false;
  const std::string_view word = Token(text, symbol);
  return !IsOutcomeWord(word) && !IsOutcomeName(word);
}

bool IsAnchored(std::string_view text, const std::vector<Symbol>& symbols, size_t less) {
  constexpr size_t kWords = 2, kSigns = 3;
  size_t words = 0, signs = 0;
  for (const Symbol& s : symbols) {
    words += s.kind == SymbolKind::kWord ? 1 : 0;
    signs += s.kind == SymbolKind::kPunctuation ? 1 : 0;
  }
  return words >= kWords + less || (words >= 1 + less && signs >= kSigns) ||
         IsDoneToName(text, symbols);
}

bool IsAnchored(std::string_view text) {
  std::vector<Symbol> symbols;
  SplitText(text, &symbols);
  return IsAnchored(text, symbols);
}

bool IsName(std::string_view word) {
  for (size_t i = 1; i + 1 < word.size(); ++i) {
    const char c = word[i];
    if (c == '_' || c == '-' || c == '.') return true;
    if (c >= 'A' && c <= 'Z' && word[i - 1] >= 'a' && word[i - 1] <= 'z') return true;
  }
  return false;
}

std::string_view WithoutBareEnd(std::string_view text) {
  const size_t blank = text.rfind(' ');
  if (blank == std::string_view::npos || blank == 0 || !IsBare(text.substr(blank + 1))) return {};
  const std::string_view stem = text.substr(0, blank);
  if (Has(stem.back(), kBlank) || stem.ends_with(kWildcard)) return {};
  return IsAnchored(stem) ? stem : std::string_view{};
}

bool Covers(std::string_view general, const std::vector<Symbol>& general_symbols,
            std::string_view text, const std::vector<Symbol>& symbols) {
  if (general_symbols.size() != symbols.size()) return false;
  bool differs = false;
  for (size_t i = 0; i < symbols.size(); ++i) {
    const Symbol& g = general_symbols[i];
    const Symbol& s = symbols[i];
    const std::string_view g_text = general.substr(g.gap, g.end - g.gap);
    if (g_text == text.substr(s.gap, s.end - s.gap)) continue;
    if (g.kind != SymbolKind::kVariable || !MayVary(text, symbols, i)) return false;
    if (general.substr(g.gap, g.begin - g.gap) != text.substr(s.gap, s.begin - s.gap)) return false;
    differs = true;
  }
  return !differs || IsAnchored(general, general_symbols);
}

std::string WithVariable(std::string_view text, const Symbol& at) {
  std::string out;
  out.reserve(text.size() + kWildcard.size());
  out.append(text.substr(0, at.begin)).append(kWildcard).append(text.substr(at.end));
  return out;
}

}  // namespace alogd
