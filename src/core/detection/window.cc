// SPDX-License-Identifier: MIT
// Adds events to streams and emits the windows that end with them or with a deadline.
#include "core/detection/window.h"

#include <algorithm>
#include <cassert>

namespace alogd {
namespace {

// The end of the bucket of `span` that holds `time`; buckets begin at the epoch.
Time BucketEnd(Time time, Duration span) {
  int64_t n = Micros(time) / span.count();
  if (Micros(time) < 0 && Micros(time) % span.count() != 0) --n;
  return FromMicros((n + 1) * span.count());
}

}  // namespace

Windower::Windower(const StreamOptions& streams, Duration gap, uint64_t budget,
                   std::vector<WindowSpec> specs)
    : options_(streams),
      idle_(streams.kind == StreamOptions::Kind::kSession ? streams.idle : gap),
      budget_(budget),
      specs_(std::move(specs)),
      sessions_(streams.kind == StreamOptions::Kind::kSession) {
  MeasureNeed();
}

void Windower::MeasureNeed() {
  need_ = 1;
  for (const WindowSpec& spec : specs_)
    if (spec.span == Duration(0)) need_ = std::max(need_, spec.size);
  in_bucket_.assign(specs_.size(), {});
  bucket_end_.assign(specs_.size(), kNoTime);
}

uint32_t Windower::NewSlot(std::string_view key) {
  uint32_t slot = static_cast<uint32_t>(streams_.size());
  if (free_.empty()) {
    streams_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
    streams_[slot] = Stream();
  }
  const auto it = by_key_.emplace(std::string(key), slot).first;
  streams_[slot].key = &it->first;
  streams_[slot].buckets.assign(specs_.size(), 0);
  memory_ += kStreamBytes + key.size();
  return slot;
}

// Ends the longest idle streams, paused ones first, until fewer than `limit` are left and the state
// is within its budget. `keep` stays.
void Windower::MakeRoom(uint32_t keep, size_t limit, std::vector<WindowEvent>* out) {
  while (by_key_.size() > limit || memory_ > budget_) {
    uint32_t victim = paused_.oldest != kNone ? paused_.oldest : active_.oldest;
    if (victim == kNone || victim == keep) return;
    ++evicted_;
    Finish(victim, streams_[victim].activity, true, out);
  }
}

uint32_t Windower::FindOrCreate(std::string_view key, std::vector<WindowEvent>* out) {
  if (const auto it = by_key_.find(key); it != by_key_.end()) return it->second;
  MakeRoom(kNone, options_.max - 1, out);
  return NewSlot(key);
}

void Windower::Unlink(uint32_t slot) {
  Stream& s = streams_[slot];
  if (!s.listed) return;
  List& list = s.paused ? paused_ : active_;
  (s.older == kNone ? list.oldest : streams_[s.older].newer) = s.newer;
  (s.newer == kNone ? list.newest : streams_[s.newer].older) = s.older;
  s.older = s.newer = kNone;
  s.listed = false;
}

void Windower::Link(uint32_t slot, bool paused) {
  Stream& s = streams_[slot];
  List& list = paused ? paused_ : active_;
  s.older = list.newest;
  s.newer = kNone;
  (list.newest == kNone ? list.oldest : streams_[list.newest].newer) = slot;
  list.newest = slot;
  s.paused = paused;
  s.listed = true;
}

void Windower::Touch(uint32_t slot, Time watermark) {
  Stream& s = streams_[slot];
  s.activity = watermark;
  s.touch = ++touches_;
  if (active_.newest == slot) return;
  Unlink(slot);
  Link(slot, false);
}

void Windower::Compact(Stream* s) {
  if (s->pending || sessions_) return;
  uint64_t keep_from = std::max(s->run_begin, s->next - std::min<uint64_t>(s->next, need_));
  for (size_t i = 0; i < specs_.size(); ++i)
    if (specs_[i].span > Duration(0)) keep_from = std::min(keep_from, s->buckets[i]);
  const uint64_t base = s->base();
  if (keep_from <= base) return;
  const auto n = static_cast<ptrdiff_t>(keep_from - base);
  s->events.erase(s->events.begin(), s->events.begin() + n);
  s->refs.erase(s->refs.begin(), s->refs.begin() + n);
  memory_ -= static_cast<size_t>(n) * kEventBytes;
}

Windower::Place Windower::Add(std::string_view key, const Event& event, const RecordRef& ref,
                              Time watermark, std::vector<WindowEvent>* out) {
  const uint32_t slot = FindOrCreate(key, out);
  MakeRoom(slot, options_.max, out);
  Stream& s = streams_[slot];
  if (s.events.size() >= 2 * size_t{need_} + 16) Compact(&s);
  s.events.push_back(event);
  s.refs.push_back(ref);
  memory_ += kEventBytes;
  const Place place{StreamSlot{slot}, s.next++};
  Touch(slot, watermark);
  MarkChanged(slot);
  if (sessions_) {
    EmitOfNumbers(slot, event, out);
    if (s.events.size() < options_.max_records) return place;
    ++cut_sessions_;
    Finish(slot, event.time, true, out);
    return place;
  }
  for (uint32_t i = 0; i < specs_.size(); ++i) {
    if (specs_[i].span == Duration(0)) continue;
    if (s.buckets[i] == place.number) in_bucket_[i].push_back(slot);
    if (bucket_end_[i] == kNoTime) bucket_end_[i] = BucketEnd(watermark, specs_[i].span);
  }
  EmitFull(slot, event.time, out);
  EmitOfNumbers(slot, event, out);
  return place;
}

void Windower::Emit(uint32_t slot, uint32_t spec, uint64_t begin, Time end, bool session, bool tail,
                    std::vector<WindowEvent>* out) {
  Stream& s = streams_[slot];
  if (!std::exchange(s.pending, true)) pending_.push_back(slot);
  out->push_back({WindowEvent::Kind::kWindow, spec, StreamSlot{slot}, begin,
                  static_cast<uint32_t>(s.next - begin), end, session, tail});
}

void Windower::EmitFull(uint32_t slot, Time end, std::vector<WindowEvent>* out) {
  const Stream& s = streams_[slot];
  const uint64_t run = s.next - s.run_begin;
  for (uint32_t i = 0; i < specs_.size(); ++i) {
    const WindowSpec& spec = specs_[i];
    if (spec.each) continue;
    if (spec.span > Duration(0)) {
      // A bucket that reached its limit of records ends early.
      if (s.next - s.buckets[i] < spec.size) continue;
      Emit(slot, i, s.buckets[i], end, false, false, out);
      streams_[slot].buckets[i] = s.next;
      std::erase(in_bucket_[i], slot);
    } else if (run >= spec.size && (run - spec.size) % spec.stride == 0 &&
               s.events.size() >= spec.size) {
      Emit(slot, i, s.next - spec.size, end, false, false, out);
    }
  }
}

void Windower::EmitOfNumbers(uint32_t slot, const Event& event, std::vector<WindowEvent>* out) {
  if (event.numbers == 0) return;
  const Stream& s = streams_[slot];
  for (uint32_t i = 0; i < specs_.size(); ++i) {
    if (!specs_[i].each) continue;
    const uint64_t count = std::min<uint64_t>(
        {s.next - s.run_begin, uint64_t{specs_[i].size}, uint64_t{s.events.size()}});
    Emit(slot, i, s.next - count, event.time, false, false, out);
  }
}

void Windower::EmitTails(uint32_t slot, Time end, std::vector<WindowEvent>* out) {
  const Stream& s = streams_[slot];
  const uint64_t run = s.next - s.run_begin;
  if (run == 0) return;
  for (uint32_t i = 0; i < specs_.size(); ++i) {
    const WindowSpec& spec = specs_[i];
    if (spec.each) continue;
    if (sessions_) {
      Emit(slot, i, s.base(), end, true, false, out);
    } else if (spec.span == Duration(0) &&
               (run < spec.size || (run - spec.size) % spec.stride != 0)) {
      const uint64_t count = std::min<uint64_t>({run, spec.size, s.events.size()});
      Emit(slot, i, s.next - count, end, false, true, out);
    }
  }
}

void Windower::EmitSpan(uint32_t spec, Time end, std::vector<WindowEvent>* out) {
  for (const uint32_t slot : in_bucket_[spec]) {
    Stream& s = streams_[slot];
    Emit(slot, spec, s.buckets[spec], end, false, false, out);
    s.buckets[spec] = s.next;
    MarkChanged(slot);
  }
  in_bucket_[spec].clear();
  bucket_end_[spec] = kNoTime;
}

void Windower::Finish(uint32_t slot, Time end, bool remove, std::vector<WindowEvent>* out) {
  EmitTails(slot, end, out);
  Stream& s = streams_[slot];
  Unlink(slot);
  MarkChanged(slot);
  const auto kind = remove ? WindowEvent::Kind::kEnd : WindowEvent::Kind::kPause;
  out->push_back({kind, 0, StreamSlot{slot}, s.next, 0, end, false, false});
  s.run_begin = s.next;
  if (!remove) return Link(slot, true);
  memory_ -= kStreamBytes + s.key->size() + s.events.size() * kEventBytes;
  for (uint32_t i = 0; i < specs_.size(); ++i) std::erase(in_bucket_[i], slot);
  s.ended = true;
  s.paused = false;
  ended_.push_back(slot);
  const auto it = by_key_.find(*s.key);
  // The key moves to the set of ended ones, so that Key(slot) holds until Release.
  s.key = &*ended_keys_.insert(it->first).first;
  removed_keys_.push_back(it->first);
  by_key_.erase(it);
}

Time Windower::NextSpanDeadline(uint32_t* spec) const {
  Time next = kEndOfTime;
  for (uint32_t i = 0; i < specs_.size(); ++i) {
    if (bucket_end_[i] == kNoTime || bucket_end_[i] >= next) continue;
    next = bucket_end_[i];
    *spec = i;
  }
  return next;
}

void Windower::Advance(Time now, std::vector<WindowEvent>* out) {
  while (true) {
    uint32_t spec = kNone;
    const Time span_deadline = NextSpanDeadline(&spec);
    const Time idle_deadline =
        active_.oldest == kNone ? kEndOfTime : streams_[active_.oldest].activity + idle_;
    if (spec != kNone && span_deadline <= idle_deadline) {
      if (span_deadline > now) return;
      EmitSpan(spec, span_deadline, out);
    } else if (active_.oldest != kNone && idle_deadline <= now) {
      Finish(active_.oldest, idle_deadline, sessions_, out);
    } else {
      return;
    }
  }
}

void Windower::MoveBack(Time now) {
  for (uint32_t slot = active_.oldest; slot != kNone; slot = streams_[slot].newer) {
    Stream& s = streams_[slot];
    if (s.activity <= now) continue;
    s.activity = now;
    MarkChanged(slot);
  }
  for (uint32_t i = 0; i < specs_.size(); ++i)
    if (bucket_end_[i] != kNoTime) bucket_end_[i] = BucketEnd(now, specs_[i].span);
}

Window Windower::View(const WindowEvent& event) const {
  const Stream& s = At(event.stream);
  Window window;
  window.events = {s.events.data() + (event.begin - s.base()), event.count};
  window.stream = *s.key;
  window.end = event.end;
  window.session = event.session;
  window.tail = event.tail;
  return window;
}

std::span<const RecordRef> Windower::Refs(const WindowEvent& event) const {
  const Stream& s = At(event.stream);
  return {s.refs.data() + (event.begin - s.base()), event.count};
}

void Windower::RaiseSeverity(std::string_view key, uint64_t number, uint8_t severity) {
  const auto it = by_key_.find(key);
  if (it == by_key_.end()) return;
  Stream& s = streams_[it->second];
  if (number >= s.next || number < s.base()) return;
  Event& event = s.events[number - s.base()];
  if (event.severity >= severity) return;
  event.severity = severity;
  MarkChanged(it->second);
  s.save_whole = true;
}

void Windower::EndAll(std::vector<WindowEvent>* out) {
  for (List* list : {&paused_, &active_})
    while (list->oldest != kNone) Finish(list->oldest, streams_[list->oldest].activity, true, out);
}

void Windower::Reconfigure(const StreamOptions& streams, Duration gap, uint64_t budget) {
  assert(by_key_.empty());
  options_ = streams;
  sessions_ = streams.kind == StreamOptions::Kind::kSession;
  idle_ = sessions_ ? streams.idle : gap;
  budget_ = budget;
}

void Windower::Release() {
  for (const uint32_t slot : pending_) {
    streams_[slot].pending = false;
    if (streams_[slot].paused) Compact(&streams_[slot]);
  }
  pending_.clear();
  for (const uint32_t slot : ended_) {
    streams_[slot] = Stream();
    free_.push_back(slot);
  }
  ended_.clear();
  ended_keys_.clear();
}

void Windower::Rebind(std::vector<WindowSpec> specs,
                      const std::function<uint32_t(TemplateId)>& word_of) {
  // As a restart would leave them: nothing is held that the old specs did not need.
  for (auto& [key, slot] : by_key_) Compact(&streams_[slot]);
  specs_ = std::move(specs);
  MeasureNeed();
  for (auto& [key, slot] : by_key_) {
    Stream& s = streams_[slot];
    s.buckets.assign(specs_.size(), s.next);
    for (Event& event : s.events) event.word = word_of(event.id);
  }
}

}  // namespace alogd
