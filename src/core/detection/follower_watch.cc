// SPDX-License-Identifier: MIT
// Waits for followers, learns which always come, and says which did not.
#include "core/detection/follower_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "core/detection/stream_key.h"
#include "core/oldest.h"
#include "core/templates/catalog.h"
#include "core/text.h"

namespace alogd {
namespace {

// Of a wait that misses many followers (the stream stopped) the first ones are named.
constexpr size_t kMostNamed = 3;
// What fails more often than one time in so many is no follower.
constexpr uint32_t kOneIn = 20;
// How many more times it must have come for each time that it did not.
constexpr uint32_t kForEachMiss = 4;

bool Holds(const std::vector<TemplateId>& ids, TemplateId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

uint64_t RecordsOf(const Catalog& catalog, TemplateId id) {
  const Template* found = catalog.Find(id);
  return found ? found->count : 0;
}

}  // namespace

void FollowerWatch::Observe(const Sighting& record, const Catalog& catalog, WatchSteps* out) {
  if (!options_.enabled || record.session || record.stream.empty()) return;
  for (const Wait& wait : undecided_)
    if (!record.after_boot) Judge(wait, record.watermark, catalog, out);
  undecided_.clear();
  last_ = record.watermark;
  See(record);
  Begin(record, catalog);
}

void FollowerWatch::See(const Sighting& record) {
  if (by_stream_.empty()) return;
  const auto it = by_stream_.find(record.stream);
  if (it == by_stream_.end()) return;
  std::erase_if(it->second.unfinished,
                [&](uint64_t number) { return !Note(record.id, &waits_[number - first_]); });
}

bool FollowerWatch::Note(TemplateId id, Wait* wait) const {
  if (wait->id == id || Holds(wait->seen, id)) return true;
  const auto found = leaders_.find(Index(wait->id));
  if (found == leaders_.end()) return false;  // dropped meanwhile
  const std::vector<Follower>& followers = found->second.followers;
  const bool learned = found->second.learned;
  const auto is_it = [id](const Follower& f) { return f.id == id; };
  if (learned && std::none_of(followers.begin(), followers.end(), is_it)) return true;
  wait->seen.push_back(id);
  if (!learned || wait->seen.size() >= kMaxFollowers) return wait->seen.size() < kMaxFollowers;
  return !std::all_of(followers.begin(), followers.end(),
                      [&](const Follower& f) { return Holds(wait->seen, f.id); });
}

void FollowerWatch::Begin(const Sighting& record, const Catalog& catalog) {
  auto it = leaders_.find(Index(record.id));
  if (it == leaders_.end()) {
    if (leaders_.size() >= kMaxLeaders) DropOldest();
    it = leaders_.emplace(Index(record.id), Leader{}).first;
    it->second.begin = RecordsOf(catalog, record.id);
    it->second.last = record.watermark;
    changed_.insert(it->first);
  }
  Leader& leader = it->second;
  if (leader.learned && leader.followers.empty()) return;
  if (waits_.size() >= kMaxWaits) return;
  auto stream = by_stream_.find(record.stream);
  if (stream == by_stream_.end())
    stream = by_stream_.emplace(std::string(record.stream), StreamWaits()).first;
  std::vector<TemplateId>& leaders = stream->second.leaders;
  if (Holds(leaders, record.id) || leaders.size() >= kMaxWaitsOfStream) return;
  leader.last = record.watermark;
  changed_.insert(it->first);
  leaders.push_back(record.id);
  stream->second.unfinished.push_back(first_ + waits_.size());
  waits_.push_back({record.id,
                    record.watermark + options_.within,
                    record.ref,
                    record.severity,
                    std::string(record.stream),
                    {}});
}

void FollowerWatch::Advance(Time now, const Catalog& catalog, WatchSteps* out) {
  while (NextDeadline() <= now && !waits_.empty()) EndFirst(catalog, out);
}

void FollowerWatch::EndFirst(const Catalog& catalog, WatchSteps* out) {
  Wait wait = std::move(waits_.front());
  waits_.pop_front();
  ++first_;
  const auto stream = by_stream_.find(wait.stream);
  std::erase(stream->second.leaders, wait.id);
  std::erase(stream->second.unfinished, first_ - 1);
  if (stream->second.leaders.empty()) by_stream_.erase(stream);
  if (last_ >= wait.deadline - options_.within / 2)
    Judge(wait, wait.deadline, catalog, out);
  else if (undecided_.size() < kMaxWaits)
    undecided_.push_back(std::move(wait));
}

void FollowerWatch::Judge(const Wait& wait, Time now, const Catalog& catalog, WatchSteps* out) {
  const auto it = leaders_.find(Index(wait.id));
  if (it == leaders_.end()) return;
  Leader& leader = it->second;
  changed_.insert(it->first);
  if (!leader.learned) return Learn(wait, catalog, &leader);
  std::vector<Follower> missed;
  const auto is_seen = [&](TemplateId id) {
    return std::any_of(wait.seen.begin(), wait.seen.end(),
                       [&](TemplateId s) { return catalog.Resolve(s) == id; });
  };
  for (Follower& follower : leader.followers) {
    const TemplateId id = catalog.Resolve(follower.id);
    if (id != follower.id) {  // it turned out to be another: that one's count begins now
      follower.id = id;
      follower.begin = RecordsOf(catalog, id);
    } else if (is_seen(id)) {
      ++follower.hits;
    } else {
      if (IsMissed(leader, follower, wait.id, catalog)) missed.push_back(follower);
      ++follower.misses;
    }
  }
  std::erase_if(leader.followers,
                [](const Follower& f) { return f.misses * kOneIn > f.hits + kOneIn; });
  if (missed.empty()) return;
  out->push_back(Describe(wait, now, missed, catalog));
  WatchStep& over = out->emplace_back();
  over.over = false;
  over.key = (*out)[out->size() - 2].key;
}

void FollowerWatch::Learn(const Wait& wait, const Catalog& catalog, Leader* leader) const {
  leader->learned = true;
  for (const TemplateId id : wait.seen) {
    const TemplateId now = catalog.Resolve(id);
    const bool known = std::any_of(leader->followers.begin(), leader->followers.end(),
                                   [now](const Follower& f) { return f.id == now; });
    if (!known && now != wait.id) leader->followers.push_back({now, 1, 0, RecordsOf(catalog, now)});
  }
}

bool FollowerWatch::IsMissed(const Leader& leader, const Follower& follower, TemplateId leader_id,
                             const Catalog& catalog) const {
  const uint64_t least = uint64_t{options_.least} * (1 + uint64_t{kForEachMiss} * follower.misses);
  if (follower.hits < least) return false;
  const uint64_t own = RecordsOf(catalog, follower.id) - follower.begin;
  const uint64_t leaders = RecordsOf(catalog, leader_id) - leader.begin;
  return own <= 2 * leaders;
}

WatchStep FollowerWatch::Describe(const Wait& wait, Time now, const std::vector<Follower>& missed,
                                  const Catalog& catalog) const {
  WatchStep step;
  step.key =
      "\x01"
      "followers\t" +
      wait.stream;
  Finding& f = step.finding;
  f.detector_name = f.evidence.detector = "followers";
  f.time = now;
  f.severity = std::max(severity_, wait.severity);
  std::tie(f.source, f.stream) = StreamKeys::Split(wait.stream);
  f.template_id = catalog.Resolve(wait.id);
  f.ref = f.first = f.last = wait.ref;
  const auto best =
      std::max_element(missed.begin(), missed.end(),
                       [](const Follower& a, const Follower& b) { return a.hits < b.hits; });
  const double least = static_cast<double>(options_.least);
  const double sure = static_cast<double>(best->hits) / least /
                      (1 + static_cast<double>(kForEachMiss * best->misses));
  // As for silence: MEDIUM for what is just known well enough, HIGH from ten times that.
  f.score = f.evidence.anomaly =
      static_cast<float>(std::clamp(40 + 20 * std::log10(sure), 40.0, 90.0));
  f.evidence.raw = static_cast<float>(best->hits) / static_cast<float>(best->misses + 1);
  f.evidence.threshold = static_cast<float>(options_.least);
  f.evidence.unit = "times that it followed, for each that it did not";
  std::string what;
  for (size_t i = 0; i < std::min(missed.size(), kMostNamed); ++i) {
    const std::string text = EscapeForTerminal(catalog.Text(missed[i].id), 200);
    f.evidence.expected.emplace_back(text,
                                     static_cast<float>(missed[i].hits) /
                                         static_cast<float>(missed[i].hits + missed[i].misses + 1));
    what += fmt::format("{}'{}', which followed {} of {} times before", i == 0 ? "" : ", nor by ",
                        text, missed[i].hits, missed[i].hits + missed[i].misses);
  }
  if (missed.size() > kMostNamed)
    what += fmt::format(", nor by {} others", missed.size() - kMostNamed);
  f.evidence.summary = fmt::format(
      "'{}' was not followed within {} s by {}", EscapeForTerminal(catalog.Text(wait.id), 200),
      std::chrono::duration_cast<std::chrono::seconds>(options_.within).count(), what);
  return step;
}

void FollowerWatch::Jump() {
  waits_.clear();
  by_stream_.clear();
  undecided_.clear();
}

// Those that have no followers, which are most, first.
void FollowerWatch::DropOldest() {
  const auto age = [](const Leader& l) { return std::pair(!l.followers.empty(), l.last); };
  for (const uint32_t id : OldestEighth(leaders_, kMaxLeaders, age)) {
    leaders_.erase(id);
    changed_.erase(id);
    dropped_.insert(id);
  }
}

}  // namespace alogd
