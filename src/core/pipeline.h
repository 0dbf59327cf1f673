// SPDX-License-Identifier: MIT
// The life of a line, from text to anomalies, for one group: a deterministic function.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/commit_unit.h"
#include "core/config/config.h"
#include "core/detection/detector.h"
#include "core/detection/rules.h"
#include "core/record.h"
#include "core/result.h"
#include "core/types.h"

namespace alogd {

struct Finding;
struct ParsedLine;

// Error::code of a group state that cannot be read: GroupState::Discard is the way on.
inline constexpr int kDamagedState = -1;
// ... and of one that a newer program wrote: what it learned is not to be thrown away.
inline constexpr int kNewerState = -2;

// Lines and ticks in order, a model and a state go in; commit units come out. No clock, no thread,
// no descriptor: the daemon, `alogctl scan` and the tests drive the same object and get the same
// anomalies for the same records in the same order.
class Pipeline {
 public:
  // Reads a record's text again where evidence needs one that is no longer at hand; empty if it is
  // gone.
  using ReadText = std::function<std::string(const RecordRef&)>;

  // Counters since construction; drops by reason are what `alogctl status` shows.
  struct Stats {
    uint64_t lines = 0, records = 0, continuations = 0, held = 0, ignored = 0, own = 0,
             cut_lines = 0, partial_lines = 0, windows = 0, anomalies = 0, rule_matches = 0,
             new_templates = 0, evicted_templates = 0, evicted_streams = 0, cut_sessions = 0,
             clamped_times = 0;
  };

  // `config` gives risk, severity, rules and incident_gap; `group` one of its groups.
  static Result<std::unique_ptr<Pipeline>> Create(const Config& config, const GroupConfig& group,
                                                  ModelSet models, ReadText read_text);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Takes up where the committed state ends; once, before the first line. Fails with kDamagedState
  // or kNewerState, and is of no use then. Parts that cannot be read begin anew alone; `remarks`
  // gets a sentence about each.
  Status Restore(const GroupState& state, std::vector<std::string>* remarks = nullptr);

  SourceId AddSource(std::string_view name, Time reference);
  // The source and its files are gone for good; takes effect after the next unit, unless the source
  // is added again before.
  void ForgetSource(SourceId source);
  // The next line of a file. Lines of one file come in order; `line` is not kept.
  void Feed(SourceId source, FileId file, const Line& line);
  // The next line is of another boot of the host than the one before; for a source that knows.
  void NoteBoot(Time time);
  // Where lines come live: what the host's clock says now, and how far event time has come by it
  // since the last record. No record is taken for later than the first.
  void SetHostClock(Time now, Time passed);
  // Fires what a record of this time would fire first, and nothing else.
  void Tick(Time now);
  // The file is gone for good.
  void CloseFile(FileId file);
  // Scores what waits for a full batch. What comes out never depends on when this is called.
  void Flush();

  // Replaces model, rules, risk and severity between two records. Catalog, streams and open
  // anomalies stay. Fails without changing anything.
  Status Swap(const Config& config, const GroupConfig& group, ModelSet models);

  // Flushes and takes what was produced since the last call. Files are the caller's to add.
  CommitUnit TakeUnit();
  // True if the next unit holds an anomaly or a rule match: commit now rather than in a second.
  bool urgent() const;

  // Says which records are the service's own: they are counted and take part in nothing. Not part
  // of the state; before the first line.
  void set_own_words(std::function<bool(std::string_view program, std::string_view pid)> own);

  // Called for each window with its score, for --all-scores and explain. Not part of the state.
  struct ScoredWindow {
    const Window* window;
    const Score* score;
    const Detector* detector;
    RecordRef last;  // of the window's last record
    uint8_t severity;
    double risk;
  };
  void set_observer(std::function<void(const ScoredWindow&)> observer);
  // Called for what the watches find, which has no window, with its risk.
  void set_finding_observer(std::function<void(const Finding&, float risk)> observer);
  // Called for each record after parsing, before its windows; views are valid during the call.
  void set_record_observer(std::function<void(const ParsedLine&)> observer);

  const Stats& stats() const;
  const Catalog& catalog() const;
  std::string_view bundle() const;
  Time watermark() const;
  size_t memory() const;  // bytes of state, estimated

 private:
  class Impl;
  explicit Pipeline(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace alogd
