// SPDX-License-Identifier: MIT
// Compares each window of a stream with the stream's recent past.
#include "models/baseline/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/oldest.h"
#include "core/templates/catalog.h"
#include "core/text.h"

namespace alogd {
namespace {

constexpr size_t kDistances = 64;  // remembered of a stream: three of them lie over a 0.95 quantile
constexpr uint64_t kWarmUp = 20;   // windows: fewer give no 0.95 quantile
// A stream that always looks the same has a quantile of almost 0; a fifth of a window may still
// differ (twice that to alarm).
constexpr double kLeastQuantile = 0.2;
constexpr uint32_t kNewBelow = 10;  // a template is new for its first ten records in the group
// A share that the EWMA forgets: a tenth of one record in 50. Keeps a profile under 500 entries.
constexpr float kLeastShare = 0.002f;
constexpr size_t kMaxProfile = static_cast<size_t>(1 / kLeastShare) + 8;  // rounding
// Some 1 KiB each; the stream without a window for longest goes first, an eighth at once.
constexpr size_t kMaxStreams = 2048;
constexpr size_t kMinSession = 5;  // records: the mix of fewer says nothing
// No stream's key is empty but for its source's name; sessions share one.
constexpr std::string_view kSessions = "\x01sessions";
constexpr size_t kShown = 5;  // templates in the evidence

using Shares = std::vector<std::pair<uint32_t, float>>;  // by template, ascending

struct Stream {
  Shares profile;
  std::vector<float> distances;  // a ring once it is full
  uint64_t windows = 0;
  uint64_t used = 0;  // number of the group's window that used it last
};

// One template's share in the window against the profile.
struct Change {
  uint32_t id;
  float now;
  float usual;
};

Shares SharesOf(std::span<const Event> events) {
  std::vector<uint32_t> ids;
  ids.reserve(events.size());
  for (const Event& event : events) ids.push_back(Index(event.id));
  std::sort(ids.begin(), ids.end());
  Shares shares;
  for (size_t i = 0; i < ids.size();) {
    size_t end = i;
    while (end < ids.size() && ids[end] == ids[i]) ++end;
    shares.emplace_back(ids[i], static_cast<float>(end - i) / static_cast<float>(ids.size()));
    i = end;
  }
  return shares;
}

// Union of both, ascending.
std::vector<Change> Compare(const Shares& window, const Shares& profile) {
  std::vector<Change> changes;
  changes.reserve(window.size() + profile.size());
  auto a = window.begin();
  auto b = profile.begin();
  while (a != window.end() || b != profile.end()) {
    if (b == profile.end() || (a != window.end() && a->first < b->first)) {
      changes.push_back({a->first, a->second, 0}), ++a;
    } else if (a == window.end() || b->first < a->first) {
      changes.push_back({b->first, 0, b->second}), ++b;
    } else {
      changes.push_back({a->first, a->second, b->second}), ++a, ++b;
    }
  }
  return changes;
}

class BaselineDetector : public Detector {
 public:
  BaselineDetector(const BaselineOptions& options, const Calibration& calibration)
      : options_(options), calibration_(calibration) {}

  std::string_view name() const override { return "baseline"; }
  WindowSpec spec() const override {
    return {.size = options_.window, .stride = options_.stride, .span = {}};
  }

  void ScoreBatch(const ScoreContext& context, std::span<const Window> windows,
                  std::span<Score> scores) override {
    for (size_t i = 0; i < windows.size(); ++i) scores[i] = ScoreWindow(context, windows[i]);
  }

  void Save(StateWriter& out) const override {
    out.U64(windows_);
    out.U64(streams_.size());
    for (const auto& [key, stream] : streams_) SaveStream(out, key, stream);
  }
  bool Load(StateReader& in) override {
    streams_.clear();
    changed_.clear();
    dropped_.clear();
    windows_ = in.U64();
    return LoadStreams(in);
  }
  void SaveChanges(StateWriter& out) override {
    out.U64(windows_);
    out.U64(dropped_.size());
    for (const std::string& key : dropped_) out.Bytes(key);
    out.U64(changed_.size());
    for (const std::string& key : changed_) SaveStream(out, key, streams_.find(key)->second);
    changed_.clear();
    dropped_.clear();
  }
  bool ApplyChanges(StateReader& in) override {
    windows_ = in.U64();
    for (size_t n = in.Count(1); n > 0 && in.ok(); --n) streams_.erase(std::string(in.Bytes()));
    return LoadStreams(in);
  }
  void Forget(std::string_view stream) override {
    if (const auto it = streams_.find(stream); it != streams_.end()) Drop(it);
  }

 private:
  using Streams = std::map<std::string, Stream, std::less<>>;

  Score ScoreWindow(const ScoreContext& context, const Window& window) {
    Score score;
    const size_t least = window.session ? kMinSession : (options_.window + 1) / 2;
    if (window.events.size() < least) return score;
    Stream& stream = Use(window.session ? kSessions : window.stream);
    const Shares shares = SharesOf(window.events);
    const std::vector<Change> changes = Compare(shares, stream.profile);
    const float distance = Distance(changes) + NewShare(window.events);
    if (stream.windows >= kWarmUp) {
      score.raw = static_cast<float>(static_cast<double>(distance) / Quantile(stream));
      score.anomaly = calibration_.Score(static_cast<double>(score.raw));
      if (context.WantsEvidence(score)) score.evidence = Explain(context, window, changes, score);
    }
    Learn(changes, distance, &stream);
    return score;
  }

  Stream& Use(std::string_view key) {
    auto it = streams_.find(key);
    if (it == streams_.end()) {
      if (streams_.size() >= kMaxStreams) DropOldest();
      it = streams_.emplace(std::string(key), Stream{}).first;
      dropped_.erase(it->first);
    }
    it->second.used = ++windows_;
    changed_.insert(it->first);
    return it->second;
  }

  void Drop(Streams::iterator it) {
    changed_.erase(it->first);
    dropped_.insert(it->first);
    streams_.erase(it);
  }

  void DropOldest() {
    for (const std::string& key :
         OldestEighth(streams_, kMaxStreams, [](const Stream& s) { return s.used; }))
      Drop(streams_.find(key));
  }

  static float Distance(const std::vector<Change>& changes) {
    float sum = 0;
    for (const Change& change : changes) sum += std::abs(change.now - change.usual);
    return sum / 2;
  }

  static float NewShare(std::span<const Event> events) {
    const auto fresh = std::count_if(events.begin(), events.end(),
                                     [](const Event& event) { return event.seen < kNewBelow; });
    return static_cast<float>(fresh) / static_cast<float>(events.size());
  }

  double Quantile(const Stream& stream) const {
    std::vector<float> sorted = stream.distances;
    std::sort(sorted.begin(), sorted.end());
    const double place = std::ceil(options_.quantile * static_cast<double>(sorted.size())) - 1;
    const size_t index = std::min(sorted.size() - 1, static_cast<size_t>(std::max(0.0, place)));
    return std::max(kLeastQuantile, static_cast<double>(sorted[index]));
  }

  void Learn(const std::vector<Change>& changes, float distance, Stream* stream) const {
    const float alpha = stream->windows == 0 ? 1.0f : static_cast<float>(options_.ewm_alpha);
    stream->profile.clear();
    for (const Change& change : changes) {
      const float share = change.usual + alpha * (change.now - change.usual);
      if (share >= kLeastShare) stream->profile.emplace_back(change.id, share);
    }
    // The first window has nothing to differ from.
    if (stream->windows > 0) {
      if (stream->distances.size() < kDistances)
        stream->distances.push_back(distance);
      else
        stream->distances[(stream->windows - 1) % kDistances] = distance;
    }
    ++stream->windows;
  }

  std::unique_ptr<Evidence> Explain(const ScoreContext& context, const Window& window,
                                    std::vector<Change> changes, const Score& score) const {
    // What grew stands before what shrank for it: it is what the operator can look at.
    const auto weight = [](const Change& change) {
      const float difference = change.now - change.usual;
      return difference > 0 ? difference + 0.001f : -difference;
    };
    std::stable_sort(changes.begin(), changes.end(),
                     [&](const Change& a, const Change& b) { return weight(a) > weight(b); });
    auto evidence = std::make_unique<Evidence>();
    evidence->detector = "baseline";
    evidence->raw = score.raw;
    evidence->threshold = static_cast<float>(calibration_.threshold);
    evidence->anomaly = score.anomaly;
    evidence->unit = "share of the window, more (+) or less (-) than usual";
    for (const Change& change : std::span(changes).first(std::min(kShown, changes.size()))) {
      const std::string text = EscapeForTerminal(context.catalog.Text(TemplateId{change.id}), 200);
      evidence->found.emplace_back(text, change.now - change.usual);
    }
    evidence->summary = Summary(window, changes.front(), evidence->found.front().first);
    Blame(window, changes, evidence.get());
    return evidence;
  }

  static std::string Summary(const Window& window, const Change& top, const std::string& text) {
    std::string summary =
        fmt::format("an unusual mix of records: '{}' is {:.0f}% of {} records, usually {:.0f}%",
                    text, static_cast<double>(top.now) * 100, window.events.size(),
                    static_cast<double>(top.usual) * 100);
    const double fresh = static_cast<double>(NewShare(window.events)) * 100;
    if (fresh > 0) summary += fmt::format("; {:.0f}% are of templates hardly seen before", fresh);
    return summary;
  }

  // The latest record of the template that grew most.
  static void Blame(const Window& window, const std::vector<Change>& sorted, Evidence* evidence) {
    evidence->last = static_cast<uint32_t>(window.events.size() - 1);
    const auto grown = std::find_if(sorted.begin(), sorted.end(),
                                    [](const Change& change) { return change.now > change.usual; });
    if (grown == sorted.end()) return;
    for (size_t i = window.events.size(); i-- > 0;) {
      if (Index(window.events[i].id) != grown->id) continue;
      evidence->first = evidence->last = static_cast<uint32_t>(i);
      return;
    }
  }

  static void SaveStream(StateWriter& out, const std::string& key, const Stream& stream) {
    out.Bytes(key);
    out.U64(stream.windows);
    out.U64(stream.used);
    out.U64(stream.distances.size());
    for (const float distance : stream.distances) out.F32(distance);
    out.U64(stream.profile.size());
    for (const auto& [id, share] : stream.profile) {
      out.U64(id);
      out.F32(share);
    }
  }

  bool LoadStreams(StateReader& in) {
    for (size_t n = in.Count(5); n > 0; --n) {
      const std::string key(in.Bytes());
      Stream stream;
      if (!LoadStream(in, &stream)) return false;
      streams_.insert_or_assign(key, std::move(stream));
    }
    return in.ok() && streams_.size() <= kMaxStreams;
  }

  static bool LoadStream(StateReader& in, Stream* stream) {
    stream->windows = in.U64();
    stream->used = in.U64();
    const size_t distances = in.Count(sizeof(float));
    // As many as Learn would have left.
    const uint64_t learned = stream->windows == 0 ? 0 : stream->windows - 1;
    if (distances != std::min<uint64_t>(learned, kDistances)) return false;
    for (size_t i = 0; i < distances; ++i) {
      stream->distances.push_back(in.F32());
      if (!(stream->distances.back() >= 0 && stream->distances.back() <= 2.001f)) return false;
    }
    const size_t shares = in.Count(1 + sizeof(float));
    if (shares > kMaxProfile) return false;
    for (size_t i = 0; i < shares; ++i) {
      const uint32_t id = in.U32();
      stream->profile.emplace_back(id, in.F32());
      const float share = stream->profile.back().second;
      const bool ascending = i == 0 || stream->profile[i - 1].first < id;
      if (!(share >= 0 && share <= 1.001f) || !ascending) return false;
    }
    return in.ok();
  }

  BaselineOptions options_;
  Calibration calibration_;
  uint64_t windows_ = 0;
  Streams streams_;                // ordered: states are compared byte by byte
  std::set<std::string> changed_;  // since the last SaveChanges
  std::set<std::string> dropped_;  // likewise
};

}  // namespace

std::unique_ptr<Detector> MakeBaselineDetector(const BaselineOptions& options,
                                               const Calibration& calibration) {
  return std::make_unique<BaselineDetector>(options, calibration);
}

Calibration UntrainedBaselineCalibration() {
  return {.median = 0, .threshold = 2, .top = 2 + kBaselineSpan, .held_out_windows = 0};
}

}  // namespace alogd
