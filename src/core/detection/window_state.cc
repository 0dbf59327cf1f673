// SPDX-License-Identifier: MIT
// Streams written as shards and as deltas of what was appended, and read back.
#include <algorithm>
#include <array>
#include <map>

#include "core/detection/window.h"

namespace alogd {
namespace {

// Stream entries of a section: removed, appended to, or whole.
enum class Entry : uint8_t { kRemoved, kAppended, kWhole };

// The longest key that a damaged blob may claim.
constexpr size_t kMaxKey = 64 * 1024;

void SaveEvent(const Event& event, const RecordRef& ref, Time* time, RecordRef* last,
               StateWriter& out) {
  out.U64(Index(event.id));
  out.I64((event.time - *time).count());
  out.U64(event.seen);
  out.U8(static_cast<uint8_t>(event.severity | (event.created ? 0x80 : 0)));
  out.I64(Index(ref.file) - Index(last->file));
  out.I64(static_cast<int64_t>(ref.offset) - static_cast<int64_t>(last->offset));
  out.U64(ref.bytes);
  *time = event.time;
  *last = ref;
}

void LoadEvent(StateReader& in, Time* time, RecordRef* last, Event* event, RecordRef* ref) {
  event->id = TemplateId{in.U32()};
  // Wrapping arithmetic: a damaged blob must not overflow.
  event->time = FromMicros(
      static_cast<int64_t>(static_cast<uint64_t>(Micros(*time)) + static_cast<uint64_t>(in.I64())));
  event->seen = in.U32();
  const uint8_t severity = in.U8();
  event->severity = severity & 0x7f;
  event->created = (severity & 0x80) != 0;
  ref->file = FileId{static_cast<int64_t>(static_cast<uint64_t>(Index(last->file)) +
                                          static_cast<uint64_t>(in.I64()))};
  ref->offset = last->offset + static_cast<uint64_t>(in.I64());
  ref->bytes = in.U32();
  *time = event->time;
  *last = *ref;
}

}  // namespace

// FNV-1a: the shard must be the same on every machine and after every restart.
uint32_t Windower::ShardOf(std::string_view key) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : key) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return static_cast<uint32_t>(hash >> 32) % kShards;
}

// Events from number `from` on, and all the fields. What no window needs any more is left out.
void Windower::SaveStream(const Stream& s, uint64_t from, StateWriter& out) const {
  out.U64(s.next);
  out.U64(s.run_begin);
  out.At(s.activity);
  out.U64(s.touch);
  out.Bool(s.paused);
  out.U64(s.buckets.size());
  for (size_t i = 0; i < s.buckets.size(); ++i) {
    out.U64(s.next - s.buckets[i]);
    out.At(bucket_end_[i]);
  }
  out.U64(s.next - from);
  Time time{};
  RecordRef last{};
  for (uint64_t n = from; n < s.next; ++n) {
    const auto i = static_cast<size_t>(n - s.base());
    SaveEvent(s.events[i], s.refs[i], &time, &last, out);
  }
}

void Windower::SaveShard(uint32_t shard, StateWriter& out) const {
  std::map<std::string_view, uint32_t> mine;  // ordered: the same state gives the same bytes
  for (const auto& [key, slot] : by_key_)
    if (ShardOf(key) == shard) mine.emplace(key, slot);
  out.U64(mine.size());
  for (const auto& [key, slot] : mine) {
    const Stream& s = streams_[slot];
    out.Bytes(key);
    out.U8(static_cast<uint8_t>(Entry::kWhole));
    SaveStream(s, s.base(), out);
  }
}

std::vector<std::pair<uint32_t, std::string>> Windower::SaveChanges() {
  std::array<std::string, kShards> sections;
  std::array<uint64_t, kShards> counts{};
  for (const std::string& key : removed_keys_) {
    const uint32_t shard = ShardOf(key);
    StateWriter out(&sections[shard]);
    out.Bytes(key);
    out.U8(static_cast<uint8_t>(Entry::kRemoved));
    ++counts[shard];
  }
  removed_keys_.clear();
  for (const uint32_t slot : std::exchange(changed_, {})) {
    Stream& s = streams_[slot];
    if (s.ended || !std::exchange(s.changed, false)) continue;
    const std::string& key = *s.key;
    const uint32_t shard = ShardOf(key);
    StateWriter out(&sections[shard]);
    const bool whole = std::exchange(s.save_whole, false) || s.saved_next < s.base();
    out.Bytes(key);
    out.U8(static_cast<uint8_t>(whole ? Entry::kWhole : Entry::kAppended));
    SaveStream(s, whole ? s.base() : s.saved_next, out);
    s.saved_next = s.next;
    ++counts[shard];
  }
  std::vector<std::pair<uint32_t, std::string>> result;
  for (uint32_t shard = 0; shard < kShards; ++shard) {
    if (counts[shard] == 0) continue;
    std::string blob;
    StateWriter(&blob).U64(counts[shard]);
    result.emplace_back(shard, blob + sections[shard]);
  }
  return result;
}

void Windower::DropLoaded(std::string_view key) {
  const auto it = by_key_.find(key);
  if (it == by_key_.end()) return;
  Stream& old = streams_[it->second];
  memory_ -= kStreamBytes + old.key->size() + old.events.size() * kEventBytes;
  free_.push_back(it->second);
  old = Stream();
  by_key_.erase(it);
}

void Windower::ClearShard(uint32_t shard) {
  std::vector<std::string> keys;
  for (const auto& [key, slot] : by_key_)
    if (ShardOf(key) == shard) keys.push_back(key);
  for (const std::string& key : keys) DropLoaded(key);
}

bool Windower::LoadStream(StateReader& in) {
  const std::string key(in.Bytes().substr(0, kMaxKey));
  const auto entry = static_cast<Entry>(in.U8());
  if (!in.ok() || entry > Entry::kWhole) return false;
  if (entry != Entry::kAppended) DropLoaded(key);
  if (entry == Entry::kRemoved) return true;
  const auto it = by_key_.find(key);
  if (entry == Entry::kAppended && it == by_key_.end()) return false;
  const uint32_t slot = entry == Entry::kAppended ? it->second : NewSlot(key);
  return LoadFields(&streams_[slot], in);
}

bool Windower::LoadFields(Stream* s, StateReader& in) {
  s->next = in.U64();
  s->run_begin = std::min(in.U64(), s->next);
  s->activity = in.At();
  s->touch = in.U64();
  touches_ = std::max(touches_, s->touch);
  s->paused = in.Bool();
  const size_t buckets = in.Count(2);
  for (size_t i = 0; i < buckets; ++i) {
    const uint64_t open = std::min(in.U64(), s->next);
    const Time end = in.At();
    if (i >= s->buckets.size()) continue;  // the bundle changed: Rebind begins new buckets
    s->buckets[i] = s->next - open;
    if (open > 0) bucket_end_[i] = end;
  }
  const size_t count = in.Count(7);
  Time time{};
  RecordRef last{};
  for (size_t i = 0; i < count && in.ok(); ++i) {
    LoadEvent(in, &time, &last, &s->events.emplace_back(), &s->refs.emplace_back());
    memory_ += kEventBytes;
  }
  s->saved_next = s->next;
  s->changed = s->save_whole = false;
  return in.ok() && s->events.size() <= s->next;
}

bool Windower::LoadShard(StateReader& in) { return ApplyChanges(in); }

bool Windower::ApplyChanges(StateReader& in) {
  for (size_t n = in.Count(2); n > 0; --n)
    if (!LoadStream(in)) return false;
  return in.ok();
}

// Links the streams in the order in which they were last touched.
void Windower::FinishLoad() {
  std::vector<uint32_t> slots;
  for (const auto& [key, slot] : by_key_) slots.push_back(slot);
  std::sort(slots.begin(), slots.end(),
            [this](uint32_t a, uint32_t b) { return streams_[a].touch < streams_[b].touch; });
  for (const uint32_t slot : slots) {
    Stream& s = streams_[slot];
    Link(slot, s.paused);
    Compact(&s);
    for (uint32_t i = 0; i < specs_.size(); ++i)
      if (specs_[i].span > Duration(0) && s.buckets[i] < s.next) in_bucket_[i].push_back(slot);
  }
}

}  // namespace alogd
