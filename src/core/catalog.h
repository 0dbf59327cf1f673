// SPDX-License-Identifier: MIT
// The group's catalog of templates: owner of TemplateIds and of what they mean.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/types.h"

namespace alogd {

struct Template {
  TemplateId id = kNoTemplate;
  std::string text;      // constant tokens, <*> where it varies
  uint64_t count = 0;    // records
  Time first = kNoTime;
  Time last = kNoTime;
  bool trained = false;            // from a bundle: its text is frozen
  TemplateId alias_of = kNoTemplate;  // the older template it turned out to be
};

// Ids are given in order and never reused. A trained template never changes; a live one may widen
// (a constant becomes <*>) or become an alias of an older one. The catalog keeps all ids it was told
// of in memory up to `limit`; beyond it, texts of the longest unseen live ones are dropped (their rows
// stay in the database).
class Catalog {
 public:
  explicit Catalog(size_t limit = 1 << 20) : limit_(limit) {}

  // A new template; `text` is copied.
  TemplateId Create(std::string_view text, bool trained, Time now);
  // Puts back a row of the database; ids must come in ascending order.
  void Restore(Template row);
  // Ids below this were given at some time, in memory or not.
  void set_next_id(uint32_t next) { next_id_ = next > next_id_ ? next : next_id_; }
  uint32_t next_id() const { return next_id_; }

  // One more record of `id`. Returns how many came before it.
  uint64_t Count(TemplateId id, Time time);
  void Widen(TemplateId id, std::string_view text);
  // `younger` becomes an alias of `older`; its count goes on standing under its own id.
  void SetAlias(TemplateId younger, TemplateId older);
  void SetTrained(TemplateId id);

  // Follows aliases. Unknown ids resolve to themselves.
  TemplateId Resolve(TemplateId id) const;
  // Null where the id was never given or was dropped from memory.
  const Template* Find(TemplateId id) const;
  // Text after aliases; "(template N, dropped)" where it is no longer in memory. Valid until the next
  // change of the catalog.
  std::string_view Text(TemplateId id) const;
  // The canonical template with exactly this text, or kNoTemplate.
  TemplateId FindText(std::string_view text) const;

  // Rows created or changed since the last call, each once, in order of id.
  std::vector<Template> TakeChanged();

  size_t size() const { return templates_.size(); }
  uint64_t dropped() const { return dropped_; }
  // Calls visit(const Template&) for each, in order of id.
  template <typename Visit>
  void ForEach(Visit visit) const;

 private:
  size_t limit_;
  uint32_t next_id_ = 0;
  uint64_t dropped_ = 0;
  std::unordered_map<uint32_t, Template> templates_;
  // (the owner of this file fills in the rest)
};

}  // namespace alogd
