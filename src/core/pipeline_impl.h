// SPDX-License-Identifier: MIT
// The pipeline's parts and how they are wired; private to pipeline*.cc.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/detection/anomaly_tracker.h"
#include "core/detection/batch.h"
#include "core/detection/change_watch.h"
#include "core/detection/rule_counts.h"
#include "core/detection/stream_key.h"
#include "core/detection/watches.h"
#include "core/detection/window.h"
#include "core/parser.h"
#include "core/pipeline.h"
#include "core/state_parts.h"

namespace alogd {

class Pipeline::Impl {
 public:
  Impl(const Config& config, const GroupConfig& group, ModelSet models, ReadText read_text,
       Parser parser, RuleSet rules, StreamKeys keys);

  void Feed(SourceId source, FileId file, const Line& line);
  void Tick(Time now);
  void Flush();
  void Swap(const Config& config, const GroupConfig& group, ModelSet models, RuleSet rules,
            StreamKeys keys);
  CommitUnit TakeUnit();
  Status Restore(const GroupState& state, std::vector<std::string>* remarks);
  // Gives the bundle's templates their ids; once the catalog is what it was.
  void Bind();

  // Shards of the state: the windower's, then everything else.
  static constexpr uint32_t kRestShard = Windower::kShards;
  static constexpr uint32_t kShardCount = kRestShard + 1;
  // The next shard is rewritten when so many bytes of deltas have come together, or as many as the
  // last shard had: deltas stay about a megabyte, and writing shards never costs more than writing
  // deltas.
  static constexpr uint64_t kShardEvery = 64 * 1024;
  static constexpr uint8_t kPositionalFormat = 3;
  static constexpr char kDetectorParts[] = "detector/";

  GroupConfig group;
  std::string name;
  Parser parser;
  ReadText read_text;
  RuleSet rules;
  RuleCounts rule_counts;
  ChangeWatch changes;
  Watches watches;
  StreamKeys keys;
  ModelSet models;
  AnomalyTracker tracker;
  std::optional<Windower> windower;
  Stats stats;
  std::function<void(const ScoredWindow&)> observer;
  std::function<void(const Finding&, float risk)> finding_observer;
  std::function<void(const ParsedLine&)> record_observer;
  std::function<bool(std::string_view, std::string_view)> own_words;
  bool bound = false;
  bool dirty = false;  // something was fed or fired since the last unit

  struct SourceTotals {
    uint64_t records = 0;
    Time last = kNoTime;
    bool changed = false;
  };
  std::vector<SourceTotals> totals;  // by SourceId

 private:
  // The record of a file that continuation lines would join, while its stream holds it.
  struct OpenRecord {
    std::string key;
    uint64_t number = 0;
    uint8_t severity = 0;
    bool own = false;  // its continuation lines are ours, too; not saved: ours have none in files
    bool changed = true;
  };

  void OnRecord(const ParsedLine& line);
  void OnContinuation(const ParsedLine& line);
  void OnRule(const ParsedLine& line, const RuleConfig& rule);
  // Sets key_ to the stream a record belongs to; false where streams are sessions and it has no
  // key.
  bool FindStream(const ParsedLine& line);
  // What the windower emitted becomes steps; `record` caused it, or none did.
  void Queue(const std::vector<WindowEvent>& events, uint32_t record);

  // Fires the deadlines of windows and watches up to `now`, in order.
  void AdvanceTo(Time now);
  void Watch(const ParsedLine& line, bool has_stream, Time watermark);
  // What the watches said becomes steps.
  void QueueWatched();

  void ScoreSteps(std::vector<Score>* scores);
  // Judges the windows that end together by their joint score, where the models have one.
  void JoinMoments(std::vector<Score>* scores);
  void JoinMoment(size_t begin, size_t end, std::vector<Score>* scores);
  void ExplainAgain(const BatchStep& step, Score* score);
  // The index of the window's record that an alert is about.
  size_t BlamedRecord(uint32_t detector, const Window& window, const Evidence& evidence) const;
  Circumstances CircumstancesOf(uint32_t detector, const Window& window, const Score& score) const;
  void Judge(const BatchStep& step, Score score);
  void JudgeRule(const BatchStep& step);
  void JudgeWatch(WatchStep step);
  Finding MakeFinding(const BatchStep& step, const Window& window, Score score);
  void DescribeRecord(const BatchStep& step, const RecordRef& ref, const Event& event, Finding* f);
  std::string MessageOf(const RecordRef& ref, const std::string& template_text);

  uint32_t WordOf(TemplateId id) const;
  std::vector<WindowSpec> Specs() const;
  void BindModels();
  void BindJoint();

  // The table of what is stored, see StateParts.
  void AddParts();
  void AddParserParts();
  void AddAnomalyParts();
  static StatePart RestPart(std::string name, std::string what);
  void AddWatchParts();
  void AddWindowParts();
  void AddDetectorParts();
  static std::string WindowPart(uint32_t shard);
  void SaveTotals(StateWriter& out, bool whole);
  bool LoadTotals(StateReader& in);
  void SaveClosedFiles(StateWriter& out);
  bool LoadClosedFiles(StateReader& in);
  void SaveOpenRecords(StateWriter& out, bool whole);
  bool LoadOpenRecords(StateReader& in);
  Status CheckFormat(std::string_view blob) const;
  Status RestoreShard(const GroupState::Shard& shard);
  Status RestoreDelta(const GroupState::Delta& delta);
  void CloseRecordsOfLostWindows();
  // The format before sections.
  static bool IsPositional(std::string_view blob);
  bool LoadNamed(std::string_view prefix, StateReader& in, bool whole);
  bool LoadPositionalRest(StateReader& in, bool whole);
  bool LoadPositional(uint32_t shard, StateReader& in, bool whole);
  bool LoadPositionalShard(const GroupState::Shard& shard);
  bool LoadPositionalDelta(const GroupState::Delta& delta);
  void SaveState(CommitUnit* unit);
  void TakeTotals(CommitUnit* unit);
  void LetSourcesGo();

  Batch batch_;
  std::vector<WindowEvent> emitted_;
  WatchSteps watched_;
  std::vector<std::string_view> parameters_;  // of the record that is watched
  std::unordered_map<FileId, OpenRecord> open_records_;
  std::vector<FileId> closed_files_;
  std::vector<SourceId> leaving_;  // forgotten once what is known of them is in a unit
  std::string key_;
  std::vector<uint32_t> words_;  // by TemplateId; kUnknownWord
  // By detector: its curve in models.joint; null where it alarms by its own threshold.
  std::vector<const SurpriseCurve*> curves_;
  std::vector<bool> alone_;  // by detector: its own threshold counts too

  StateParts parts_;
  std::array<std::string, Windower::kShards> window_changes_;  // that the next delta takes
  uint64_t state_seq_ = 0;
  uint64_t delta_bytes_ = 0;  // since a shard was rewritten
  uint64_t last_shard_bytes_ = 0;
  uint32_t next_shard_ = 0;
  std::vector<uint64_t> shard_seqs_ = std::vector<uint64_t>(kShardCount, 0);
  bool discard_state_ = false;
  bool rewrite_rest_ =
      false;  // the models changed: deltas of the old ones must not be applied to them
  uint32_t committed_ids_ = 0;  // template ids below this are in the database

  friend class Pipeline;
};

}  // namespace alogd
