// SPDX-License-Identifier: MIT
// Drain as published (He et al., ICWS 2017): a tree of fixed depth, and similarity at its leaves.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/state.h"
#include "core/templates/catalog.h"
#include "core/templates/drain.h"
#include "core/types.h"

namespace alogd {

// Kept so that the gain of exact keys can be shown on anyone's logs; it makes no claim to speed.
// Tokens are what stands between blanks of the masked message.
class ClassicDrain {
 public:
  // `catalog` outlives this.
  ClassicDrain(const DrainOptions& options, Catalog* catalog);

  Drain::Match Add(std::string_view key, Time now);
  TemplateId Find(std::string_view key) const;
  TemplateId AddTrained(std::string_view text, Time now);
  uint64_t evicted() const { return evicted_; }

  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in) { return ReadEntries(in); }
  void SaveChanges(StateWriter& out);
  [[nodiscard]] bool ApplyChanges(StateReader& in);

 private:
  using Tokens = std::vector<std::string>;  // each with the blanks before it
  struct Entry {
    Tokens tokens;
    std::string path;        // of its leaf; empty for trained ones
    uint64_t wildcards = 0;  // levels of the path that are <*>
    uint64_t last_use = 0;
    bool trained = false;
  };

  static Tokens Split(std::string_view key);
  // The leaf for `tokens`; empty where the tree has none. With `wildcards` it is made, as they say.
  std::string FindLeaf(const Tokens& tokens) const;
  std::string MakeLeaf(const Tokens& tokens, uint64_t* wildcards) const;
  std::string LeafOf(const Tokens& tokens, uint64_t wildcards) const;
  TemplateId Match(const Tokens& tokens) const;
  TemplateId MatchTrained(const Tokens& tokens) const;
  void Insert(TemplateId id, Entry entry);
  void Remove(TemplateId id);
  void Widen(TemplateId id, const Tokens& tokens);
  void EvictOne();
  void WriteEntry(StateWriter& out, TemplateId id, const Entry& entry) const;
  bool ReadEntries(StateReader& in);

  size_t levels_;  // leading tokens in a path
  double similarity_;
  uint32_t max_children_;
  size_t max_templates_;
  Catalog* catalog_;
  std::map<TemplateId, Entry> entries_;
  std::map<std::string, std::vector<TemplateId>> leaves_;
  std::map<std::string, uint32_t> nodes_;              // templates below each path
  std::map<std::string, uint32_t> children_;           // of each path
  std::map<uint64_t, TemplateId> by_use_;              // live ones
  std::map<size_t, std::vector<TemplateId>> trained_;  // by number of tokens
  uint64_t messages_ = 0;
  uint64_t evicted_ = 0;
  mutable std::set<TemplateId> changed_, removed_;  // since the last save
};

}  // namespace alogd
