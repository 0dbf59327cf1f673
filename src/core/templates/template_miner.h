// SPDX-License-Identifier: MIT
// Masked messages to templates: exact keys, merged where they differ in one position.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/state.h"
#include "core/templates/catalog.h"
#include "core/templates/drain.h"
#include "core/templates/key_cache.h"
#include "core/templates/template_index.h"
#include "core/templates/template_text.h"
#include "core/types.h"

namespace alogd {

// The set of live and trained templates and the rules by which it grows. What it answers is a
// function of that set; all else (index, cache) can be built again from it.
class TemplateMiner {
 public:
  // `catalog` outlives this.
  TemplateMiner(const DrainOptions& options, Catalog* catalog);

  // Says that Add of the skeleton with this hash comes soon.
  void Prefetch(uint64_t hash) const { skeletons_.Prefetch(hash); }
  // `skeleton` is the message's, empty where it has none, with its hash; `mask` gives the masked
  // form.
  template <typename MaskMessage>
  Drain::Match Add(std::string_view skeleton, uint64_t hash, Time now, MaskMessage mask) {
    if (!skeleton.empty()) {
      const auto fetch = [this](const KeyCache::Value& value) {
        __builtin_prefetch(&index_.use(value.entry), 1);
        catalog_->Prefetch(value.id);
      };
      if (const KeyCache::Value* known = skeletons_.Find(skeleton, hash, fetch)) {
        ++messages_;
        Touch(known->entry);
        return {known->id, false};
      }
    }
    const auto [entry, created] = AddMasked(mask(), now);
    if (!skeleton.empty()) skeletons_.Put(skeleton, hash, {entry, index_[entry].id});
    return {index_[entry].id, created};
  }
  TemplateId Find(std::string_view key);
  TemplateId AddTrained(std::string_view text, Time now);

  void Unite(TemplateId id, TemplateId right);

  uint64_t evicted() const { return evicted_; }

  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);
  void SaveChanges(StateWriter& out);
  [[nodiscard]] bool ApplyChanges(StateReader& in);

 private:
  std::pair<uint32_t, bool> AddMasked(std::string_view key, Time now);
  void NewGeneration();
  uint32_t Lookup(std::string_view key, uint64_t hash);
  void Touch(uint32_t entry) {
    TemplateIndex::Use& use = index_.use(entry);
    use.last = messages_;
    if (use.saved != epoch_) NoteChanged(entry);
  }
  void NoteChanged(uint32_t entry);
  void Remove(uint32_t entry);
  uint32_t Merge(std::string text, std::vector<uint32_t> members);
  uint32_t MergeVariants(uint32_t entry);
  uint32_t MergeCondensed(uint32_t entry);
  uint32_t MergeOpenEnd(uint32_t entry);
  uint32_t FindWithOpenEnd(std::string_view key) const;
  uint32_t FindWithEmpty(std::string_view key) const;
  uint32_t FindCondensed(std::string_view key) const;
  void Evict();
  void WriteEntries(StateWriter& out, const std::vector<uint32_t>& entries) const;
  bool ReadEntries(StateReader& in);
  uint32_t EntryOf(TemplateId id) const;

  size_t max_templates_;
  size_t merge_after_;
  Catalog* catalog_;
  TemplateIndex index_;
  KeyCache skeletons_;  // of messages
  KeyCache cache_;      // of masked messages that are no template's text
  std::unordered_map<uint32_t, uint32_t> entry_of_;  // by id
  uint64_t messages_ = 0;
  uint64_t evicted_ = 0;
  std::vector<Symbol> symbols_;

  // What SaveChanges writes; Save begins it anew.
  mutable uint64_t epoch_ = 1;
  mutable std::vector<TemplateId> touched_;
  mutable std::vector<TemplateId> removed_;
};

}  // namespace alogd
