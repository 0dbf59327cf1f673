// SPDX-License-Identifier: MIT
// Shorter texts that a message may be an instance of: its lists, or a name of several words, as one
// variable.
#include "core/templates/condensed.h"

#include <algorithm>

#include "core/templates/masks.h"
#include "core/templates/words.h"

namespace alogd {
namespace {

// Longer messages are free text or dumps, of which no two are alike anyway.
constexpr size_t kMostSymbols = 64;
constexpr size_t kFirstWords = 6;  // where a name of several words is looked for
constexpr size_t kWordsBehind = 3;

class Lists {
 public:
  Lists(std::string_view text, const std::vector<Symbol>& symbols)
      : text_(text), symbols_(symbols) {}

  // The text with its lists as variables; empty if it has none.
  std::string Replace() {
    std::string out;
    size_t done = 0;
    bool any = false;
    for (size_t i = 1; i < symbols_.size();) {
      const size_t end = RunEnd(i);
      if (end == i) {
        ++i;
        continue;
      }
      any = true;
      out.append(text_.substr(done, symbols_[i].begin - done)).append(kWildcard);
      done = symbols_[end - 1].end;
      i = end;
    }
    if (any) out.append(text_.substr(done));
    return out;
  }

 private:
  std::string_view At(size_t i) const {
    return text_.substr(symbols_[i].begin, symbols_[i].end - symbols_[i].begin);
  }
  bool Is(size_t i, char c) const {
    return i < symbols_.size() && At(i) == std::string_view(&c, 1);
  }
  bool Touches(size_t i) const { return symbols_[i].gap == symbols_[i].begin; }

  // Behind the item of a list at `i`, or `i`.
  size_t ItemEnd(size_t i, bool* pair) const {
    *pair = false;
    if (i >= symbols_.size() || symbols_[i].kind == SymbolKind::kPunctuation) return i;
    *pair = i + 2 < symbols_.size() && Is(i + 1, '=') && Touches(i + 1) && Touches(i + 2) &&
            symbols_[i + 2].kind == SymbolKind::kVariable;
    if (*pair) return i + 3;
    return symbols_[i].kind == SymbolKind::kWord && IsOutcomeWord(At(i)) ? i : i + 1;
  }

  // "10.0.0.1 (alpha)": a name beside a value, as masking takes a number there.
  bool IsAside(size_t i) const {
    return i + 3 < symbols_.size() && symbols_[i].kind == SymbolKind::kVariable && Is(i + 1, '(') &&
           !Touches(i + 1) && symbols_[i + 2].kind != SymbolKind::kPunctuation && Is(i + 3, ')') &&
           !IsOutcomeWord(At(i + 2));
  }

  // Behind the list that begins at `begin`, or `begin`.
  size_t RunEnd(size_t begin) const {
    if (IsAside(begin)) return begin + 4;
    size_t items = 0, pairs = 0, names = 0, words = 0, end = begin;
    for (size_t i = begin;;) {
      bool pair = false;
      const size_t next = ItemEnd(i, &pair);
      if (next == i) break;
      ++items;
      pairs += pair ? 1 : 0;
      const bool word = !pair && symbols_[i].kind == SymbolKind::kWord;
      words += word ? 1 : 0;
      names += word && IsName(At(i)) ? 1 : 0;
      end = i = next;
      if (!Is(i, ',') || !Touches(i)) break;
      ++i;
    }
    if (items == 0 || !EndsItem(end)) return begin;
    const bool framed = Is(begin - 1, ':') || Touches(begin);
    const bool value = symbols_[begin].kind == SymbolKind::kVariable;  // its key varies, too
    if (pairs == items) return items > 1 || value || (framed && IsFramed(begin, end)) ? end : begin;
    if (items < 2 || pairs > 0 || words == 0) return begin;
    return names == words || Is(begin - 1, ':') ? end : begin;
  }

  bool IsFramed(size_t begin, size_t end) const {
    if (Is(begin - 1, ':')) return end == symbols_.size();
    return (Is(begin - 1, '(') && Is(end, ')')) || (Is(begin - 1, '[') && Is(end, ']'));
  }

  // No more of the last item follows.
  bool EndsItem(size_t end) const {
    if (end == symbols_.size() || Is(end, ')') || Is(end, ']') || Is(end, ';')) return true;
    return !Touches(end) && !Is(end, '=');
  }

  const std::string_view text_;
  const std::vector<Symbol>& symbols_;
};

bool IsAlone(const std::vector<Symbol>& symbols, size_t i) {
  return symbols[i].kind == SymbolKind::kWord && symbols[i].begin - symbols[i].gap == 1;
}

void AddSpans(std::string_view text, const std::vector<Symbol>& symbols,
              std::vector<CondensedText>* out) {
  for (size_t i = 1; i <= std::min(kFirstWords, symbols.size()); ++i) {
    for (size_t n = 2; n <= 3 && i + n + kWordsBehind <= symbols.size(); ++n) {
      bool may_vary = true;
      for (size_t k = i; k < i + n; ++k)
        may_vary = may_vary && IsAlone(symbols, k) && MayVary(text, symbols, k);
      if (!may_vary) break;
      const auto behind =
          std::count_if(symbols.begin() + static_cast<ptrdiff_t>(i + n), symbols.end(),
                        [](const Symbol& s) { return s.kind == SymbolKind::kWord; });
      if (static_cast<size_t>(behind) < kWordsBehind) break;
      const size_t begin = symbols[i].begin, end = symbols[i + n - 1].end;
      std::string shorter(text.substr(0, begin));
      shorter.append(kWildcard).append(text.substr(end));
      out->push_back({std::move(shorter), begin, end});
    }
  }
}

}  // namespace

std::vector<CondensedText> Condensed(std::string_view text) {
  std::vector<CondensedText> out;
  std::vector<Symbol> symbols;
  SplitText(text, &symbols);
  if (symbols.size() < 3 || symbols.size() > kMostSymbols) return out;
  if (std::string lists = Lists(text, symbols).Replace(); !lists.empty() && IsAnchored(lists))
    out.push_back({std::move(lists)});
  AddSpans(text, symbols, &out);
  return out;
}

bool EndsVary(const CondensedText& condensed, std::string_view text,
              const std::vector<std::string_view>& texts) {
  const size_t behind = text.size() - condensed.end;
  const auto name = [&](std::string_view of) {
    return of.substr(condensed.begin, of.size() - condensed.begin - behind);
  };
  const auto first = [](std::string_view of) { return of.substr(0, of.find(' ')); };
  const auto last = [](std::string_view of) { return of.substr(of.rfind(' ') + 1); };
  bool firsts = false, lasts = false;
  for (const std::string_view other : texts) {
    firsts = firsts || first(name(other)) != first(name(text));
    lasts = lasts || last(name(other)) != last(name(text));
  }
  return firsts && lasts;
}

}  // namespace alogd
