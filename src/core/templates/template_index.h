// SPDX-License-Identifier: MIT
// The templates that Drain matches against, found by text, by generality and by single position.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/templates/hash_index.h"
#include "core/templates/template_text.h"
#include "core/types.h"

namespace alogd {

// Everything here follows from the set of (id, text, trained): after a restart it is built again
// from the catalog's texts, and answers the same. Entries are named by a slot number that is used
// again after Remove.
class TemplateIndex {
 public:
  static constexpr uint32_t kNone = HashIndex::kNone;
  // Templates of one shape (number of symbols and first symbol) that a template which has become
  // more general is compared with: some 50 us. A new one is compared with fewer, as new ones are
  // common.
  static constexpr size_t kManyOfOneShape = 1 << 14;
  static constexpr size_t kSomeOfOneShape = 1 << 10;
  static constexpr size_t kFewOfOneShape = 1 << 8;  // where each has to be condensed: 1 us

  struct Entry {
    TemplateId id = kNoTemplate;
    bool used = false;
    bool trained = false;
    uint64_t text_hash = 0;
    std::string text;
    std::vector<uint32_t> hashes;  // of its symbols
    uint64_t sum = 0;              // of them, each at its position
    uint32_t node = 0;             // of the tree
  };

  // What each message changes, side by side for all entries.
  struct Use {
    uint64_t last = 0;   // number of the message, for eviction
    uint64_t saved = 0;  // epoch in which it was noted as changed
  };

  TemplateIndex();

  uint32_t Insert(TemplateId id, std::string text, bool trained);
  void Remove(uint32_t entry);

  const Entry& operator[](uint32_t entry) const { return entries_[entry]; }
  Entry& operator[](uint32_t entry) { return entries_[entry]; }
  const Use& use(uint32_t entry) const { return uses_[entry]; }
  Use& use(uint32_t entry) { return uses_[entry]; }
  uint32_t slots() const { return static_cast<uint32_t>(entries_.size()); }
  size_t live() const { return live_; }
  size_t symbols() const { return symbols_; }

  static uint64_t HashText(std::string_view text);
  uint32_t FindText(std::string_view text, uint64_t hash) const {
    return by_text_.Find(hash, [&](uint32_t e) { return entries_[e].text == text; });
  }
  // The trained template that covers `text` or, if none does, the live one; the oldest of several.
  uint32_t FindCovering(std::string_view text, const std::vector<Symbol>& symbols) const;
  // The trained template or, if there is none, the live one that `text` fits with an odd value in
  // one of its variables; the oldest of several.
  uint32_t FindWithOdd(std::string_view text) const;
  // The oldest live template that fits `text` without what frames one of its variables (see
  // FitsUnframed), and its text without it.
  uint32_t FindUnframed(std::string_view text, std::string* unframed) const;
  // Live templates that are `text` and one more chunk without words, oldest first.
  std::vector<uint32_t> FindWithBareEnd(std::string_view text) const;
  // Live templates one of whose condensed texts is `text`, oldest first.
  std::vector<uint32_t> FindCondensed(std::string_view text) const;
  // Live templates one of whose condensed texts `text` covers, among those a word or two longer.
  std::vector<uint32_t> FindCondensable(std::string_view text,
                                        const std::vector<Symbol>& symbols) const;
  // Live templates that `text` covers, oldest first; none where more than `at_most` have its shape.
  std::vector<uint32_t> FindCovered(std::string_view text, const std::vector<Symbol>& symbols,
                                    size_t at_most = kManyOfOneShape) const;
  // Live templates that equal live `entry` but for the word at `position`, itself among them, in no
  // order; none where there are fewer than `at_least`, or than three where all are names, or two
  // where they count by letters.
  std::vector<uint32_t> FindVariants(uint32_t entry, const std::vector<Symbol>& symbols,
                                     size_t position, size_t at_least) const;

 private:
  struct Node {
    uint32_t hash = 0;  // of the symbol that leads here
    uint32_t parent = 0;
    uint32_t children = 0;
    uint32_t leaf = kNone;  // an entry; a node without children holds one that may go on below
  };
  struct Search;

  uint32_t Child(uint32_t node, uint32_t hash) const;
  uint32_t AddChild(uint32_t node, uint32_t hash);
  void PlaceInTree(uint32_t entry);
  void RemoveFromTree(uint32_t entry);
  void Variants(uint32_t entry, bool add);
  void Odd(uint32_t entry, bool add);
  void BareEnd(uint32_t entry, bool add);
  void Shorter(uint32_t entry, bool add);
  std::vector<uint32_t>& Bucket(size_t symbols, uint32_t first_hash);

  std::vector<Entry> entries_;
  std::vector<Use> uses_;
  std::vector<uint32_t> free_entries_;
  size_t live_ = 0;
  size_t symbols_ = 0;  // of all live ones
  HashIndex by_text_;
  std::vector<Node> nodes_;
  std::vector<uint32_t> free_nodes_;
  HashIndex children_;
  HashIndex odd_;        // entries by their text with one chunk left out that has a variable
  HashIndex bare_end_;   // live entries by their text without its last chunk, if that has no words
  HashIndex condensed_;  // live entries by each of their condensed texts
  HashIndex variants_;   // live entries by their text with one word left out
  // Live entries by number of symbols and first symbol, each list in order of id.
  std::unordered_map<uint64_t, std::vector<uint32_t>> buckets_;
};

}  // namespace alogd
