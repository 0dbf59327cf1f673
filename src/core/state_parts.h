// SPDX-License-Identifier: MIT
// The table of a group's stored parts: what each is saved as, and what becomes of one that cannot
// be read.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/state.h"
#include "core/state_section.h"

namespace alogd {

// A part is stored as one section. Its functions refer to whoever owns the part and outlives the
// table.
struct StatePart {
  std::string name;      // of the section; a name never changes its meaning
  std::string what;      // in the plural, for a remark: "the learned rates"
  uint32_t version = 1;  // of what `save` writes; goes up whenever `load` cannot read the old form
  uint32_t shard = 0;    // that holds its whole form
  // Whether it is saved whole each time, where anything in it changed: for a few bytes.
  bool small = false;
  // Everything, or what changed since the last call; nothing where nothing did.
  std::function<void(StateWriter&, bool whole)> save;
  // Reads what `save` of that version wrote; false if it cannot: the part begins anew. Anything
  // may stand there, so limits come before allocation. A whole form comes to a part that is clear.
  std::function<bool(StateReader&, uint32_t version, bool whole)> load;
  // As if nothing had ever been loaded.
  std::function<void()> clear;
};

// Loads blobs in their order: shards, then deltas. A part whose section is damaged, of a newer
// version, or of a form that its `load` cannot read, begins anew alone: what deltas change
// in it is passed over until a delta holds it whole, which the first one after such a start does.
class StateParts {
 public:
  enum class Anew : uint8_t { kOlder, kNewer, kDamaged, kForeign };

  // Of two parts with one name the later one counts.
  void Add(StatePart part);
  // Parts whose names begin so go.
  void Drop(std::string_view prefix);

  // A shard's blob.
  void LoadShard(std::string_view blob, uint32_t shard);
  // A delta; of parts whose shard is younger than it nothing is read.
  void LoadDelta(std::string_view blob, const std::function<bool(uint32_t shard)>& younger);
  // A form of version 1 that no section frames.
  void LoadBare(std::string_view name, std::string_view body, bool whole);
  // The part cannot be read.
  void BeginAnew(std::string_view name, Anew why);
  bool IsAnew(std::string_view name) const;
  bool anything_anew() const;
  // "the learned rates are damaged and begin anew", one a kind of parts.
  std::vector<std::string> Remarks() const;

  // What changed since the last call; parts that began anew go in whole, and are so no longer.
  std::string SaveDelta();
  // All parts of a shard.
  std::string SaveShard(uint32_t shard) const;

 private:
  struct Row {
    StatePart part;
    std::optional<Anew> anew;
    bool read = false;  // from the blob at hand
    std::string saved;  // last form of a small part
  };

  Row* Find(std::string_view name);
  void Load(std::string_view blob, const std::function<bool(const Row&)>& wanted);
  static void LoadSection(const StateSection& section, Row* row);
  static void Begin(Row* row, Anew why);

  std::vector<Row> rows_;
};

}  // namespace alogd
