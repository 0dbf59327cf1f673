// SPDX-License-Identifier: MIT
// Counts values and pairs of values, and says which are new.
#include "core/detection/combination_watch.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "core/detection/stream_key.h"
#include "core/oldest.h"
#include "core/text.h"

namespace alogd {
namespace {

constexpr Duration kCalm = std::chrono::hours(48);  // as long as the other watches learn
constexpr int kCalmer = 3;             // times as long as between any two new ones before
constexpr uint32_t kLeastValue = 10;   // times that each value of a pair has to have come
constexpr double kLeastMeetings = 10;  // e to the -10 is the chance that none of them happened
constexpr float kThreshold = 3;        // one in a thousand
constexpr size_t kHost = CombinationWatch::kParameters, kProgram = kHost + 1;
constexpr size_t kShownBytes = 100;

uint64_t Hash(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

uint64_t HashOf(uint64_t a, uint64_t b) {
  const std::array<uint64_t, 2> both = {a, b};
  return XXH3_64bits(both.data(), sizeof both);
}

// Where the pair of places a < b has its counts.
size_t PairIndex(size_t a, size_t b) {
  constexpr size_t kSlots = CombinationWatch::kSlots;
  return kSlots + a * (2 * kSlots - a - 1) / 2 + (b - a - 1);
}

std::string Named(size_t place, std::string_view text) {
  const std::string shown = EscapeForTerminal(text, kShownBytes);
  if (place == kHost) return fmt::format("the host '{}'", shown);
  if (place == kProgram) return fmt::format("the program '{}'", shown);
  return fmt::format("'{}' (value {})", shown, place + 1);
}

}  // namespace

void CombinationWatch::Observe(const Sighting& record, std::string_view text,
                               std::span<const std::string_view> parameters, WatchSteps* out) {
  if (!options_.enabled) return;
  Pattern* pattern = Find(record, Hash(text));
  pattern->last = record.watermark;
  changed_.insert(Index(record.id));
  Values values;
  News news;
  CountValues(record, parameters, pattern, &values, &news);
  CountPairs(record, values, pattern, &news);
  ++pattern->records;
  const size_t places = std::min(parameters.size(), kParameters);
  pattern->free = std::all_of(pattern->varieties.begin(), pattern->varieties.begin() + places,
                              [](const Variety& v) { return v.free; });
  if (news.raw < kThreshold) return;
  out->push_back(Describe(record, text, *pattern, values, news));
  WatchStep& over = out->emplace_back();
  over.over = false;
  over.key = (*out)[out->size() - 2].key;
}

CombinationWatch::Pattern* CombinationWatch::Find(const Sighting& record, uint64_t text) {
  auto it = patterns_.find(Index(record.id));
  if (it == patterns_.end()) {
    if (patterns_.size() >= kMaxPatterns) DropOldest();
    it = patterns_.emplace(Index(record.id), Pattern()).first;
    it->second.text = text;
  }
  if (it->second.text != text) {
    it->second = Pattern();
    it->second.text = text;
  }
  return &it->second;
}

void CombinationWatch::CountValues(const Sighting& record,
                                   std::span<const std::string_view> parameters, Pattern* pattern,
                                   Values* values, News* news) const {
  for (size_t place = 0; place < kSlots; ++place) {
    Value& value = (*values)[place];
    if (place < kParameters && place < parameters.size()) value.text = parameters[place];
    if (place == kHost) value.text = record.host;
    if (place == kProgram) value.text = record.program;
    if (value.text.empty() || pattern->varieties[place].free) continue;
    if (value.text.size() > kMostBytes) {
      SetFree(place, pattern);
      continue;
    }
    value.key = Hash(value.text);
    const float raw = Surprise(*pattern, place, record.watermark);
    value.before = Add(place, value.key, kMostValues, record.watermark, pattern);
    value.counted = !pattern->varieties[place].free;
    if (value.counted && value.before == 0 && raw > news->raw) *news = {raw, place, kSlots};
  }
}

void CombinationWatch::CountPairs(const Sighting& record, const Values& values, Pattern* pattern,
                                  News* news) const {
  for (size_t a = 0; a < kSlots; ++a) {
    if (!values[a].counted) continue;
    for (size_t b = a + 1; b < kSlots; ++b) {
      const size_t index = PairIndex(a, b);
      if (!values[b].counted || pattern->varieties[index].free) continue;
      const float raw = Surprise(*pattern, index, record.watermark);
      const uint64_t key = HashOf(values[a].key, values[b].key);
      if (Add(index, key, kMostPairs, record.watermark, pattern) > 0) continue;
      const double meetings = static_cast<double>(values[a].before) *
                              static_cast<double>(values[b].before) /
                              std::max(1.0, static_cast<double>(pattern->records));
      if (std::min(values[a].before, values[b].before) < kLeastValue || meetings < kLeastMeetings)
        continue;
      if (raw > news->raw) *news = {raw, a, b};
    }
  }
}

uint32_t CombinationWatch::Add(size_t index, uint64_t key, size_t most, Time now,
                               Pattern* pattern) {
  Variety& variety = pattern->varieties[index];
  pattern->touched |= uint64_t{1} << index;
  for (Count& known : variety.counts) {
    if (known.key != key) continue;
    known.listed = true;
    return known.count++;
  }
  if (variety.counts.size() >= most) return SetFree(index, pattern), 0;
  variety.counts.push_back({key, 1, true});
  if (variety.last_new != kNoTime && now > variety.last_new)
    variety.longest = std::max(variety.longest, now - variety.last_new);
  variety.last_new = now;
  return 0;
}

// A place that is free has no pairs either.
void CombinationWatch::SetFree(size_t index, Pattern* pattern) {
  const auto free = [pattern](size_t i) {
    pattern->varieties[i] = Variety();
    pattern->varieties[i].free = true;
    pattern->touched |= uint64_t{1} << i;
  };
  free(index);
  for (size_t other = 0; index < kSlots && other < kSlots; ++other)
    if (other != index) free(PairIndex(std::min(index, other), std::max(index, other)));
}

float CombinationWatch::Surprise(const Pattern& pattern, size_t index, Time now) const {
  const Variety& variety = pattern.varieties[index];
  if (pattern.records < options_.least || variety.last_new == kNoTime) return 0;
  if (now - variety.last_new < std::max(kCalm, variety.longest * kCalmer)) return 0;
  const auto once = std::count_if(variety.counts.begin(), variety.counts.end(),
                                  [](const Count& known) { return known.count == 1; });
  return static_cast<float>(
      std::log10(static_cast<double>(pattern.records + 1) / static_cast<double>(once + 1)));
}

WatchStep CombinationWatch::Describe(const Sighting& record, std::string_view text,
                                     const Pattern& pattern, const Values& values,
                                     const News& news) const {
  WatchStep step;
  step.key =
      "\x01"
      "combinations\t" +
      std::string(record.source);
  Finding& f = step.finding;
  f.detector_name = f.evidence.detector = "combinations";
  f.time = record.time;
  f.severity = record.severity;
  std::tie(f.source, f.stream) =
      StreamKeys::Split(record.stream.empty() ? record.source : record.stream);
  f.template_id = record.id;
  f.template_text = text;
  f.message = record.message;
  f.ref = f.first = f.last = record.ref;
  f.score = f.evidence.anomaly = std::min(90.0f, 40 + 20 * (news.raw - kThreshold));
  f.evidence.raw = news.raw;
  f.evidence.threshold = kThreshold;
  f.evidence.unit = "surprise (-log10 of its chance)";
  const std::string shown = EscapeForTerminal(text, 200);
  const std::string first = Named(news.a, values[news.a].text);
  if (news.b == kSlots) {
    const size_t others = pattern.varieties[news.a].counts.size();
    f.evidence.summary =
        fmt::format("{} never came before in {} records '{}', which have {} other{} there", first,
                    pattern.records - 1, shown, others - 1, others == 2 ? "" : "s");
  } else {
    f.evidence.summary = fmt::format(
        "{} and {} never went together in {} records '{}', though they came {} and {} times", first,
        Named(news.b, values[news.b].text), pattern.records - 1, shown, values[news.a].before,
        values[news.b].before);
  }
  f.evidence.found.emplace_back(EscapeForTerminal(values[news.a].text, kShownBytes), news.raw);
  if (news.b < kSlots)
    f.evidence.found.emplace_back(EscapeForTerminal(values[news.b].text, kShownBytes), news.raw);
  return step;
}

// Those whose places are all free are seen no more, so they are old.
void CombinationWatch::DropOldest() {
  for (const uint32_t id :
       OldestEighth(patterns_, kMaxPatterns, [](const Pattern& p) { return p.last; })) {
    patterns_.erase(id);
    changed_.erase(id);
    dropped_.insert(id);
  }
}

}  // namespace alogd
