// SPDX-License-Identifier: MIT
// Goes through the table to save and to load.
#include "core/state_parts.h"

#include <fmt/format.h>

#include <algorithm>

namespace alogd {
namespace {

std::string_view Reason(StateParts::Anew why) {
  switch (why) {
    case StateParts::Anew::kOlder:
      return "of an older version";
    case StateParts::Anew::kNewer:
      return "of a newer version";
    case StateParts::Anew::kDamaged:
      return "damaged";
    case StateParts::Anew::kForeign:
      break;
  }
  return "of another bundle or form";
}

}  // namespace

void StateParts::Add(StatePart part) {
  if (Row* row = Find(part.name)) {
    row->part = std::move(part);
  } else {
    rows_.push_back({std::move(part), {}, false, {}});
  }
}

void StateParts::Drop(std::string_view prefix) {
  std::erase_if(rows_, [&](const Row& row) { return row.part.name.starts_with(prefix); });
}

StateParts::Row* StateParts::Find(std::string_view name) {
  const auto it = std::ranges::find_if(rows_, [&](const Row& r) { return r.part.name == name; });
  return it == rows_.end() ? nullptr : &*it;
}

void StateParts::Begin(Row* row, Anew why) {
  row->part.clear();
  row->anew = why;
}

void StateParts::BeginAnew(std::string_view name, Anew why) {
  if (Row* row = Find(name)) Begin(row, why);
}

bool StateParts::IsAnew(std::string_view name) const {
  return std::ranges::any_of(rows_, [&](const Row& r) { return r.part.name == name && r.anew; });
}

bool StateParts::anything_anew() const {
  return std::ranges::any_of(rows_, [](const Row& row) { return row.anew.has_value(); });
}

std::vector<std::string> StateParts::Remarks() const {
  std::vector<std::string> remarks;
  for (const Row& row : rows_) {
    if (!row.anew) continue;
    std::string text = fmt::format("{} are {} and begin anew", row.part.what, Reason(*row.anew));
    if (std::ranges::find(remarks, text) == remarks.end()) remarks.push_back(std::move(text));
  }
  return remarks;
}

void StateParts::LoadSection(const StateSection& section, Row* row) {
  if (!section.intact) return Begin(row, Anew::kDamaged);
  if (section.whole) {
    row->part.clear();
    row->anew.reset();
  }
  if (row->anew) return;
  const uint32_t mine = row->part.version;
  if (section.version > mine) return Begin(row, Anew::kNewer);
  StateReader in(section.body);
  if (row->part.load(in, section.version, section.whole) && in.ok() && in.at_end()) return;
  Begin(row, section.version < mine ? Anew::kOlder : Anew::kForeign);
}

// A damaged name or length may hide any section: then each that was not found begins anew.
void StateParts::Load(std::string_view blob, const std::function<bool(const Row&)>& wanted) {
  for (Row& row : rows_) row.read = false;
  StateSectionReader reader(blob);
  bool hidden = false;
  for (StateSection section; reader.Next(&section);) {
    Row* row = Find(section.name);
    if (row == nullptr || row->read) {
      hidden |= !section.intact || row != nullptr;
      continue;
    }
    row->read = true;
    if (wanted(*row)) LoadSection(section, row);
  }
  if (reader.complete() && !hidden) return;
  for (Row& row : rows_)
    if (!row.read && wanted(row)) Begin(&row, Anew::kDamaged);
}

void StateParts::LoadBare(std::string_view name, std::string_view body, bool whole) {
  if (Row* row = Find(name)) LoadSection({name, 1, whole, body, true}, row);
}

void StateParts::LoadShard(std::string_view blob, uint32_t shard) {
  Load(blob, [shard](const Row& row) { return row.part.shard == shard; });
}

void StateParts::LoadDelta(std::string_view blob,
                           const std::function<bool(uint32_t shard)>& younger) {
  Load(blob, [&](const Row& row) { return !younger(row.part.shard); });
}

std::string StateParts::SaveDelta() {
  std::string blob;
  StateSectionWriter out(&blob);
  std::string body;
  for (Row& row : rows_) {
    body.clear();
    StateWriter writer(&body);
    const bool whole = row.anew.has_value() || row.part.small;
    row.part.save(writer, row.part.small);
    if (row.anew && !row.part.small) {
      body.clear();  // what changed is in the whole, too
      row.part.save(writer, true);
    }
    const bool same = whole ? !row.anew && body == row.saved : body.empty();
    row.anew.reset();
    if (same) continue;
    out.Add(row.part.name, row.part.version, whole, body);
    if (row.part.small) row.saved = body;
  }
  out.Finish();
  return blob;
}

std::string StateParts::SaveShard(uint32_t shard) const {
  std::string blob;
  StateSectionWriter out(&blob);
  for (const Row& row : rows_) {
    if (row.part.shard != shard) continue;
    std::string body;
    StateWriter writer(&body);
    row.part.save(writer, true);
    out.Add(row.part.name, row.part.version, true, body);
  }
  out.Finish();
  return blob;
}

}  // namespace alogd
