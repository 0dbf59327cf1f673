// SPDX-License-Identifier: MIT
// Streams of events and the windows that end at each: by count, by time, or whole sessions.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/config.h"
#include "core/detector.h"
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

// Holds the last events of every stream and says which windows end. Used by the pipeline for scoring
// and by training for making the same windows of the same records.
//
// Rejected: a ring buffer that wraps, because a window would be two spans; each stream's events stand in
// one vector whose dead front is dropped when it has grown to twice what windows need.
class Windower {
 public:
  // One spec a detector. `gap`: a pause longer than this ends windows of a stream.
  Windower(const StreamOptions& streams, Duration gap, std::vector<WindowSpec> specs);

  // Fires all deadlines (gaps, idle sessions, time windows) up to and including `now`, in order of
  // deadline; what they end is appended to `out`.
  void Advance(Time now, std::vector<WindowEvent>* out);
  // Adds a record to `key`'s stream, after Advance(event.time). Windows that end with it are appended to
  // `out`. Returns the stream and the event's number in it.
  struct Place {
    StreamSlot stream{};
    uint64_t number = 0;
  };
  Place Add(std::string_view key, const Event& event, const RecordRef& ref,
            std::vector<WindowEvent>* out);

  // Valid until the next Add, Advance or Release. The window must have been emitted since the last
  // Release.
  Window View(const WindowEvent& event) const;
  std::span<const RecordRef> Refs(const WindowEvent& event) const;
  std::string_view Key(StreamSlot stream) const;
  // Raises an event's severity, where the stream still holds it.
  void RaiseSeverity(Place place, uint8_t severity);
  // No window emitted so far is needed any more; memory of ended streams and dropped events is freed.
  void Release();

  // New specs and words at a model swap, after Release: word_of(TemplateId) for each held event.
  template <typename WordOf>
  void Rebind(std::vector<WindowSpec> specs, WordOf word_of);

  size_t streams() const { return by_key_.size(); }
  uint64_t evicted() const { return evicted_; }
  uint64_t cut_sessions() const { return cut_sessions_; }
  size_t memory() const { return memory_; }

  // The state convention, in shards: a stream belongs to shard ShardOf(key).
  static constexpr uint32_t kShards = 16;
  void SaveShard(uint32_t shard, StateWriter& out) const;
  [[nodiscard]] bool LoadShard(StateReader& in);
  // One section a shard that changed; ApplyChanges takes one section.
  void SaveChanges(std::vector<std::pair<uint32_t, std::string>>* sections);
  [[nodiscard]] bool ApplyChanges(StateReader& in);

 private:
  // (window.cc's owner fills in)
  std::unordered_map<std::string, StreamSlot> by_key_;
  uint64_t evicted_ = 0;
  uint64_t cut_sessions_ = 0;
  size_t memory_ = 0;
};

}  // namespace alogd
