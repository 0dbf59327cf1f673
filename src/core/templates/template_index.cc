// SPDX-License-Identifier: MIT
// The templates that Drain matches against, found by text, by generality and by single position.
#include "core/templates/template_index.h"

#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "core/templates/chunks.h"
#include "core/templates/condensed.h"
#include "core/templates/kept_words.h"
#include "core/templates/tokenizer.h"

namespace alogd {
namespace {

constexpr uint32_t kLiveRoot = 0;
constexpr uint32_t kTrainedRoot = 1;
// Positions of a message that may become variable by merging; bounds memory for a message of many
// tokens.
constexpr size_t kMaxPositions = 64;
// So many names in one position are as good as any number of words: few texts have a constant one.
constexpr size_t kNamesThatVary = 3;
// Two of them are enough where they count something by letters in brackets: "[LNKA]", "[LNKC]".
constexpr size_t kFewestThatVary = 2;
// Nodes and symbols looked at for one message: it takes a hostile set of templates to get there.
constexpr size_t kSearchBudget = 1 << 14;

uint64_t Mix(uint64_t h) {
  h = (h ^ h >> 32) * 0x9e3779b97f4a7c15u;
  return (h ^ h >> 29) * 0xbf58476d1ce4e5b9u;
}

uint64_t At(uint32_t hash, size_t position) { return Mix(hash | uint64_t{position} << 32); }

uint64_t ChildHash(uint32_t node, uint32_t hash) { return Mix(uint64_t{node} << 32 | hash); }

// What is the same for all texts that differ only in the word at `position`.
uint64_t VariantHash(uint64_t sum, uint32_t hash, uint32_t as_variable, size_t position) {
  return Mix(sum - At(hash, position) + At(as_variable, position) + position);
}

uint64_t SumOf(const std::vector<uint32_t>& hashes) {
  uint64_t sum = hashes.size();
  for (size_t i = 0; i < hashes.size(); ++i) sum += At(hashes[i], i);
  return sum;
}

// How many of such words make a variable of the <*> of `general` at `at`.
size_t EnoughWords(std::string_view general, const std::vector<Symbol>& symbols, size_t at,
                   const std::vector<std::string_view>& words) {
  constexpr size_t kManyWords = ~size_t{0};  // as many as the options say
  const auto all = [&](auto is) { return std::all_of(words.begin(), words.end(), is); };
  const auto sign = [&](size_t i, char c) {
    return i < symbols.size() && general[symbols[i].begin] == c;
  };
  if (all([&](std::string_view word) {
        return DifferInLastLetter(word, words[0]) || word == words[0];
      })) {
    const bool counted = at > 0 && sign(at - 1, '[') && sign(at + 1, ']') && all(IsCapitals);
    return counted ? kFewestThatVary : kNamesThatVary;
  }
  if (at == 0) return all(IsCapitalName) ? kNamesThatVary : kManyWords;
  // "reason: AuthFail: ..." says why, "volume DataStore: ..." of what.
  const bool codes = symbols[at - 1].kind == SymbolKind::kPunctuation && sign(at + 1, ':') &&
                     symbols[at + 1].gap == symbols[at + 1].begin && all(IsCode);
  const bool names =
      all([](std::string_view word) { return IsName(word) && !EndsWithCapitals(word); });
  return names && !codes ? kNamesThatVary : kManyWords;
}

void HashSymbols(std::string_view text, const std::vector<Symbol>& symbols,
                 std::vector<uint32_t>* out) {
  out->clear();
  for (const Symbol& symbol : symbols) out->push_back(SymbolHash(text, symbol, false));
}

}  // namespace

TemplateIndex::TemplateIndex() : nodes_(2) {}

uint64_t TemplateIndex::HashText(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

// ---- the tree

uint32_t TemplateIndex::Child(uint32_t node, uint32_t hash) const {
  return children_.Find(ChildHash(node, hash), [&](uint32_t child) {
    return nodes_[child].parent == node && nodes_[child].hash == hash;
  });
}

uint32_t TemplateIndex::AddChild(uint32_t node, uint32_t hash) {
  uint32_t child;
  if (free_nodes_.empty()) {
    child = static_cast<uint32_t>(nodes_.size());
    nodes_.emplace_back();
  } else {
    child = free_nodes_.back();
    free_nodes_.pop_back();
  }
  nodes_[child] = {.hash = hash, .parent = node, .children = 0, .leaf = kNone};
  ++nodes_[node].children;
  children_.Insert(ChildHash(node, hash), child);
  return child;
}

// A path ends where no other entry shares it: two nodes an entry instead of one a symbol.
void TemplateIndex::PlaceInTree(uint32_t entry) {
  const std::vector<uint32_t>& hashes = entries_[entry].hashes;
  uint32_t node = entries_[entry].trained ? kTrainedRoot : kLiveRoot;
  for (size_t depth = 0;; ++depth) {
    const uint32_t other = nodes_[node].leaf;
    if (other != kNone && nodes_[node].children == 0 && entries_[other].hashes.size() > depth) {
      nodes_[node].leaf = kNone;
      const uint32_t below = AddChild(node, entries_[other].hashes[depth]);
      nodes_[below].leaf = other;
      entries_[other].node = below;
    }
    const bool root = node <= kTrainedRoot;
    const bool ends_here = nodes_[node].children == 0 && nodes_[node].leaf == kNone && !root;
    if (depth == hashes.size() || ends_here) break;
    const uint32_t child = Child(node, hashes[depth]);
    node = child != kNone ? child : AddChild(node, hashes[depth]);
  }
  // Two entries with all symbol hashes equal and other texts: the later one is found by text only.
  if (nodes_[node].leaf != kNone) {
    entries_[entry].node = kNone;
    return;
  }
  nodes_[node].leaf = entry;
  entries_[entry].node = node;
}

void TemplateIndex::RemoveFromTree(uint32_t entry) {
  uint32_t node = entries_[entry].node;
  if (node == kNone) return;
  nodes_[node].leaf = kNone;
  while (node > kTrainedRoot && nodes_[node].children == 0 && nodes_[node].leaf == kNone) {
    const uint32_t parent = nodes_[node].parent;
    children_.Erase(ChildHash(parent, nodes_[node].hash), node);
    --nodes_[parent].children;
    nodes_[node].parent = kNone;
    free_nodes_.push_back(node);
    node = parent;
  }
}

// ---- entries

std::vector<uint32_t>& TemplateIndex::Bucket(size_t symbols, uint32_t first_hash) {
  return buckets_[uint64_t{first_hash} << 32 | symbols];
}

// Notes or forgets `entry` under each position that could still become variable.
void TemplateIndex::Variants(uint32_t entry, bool add) {
  const Entry& e = entries_[entry];
  std::vector<Symbol> symbols;
  SplitText(e.text, &symbols);
  if (!IsAnchored(e.text, symbols, 1)) return;
  for (size_t i = 0; i < std::min(symbols.size(), kMaxPositions); ++i) {
    if (!MayVary(e.text, symbols, i)) continue;
    const uint64_t hash = VariantHash(e.sum, e.hashes[i], SymbolHash(e.text, symbols[i], true), i);
    add ? variants_.Insert(hash, entry) : variants_.Erase(hash, entry);
  }
}

void TemplateIndex::Odd(uint32_t entry, bool add) {
  constexpr size_t kMostOfOneHash = 16;  // a hostile set of templates gets no long lists
  const Entry& e = entries_[entry];
  if (!IsAnchored(e.text)) return;
  const Chunks chunks(e.text);
  for (size_t i = 0; i < chunks.size(); ++i) {
    if (!HasVariable(chunks[i])) continue;
    const uint64_t hash = chunks.HashWithout(i);
    if (!add) {
      odd_.Erase(hash, entry);
      continue;
    }
    size_t others = 0;
    (void)odd_.Find(hash, [&](uint32_t) { return ++others == kMostOfOneHash; });
    if (others < kMostOfOneHash) odd_.Insert(hash, entry);
  }
}

void TemplateIndex::BareEnd(uint32_t entry, bool add) {
  const Entry& e = entries_[entry];
  const std::string_view stem = WithoutBareEnd(e.text);
  if (stem.empty()) return;
  add ? bare_end_.Insert(HashText(stem), entry) : bare_end_.Erase(HashText(stem), entry);
}

void TemplateIndex::Shorter(uint32_t entry, bool add) {
  for (const CondensedText& condensed : Condensed(entries_[entry].text)) {
    const uint64_t hash = HashText(condensed.text);
    add ? condensed_.Insert(hash, entry) : condensed_.Erase(hash, entry);
  }
}

uint32_t TemplateIndex::Insert(TemplateId id, std::string text, bool trained) {
  uint32_t entry;
  if (free_entries_.empty()) {
    entry = static_cast<uint32_t>(entries_.size());
    entries_.emplace_back();
    uses_.emplace_back();
  } else {
    entry = free_entries_.back();
    free_entries_.pop_back();
  }
  Entry& e = entries_[entry];
  e = Entry{};
  uses_[entry] = {};
  e.id = id;
  e.used = true;
  e.trained = trained;
  e.text = std::move(text);
  e.text_hash = HashText(e.text);
  std::vector<Symbol> symbols;
  SplitText(e.text, &symbols);
  HashSymbols(e.text, symbols, &e.hashes);
  e.sum = SumOf(e.hashes);
  by_text_.Insert(e.text_hash, entry);
  PlaceInTree(entry);
  Odd(entry, true);
  if (trained) return entry;
  BareEnd(entry, true);
  Shorter(entry, true);
  ++live_;
  symbols_ += e.hashes.size();
  Variants(entry, true);
  auto& bucket = Bucket(e.hashes.size(), e.hashes.empty() ? 0 : e.hashes[0]);
  const auto at = std::upper_bound(bucket.begin(), bucket.end(), id,
                                   [&](TemplateId a, uint32_t b) { return a < entries_[b].id; });
  bucket.insert(at, entry);
  return entry;
}

void TemplateIndex::Remove(uint32_t entry) {
  Entry& e = entries_[entry];
  by_text_.Erase(e.text_hash, entry);
  RemoveFromTree(entry);
  Odd(entry, false);
  if (!e.trained) {
    BareEnd(entry, false);
    Shorter(entry, false);
    --live_;
    symbols_ -= e.hashes.size();
    Variants(entry, false);
    const uint64_t key = uint64_t{e.hashes.empty() ? 0 : e.hashes[0]} << 32 | e.hashes.size();
    const auto bucket = buckets_.find(key);
    std::erase(bucket->second, entry);
    if (bucket->second.empty()) buckets_.erase(bucket);
  }
  e = Entry{};
  free_entries_.push_back(entry);
}

// ---- lookups

struct TemplateIndex::Search {
  const TemplateIndex& index;
  std::string_view text;
  const std::vector<Symbol>& symbols;
  size_t words = 0;
  std::vector<uint32_t> hashes, as_variable;  // the latter 0 where only the symbol itself will do
  size_t budget = kSearchBudget;
  uint32_t best = kNone;
  std::vector<Symbol> scratch = {};

  void Visit(uint32_t node, size_t depth) {
    if (budget == 0) return;
    --budget;
    const uint32_t leaf = index.nodes_[node].leaf;
    if (leaf != kNone) Consider(leaf);
    if (depth == symbols.size() || index.nodes_[node].children == 0) return;
    if (const uint32_t child = index.Child(node, hashes[depth]); child != kNone)
      Visit(child, depth + 1);
    if (as_variable[depth] == 0) return;
    if (const uint32_t child = index.Child(node, as_variable[depth]); child != kNone)
      Visit(child, depth + 1);
  }

  void Consider(uint32_t leaf) {
    const Entry& e = index.entries_[leaf];
    if (e.hashes.size() != symbols.size()) return;
    if (best != kNone && index.entries_[best].id < e.id) return;
    budget -= std::min(budget, symbols.size());
    SplitText(e.text, &scratch);
    if (Covers(e.text, scratch, text, symbols)) best = leaf;
  }
};

uint32_t TemplateIndex::FindCovering(std::string_view text,
                                     const std::vector<Symbol>& symbols) const {
  Search search{.index = *this, .text = text, .symbols = symbols, .hashes = {}, .as_variable = {}};
  HashSymbols(text, symbols, &search.hashes);
  for (size_t i = 0; i < symbols.size(); ++i)
    search.as_variable.push_back(MayVary(text, symbols, i) ? SymbolHash(text, symbols[i], true)
                                                           : 0);
  search.Visit(kTrainedRoot, 0);
  if (search.best == kNone) {
    search.budget = kSearchBudget;
    search.Visit(kLiveRoot, 0);
  }
  return search.best;
}

uint32_t TemplateIndex::FindWithOdd(std::string_view text) const {
  const Chunks chunks(text);
  uint32_t best = kNone;
  for (size_t i = 0; i < chunks.size(); ++i) {
    (void)odd_.Find(chunks.HashWithout(i), [&](uint32_t entry) {
      const Entry& e = entries_[entry];
      const bool better = best == kNone || e.trained > entries_[best].trained ||
                          (e.trained == entries_[best].trained && e.id < entries_[best].id);
      if (!better) return false;
      const Chunks general(e.text);
      // A trained one cannot be widened: it stands for what has no frame this time, too.
      if (FitsChunk(general, chunks, i) || (e.trained && FitsUnframed(general, chunks, i)))
        best = entry;
      return false;
    });
  }
  return best;
}

uint32_t TemplateIndex::FindUnframed(std::string_view text, std::string* unframed) const {
  const Chunks chunks(text);
  uint32_t best = kNone;
  size_t place = 0;
  for (size_t i = 0; i < chunks.size(); ++i) {
    (void)odd_.Find(chunks.HashWithout(i), [&](uint32_t entry) {
      const Entry& e = entries_[entry];
      if (e.trained || (best != kNone && e.id > entries_[best].id)) return false;
      if (FitsUnframed(Chunks(e.text), chunks, i)) best = entry, place = i;
      return false;
    });
  }
  if (best == kNone) return best;
  const Chunks framed(entries_[best].text);
  *unframed = framed.With(place, WithoutFrame(framed[place]));
  return best;
}

std::vector<uint32_t> TemplateIndex::FindWithBareEnd(std::string_view text) const {
  std::vector<uint32_t> found;
  (void)bare_end_.Find(HashText(text), [&](uint32_t entry) {
    if (WithoutBareEnd(entries_[entry].text) == text) found.push_back(entry);
    return false;
  });
  std::sort(found.begin(), found.end(),
            [&](uint32_t a, uint32_t b) { return entries_[a].id < entries_[b].id; });
  return found;
}

std::vector<uint32_t> TemplateIndex::FindCondensed(std::string_view text) const {
  std::vector<uint32_t> found;
  (void)condensed_.Find(HashText(text), [&](uint32_t entry) {
    for (const CondensedText& condensed : Condensed(entries_[entry].text)) {
      if (condensed.text != text) continue;
      found.push_back(entry);
      break;
    }
    return false;
  });
  std::sort(found.begin(), found.end(),
            [&](uint32_t a, uint32_t b) { return entries_[a].id < entries_[b].id; });
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::vector<uint32_t> TemplateIndex::FindCondensable(std::string_view text,
                                                     const std::vector<Symbol>& symbols) const {
  std::vector<uint32_t> found;
  if (symbols.empty()) return found;
  std::vector<Symbol> scratch;
  const uint64_t first = SymbolHash(text, symbols[0], false);
  for (size_t more = 1; more <= 2; ++more) {
    const auto bucket = buckets_.find(first << 32 | (symbols.size() + more));
    if (bucket == buckets_.end() || bucket->second.size() > kFewOfOneShape) continue;
    for (const uint32_t entry : bucket->second) {
      for (const CondensedText& condensed : Condensed(entries_[entry].text)) {
        SplitText(condensed.text, &scratch);
        if (!Covers(text, symbols, condensed.text, scratch)) continue;
        found.push_back(entry);
        break;
      }
    }
  }
  return found;
}

std::vector<uint32_t> TemplateIndex::FindCovered(std::string_view text,
                                                 const std::vector<Symbol>& symbols,
                                                 size_t at_most) const {
  std::vector<uint32_t> found;
  if (symbols.empty()) return found;
  std::vector<uint32_t> hashes;
  HashSymbols(text, symbols, &hashes);
  std::vector<Symbol> scratch;
  if (symbols[0].kind == SymbolKind::kVariable) {
    (void)variants_.Find(Mix(SumOf(hashes)), [&](uint32_t entry) {  // as VariantHash has it for 0
      SplitText(entries_[entry].text, &scratch);
      if (Covers(text, symbols, entries_[entry].text, scratch)) found.push_back(entry);
      return found.size() == kSomeOfOneShape;
    });
  }
  const auto bucket = buckets_.find(uint64_t{hashes[0]} << 32 | hashes.size());
  if (bucket == buckets_.end() || bucket->second.size() > at_most) return found;
  for (const uint32_t entry : bucket->second) {
    const Entry& e = entries_[entry];
    bool same = true;
    for (size_t i = 0; same && i < hashes.size(); ++i)
      same = hashes[i] == e.hashes[i] || symbols[i].kind == SymbolKind::kVariable;
    if (!same) continue;
    SplitText(e.text, &scratch);
    if (Covers(text, symbols, e.text, scratch)) found.push_back(entry);
  }
  return found;
}

std::vector<uint32_t> TemplateIndex::FindVariants(uint32_t entry,
                                                  const std::vector<Symbol>& symbols,
                                                  size_t position, size_t at_least) const {
  std::vector<uint32_t> found;
  if (position >= kMaxPositions) return found;
  const Entry& e = entries_[entry];
  const uint64_t hash =
      VariantHash(e.sum, e.hashes[position], SymbolHash(e.text, symbols[position], true), position);
  (void)variants_.Find(hash, [&](uint32_t other) {
    found.push_back(other);
    return false;
  });
  if (found.size() < kFewestThatVary) return {};
  const std::string general = WithVariable(e.text, symbols[position]);
  std::vector<Symbol> general_symbols, scratch;
  SplitText(general, &general_symbols);
  std::vector<std::string_view> words;
  std::erase_if(found, [&](uint32_t other) {
    const std::string_view text = entries_[other].text;
    SplitText(text, &scratch);
    if (!Covers(general, general_symbols, text, scratch)) return true;
    words.push_back(
        text.substr(scratch[position].begin, scratch[position].end - scratch[position].begin));
    return false;
  });
  if (found.size() < std::min(at_least, EnoughWords(general, general_symbols, position, words)))
    found.clear();
  return found;
}

}  // namespace alogd
