// SPDX-License-Identifier: MIT
// Two passes over the held-out records: as they are, and with faults.
#include "cli/retrain/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/log_reader.h"
#include "core/parser.h"
#include "core/pipeline.h"

namespace alogd {
namespace {

constexpr uint64_t kFaults = 20;
constexpr size_t kBurst = 15;         // the longest window that detectors look at by default
constexpr size_t kMessagesKept = 64;  // of the log's own, to make bursts of
// Faults stand so far from the beginning that windows are full before the first.
constexpr uint64_t kLeadIn = 200;

// Lines of one pass as the pipeline gets them: offsets are the pass' own, so that spliced lines
// have places too.
class Pass {
 public:
  Pass(Pipeline* pipeline, Time from) : pipeline_(pipeline), from_(from) {
    pipeline_->set_record_observer([this](const ParsedLine& line) { Observe(line); });
  }

  // Every `fault_every`-th held-out record is followed by a fault; 0: none is.
  void Run(MergedReader* reader, uint64_t fault_every) {
    while (auto next = reader->ReadLine()) {
      auto [source, is_new] = sources_.try_emplace(next->file);
      if (is_new) source->second = pipeline_->AddSource(*next->source_name, next->reference);
      const uint64_t before = held_out_;
      Feed(source->second, next->file, std::string(next->line.text), false);
      if (fault_every == 0 || held_out_ == before || held_out_ < kLeadIn) continue;
      if (held_out_ % fault_every == 0 && !prefix_.empty() && faults_.size() < kFaults)
        Splice(source->second, next->file);
    }
    pipeline_->Tick(kEndOfTime);
    Collect();
  }

  uint64_t held_out() const { return held_out_; }
  uint64_t known() const { return known_; }
  uint64_t faults() const { return faults_.size(); }
  Time last() const { return last_; }

  // Incidents of HIGH or worse within the held-out part that no rule is behind, and that were not
  // taken for a fault when they happened.
  uint64_t Alerts(const LeftOut& left_out) const {
    std::set<uint64_t> alerting;
    for (const auto& [seq, a] : anomalies_)
      if (a.level >= RiskLevel::kHigh && !left_out.runs.Covers(a.stream, a.time))
        alerting.insert(a.incident_seq);
    return static_cast<uint64_t>(std::ranges::count_if(alerting, [this](uint64_t seq) {
      const auto incident = incidents_.find(seq);
      return incident != incidents_.end() && !incident->second.by_rule &&
             incident->second.last >= from_;
    }));
  }
  uint64_t Found() const {
    uint64_t found = 0;
    for (const Fault& fault : faults_)
      found += std::ranges::any_of(anomalies_, [&fault](const auto& entry) {
        const Anomaly& a = entry.second;
        return a.detector != kRuleDetector && Index(a.ref.file) == fault.file &&
               a.ref.offset >= fault.begin && a.ref.offset < fault.end;
      });
    return found;
  }

 private:
  struct Fault {
    int64_t file;
    uint64_t begin, end;  // offsets of its lines
  };

  void Feed(SourceId source, int64_t file, const std::string& text, bool spliced) {
    spliced_ = spliced;
    uint64_t& offset = offsets_[file];
    const auto bytes = static_cast<uint32_t>(text.size() + 1);
    pipeline_->Feed(source, FileId{file}, Line{text, offset, bytes, false, false});
    offset += bytes;
    if (++lines_ % 8192 == 0) Collect();
  }

  void Observe(const ParsedLine& line) {
    if (spliced_ || line.kind != Assembled::Kind::kRecord) return;
    last_ = std::max(last_, line.time);
    if (line.time < from_) return;
    ++held_out_;
    const Template* found = pipeline_->catalog().Find(line.id);
    known_ += found != nullptr && found->trained;
    // Where the message stands in the line, if it does.
    const char* const begin = line.text.data();
    const char* const message = line.header.message.data();
    const bool inside = message >= begin && message <= begin + line.text.size();
    prefix_ = inside ? std::string(begin, message) : std::string();
    if (!inside || random_() % 16 != 0) return;
    const std::string text(line.header.message.substr(0, 500));
    if (messages_.size() < kMessagesKept)
      messages_.push_back(text);
    else
      messages_[random_() % kMessagesKept] = text;
  }

  void Splice(SourceId source, int64_t file) {
    const std::string prefix = prefix_;
    Fault fault{file, offsets_[file], 0};
    if (faults_.size() % 2 == 0 || messages_.size() < kBurst) {
      Feed(source, file,
           prefix + fmt::format("fatal: quorble controller {} wedged, unrecoverable zarn fault",
                                faults_.size()),
           true);
    } else {
      std::vector<std::string> burst = messages_;
      for (size_t i = burst.size() - 1; i > 0; --i) std::swap(burst[i], burst[random_() % (i + 1)]);
      for (size_t i = 0; i < kBurst; ++i) Feed(source, file, prefix + burst[i], true);
    }
    fault.end = offsets_[file];
    faults_.push_back(fault);
    spliced_ = false;
  }

  void Collect() {
    CommitUnit unit = pipeline_->TakeUnit();
    for (Anomaly& a : unit.anomalies) anomalies_.insert_or_assign(a.seq, std::move(a));
    for (Incident& i : unit.incidents) incidents_.insert_or_assign(i.seq, std::move(i));
  }

  Pipeline* pipeline_;
  Time from_;
  std::map<int64_t, SourceId> sources_;
  std::map<int64_t, uint64_t> offsets_;
  std::map<uint64_t, Anomaly> anomalies_;
  std::map<uint64_t, Incident> incidents_;
  std::vector<Fault> faults_;
  std::vector<std::string> messages_;
  std::string prefix_;  // of the latest record: its header
  std::mt19937 random_{1};
  uint64_t lines_ = 0, held_out_ = 0, known_ = 0;
  Time last_ = kNoTime;
  bool spliced_ = false;
};

// Runs a pass of its own pipeline.
Result<std::unique_ptr<Pipeline>> MakePipeline(const Config& config, const GroupConfig& group,
                                               const std::function<Result<ModelSet>()>& models) {
  Result<ModelSet> loaded = models();
  if (!loaded) return loaded.error();
  return Pipeline::Create(config, group, std::move(*loaded), nullptr);
}

}  // namespace

Status MeasureBundle(const Config& config, const GroupConfig& group, const LogFiles& files,
                     const std::function<Result<ModelSet>()>& models, Time from,
                     const LeftOut& left_out, QualityFacts* facts) {
  uint64_t records = 0;
  for (const bool with_faults : {false, true}) {
    auto pipeline = MakePipeline(config, group, models);
    if (!pipeline) return pipeline.error();
    auto reader = MergedReader::Create(files.sources, group);
    if (!reader) return reader.error();
    Pass pass(pipeline->get(), from);
    const uint64_t room = records > kLeadIn ? records - kLeadIn : 0;
    pass.Run(&*reader, with_faults ? std::max<uint64_t>(1, room / (kFaults + 1)) : 0);
    if (with_faults) {
      facts->faults = pass.faults();
      facts->faults_found = pass.Found();
      continue;
    }
    records = facts->held_out = pass.held_out();
    facts->coverage =
        records == 0 ? 0 : static_cast<double>(pass.known()) / static_cast<double>(records);
    facts->held_out_days =
        pass.last() > from ? std::chrono::duration<double>(pass.last() - from).count() / 86400 : 0;
    facts->alerts = pass.Alerts(left_out);
    facts->alerts_allowed = config.budget_per_day * facts->held_out_days;
  }
  return {};
}

}  // namespace alogd
