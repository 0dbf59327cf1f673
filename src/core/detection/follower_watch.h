// SPDX-License-Identifier: MIT
// Templates that always follow others in their stream, and did not.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"
#include "core/detection/watch.h"

namespace alogd {

class Catalog;

// "A is followed by B within t". Of each template A the first record opens a wait of `within`; the
// templates of its stream that come meanwhile are its followers. Each later wait counts for or
// against each of them; one that fails more than one in twenty is dropped, so that few are left
// after some waits, and a template without any costs nothing more. B is missed when it was there
// `least` times for each (1 + 4 x times that it was not), unless B is also about where A is not:
// more than two records of B for each of A say that it comes anyway.
//
// Rejected: mining all pairs with their lift (as in association rules): its memory grows with the
// square of the templates, for pairs that a second wait already refutes.
//
// A function of the records in order and their watermarks. Memory: kMaxLeaders x at most 16
// followers of 24 bytes, and kMaxWaits. Not for sessions: their order is the other detectors' to
// judge.
class FollowerWatch {
 public:
  static constexpr size_t kMaxLeaders = 4096;
  static constexpr size_t kMaxFollowers = 16;  // of one template, those that came first
  static constexpr size_t kMaxWaits = 1024;    // at a time; beyond it none are begun
  static constexpr size_t kMaxWaitsOfStream = 32;

  FollowerWatch(const FollowersOptions& options, uint8_t severity)
      : options_(options), severity_(severity) {}
  void set_options(const FollowersOptions& options, uint8_t severity) {
    if (options.within != options_.within) Jump();  // waits stand in order of their deadlines
    options_ = options;
    severity_ = severity;
  }

  void Observe(const Sighting& record, const Catalog& catalog, WatchSteps* out);
  // kEndOfTime where nothing is waited for.
  Time NextDeadline() const { return waits_.empty() ? kEndOfTime : waits_.front().deadline; }
  // Ends the waits whose deadline is `now` or earlier.
  void Advance(Time now, const Catalog& catalog, WatchSteps* out);
  void Jump();  // time moved elsewhere: waits end without a verdict
  void Clear() { *this = FollowerWatch(options_, severity_); }
  size_t leaders() const { return leaders_.size(); }

  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);
  void SaveChanges(StateWriter& out);
  [[nodiscard]] bool ApplyChanges(StateReader& in);

 private:
  struct Follower {
    TemplateId id{};
    uint32_t hits = 0, misses = 0;
    uint64_t begin = 0;  // records of it in the catalog when it became one
  };
  struct Leader {
    bool learned = false;  // its first wait is over
    Time last = kNoTime;
    uint64_t begin = 0;  // records of it then
    std::vector<Follower> followers;
  };
  struct Wait {
    TemplateId id{};
    Time deadline = kNoTime;
    RecordRef ref;
    uint8_t severity = 0;
    std::string stream;
    std::vector<TemplateId> seen;  // distinct, at most kMaxFollowers
  };

  void See(const Sighting& record);
  // Takes note of a follower, if it is one; false where nothing more is wanted.
  bool Note(TemplateId id, Wait* wait) const;
  void Begin(const Sighting& record, const Catalog& catalog);
  // The first wait is over at its deadline; without a verdict if nothing was heard lately.
  void EndFirst(const Catalog& catalog, WatchSteps* out);
  void Judge(const Wait& wait, Time now, const Catalog& catalog, WatchSteps* out);
  void Learn(const Wait& wait, const Catalog& catalog, Leader* leader) const;
  bool IsMissed(const Leader& leader, const Follower& follower, TemplateId leader_id,
                const Catalog& catalog) const;
  WatchStep Describe(const Wait& wait, Time now, const std::vector<Follower>& missed,
                     const Catalog& catalog) const;
  void DropOldest();
  void SaveLeader(uint32_t id, const Leader& leader, StateWriter& out) const;
  bool LoadLeaders(StateReader& in);
  static void SaveWait(const Wait& wait, StateWriter& out);
  static bool LoadWait(StateReader& in, Wait* wait);
  void SaveWaits(StateWriter& out) const;
  bool LoadWaits(StateReader& in);

  FollowersOptions options_;
  uint8_t severity_;
  Time last_ = kNoTime;  // watermark of the last record
  std::map<uint32_t, Leader> leaders_;
  std::deque<Wait> waits_;  // by deadline
  uint64_t first_ = 0;      // number of waits_.front()
  struct StreamWaits {
    std::vector<TemplateId> leaders;   // of all its waits
    std::vector<uint64_t> unfinished;  // numbers of those in which something is still wanted
  };
  std::map<std::string, StreamWaits, std::less<>> by_stream_;
  // Over, but nothing was heard in the last half of their time: the next record decides whether the
  // host went on without the follower or was gone itself.
  std::vector<Wait> undecided_;
  std::set<uint32_t> changed_, dropped_;
};

}  // namespace alogd
