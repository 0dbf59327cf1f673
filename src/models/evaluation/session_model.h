// SPDX-License-Identifier: MIT
// Numbered sessions as a corpus to train on, and a bundle that scores them.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/config/config.h"
#include "core/result.h"
#include "core/templates/catalog.h"
#include "models/bundle/bundle.h"
#include "models/corpus/corpus.h"
#include "models/evaluation/session_files.h"

namespace alogd {

// Sessions one after the other, one in ten minutes. The text of a template is "t<number>".
Corpus SessionCorpus(std::span<const NumberedSession> sessions);
// Sessions of the corpus in a day: what a share of sessions is as alarms a day.
inline constexpr double kSessionsPerDay = 144;
// The group with sessions for streams, whatever it has otherwise.
GroupConfig SessionGroup(const GroupConfig& group);

// The detectors of a bundle that was trained on such a corpus.
class SessionModel {
 public:
  // `group` and `bundle` as they were trained.
  static Result<SessionModel> Create(const GroupConfig& group, const Bundle& bundle);

  // Raw scores by detector, each session by itself; NaN: no opinion. The joint sums are those of
  // "ensemble", and of "ensemble without X" for each detector X.
  std::map<std::string, std::vector<double>> Score(std::span<const NumberedSession> sessions);
  // In the unit of the scores.
  std::map<std::string, double> Thresholds() const { return thresholds_; }

 private:
  explicit SessionModel(ModelSet models) : models_(std::move(models)) {}
  std::vector<Event> Events(const NumberedSession& session) const;
  std::vector<double> ScoreWith(Detector* detector, std::span<const NumberedSession> sessions);
  void AddJoint(std::map<std::string, std::vector<double>>* scores) const;
  bool Known(const NumberedSession& session) const;

  ModelSet models_;
  Catalog catalog_;
  std::unordered_map<uint32_t, uint32_t> words_;  // by template number
  std::vector<uint64_t> counts_;                  // records of training by word
  std::vector<bool> rare_;
  std::map<std::string, double> thresholds_;
};

}  // namespace alogd
