// SPDX-License-Identifier: MIT
// Masked messages to templates: exact keys, merged where they differ in one position.
#include "core/templates/template_miner.h"

#include <algorithm>
#include <utility>

#include "core/templates/condensed.h"

namespace alogd {
namespace {

constexpr uint32_t kNone = TemplateIndex::kNone;
// Symbols of all live templates together, a template: what bounds memory if they are all long.
constexpr size_t kSymbolsPerTemplate = 48;

// "user X": few programs have as many words of their own to say behind "user".
bool FollowsUser(std::string_view text, const std::vector<Symbol>& symbols, size_t at) {
  if (at == 0) return false;
  const Symbol& before = symbols[at - 1];
  const std::string_view word = text.substr(before.begin, before.end - before.begin);
  return word == "user" || word == "User";
}

}  // namespace

TemplateMiner::TemplateMiner(const DrainOptions& options, Catalog* catalog)
    : max_templates_(std::max<uint32_t>(options.max_templates, 1)),
      merge_after_(std::max<uint32_t>(options.merge_after, 2)),
      catalog_(catalog) {}

uint32_t TemplateMiner::Lookup(std::string_view key, uint64_t hash) {
  if (const uint32_t entry = index_.FindText(key, hash); entry != kNone) return entry;
  if (const KeyCache::Value* known = cache_.Find(key, hash)) return known->entry;
  SplitText(key, &symbols_);
  uint32_t entry = index_.FindCovering(key, symbols_);
  if (entry == kNone) entry = index_.FindWithOdd(key);
  if (entry == kNone && IsAnchored(key, symbols_)) entry = FindWithOpenEnd(key);
  if (entry == kNone) entry = FindWithEmpty(key);
  if (entry == kNone) entry = FindCondensed(key);
  if (entry != kNone) cache_.Put(key, hash, {entry, index_[entry].id});
  return entry;
}

// "Fan : <*> done" is "Fan <*> done" whose first value, "7:", is empty this time.
uint32_t TemplateMiner::FindWithEmpty(std::string_view key) const {
  static constexpr std::string_view kEmpty = " : <*>";
  const size_t at = key.find(kEmpty);
  if (at == std::string_view::npos || at == 0) return kNone;
  std::string text(key.substr(0, at + 1));
  text.append(key.substr(at + kEmpty.size() - kWildcard.size()));
  return index_.FindText(text, TemplateIndex::HashText(text));
}

// The template that has a variable where `key` has a list or a name of several words.
uint32_t TemplateMiner::FindCondensed(std::string_view key) const {
  std::vector<Symbol> symbols;
  for (const CondensedText& condensed : Condensed(key)) {
    SplitText(condensed.text, &symbols);
    const uint32_t entry = index_.FindCovering(condensed.text, symbols);
    if (entry != kNone) return entry;
  }
  return kNone;
}

// The template that is `key` and a variable more: what stood there is empty this time.
uint32_t TemplateMiner::FindWithOpenEnd(std::string_view key) const {
  if (key.ends_with(kWildcard)) return kNone;
  std::string text(key);
  text.append(" ").append(kWildcard);
  std::vector<Symbol> symbols;
  SplitText(text, &symbols);
  return index_.FindCovering(text, symbols);
}

void TemplateMiner::NewGeneration() {
  cache_.NewGeneration();
  skeletons_.NewGeneration();
}

std::pair<uint32_t, bool> TemplateMiner::AddMasked(std::string_view key, Time now) {
  ++messages_;
  uint32_t entry = Lookup(key, TemplateIndex::HashText(key));
  if (entry != kNone) {
    Touch(entry);
    return {entry, false};
  }
  std::string unframed;
  if (const uint32_t framed = index_.FindUnframed(key, &unframed); framed != kNone) {
    entry = Merge(std::move(unframed), {framed});
    Touch(entry);
    return {entry, false};
  }
  if (index_.live() >= max_templates_ || index_.symbols() >= max_templates_ * kSymbolsPerTemplate)
    Evict();
  std::vector<uint32_t> covered = index_.FindCovered(key, symbols_, TemplateIndex::kSomeOfOneShape);
  for (const uint32_t longer : index_.FindCondensed(key)) covered.push_back(longer);
  const TemplateId id = catalog_->Create(key, false, now);
  entry = index_.Insert(id, std::string(key), false);
  entry_of_[Index(id)] = entry;
  Touch(entry);
  if (!covered.empty()) {
    covered.push_back(entry);
    entry = Merge(std::string(key), std::move(covered));
  }
  entry = MergeCondensed(MergeVariants(MergeOpenEnd(entry)));
  return {entry, true};
}

// Where enough templates differ in a list, or in a name of several words, only.
uint32_t TemplateMiner::MergeCondensed(uint32_t entry) {
  if (index_[entry].trained) return entry;
  const std::string text = index_[entry].text;
  for (const CondensedText& condensed : Condensed(text)) {
    std::vector<uint32_t> members = index_.FindCondensed(condensed.text);
    if (members.size() < 2) continue;  // it alone; most have no like
    SplitText(condensed.text, &symbols_);
    for (const uint32_t one_word :
         index_.FindCovered(condensed.text, symbols_, TemplateIndex::kSomeOfOneShape))
      members.push_back(one_word);
    if (members.size() < merge_after_) continue;
    std::vector<std::string_view> texts;
    for (const uint32_t member : members) texts.push_back(index_[member].text);
    if (condensed.end > 0 && !EndsVary(condensed, text, texts)) continue;
    return MergeVariants(Merge(condensed.text, std::move(members)));
  }
  return entry;
}

// "took a while" and "took a while (5 ms)" are one: the end may be missing.
uint32_t TemplateMiner::MergeOpenEnd(uint32_t entry) {
  if (index_[entry].trained) return entry;
  const std::string text = index_[entry].text;
  std::string stem(WithoutBareEnd(text));
  std::vector<uint32_t> members;
  if (!stem.empty()) {
    const uint32_t other = index_.FindText(stem, TemplateIndex::HashText(stem));
    if (other == kNone || index_[other].trained) return entry;
    members = {other};
  } else {
    if (text.ends_with(kWildcard)) return entry;
    members = index_.FindWithBareEnd(text);
    if (members.empty()) return entry;
    stem = text;
  }
  members.push_back(entry);
  return Merge(stem.append(" ").append(kWildcard), std::move(members));
}

TemplateId TemplateMiner::Find(std::string_view key) {
  uint32_t entry = Lookup(key, TemplateIndex::HashText(key));
  std::string unframed;
  if (entry == kNone) entry = index_.FindUnframed(key, &unframed);
  return entry == kNone ? kNoTemplate : index_[entry].id;
}

void TemplateMiner::NoteChanged(uint32_t entry) {
  index_.use(entry).saved = epoch_;
  touched_.push_back(index_[entry].id);
}

void TemplateMiner::Remove(uint32_t entry) {
  const TemplateId id = index_[entry].id;
  removed_.push_back(id);
  entry_of_.erase(Index(id));
  index_.Remove(entry);
}

// All of `members` (live) are `text` from now on, under the oldest id of them and of what else that
// text makes one with them.
uint32_t TemplateMiner::Merge(std::string text, std::vector<uint32_t> members) {
  NewGeneration();
  std::vector<TemplateId> ids;
  uint64_t last_use = 0;
  const auto take = [&](uint32_t entry) {
    ids.push_back(index_[entry].id);
    last_use = std::max(last_use, index_.use(entry).last);
    Remove(entry);
  };
  for (const uint32_t entry : members) take(entry);
  SplitText(text, &symbols_);
  uint32_t covering = index_.FindCovering(text, symbols_);
  if (covering == kNone) covering = FindCondensed(text);
  if (covering != kNone && !index_[covering].trained) {
    text = index_[covering].text;
    take(covering);
    SplitText(text, &symbols_);
    covering = kNone;
  }
  for (const uint32_t entry : index_.FindCovered(text, symbols_)) take(entry);
  for (const uint32_t entry : index_.FindCondensed(text)) take(entry);
  for (const uint32_t entry : index_.FindCondensable(text, symbols_)) take(entry);
  std::sort(ids.begin(), ids.end());
  uint32_t entry = covering;
  if (entry == kNone) {
    catalog_->Widen(ids[0], text);
    entry = index_.Insert(ids[0], std::move(text), false);
    entry_of_[Index(ids[0])] = entry;
    index_.use(entry).last = last_use;
    NoteChanged(entry);
  }
  const TemplateId stands = index_[entry].id;
  for (const TemplateId id : ids)
    if (id > stands) catalog_->SetAlias(id, stands);
  return entry;
}

// As long as `entry` has a position in which enough words were seen.
uint32_t TemplateMiner::MergeVariants(uint32_t entry) {
  for (bool merged = true; merged && !index_[entry].trained;) {
    merged = false;
    std::vector<Symbol> symbols;
    const std::string text = index_[entry].text;
    SplitText(text, &symbols);
    if (!IsAnchored(text, symbols, 1)) break;
    for (size_t i = 0; i < symbols.size() && !merged; ++i) {
      if (!MayVary(text, symbols, i)) continue;
      const size_t enough =
          FollowsUser(text, symbols, i) ? std::min<size_t>(merge_after_, 3) : merge_after_;
      std::vector<uint32_t> members = index_.FindVariants(entry, symbols, i, enough);
      if (members.empty()) continue;
      entry = Merge(WithVariable(text, symbols[i]), std::move(members));
      merged = true;
    }
  }
  return entry;
}

TemplateId TemplateMiner::AddTrained(std::string_view text, Time now) {
  const uint64_t hash = TemplateIndex::HashText(text);
  uint32_t entry = index_.FindText(text, hash);
  if (entry != kNone && index_[entry].trained) return index_[entry].id;
  TemplateId id = kNoTemplate;
  if (entry != kNone) {
    id = index_[entry].id;
    Remove(entry);
  } else {
    id = catalog_->FindText(text);
    if (id == kNoTemplate) id = catalog_->Create(text, true, now);
  }
  catalog_->SetTrained(id);
  NewGeneration();
  SplitText(text, &symbols_);
  for (const uint32_t covered : index_.FindCovered(text, symbols_)) {
    if (index_[covered].id > id) catalog_->SetAlias(index_[covered].id, id);
    Remove(covered);
  }
  entry = index_.Insert(id, std::string(text), true);
  entry_of_[Index(id)] = entry;
  ++messages_;
  Touch(entry);
  return id;
}

void TemplateMiner::Unite(TemplateId id, TemplateId right) {
  const uint32_t entry = EntryOf(id), other = EntryOf(right);
  if (entry == kNone || other == kNone || entry == other || index_[entry].trained) return;
  if (!index_[other].trained) {
    Merge(index_[other].text, {entry, other});
    return;
  }
  if (right > id) return;  // an alias is younger than what it stands for
  NewGeneration();
  Remove(entry);
  catalog_->SetAlias(id, right);
}

// A sixty-fourth at a time, so that a stream of ever new templates pays the scan seldom.
void TemplateMiner::Evict() {
  std::vector<std::pair<uint64_t, uint32_t>> live;
  for (uint32_t e = 0; e < index_.slots(); ++e)
    if (index_[e].used && !index_[e].trained) live.emplace_back(index_.use(e).last, e);
  const size_t n = std::min(live.size(), max_templates_ / 64 + 1);
  std::nth_element(live.begin(), live.begin() + static_cast<ptrdiff_t>(n - 1), live.end());
  for (size_t i = 0; i < n; ++i) Remove(live[i].second);
  evicted_ += n;
  NewGeneration();
}

// ---- state

uint32_t TemplateMiner::EntryOf(TemplateId id) const {
  const auto it = entry_of_.find(Index(id));
  return it == entry_of_.end() ? kNone : it->second;
}

void TemplateMiner::WriteEntries(StateWriter& out, const std::vector<uint32_t>& entries) const {
  out.U64(messages_);
  out.U64(evicted_);
  out.U64(entries.size());
  for (const uint32_t entry : entries) {
    out.U64(Index(index_[entry].id));
    out.Bool(index_[entry].trained);
    out.U64(messages_ - index_.use(entry).last);
  }
}

bool TemplateMiner::ReadEntries(StateReader& in) {
  messages_ = in.U64();
  evicted_ = in.U64();
  const size_t n = in.Count(3);
  for (size_t i = 0; i < n && in.ok(); ++i) {
    const TemplateId id{in.U32()};
    const bool trained = in.Bool();
    const uint64_t age = in.U64();
    const Template* row = catalog_->Find(id);
    if (!in.ok() || !row) continue;
    uint32_t entry = EntryOf(id);
    if (entry != kNone && (index_[entry].text != row->text || index_[entry].trained != trained)) {
      index_.Remove(entry);
      entry = kNone;
    }
    if (entry == kNone) entry_of_[Index(id)] = entry = index_.Insert(id, row->text, trained);
    index_.use(entry).last = age < messages_ ? messages_ - age : 0;
  }
  NewGeneration();
  return in.ok();
}

void TemplateMiner::Save(StateWriter& out) const {
  std::vector<uint32_t> entries;
  for (uint32_t e = 0; e < index_.slots(); ++e)
    if (index_[e].used) entries.push_back(e);
  std::sort(entries.begin(), entries.end(),
            [&](uint32_t a, uint32_t b) { return index_[a].id < index_[b].id; });
  WriteEntries(out, entries);
  ++epoch_;
  touched_.clear();
  removed_.clear();
}

bool TemplateMiner::Load(StateReader& in) { return ReadEntries(in); }

void TemplateMiner::SaveChanges(StateWriter& out) {
  std::sort(removed_.begin(), removed_.end());
  removed_.erase(std::unique(removed_.begin(), removed_.end()), removed_.end());
  out.U64(removed_.size());
  for (const TemplateId id : removed_) out.U64(Index(id));
  std::vector<uint32_t> entries;
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  for (const TemplateId id : touched_)
    if (const uint32_t entry = EntryOf(id); entry != kNone) entries.push_back(entry);
  WriteEntries(out, entries);
  ++epoch_;
  touched_.clear();
  removed_.clear();
}

bool TemplateMiner::ApplyChanges(StateReader& in) {
  const size_t n = in.Count(1);
  for (size_t i = 0; i < n && in.ok(); ++i) {
    const TemplateId id{in.U32()};
    if (const uint32_t entry = EntryOf(id); entry != kNone) {
      entry_of_.erase(Index(id));
      index_.Remove(entry);
    }
  }
  return ReadEntries(in);
}

}  // namespace alogd
