// SPDX-License-Identifier: MIT
// One score of all detectors' windows that end together, so that one threshold holds for the whole.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alogd {

// Detectors that see the same thing share a voice, see JointSum.
enum class Voice : uint8_t {
  kOwn,
  kContent,  // what a window holds, whatever its order
  kOrder,    // what follows what
};

// How seldom normal windows score so high with one detector.
struct SurpriseCurve {
  std::string detector;
  // Raw score, and -log10 of the share of normal windows that reach it; both ascending. 0 before
  // the first, linear between, and beyond the last as steep as before it.
  std::vector<std::pair<float, float>> knots;
  Voice voice = Voice::kOwn;

  // 0 for NaN: no opinion.
  float Surprise(float raw) const;
  // The least raw score of that surprise; infinity where none has it.
  float RawOf(float surprise) const;
};

// The sum of a moment's surprises, in which those of one voice count as the loudest of theirs. They
// see the same thing, in faults as in normal records: summed, the few normal
// windows that are odd in content outdo faults that one of them, or another detector, is sure of.
class JointSum {
 public:
  void Add(const SurpriseCurve& curve, float surprise) {
    if (curve.voice == Voice::kOwn) {
      others_ += surprise;
      return;
    }
    float& loudest = curve.voice == Voice::kContent ? content_ : order_;
    if (surprise > loudest) loudest = surprise;
  }
  float total() const { return content_ + order_ + others_; }

 private:
  float content_ = 0, order_ = 0, others_ = 0;
};

// How many voices there are among detectors.
class VoiceCount {
 public:
  void Add(Voice voice) {
    content_ |= voice == Voice::kContent;
    order_ |= voice == Voice::kOrder;
    others_ += voice == Voice::kOwn;
  }
  int count() const { return others_ + content_ + order_; }

 private:
  bool content_ = false, order_ = false;
  int others_ = 0;
};

// The windows of all detectors that end with the same record are a moment. Its joint score is the
// sum of their surprises, see JointSum: Fisher's method ("Statistical Methods for Research
// Workers", 1932, section 21.1) but for its chi-square, because detectors depend on each other;
// what sums are normal is measured on held-out data instead. Rejected: the highest of the parts,
// each with a threshold of its own. It alarms once for each part's budget, and a session that five
// detectors find a little odd is as normal to it as one that a single detector does.
//
// A function of the moment's raw scores alone: batches, ticks and restarts change nothing.
struct JointModel {
  std::vector<SurpriseCurve> curves;
  double threshold = 0;
  double top = 1;  // where the anomaly score is 100

  // The curve of that detector; null where training had none.
  const SurpriseCurve* Find(std::string_view detector) const;
  float Anomaly(double sum) const;
};

// A part's share in an alarm is told as evidence where its surprise is at least this share of the
// largest one's.
inline constexpr float kTellingShare = 0.5f;
// ... and at least this: one normal window in thirty does.
inline constexpr float kTellingSurprise = 1.5f;

}  // namespace alogd
