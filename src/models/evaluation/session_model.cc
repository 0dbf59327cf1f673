// SPDX-License-Identifier: MIT
// Sessions to events, events to raw scores.
#include "models/evaluation/session_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "models/bundle/golden.h"
#include "models/registry/detectors.h"

namespace alogd {
namespace {

constexpr size_t kBatch = 64;              // as the pipeline has it
constexpr int64_t kSpacing = 600'000'000;  // microseconds between two sessions: each an incident
constexpr int64_t kBegin = 1'700'000'000'000'000;

constexpr std::string_view kEnsemble = "ensemble";

std::string EnsembleWithout(const std::string& detector) {
  return fmt::format("{} without {}", kEnsemble, detector);
}

std::string TemplateText(uint32_t number) { return fmt::format("t{}", number); }

}  // namespace

Corpus SessionCorpus(std::span<const NumberedSession> sessions) {
  Corpus corpus;
  std::unordered_map<uint32_t, uint32_t> words;
  for (size_t i = 0; i < sessions.size(); ++i) {
    corpus.streams.push_back(fmt::format("\tsession-{}", i));
    const int64_t at = kBegin + static_cast<int64_t>(i) * kSpacing;
    for (const uint32_t number : sessions[i]) {
      const auto next = static_cast<uint32_t>(corpus.templates.size());
      const auto [it, added] = words.emplace(number, next);
      if (added) corpus.templates.push_back(TemplateText(number));
      // All at one time, for nothing is known of it.
      corpus.records.push_back({FromMicros(at), it->second, static_cast<uint32_t>(i), 0, 0});
    }
  }
  corpus.records_seen = corpus.records.size();
  return corpus;
}

GroupConfig SessionGroup(const GroupConfig& group) {
  GroupConfig sessions = group;
  sessions.stream.kind = StreamOptions::Kind::kSession;
  sessions.stream.idle = 10min;
  return sessions;
}

Result<SessionModel> SessionModel::Create(const GroupConfig& group, const Bundle& bundle) {
  Result<ModelSet> models = MakeModelSet(group, &bundle);
  if (!models) return models.error();
  SessionModel model(std::move(*models));
  model.catalog_ = CatalogOf(bundle.vocabulary);
  model.counts_ = bundle.counts;
  model.rare_ = bundle.rare;
  for (uint32_t word = 0; word < bundle.vocabulary.size(); ++word) {
    const std::string& text = bundle.vocabulary[word];
    uint32_t number = 0;
    std::from_chars(text.data() + 1, text.data() + text.size(), number);
    model.words_.emplace(number, word);
  }
  for (const auto& [name, entry] : bundle.manifest["detectors"].items())
    model.thresholds_[name] = entry["calibration"]["threshold"].get<double>();
  if (!model.models_.joint) return model;
  model.thresholds_[std::string(kEnsemble)] = model.models_.joint->threshold;
  const nlohmann::json& metrics = bundle.manifest["joint"]["metrics"];
  const nlohmann::json without = metrics.value("without", nlohmann::json::object());
  for (const auto& [name, threshold] : without.items())
    model.thresholds_[EnsembleWithout(name)] = threshold.get<double>();
  // Where a detector is the only one, the joint score of it alone decides.
  const nlohmann::json alone = metrics.value("alone", nlohmann::json::object());
  for (const auto& [name, threshold] : alone.items())
    if (const SurpriseCurve* curve = model.models_.joint->Find(name))
      model.thresholds_[name] = static_cast<double>(curve->RawOf(threshold.get<float>()));
  return model;
}

std::vector<Event> SessionModel::Events(const NumberedSession& session) const {
  std::vector<Event> events;
  for (const uint32_t number : session) {
    Event event;
    event.time = FromMicros(0);
    if (const auto it = words_.find(number); it != words_.end()) {
      event.word = it->second;
      event.id = TemplateId{it->second};
      event.seen = static_cast<uint32_t>(std::min<uint64_t>(counts_[it->second], UINT32_MAX));
    } else {
      event.id = TemplateId{static_cast<uint32_t>(words_.size()) + number};
      event.created = true;
    }
    events.push_back(event);
  }
  return events;
}

bool SessionModel::Known(const NumberedSession& session) const {
  return std::all_of(session.begin(), session.end(), [&](uint32_t number) {
    const auto it = words_.find(number);
    return it != words_.end() && !rare_[it->second];
  });
}

std::vector<double> SessionModel::ScoreWith(Detector* detector,
                                            std::span<const NumberedSession> sessions) {
  std::string memory;
  StateWriter out(&memory);
  detector->Save(out);
  // A memory is set back before each session, so they cannot share a batch.
  const size_t batch = memory.empty() ? kBatch : 1;
  std::vector<double> raw;
  for (size_t begin = 0; begin < sessions.size(); begin += batch) {
    if (!memory.empty()) {
      StateReader in(memory);
      static_cast<void>(detector->Load(in));
    }
    const auto some = sessions.subspan(begin, std::min(batch, sessions.size() - begin));
    std::vector<std::vector<Event>> events;
    std::vector<Window> windows;
    for (const NumberedSession& session : some) events.push_back(Events(session));
    for (const std::vector<Event>& of : events)
      windows.push_back({of, "session", of.back().time, true, false});
    std::vector<alogd::Score> scores(windows.size());
    detector->ScoreBatch({.catalog = catalog_, .explain_all = false}, windows, scores);
    for (const alogd::Score& score : scores) raw.push_back(static_cast<double>(score.raw));
  }
  return raw;
}

std::map<std::string, std::vector<double>> SessionModel::Score(
    std::span<const NumberedSession> sessions) {
  std::map<std::string, std::vector<double>> scores;
  for (auto& detector : models_.detectors) {
    if (const DetectorSpec* spec = FindDetector(detector->name()); spec && spec->past) continue;
    scores[std::string(detector->name())] = ScoreWith(detector.get(), sessions);
  }
  if (models_.joint) AddJoint(&scores);
  for (auto& [name, of] : scores)
    if (const DetectorSpec* spec = FindDetector(name); spec && spec->known_only)
      for (size_t i = 0; i < sessions.size(); ++i)
        if (!Known(sessions[i])) of[i] = std::numeric_limits<double>::infinity();
  return scores;
}

void SessionModel::AddJoint(std::map<std::string, std::vector<double>>* scores) const {
  std::map<std::string, std::vector<double>> joint;
  const size_t sessions = scores->begin()->second.size();
  for (const auto& [name, threshold] : thresholds_) {
    if (!name.starts_with(kEnsemble)) continue;
    std::vector<JointSum> sums(sessions);
    for (const auto& [detector, raw] : *scores) {
      const SurpriseCurve* curve = models_.joint->Find(detector);
      if (!curve || name == EnsembleWithout(detector)) continue;
      for (size_t i = 0; i < sessions; ++i)
        sums[i].Add(*curve, curve->Surprise(static_cast<float>(raw[i])));
    }
    for (const JointSum& sum : sums) joint[name].push_back(static_cast<double>(sum.total()));
  }
  scores->merge(joint);
}

}  // namespace alogd
