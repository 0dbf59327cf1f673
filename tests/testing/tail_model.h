// SPDX-License-Identifier: MIT
// A model of what may happen to a log, played on real files, that knows which text may be lost.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "testing/tail_rig.h"

namespace alogd::testing {

// Plays one random schedule. Each line is written as two tokens, "[N:" and "~N:", so that it can be
// told even if a rotation tears it in two; a token must come out exactly once, unless it was
// destroyed before anyone could read it, or was read but not committed when it was destroyed and
// alogd killed.
class TailModel {
 public:
  // A number for each step, which alone decides what the step does, so that steps can be left out
  // and the others stay what they were.
  using Schedule = std::vector<uint64_t>;
  static Schedule RandomSchedule(uint64_t seed, int steps);
  // The shortest schedule found that fails still, by leaving out stretches of steps and then single
  // ones.
  static Schedule Shrunk(uint64_t seed, Schedule schedule);

  TailModel(uint64_t seed, Schedule schedule);

  // Empty if all held, else what did not, with the steps that were played. Once.
  std::string Play();

 private:
  // What stands in one inode.
  struct Content {
    std::set<int> tokens;
    bool open_in_reader = false;  // read since the reader was started: it holds a deleted one
    // History, or a symlink led there and on while nobody looked: nothing gives it away, nor what
    // an old writer adds.
    bool unknown = false;
  };
  struct Writer {
    LogWriter log;
    std::shared_ptr<Content> content;
    int half = 0;  // the line whose first half was written; 0: none
    // Where it writes next, if it does not append: it has allocated what is behind.
    std::optional<off_t> at = std::nullopt;
  };

  void Step();
  void Note(const std::string& what) { played_ += what + "; "; }

  // The world.
  void WriteLines(Writer* writer);
  void WriteHalf(Writer* writer);
  static void Write(Writer* writer, const std::string& text);
  void Preallocate();
  void SaveAnew();
  void Put(Writer* writer, int token);
  void Written(Writer* writer, const std::set<int>& tokens);
  Writer* Active();  // opens, and creates where nothing stands
  void RotateByRename();
  void RotateByCopy();
  void RotatedUnknown();
  void MakeRoom();
  void TruncateWithoutCopy();
  void DeletePath();
  void Compress();
  void SwapSymlink();
  void Unknown(const std::string& target);
  void LetGo(bool keep_old_writer);
  void Stamp(int fd);
  void Unlink(const std::string& path);
  std::string Real() const { return symlink_ ? target_ : log_; }
  std::string NewestRotated();

  // The reader.
  void ReadSome();
  void Looked();
  void ReadAll();
  void Commit();
  void Kill();
  void Start();

  // What the model knows.
  void Destroyed(const std::set<int>& tokens, bool held);
  bool StandsSomewhere(int token) const;
  void TakeLines();
  std::vector<int> TokensOf(std::string_view text);  // a line that nobody wrote sets garbage_
  bool WasEmitted(int token) const;
  std::string Verdict();

  int Pick(int below) { return static_cast<int>(random_() % static_cast<uint64_t>(below)); }

  TailDirectory directory_{true};
  const std::string log_ = directory_ / "app.log";
  std::string target_;
  std::mt19937_64 random_;
  Schedule schedule_;
  bool symlink_ = false, dated_ = false;
  bool target_seen_ = false, target_committed_ = false;
  std::set<std::string> uncommitted_targets_;
  SourceFiles::Options options_;
  std::unique_ptr<TailRig> rig_;
  std::map<std::string, std::shared_ptr<Content>> names_;  // of all that stands
  std::vector<std::string> rotated_;                       // names beside Real(), newest first
  std::unique_ptr<Writer> writer_;
  std::vector<std::unique_ptr<Writer>> old_writers_;
  std::set<int> written_, may_be_lost_, at_risk_, torn_;
  std::vector<std::vector<int>> parsed_;  // tokens of the lines that came out
  std::map<int, int> emitted_;            // token: how often
  std::set<int> committed_;
  size_t committed_lines_ = 0;
  int lines_ = 0, dates_ = 0, targets_ = 0;
  int64_t clock_ns_ = 1'700'000'000'000'000'000;
  std::string played_, garbage_;
};

}  // namespace alogd::testing
