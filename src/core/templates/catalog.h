// SPDX-License-Identifier: MIT
// The group's catalog of templates: owner of TemplateIds and of what they mean.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/types.h"

namespace alogd {

struct Template {
  TemplateId id = kNoTemplate;
  std::string text;    // constant tokens, <*> where it varies
  uint64_t count = 0;  // records
  Time first = kNoTime;
  Time last = kNoTime;
  bool trained = false;               // from a bundle: its text is frozen
  TemplateId alias_of = kNoTemplate;  // the older template it turned out to be
};

// Ids are given in order and never reused. A trained template never changes; a live one may widen
// (a constant becomes <*>) or become an alias of an older one. The catalog keeps all ids it was
// told of in memory up to `limit` (and to 512 bytes of text each on average); beyond it, the
// longest unseen live ones are dropped (of their rows the database keeps as many, see retention).
class Catalog {
 public:
  explicit Catalog(size_t limit = 1 << 20) : limit_(limit > 0 ? limit : 1) {}

  // `before` is called just before the text that some id resolves to changes: widened, aliased, or
  // dropped. What still has to be said with the old texts is said there. It must not change the
  // catalog.
  void set_before_text_change(std::function<void()> before) { before_ = std::move(before); }

  // A new template; `text` is copied.
  TemplateId Create(std::string_view text, bool trained, Time now);
  // Puts back a row of the database; ids must come in ascending order.
  void Restore(Template row);
  // Ids below this were given at some time, in memory or not.
  void set_next_id(uint32_t next) { next_id_ = next > next_id_ ? next : next_id_; }
  uint32_t next_id() const { return next_id_; }

  // One more record of `id`. Returns how many came before it; 0 for an id that is not in memory.
  uint64_t Count(TemplateId id, Time time);
  // Says that Count of this id comes soon.
  void Prefetch(TemplateId id) const {
    const uint32_t page = Index(id) / kPageRows;
    if (page >= pages_.size() || !pages_[page]) return;
    const Row& row = pages_[page]->rows[Index(id) % kPageRows];
    __builtin_prefetch(&row.count, 1);
    __builtin_prefetch(&row.used, 1);
  }
  void Widen(TemplateId id, std::string_view text);
  // `younger` becomes an alias of `older`; its count goes on standing under its own id.
  void SetAlias(TemplateId younger, TemplateId older);
  void SetTrained(TemplateId id);

  // Follows aliases. Unknown ids resolve to themselves.
  TemplateId Resolve(TemplateId id) const;
  // Null where the id was never given or was dropped from memory. Valid until the next change.
  const Template* Find(TemplateId id) const;
  // Text after aliases; "(template N, dropped)" where it is no longer in memory. Valid until the
  // next change of the catalog, and of a dropped one until the next call.
  std::string_view Text(TemplateId id) const;
  // The canonical template with exactly this text, the oldest if there are several, or kNoTemplate.
  TemplateId FindText(std::string_view text) const;

  // Rows created or changed since the last call, each once, in order of id. Costs what changed.
  std::vector<Template> TakeChanged();

  size_t size() const { return size_; }
  uint64_t dropped() const { return dropped_; }
  // Calls visit(const Template&) for each, in order of id.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const auto& page : pages_) {
      if (!page) continue;
      for (const Row& row : page->rows)
        if (row.used) visit(static_cast<const Template&>(row));
    }
  }

 private:
  struct Row : Template {
    bool used = false;
    bool changed = false;
  };
  // Ids are dense at first and thin out as old ones are dropped: pages keep a lookup at two loads
  // and an empty page costs a pointer. A hash map would cost more on every record and has no order.
  static constexpr uint32_t kPageRows = 64;
  struct Page {
    std::array<Row, kPageRows> rows;
    uint32_t used = 0;
  };

  Row* Lookup(TemplateId id);
  const Row* Lookup(TemplateId id) const;
  Row& Insert(Template row);
  void Remove(Row& row);
  void MarkChanged(Row& row);
  void AddText(const Row& row);
  void RemoveText(const Row& row);
  bool IsFull() const;
  void DropLongestUnseen();

  std::function<void()> before_;
  size_t limit_;
  size_t size_ = 0;
  size_t text_bytes_ = 0;
  uint32_t next_id_ = 0;
  uint64_t dropped_ = 0;
  std::vector<std::unique_ptr<Page>> pages_;
  // Canonical rows by text; the keys view the rows' own strings, which do not move.
  std::unordered_map<std::string_view, TemplateId> by_text_;
  std::vector<TemplateId> changed_;
  std::vector<Template> changed_then_dropped_;
  mutable std::string dropped_text_;
};

}  // namespace alogd
