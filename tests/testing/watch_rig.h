// SPDX-License-Identifier: MIT
// Plays records and time to the watches as the pipeline does, and keeps what they say.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/detection/watches.h"
#include "core/templates/catalog.h"

namespace alogd::testing {

// A Monday, 00:00 UTC.
inline constexpr Time kMonday{std::chrono::hours(24) * 20'409};

inline GroupConfig Only(const char* watch) {
  GroupConfig group;
  group.rate.enabled = std::string_view(watch) == "rate";
  group.silence.enabled = std::string_view(watch) == "silence";
  group.followers.enabled = std::string_view(watch) == "followers";
  group.combinations.enabled = std::string_view(watch) == "combinations";
  return group;
}

// All parts of the watches, one after the other.
inline void SaveWatches(Watches* watches, bool whole, StateWriter& out) {
  for (size_t part = 0; part < Watches::kParts; ++part)
    watches->Save(static_cast<Watches::Part>(part), whole, out);
}
inline bool LoadWatches(Watches* watches, bool whole, StateReader& in) {
  for (size_t part = 0; part < Watches::kParts; ++part)
    if (!watches->Load(static_cast<Watches::Part>(part), whole, in)) return false;
  return in.ok();
}

class WatchRig {
 public:
  // With a seed the state is saved and loaded now and then: as deltas upon a snapshot.
  explicit WatchRig(GroupConfig group, uint64_t restarts_seed = 0)
      : group_(std::move(group)),
        watches_(group_, {}),
        rng_(restarts_seed),
        restarts_(restarts_seed != 0) {
    Snapshot();
  }

  TemplateId Make(const std::string& text) { return catalog.Create(text, false, kMonday); }

  // A record of `stream` (a program) in /var/log/syslog.
  void Say(Time time, const std::string& stream, TemplateId id, bool after_boot = false) {
    SayAt(time, time, stream, id, after_boot);
  }
  void SayAt(Time own, Time watermark, const std::string& stream, TemplateId id,
             bool after_boot = false) {
    Pass(watermark);
    catalog.Count(id, own);
    const std::string key = "/var/log/syslog\t" + stream;
    Sighting record;
    record.source = "/var/log/syslog";
    record.stream = key;
    record.id = id;
    record.time = own;
    record.watermark = watermark;
    record.after_boot = after_boot;
    record.message = "a message";
    record.ref = {FileId{1}, offset_++, 10};
    watches_.Observe(record, catalog, &steps);
    MaybeRestart();
  }
  // "Accepted <*> for <*>"-like records: a template's values.
  void SayValues(Time time, TemplateId id, const std::vector<std::string_view>& values,
                 const std::string& program = "app") {
    Pass(time);
    catalog.Count(id, time);
    Sighting record;
    record.source = "/var/log/syslog";
    const std::string key = "/var/log/syslog\t" + program;
    record.stream = key;
    record.program = program;
    record.host = "web1";
    record.id = id;
    record.time = record.watermark = time;
    record.message = "a message";
    record.ref = {FileId{1}, offset_++, 10};
    record.fits = watches_.WantsParameters(id);
    if (record.fits) record.parameters = values;
    watches_.Observe(record, catalog, &steps);
    MaybeRestart();
  }
  void Pass(Time now) {
    if (watches_.IsJump(now)) watches_.Jump(now);
    while (watches_.NextDeadline() <= now) {
      watches_.Advance(watches_.NextDeadline(), catalog, &steps);
      if (restarts_ && rng_() % 97 == 0) Commit();
      if (restarts_ && rng_() % 399 == 0) Restart();
    }
  }

  std::vector<Finding> Findings() const {
    std::vector<Finding> out;
    for (const WatchStep& step : steps)
      if (step.over) out.push_back(step.finding);
    return out;
  }
  // Everything that was said, as text.
  std::string Describe() const {
    std::string out;
    for (const WatchStep& step : steps)
      out += fmt::format("{} {} {} {:.3f} {:.4f} {} {}\n", step.over ? "over" : "under",
                         step.key.substr(1), step.over ? Micros(step.finding.time) : 0,
                         step.finding.score, step.finding.evidence.raw,
                         step.finding.evidence.summary, step.finding.ref.offset);
    return out;
  }
  std::string Saved() {
    std::string whole;
    StateWriter out(&whole);
    SaveWatches(&watches_, true, out);
    return whole;
  }
  Watches& watches() { return watches_; }

  Catalog catalog;
  WatchSteps steps;

 private:
  void MaybeRestart() {
    if (restarts_ && rng_() % 5 == 0) Commit();
    if (restarts_ && rng_() % 40 == 0) Restart();
  }
  void Snapshot() {
    snapshot_ = Saved();
    deltas_.clear();
  }
  void Commit() {
    if (rng_() % 10 == 0) {
      std::string dropped;  // a snapshot stands beside the delta of the same moment
      StateWriter out(&dropped);
      SaveWatches(&watches_, false, out);
      return Snapshot();
    }
    StateWriter out(&deltas_.emplace_back());
    SaveWatches(&watches_, false, out);
  }
  void Restart() {
    Commit();
    watches_ = Watches(group_, {});
    StateReader in(snapshot_);
    ok_ &= LoadWatches(&watches_, true, in) && in.at_end();
    for (const std::string& delta : deltas_) {
      StateReader change(delta);
      ok_ &= LoadWatches(&watches_, false, change) && change.at_end();
    }
    if (!ok_) steps.clear();
  }

  GroupConfig group_;
  Watches watches_;
  std::mt19937_64 rng_;
  bool restarts_, ok_ = true;
  std::string snapshot_;
  std::vector<std::string> deltas_;
  uint64_t offset_ = 0;
};

// Loads the rig's state 2,000 times with a byte changed, half of them cut too; `use` plays on with
// what was not refused.
template <typename Use>
void LoadDamaged(WatchRig* rig, const char* watch, Use use) {
  const std::string good = rig->Saved();
  std::mt19937_64 rng(1);
  for (int i = 0; i < 2000; ++i) {
    std::string bad = good;
    if (i % 2) bad.resize(rng() % (bad.size() + 1));
    if (!bad.empty()) bad[rng() % bad.size()] = static_cast<char>(rng());
    Watches watches(Only(watch), {});
    StateReader in(bad);
    if (LoadWatches(&watches, true, in)) use(&watches);
  }
}

// As above, the watch's next 30 deadlines.
inline void LoadDamagedAndAdvance(WatchRig* rig, const char* watch) {
  LoadDamaged(rig, watch, [&](Watches* watches) {
    WatchSteps steps;
    for (int n = 0; n < 30 && watches->NextDeadline() != kEndOfTime; ++n)
      watches->Advance(watches->NextDeadline(), rig->catalog, &steps);
  });
}

}  // namespace alogd::testing
