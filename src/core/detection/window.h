// SPDX-License-Identifier: MIT
// Streams of events and the windows that end at each: by count, by time, or whole sessions.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/config/config.h"
#include "core/detection/detector.h"
#include "core/state.h"
#include "core/types.h"

namespace alogd {

// A stream's slot; slots of ended streams are used again after Release().
enum class StreamSlot : uint32_t {};

// Something that happened to a stream, in order: a window ended, or the stream itself did.
struct WindowEvent {
  enum class Kind : uint8_t {
    kWindow,  // `spec` wants [begin, begin + count) of the stream scored
    kPause,   // a pause over max_gap: later windows do not follow the earlier ones
    kEnd,     // the stream is gone: a session ended, or the limit evicted it
  };
  Kind kind = Kind::kWindow;
  uint32_t spec = 0;  // index into the specs
  StreamSlot stream{};
  uint64_t begin = 0;  // number of the first event within the stream, from 0
  uint32_t count = 0;
  Time end{};
  bool session = false;
  bool tail = false;
};

// Holds the last events of every stream and says which windows end. Used by the pipeline for
// scoring and by training for making the same windows of the same records.
//
// Each stream's events stand in one vector whose dead front is dropped when it has grown to twice
// what windows need. Rejected: a ring buffer that wraps, because a window would be two spans and
// every detector would have to know; the copy costs one move of an event per event.
//
// Pauses and idleness are measured in watermark time: a record counts as activity at the watermark
// of its moment, so that a host whose programs disagree about the time zone still gets whole
// sessions.
class Windower {
 public:
  // One spec a detector. `gap`: a longer pause ends the windows of a stream. `budget` in bytes:
  // beyond it the longest idle streams are ended. Time windows (span > 0) are for streams that are
  // not sessions.
  Windower(const StreamOptions& streams, Duration gap, uint64_t budget,
           std::vector<WindowSpec> specs);

  // Fires all deadlines (gaps, idle sessions, time windows) up to and including `now`, in order of
  // deadline; what they end is appended to `out`.
  void Advance(Time now, std::vector<WindowEvent>* out);
  // The watermark moved back to `now`: nothing was active later than that.
  void MoveBack(Time now);

  struct Place {
    StreamSlot stream{};
    uint64_t number = 0;  // of the event within its stream, from 0
  };
  // Adds a record to `key`'s stream, after Advance(watermark). Windows that end with it are
  // appended to `out`, and so is what a limit ends.
  Place Add(std::string_view key, const Event& event, const RecordRef& ref, Time watermark,
            std::vector<WindowEvent>* out);

  // Valid until the next Add, Advance or Release. The window must have been emitted since the last
  // Release.
  Window View(const WindowEvent& event) const;
  std::span<const RecordRef> Refs(const WindowEvent& event) const;
  std::string_view Key(StreamSlot stream) const { return *At(stream).key; }
  // Raises the severity of an event, where its stream still holds it.
  void RaiseSeverity(std::string_view key, uint64_t number, uint8_t severity);
  // No window emitted so far is needed any more; ended streams and dropped events are freed.
  void Release();
  // A stream of this key ended since the last Release; a new one of the same key wants a Release
  // first where detectors remember streams.
  bool EndedSinceRelease(std::string_view key) const { return ended_keys_.contains(key); }

  // Other options at a reload; all streams must have ended (Advance(kEndOfTime), EndAll) and
  // Release.
  void Reconfigure(const StreamOptions& streams, Duration gap, uint64_t budget);
  // Ends every stream, the longest idle first.
  void EndAll(std::vector<WindowEvent>* out);
  // New specs and words at a model swap, after Release.
  void Rebind(std::vector<WindowSpec> specs, const std::function<uint32_t(TemplateId)>& word_of);

  size_t streams() const { return by_key_.size(); }
  uint64_t evicted() const { return evicted_; }
  uint64_t cut_sessions() const { return cut_sessions_; }
  size_t memory() const { return memory_; }

  // The state convention, in shards: a stream belongs to the shard of its key. After Release only.
  // Words are not saved; Rebind gives them back. Loading starts from an empty object; FinishLoad
  // once after all shards and changes.
  static constexpr uint32_t kShards = 16;
  void SaveShard(uint32_t shard, StateWriter& out) const;
  [[nodiscard]] bool LoadShard(StateReader& in);
  // As if nothing of the shard had been loaded; before FinishLoad.
  void ClearShard(uint32_t shard);
  // One section for each shard that changed: {shard, bytes}; ApplyChanges takes one section's
  // bytes.
  std::vector<std::pair<uint32_t, std::string>> SaveChanges();
  [[nodiscard]] bool ApplyChanges(StateReader& in);
  void FinishLoad();

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  // What a stream costs beside its events (slot, key, map node), estimated; and one event.
  static constexpr size_t kStreamBytes = 256;
  static constexpr size_t kEventBytes = sizeof(Event) + sizeof(RecordRef);

  struct Stream {
    const std::string* key = nullptr;  // in by_key_, or in ended_ once it ended
    std::vector<Event> events;         // numbers [next - events.size(), next)
    std::vector<RecordRef> refs;
    uint64_t next = 0;              // number of the next event
    uint64_t run_begin = 0;         // first event since the last pause
    std::vector<uint64_t> buckets;  // by spec with a span: first event not yet in an emitted window
    Time activity{};                // watermark when its last record came
    uint64_t touch = 0;  // counts records of the group: order of activity among equal times
    uint32_t older = kNone, newer = kNone;  // in the list of active or of paused streams
    bool listed = false;
    bool paused = false;   // since its last record a pause was noticed
    bool pending = false;  // emitted windows refer to it
    bool ended = false;
    uint64_t saved_next = 0;  // as of the last SaveChanges
    bool changed = false;
    bool save_whole = true;  // an append would not do
    uint64_t base() const { return next - events.size(); }
  };

  Stream& At(StreamSlot slot) { return streams_[static_cast<uint32_t>(slot)]; }
  const Stream& At(StreamSlot slot) const { return streams_[static_cast<uint32_t>(slot)]; }
  uint32_t FindOrCreate(std::string_view key, std::vector<WindowEvent>* out);
  uint32_t NewSlot(std::string_view key);
  void Emit(uint32_t slot, uint32_t spec, uint64_t begin, Time end, bool session, bool tail,
            std::vector<WindowEvent>* out);
  void EmitFull(uint32_t slot, Time end, std::vector<WindowEvent>* out);
  void EmitOfNumbers(uint32_t slot, const Event& event, std::vector<WindowEvent>* out);
  void EmitTails(uint32_t slot, Time end, std::vector<WindowEvent>* out);
  void EmitSpan(uint32_t spec, Time end, std::vector<WindowEvent>* out);
  // The stream's run or session is over at `end`; `remove` ends the stream itself too.
  void Finish(uint32_t slot, Time end, bool remove, std::vector<WindowEvent>* out);
  void Touch(uint32_t slot, Time watermark);
  void Unlink(uint32_t slot);
  void Link(uint32_t slot, bool paused);
  void MakeRoom(uint32_t keep, size_t limit, std::vector<WindowEvent>* out);
  void Compact(Stream* stream);
  void MeasureNeed();
  Time NextSpanDeadline(uint32_t* spec) const;
  void MarkChanged(uint32_t slot) {
    if (!std::exchange(streams_[slot].changed, true)) changed_.push_back(slot);
  }
  void SaveStream(const Stream& stream, uint64_t from, StateWriter& out) const;
  bool LoadStream(StateReader& in);
  void DropLoaded(std::string_view key);
  bool LoadFields(Stream* stream, StateReader& in);
  static uint32_t ShardOf(std::string_view key);

  StreamOptions options_;
  Duration idle_;  // max_gap, or a session's idle time
  uint64_t budget_;
  std::vector<WindowSpec> specs_;
  bool sessions_;
  uint32_t need_ = 1;  // events a stream must hold for count windows
  struct KeyHash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  // Streams in order of their last record: those that a deadline awaits, and those that paused.
  struct List {
    uint32_t oldest = kNone, newest = kNone;
  };
  std::unordered_map<std::string, uint32_t, KeyHash, std::equal_to<>> by_key_;
  std::deque<Stream> streams_;  // by slot; addresses stay
  std::vector<uint32_t> free_;
  std::vector<uint32_t> ended_;    // slots that wait for Release
  std::vector<uint32_t> pending_;  // slots with emitted windows
  std::set<std::string, std::less<>> ended_keys_;
  std::vector<std::string> removed_keys_;         // since the last SaveChanges
  std::vector<uint32_t> changed_;                 // likewise; some have ended or stand twice
  std::vector<std::vector<uint32_t>> in_bucket_;  // by spec with a span: slots with events in it
  std::vector<Time> bucket_end_;                  // by spec; kNoTime while empty
  List active_, paused_;
  uint64_t touches_ = 0;
  uint64_t evicted_ = 0;
  uint64_t cut_sessions_ = 0;
  size_t memory_ = 0;
};

}  // namespace alogd
