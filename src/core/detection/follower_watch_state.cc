// SPDX-License-Identifier: MIT
// What follows what, and what is waited for, as state.
#include <utility>

#include "core/detection/follower_watch.h"

namespace alogd {

void FollowerWatch::SaveLeader(uint32_t id, const Leader& leader, StateWriter& out) const {
  out.U64(id);
  out.Bool(leader.learned);
  out.At(leader.last);
  out.U64(leader.begin);
  out.U64(leader.followers.size());
  for (const Follower& f : leader.followers) {
    out.U64(Index(f.id));
    out.U64(f.hits);
    out.U64(f.misses);
    out.U64(f.begin);
  }
}

bool FollowerWatch::LoadLeaders(StateReader& in) {
  for (size_t n = in.Count(5); n > 0 && in.ok(); --n) {
    Leader& leader = leaders_[in.U32()];
    leader = Leader();
    leader.learned = in.Bool();
    leader.last = in.At();
    leader.begin = in.U64();
    const size_t followers = in.Count(4);
    if (followers > kMaxFollowers) return false;
    for (size_t i = 0; i < followers; ++i) {
      Follower& f = leader.followers.emplace_back();
      f.id = TemplateId{in.U32()};
      f.hits = in.U32();
      f.misses = in.U32();
      f.begin = in.U64();
    }
  }
  return in.ok() && leaders_.size() <= kMaxLeaders;
}

void FollowerWatch::SaveWait(const Wait& wait, StateWriter& out) {
  out.U64(Index(wait.id));
  out.At(wait.deadline);
  out.I64(Index(wait.ref.file));
  out.U64(wait.ref.offset);
  out.U64(wait.ref.bytes);
  out.U8(wait.severity);
  out.Bytes(wait.stream);
  out.U64(wait.seen.size());
  for (const TemplateId id : wait.seen) out.U64(Index(id));
}

bool FollowerWatch::LoadWait(StateReader& in, Wait* wait) {
  wait->id = TemplateId{in.U32()};
  wait->deadline = in.At();
  wait->ref.file = FileId{in.I64()};
  wait->ref.offset = in.U64();
  wait->ref.bytes = in.U32();
  wait->severity = in.U8();
  wait->stream = in.Bytes();
  const size_t seen = in.Count(1);
  if (seen > kMaxFollowers || wait->severity > 100) return false;
  for (size_t i = 0; i < seen; ++i) wait->seen.push_back(TemplateId{in.U32()});
  return in.ok();
}

// All of them each time: there are few at a time.
void FollowerWatch::SaveWaits(StateWriter& out) const {
  out.At(last_);
  out.U64(waits_.size());
  for (const Wait& wait : waits_) SaveWait(wait, out);
  out.U64(undecided_.size());
  for (const Wait& wait : undecided_) SaveWait(wait, out);
}

bool FollowerWatch::LoadWaits(StateReader& in) {
  Jump();
  last_ = in.At();
  const size_t waits = in.Count(8);
  if (waits > kMaxWaits) return false;
  for (size_t i = 0; i < waits; ++i) {
    Wait wait;
    const bool in_order = LoadWait(in, &wait) && wait.deadline != kEndOfTime &&
                          (waits_.empty() || waits_.back().deadline <= wait.deadline);
    if (!in_order) return false;
    StreamWaits& stream = by_stream_[wait.stream];
    stream.leaders.push_back(wait.id);
    stream.unfinished.push_back(first_ + i);  // what is not will turn out not to be
    waits_.push_back(std::move(wait));
  }
  const size_t undecided = in.Count(8);
  if (undecided > kMaxWaits) return false;
  for (size_t i = 0; i < undecided; ++i)
    if (!LoadWait(in, &undecided_.emplace_back())) return false;
  return in.ok();
}

void FollowerWatch::Save(StateWriter& out) const {
  out.U64(leaders_.size());
  for (const auto& [id, leader] : leaders_) SaveLeader(id, leader, out);
  SaveWaits(out);
}

bool FollowerWatch::Load(StateReader& in) {
  leaders_.clear();
  changed_.clear();
  dropped_.clear();
  return LoadLeaders(in) && LoadWaits(in);
}

void FollowerWatch::SaveChanges(StateWriter& out) {
  out.U64(dropped_.size());
  for (const uint32_t id : dropped_) out.U64(id);
  out.U64(changed_.size());
  for (const uint32_t id : changed_) SaveLeader(id, leaders_.at(id), out);
  SaveWaits(out);
  changed_.clear();
  dropped_.clear();
}

bool FollowerWatch::ApplyChanges(StateReader& in) {
  for (size_t n = in.Count(1); n > 0 && in.ok(); --n) leaders_.erase(in.U32());
  return LoadLeaders(in) && LoadWaits(in);
}

}  // namespace alogd
