// SPDX-License-Identifier: MIT
// What a detector sees and says: events, windows, scores, and the interface itself.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/detection/anomaly.h"
#include "core/detection/joint.h"
#include "core/state.h"
#include "core/types.h"

namespace alogd {

class Catalog;

// Dense index of a template in the bundle's vocabulary; kUnknownWord where it has none.
inline constexpr uint32_t kUnknownWord = std::numeric_limits<uint32_t>::max();

// One record as windows hold it: 24 bytes, no text.
struct Event {
  Time time;  // event time, never before the group's earlier ones by more than clamping allows
  TemplateId id = kNoTemplate;
  uint32_t word = kUnknownWord;  // in the vocabulary of the bundle in force; remapped at a swap
  uint32_t seen = 0;  // how many records of the group had this template before this one (saturates)
  uint8_t severity = 0;
  bool created = false;  // this record created its template
  // Where ScoreContext::numbers has the numbers of its message, from 1; 0: nobody wants them. Only
  // in the batch in which the record came.
  uint16_t numbers = 0;
};

// Which windows of a stream a detector wants.
struct WindowSpec {
  uint32_t size = 10;   // records; a window holds the last `size`
  uint32_t stride = 1;  // records between the ends of two windows
  Duration span{0};  // > 0: instead, all records of each full `span` of event time (at most `size`)
  // Instead, at every record with numbers the last `size` ones, or as many as there are since a
  // pause or since the session began; of sessions, too.
  bool each = false;
};

// Records of one stream that follow each other without a pause over max_gap, oldest first, or a
// whole session. The views are valid during ScoreBatch only.
struct Window {
  std::span<const Event> events;  // never empty
  std::string_view stream;  // "program" or session key, prefixed by the source: unique in the group
  Time end;                 // time of the last event, or the deadline that ended it
  bool session = false;     // a whole session, of any length, scored at its end
  bool tail =
      false;  // ended by a gap before it was full (size or stride): fewer or overlapping events
};

// Whether the blamed record is of a statement that never came before, in a group that knows what is
// normal. It is no matter of degree and decides by itself, see Decision.
enum class News : uint8_t {
  kNone,
  kEarly,  // the group has learned for a while, not to the end
  kNew,
  kRare,  // new, where new statements are rare
};

// A detector's word on one window.
struct Score {
  float raw = std::numeric_limits<float>::quiet_NaN();  // own unit; NaN: no opinion
  float anomaly = 0;  // calibrated: 0 at or under the threshold, else up to 100
  float joint = std::numeric_limits<float>::quiet_NaN();  // of its moment; see JointModel
  News news = News::kNone;
  bool alone = false;                  // no other voice of its moment says so
  std::unique_ptr<Evidence> evidence;  // set where anomaly > 0, for news, or where it was asked for
};

struct ScoreContext {
  const Catalog& catalog;    // texts for evidence
  bool explain_all = false;  // evidence for every window with an opinion
  // Evidence for windows whose raw score is at least so high, whatever their own threshold says.
  float explain_from = std::numeric_limits<float>::infinity();
  // Of the records of this batch, each: how many, and the numbers. See Event::numbers.
  std::span<const float> numbers{};

  bool WantsEvidence(const Score& score) const {
    return score.anomaly > 0 || score.news != News::kNone || explain_all ||
           score.raw >= explain_from;
  }
};

// Turns windows into scores. One instance per group; called from one thread. Scores depend on the
// window and, for detectors with a memory (EWMA, rates), on the windows before it in order, never
// on how windows were batched.
class Detector {
 public:
  virtual ~Detector() = default;

  virtual std::string_view name() const = 0;
  virtual WindowSpec spec() const = 0;
  // scores.size() == windows.size(); windows in the order in which they ended.
  virtual void ScoreBatch(const ScoreContext& context, std::span<const Window> windows,
                          std::span<Score> scores) = 0;

  // The state convention of core/state.h, for detectors with a memory. It must not grow without
  // limit.
  virtual void Save(StateWriter& out) const = 0;
  [[nodiscard]] virtual bool Load(StateReader& in) = 0;
  virtual void SaveChanges(StateWriter& out) = 0;
  [[nodiscard]] virtual bool ApplyChanges(StateReader& in) = 0;
  // A stream was evicted or its session ended: what is remembered of it may go.
  virtual void Forget(std::string_view stream) = 0;
  // Scoring the same window again gives the same score.
  virtual bool stateless() const { return false; }
};

// A detector without a memory inherits this.
class StatelessDetector : public Detector {
 public:
  void Save(StateWriter&) const override {}
  bool Load(StateReader&) override { return true; }
  void SaveChanges(StateWriter&) override {}
  bool ApplyChanges(StateReader&) override { return true; }
  void Forget(std::string_view) override {}
  bool stateless() const final { return true; }
};

// A bundle brought to life: what Pipeline is handed at the start and at a swap.
struct ModelSet {
  std::string bundle;                   // its name (a timestamp directory); empty: no bundle
  std::vector<std::string> vocabulary;  // template text by word, all trained
  std::vector<std::unique_ptr<Detector>> detectors;
  // By word: whether a detector wants the numbers of its records. Empty: none does.
  std::vector<bool> number_words;
  // Where the bundle has one, it decides instead of the thresholds of the detectors that it knows.
  std::optional<JointModel> joint;
  // Detectors whose own threshold counts beside the joint one: the operator set it.
  std::vector<std::string> alone;
  // Header formats by source, as Parser::FoundFormats gave them in training.
  std::map<std::string, std::string, std::less<>> formats;
};

}  // namespace alogd
