// SPDX-License-Identifier: MIT
// What is committed in one transaction: everything that a stretch of input produced, and its
// offsets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/detection/anomaly.h"
#include "core/templates/catalog.h"
#include "core/types.h"

namespace alogd {

// A source as the database shows it; `records` and `last` are totals.
struct SourceRow {
  std::string name;
  std::string format;
  uint64_t records = 0;
  Time last = kNoTime;
};

// How far one file was read.
struct FileCheckpoint {
  FileId id{};
  std::string source;  // name of its source
  std::string path;    // where it stood last
  uint64_t inode = 0;
  std::string
      identity;  // the tailer's own encoding of file system id, generation, birth time, head hash
  uint64_t offset = 0;      // bytes consumed: everything before it is in the database
  uint64_t size = 0;        // of the file, when it was last looked at
  uint64_t read_bytes = 0;  // raw bytes consumed in all, over truncations too
  uint32_t chain = 0;       // CRC-32C over them
  enum class State : uint8_t { kActive, kRotated, kGone } state = State::kActive;
};

// A shard of the group's state, whole.
struct StateShard {
  uint32_t index = 0;
  std::string blob;
};

// What is expected to bring much that is new, on the whole host, until `end`.
struct HostChange {
  enum class Kind : uint8_t { kBoot, kUpgrade } kind = Kind::kBoot;
  Time begin = kNoTime, end = kNoTime;
};

// One transaction's worth of one group.
struct CommitUnit {
  std::string group;
  std::vector<Anomaly> anomalies;   // new ones and grown ones, by seq
  std::vector<Incident> incidents;  // likewise
  std::vector<HostChange> changes;
  std::vector<Template> templates;  // new or changed rows
  std::vector<SourceRow> sources;
  std::vector<FileCheckpoint> files;
  std::vector<FileId> forgotten_files;  // rows to delete
  uint64_t state_seq = 0;               // number of this delta, from 1
  std::string delta;
  std::optional<StateShard> shard;  // rewritten as of state_seq, after the delta
  uint64_t drop_deltas_to = 0;      // deltas up to this number are in every shard
  bool discard_state = false;       // shards and deltas that stand are dropped first
  bool new_ids = false;             // holds templates that were not in the database

  // synchronous=FULL: what was alerted or named must not be forgotten.
  bool durable() const { return !anomalies.empty() || new_ids; }
  bool empty() const {
    return anomalies.empty() && incidents.empty() && templates.empty() && sources.empty() &&
           files.empty() && forgotten_files.empty() && delta.empty();
  }
};

// What a group finds of itself at start.
struct GroupState {
  struct Shard {
    uint32_t index = 0;
    uint64_t seq = 0;  // as of this delta
    std::string blob;
  };
  struct Delta {
    uint64_t seq = 0;
    std::string blob;
  };
  std::vector<Template> templates;  // ascending ids
  uint32_t next_template_id = 0;
  std::vector<Shard> shards;
  std::vector<Delta> deltas;  // ascending seq
  std::vector<FileCheckpoint> files;
  uint64_t last_anomaly_seq = 0;  // the greatest in the database
  uint64_t last_incident_seq = 0;
  bool discarded = false;

  // The state cannot be read: the group begins anew, but for its templates and how far its files
  // were read. Its first unit drops the old shards and deltas.
  void Discard() {
    shards.clear();
    deltas.clear();
    discarded = true;
  }
};

}  // namespace alogd
