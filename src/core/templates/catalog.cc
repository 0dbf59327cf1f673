// SPDX-License-Identifier: MIT
// The group's catalog of templates: owner of TemplateIds and of what they mean.
#include "core/templates/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace alogd {
namespace {

constexpr size_t kTextBytesPerRow = 512;  // on average; what keeps hostile text from filling memory

}  // namespace

const Catalog::Row* Catalog::Lookup(TemplateId id) const {
  const uint32_t page = Index(id) / kPageRows;
  if (page >= pages_.size() || !pages_[page]) return nullptr;
  const Row& row = pages_[page]->rows[Index(id) % kPageRows];
  return row.used ? &row : nullptr;
}

Catalog::Row* Catalog::Lookup(TemplateId id) {
  return const_cast<Row*>(std::as_const(*this).Lookup(id));
}

Catalog::Row& Catalog::Insert(Template data) {
  const uint32_t id = Index(data.id);
  const uint32_t page = id / kPageRows;
  if (page >= pages_.size()) pages_.resize(page + 1);
  if (!pages_[page]) pages_[page] = std::make_unique<Page>();
  Row& row = pages_[page]->rows[id % kPageRows];
  if (row.used) Remove(row);
  static_cast<Template&>(row) = std::move(data);
  row.used = true;
  row.changed = false;
  ++pages_[page]->used;
  ++size_;
  text_bytes_ += row.text.size();
  if (row.alias_of == kNoTemplate) AddText(row);
  return row;
}

void Catalog::Remove(Row& row) {
  RemoveText(row);
  text_bytes_ -= row.text.size();
  --size_;
  const uint32_t page = Index(row.id) / kPageRows;
  static_cast<Template&>(row) = Template{};
  row.used = row.changed = false;
  if (--pages_[page]->used == 0) pages_[page].reset();
}

void Catalog::AddText(const Row& row) {
  const auto [it, added] = by_text_.try_emplace(row.text, row.id);
  if (added || it->second < row.id) return;
  by_text_.erase(it);  // its key views the younger row's string, which may go first
  by_text_.emplace(row.text, row.id);
}

void Catalog::RemoveText(const Row& row) {
  const auto it = by_text_.find(row.text);
  if (it != by_text_.end() && it->second == row.id) by_text_.erase(it);
}

void Catalog::MarkChanged(Row& row) {
  if (row.changed) return;
  row.changed = true;
  changed_.push_back(row.id);
}

bool Catalog::IsFull() const { return size_ >= limit_ || text_bytes_ >= limit_ * kTextBytesPerRow; }

TemplateId Catalog::Create(std::string_view text, bool trained, Time now) {
  if (IsFull()) DropLongestUnseen();
  const TemplateId id{next_id_++};
  MarkChanged(Insert({.id = id,
                      .text = std::string(text),
                      .count = 0,
                      .first = now,
                      .last = now,
                      .trained = trained,
                      .alias_of = kNoTemplate}));
  return id;
}

void Catalog::Restore(Template row) {
  if (row.id == kNoTemplate) return;
  set_next_id(Index(row.id) + 1);
  if (IsFull()) DropLongestUnseen();
  Insert(std::move(row));
}

uint64_t Catalog::Count(TemplateId id, Time time) {
  Row* row = Lookup(id);
  if (!row) return 0;
  if (time != kNoTime) {
    if (row->first == kNoTime || time < row->first) row->first = time;
    if (time > row->last) row->last = time;
  }
  MarkChanged(*row);
  return row->count++;
}

void Catalog::Widen(TemplateId id, std::string_view text) {
  Row* row = Lookup(id);
  if (!row || row->text == text) return;
  if (before_) before_();
  RemoveText(*row);
  text_bytes_ -= row->text.size();
  row->text.assign(text);
  text_bytes_ += row->text.size();
  if (row->alias_of == kNoTemplate) AddText(*row);
  MarkChanged(*row);
}

void Catalog::SetAlias(TemplateId younger, TemplateId older) {
  Row* row = Lookup(younger);
  const TemplateId target = Resolve(older);
  if (!row || target >= younger) return;  // only ever an alias of an older one
  if (before_) before_();
  RemoveText(*row);
  row->alias_of = target;
  MarkChanged(*row);
}

void Catalog::SetTrained(TemplateId id) {
  Row* row = Lookup(id);
  if (!row || row->trained) return;
  row->trained = true;
  MarkChanged(*row);
}

TemplateId Catalog::Resolve(TemplateId id) const {
  // An alias always points to a smaller id, so a chain ends; rows of a damaged database may not.
  for (const Row* row = Lookup(id); row && row->alias_of != kNoTemplate; row = Lookup(id)) {
    if (row->alias_of >= id) break;
    id = row->alias_of;
  }
  return id;
}

const Template* Catalog::Find(TemplateId id) const { return Lookup(id); }

std::string_view Catalog::Text(TemplateId id) const {
  const TemplateId target = Resolve(id);
  if (const Row* row = Lookup(target)) return row->text;
  dropped_text_ = fmt::format("(template {}, dropped)", Index(target));
  return dropped_text_;
}

TemplateId Catalog::FindText(std::string_view text) const {
  const auto it = by_text_.find(text);
  return it == by_text_.end() ? kNoTemplate : it->second;
}

std::vector<Template> Catalog::TakeChanged() {
  std::vector<Template> rows = std::move(changed_then_dropped_);
  changed_then_dropped_.clear();
  rows.reserve(rows.size() + changed_.size());
  for (const TemplateId id : changed_) {
    Row* row = Lookup(id);
    if (!row || !row->changed) continue;
    row->changed = false;
    rows.push_back(*row);
  }
  changed_.clear();
  std::sort(rows.begin(), rows.end(),
            [](const Template& a, const Template& b) { return a.id < b.id; });
  return rows;
}

// A sixty-fourth at a time, so that a stream of ever new templates pays the scan seldom.
void Catalog::DropLongestUnseen() {
  std::vector<std::pair<Time, TemplateId>> live;
  ForEach([&](const Template& row) {
    if (!row.trained) live.emplace_back(row.last, row.id);
  });
  const size_t drop = std::min(live.size(), limit_ / 64 + 1);
  if (drop == 0) return;
  if (before_) before_();
  std::nth_element(live.begin(), live.begin() + static_cast<ptrdiff_t>(drop - 1), live.end());
  for (size_t i = 0; i < drop; ++i) {
    Row& row = *Lookup(live[i].second);
    if (row.changed) changed_then_dropped_.push_back(row);
    Remove(row);
  }
  dropped_ += drop;
}

}  // namespace alogd
