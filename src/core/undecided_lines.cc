// SPDX-License-Identifier: MIT
// The first lines of a source, whose header is not known yet, and what becomes of their templates.
#include "core/undecided_lines.h"

#include <xxhash.h>

#include <unordered_map>
#include <utility>

namespace alogd {
namespace {

uint64_t Hash(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

// How many records each id stands for, those of its aliases among them.
std::unordered_map<uint32_t, uint64_t> Records(const Catalog& catalog) {
  std::unordered_map<uint32_t, uint64_t> records;
  catalog.ForEach([&](const Template& row) {
    if (row.count > 0) records[Index(catalog.Resolve(row.id))] += row.count;
  });
  return records;
}

}  // namespace

void UndecidedLines::Add(std::string_view text, std::string_view message, TemplateId id) {
  if (lines_.size() >= kMaxLines || text.size() > kMaxLine || bytes_ + text.size() > kMaxBytes)
    return;
  bytes_ += text.size();
  lines_.push_back({std::string(text), Hash(message), id});
}

std::vector<UndecidedLines::Given> UndecidedLines::Count(const std::vector<Line>& lines,
                                                         const std::vector<TemplateId>& right,
                                                         const Catalog& catalog) {
  std::vector<Given> out;
  std::unordered_map<uint32_t, size_t> place;
  for (size_t i = 0; i < lines.size(); ++i) {
    const TemplateId id = catalog.Resolve(lines[i].id);
    const TemplateId now = right[i] == kNoTemplate ? kNoTemplate : catalog.Resolve(right[i]);
    const auto [at, added] = place.try_emplace(Index(id), out.size());
    if (added) out.push_back({.id = id, .right = now});
    Given& given = out[at->second];
    ++given.lines;
    if (now == kNoTemplate || now != given.right) given.pure = false;
  }
  return out;
}

void UndecidedLines::Settle(HeaderParser* header, Drain* drain, const Catalog& catalog) {
  const std::vector<Line> lines = std::exchange(lines_, {});
  bytes_ = 0;
  std::vector<TemplateId> right(lines.size(), kNoTemplate);
  bool any = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view message = header->MessageOf(lines[i].text);
    if (Hash(message) == lines[i].message) continue;
    right[i] = drain->Add(message, kNoTime).id;
    any = true;
  }
  if (!any) return;
  // A template that other records have, too, keeps its text: it means those.
  const std::unordered_map<uint32_t, uint64_t> records = Records(catalog);
  for (const Given& given : Count(lines, right, catalog)) {
    const auto all = records.find(Index(given.id));
    if (given.pure && all != records.end() && all->second == given.lines)
      drain->Unite(catalog.Resolve(given.id), catalog.Resolve(given.right));
  }
}

void UndecidedLines::Save(StateWriter& out) const {
  out.U64(lines_.size());
  for (const Line& line : lines_) {
    out.Bytes(line.text);
    out.U64(line.message);
    out.U64(Index(line.id));
  }
}

bool UndecidedLines::Load(StateReader& in) {
  lines_.clear();
  bytes_ = 0;
  const size_t count = in.Count(3);
  if (count > kMaxLines) return in.Fail(), false;
  for (size_t i = 0; i < count && in.ok(); ++i) {
    const std::string_view text = in.Bytes();
    const uint64_t message = in.U64();
    const TemplateId id{in.U32()};
    if (text.size() > kMaxLine || bytes_ + text.size() > kMaxBytes) return in.Fail(), false;
    bytes_ += text.size();
    lines_.push_back({std::string(text), message, id});
  }
  return in.ok();
}

}  // namespace alogd
