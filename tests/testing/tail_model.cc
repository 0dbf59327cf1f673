// SPDX-License-Identifier: MIT
// The steps of a schedule, and the books of what stands where.
#include "testing/tail_model.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace alogd::testing {
namespace {

constexpr size_t kKept = 4;  // rotated files

// Token 2N is the first half of line N, 2N + 1 the second.
std::string TokenText(int token) {
  const int line = token / 2;
  if (token % 2 == 0)
    return fmt::format("[{}:{}", line, std::string(static_cast<size_t>(line % 37), 'x'));
  // Now and then a line longer than the block that is compared.
  const int filler = line % 97 == 0 ? 6000 : line % 53;
  return fmt::format("~{}:{}", line, std::string(static_cast<size_t>(filler), 'y'));
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What gzip does: a file beside, with the same time, then the plain one goes.
void GzipTo(const std::string& from, const std::string& to) {
  struct stat st {};
  ::stat(from.c_str(), &st);
  const std::string text = ReadFile(from);
  archive* writer = archive_write_new();
  archive_write_add_filter_gzip(writer);
  archive_write_set_format_raw(writer);
  EXPECT_EQ(archive_write_open_filename(writer, to.c_str()), ARCHIVE_OK);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(writer, entry);
  archive_write_data(writer, text.data(), text.size());
  archive_entry_free(entry);
  archive_write_free(writer);
  const struct timespec times[2] = {st.st_atim, st.st_mtim};
  ::utimensat(AT_FDCWD, to.c_str(), times, 0);
}

}  // namespace

TailModel::Schedule TailModel::RandomSchedule(uint64_t seed, int steps) {
  std::mt19937_64 random(seed);
  random.discard(100);  // not the numbers that the model itself begins with
  Schedule schedule(static_cast<size_t>(steps));
  for (uint64_t& step : schedule) step = random();
  return schedule;
}

TailModel::Schedule TailModel::Shrunk(uint64_t seed, Schedule schedule) {
  for (size_t stretch = std::max<size_t>(schedule.size() / 2, 1); stretch > 0; stretch /= 2) {
    for (size_t at = 0; at < schedule.size();) {
      Schedule fewer = schedule;
      const auto begin = fewer.begin() + static_cast<std::ptrdiff_t>(at);
      const size_t size = std::min(stretch, fewer.size() - at);
      fewer.erase(begin, begin + static_cast<std::ptrdiff_t>(size));
      if (TailModel(seed, fewer).Play().empty()) {
        at += size;
      } else {
        schedule = std::move(fewer);
      }
    }
  }
  return schedule;
}

TailModel::TailModel(uint64_t seed, Schedule schedule)
    : random_(seed), schedule_(std::move(schedule)) {
  symlink_ = Pick(5) == 0;
  dated_ = Pick(3) == 0;
  constexpr size_t kTurns[] = {700, 5000, 256 * 1024};
  options_.turn_bytes = kTurns[Pick(3)];
  if (symlink_) SwapSymlink();
}

std::string TailModel::Play() {
  WriteLines(Active());
  rig_ = std::make_unique<TailRig>(log_, options_);
  ReadAll();
  Commit();
  for (const uint64_t step : schedule_) {
    random_.seed(step);
    Step();
  }
  if (!rig_->up()) Start();
  ReadAll();
  for (int i = 0; i < 2; ++i) {
    rig_->Wait(std::chrono::seconds(6));  // what waits for its time comes, then its unfinished line
    ReadAll();
  }
  Commit();
  return Verdict();
}

void TailModel::Step() {
  if (Pick(4) == 0) rig_->Wait(std::chrono::milliseconds(Pick(3000)));
  const int what = Pick(100);
  if (what < 3) return Preallocate();
  if (what < 6) return SaveAnew();
  if (what < 25) return WriteLines(Active());
  if (what < 32) return WriteHalf(Active());
  if (what < 38 && !old_writers_.empty()) {
    Writer* writer =
        old_writers_[static_cast<size_t>(Pick(static_cast<int>(old_writers_.size())))].get();
    return Pick(3) == 0 ? WriteHalf(writer) : WriteLines(writer);
  }
  if (what < 46) return RotateByRename();
  if (what < 54) return RotateByCopy();
  if (what < 56) return TruncateWithoutCopy();
  if (what < 58) return DeletePath();
  if (what < 62) return Compress();
  if (what < 65 && symlink_) return SwapSymlink();
  if (!rig_->up()) return what < 85 ? Start() : WriteLines(Active());
  if (what < 75) return ReadSome();
  if (what < 83) return ReadAll();
  if (what < 91) return Commit();
  if (what < 97) return Kill();
  if (what < 98)
    return Note("held files expire"), old_writers_.clear(), ReadAll(),
           rig_->Wait(std::chrono::minutes(11)), ReadAll();
}

void TailModel::Write(Writer* writer, const std::string& text) {
  if (!writer->at) return writer->log.Write(text);
  EXPECT_EQ(::pwrite(writer->log.fd(), text.data(), text.size(), *writer->at),
            static_cast<ssize_t>(text.size()));
  *writer->at += static_cast<off_t>(text.size());
}

// From now on the program writes where it is, into what it allocated, and not at the end.
void TailModel::Preallocate() {
  Writer* writer = Active();
  if (writer->half != 0) return WriteLines(writer);  // NULs within a line are text
  Note("preallocate");
  struct stat st {};
  EXPECT_EQ(::fstat(writer->log.fd(), &st), 0);
  if (!writer->at) {
    writer->log = LogWriter(Real(), 0);
    writer->at = st.st_size;
  }
  const off_t end = std::max(st.st_size, *writer->at);
  EXPECT_EQ(::posix_fallocate(writer->log.fd(), end, 1 + Pick(30'000)), 0);
  Stamp(writer->log.fd());
}

// As sed -i, rsync and editors do: a new file with the same text takes the place of the log.
void TailModel::SaveAnew() {
  if (!names_.contains(Real())) return;
  // Space alone has nothing by which its copy is known again once it is compressed while alogd is
  // down.
  if (names_[Real()]->tokens.empty()) return WriteLines(Active());
  Note("save anew");
  const std::string saved = directory_ / "saved";
  CopyFile(Real(), saved);
  LetGo(Pick(2) == 0);
  const std::shared_ptr<Content> old = names_[Real()];
  names_[Real()] = std::make_shared<Content>(Content{old->tokens, false, old->unknown});
  Rename(saved, Real());
  Stamp(LogWriter(Real()).fd());
  // What is rotated away before it was looked at, or was looked at and not committed, is not
  // promised.
  if (!rig_->up()) Start();
  ReadAll();
  Commit();
}

void TailModel::Put(Writer* writer, int token) {
  Write(writer, TokenText(token) + (token % 2 == 1 ? "\n" : ""));
  Written(writer, {token});
}

void TailModel::Written(Writer* writer, const std::set<int>& tokens) {
  writer->content->tokens.insert(tokens.begin(), tokens.end());
  written_.insert(tokens.begin(), tokens.end());
  Stamp(writer->log.fd());
  if (writer->content->unknown) may_be_lost_.insert(tokens.begin(), tokens.end());
  // Into a deleted file: only who has it open can read it.
  Destroyed(tokens, writer->content->open_in_reader);
}

void TailModel::WriteLines(Writer* writer) {
  const int count = 1 + Pick(Pick(8) == 0 ? 120 : 6);
  Note(fmt::format("write {}{}", count, writer == writer_.get() ? "" : " by the old descriptor"));
  if (writer->half != 0) Put(writer, std::exchange(writer->half, 0) * 2 + 1);
  std::set<int> tokens;
  for (int i = 0; i < count; ++i) {
    ++lines_;
    Write(writer, TokenText(lines_ * 2) + TokenText(lines_ * 2 + 1) + "\n");
    tokens.insert({lines_ * 2, lines_ * 2 + 1});
  }
  Written(writer, tokens);
}

void TailModel::WriteHalf(Writer* writer) {
  if (writer->at) return WriteLines(writer);
  Note("write half");
  if (writer->half != 0) return Put(writer, std::exchange(writer->half, 0) * 2 + 1);
  writer->half = ++lines_;
  Put(writer, writer->half * 2);
}

TailModel::Writer* TailModel::Active() {
  if (writer_ != nullptr) return writer_.get();
  std::shared_ptr<Content>& content = names_[Real()];
  const bool create = content == nullptr;
  if (create) content = std::make_shared<Content>();
  writer_ = std::make_unique<Writer>(Writer{LogWriter(Real()), content});
  if (create) Stamp(writer_->log.fd());
  return writer_.get();
}

// Nothing is known of the log: what is rotated away of it unseen cannot be told from history.
void TailModel::RotatedUnknown() {
  if (!rig_->rows().empty() || (rig_->up() && rig_->info().open_files > 0)) return;
  names_[Real()]->unknown = true;
  const std::set<int>& tokens = names_[Real()]->tokens;
  may_be_lost_.insert(tokens.begin(), tokens.end());
}

// The program goes on to write what it has open, or ends.
void TailModel::LetGo(bool keep_old_writer) {
  if (writer_ != nullptr && keep_old_writer) old_writers_.push_back(std::move(writer_));
  writer_.reset();
}

void TailModel::MakeRoom() {
  if (rotated_.size() == kKept) {
    Unlink(rotated_.back());
    rotated_.pop_back();
  }
  if (dated_) return;
  for (size_t i = rotated_.size(); i-- > 0;) {
    const bool gz = rotated_[i].ends_with(".gz");
    const std::string to = fmt::format("{}.{}{}", Real(), i + 2, gz ? ".gz" : "");
    Rename(rotated_[i], to);
    names_[to] = std::move(names_[rotated_[i]]);
    names_.erase(rotated_[i]);
    rotated_[i] = to;
  }
}

std::string TailModel::NewestRotated() {
  if (!dated_) return Real() + ".1";
  ++dates_;  // a day each, in months of 28
  return fmt::format("{}-2026{:02}{:02}", Real(), 1 + dates_ / 28, 1 + dates_ % 28);
}

void TailModel::RotateByRename() {
  if (!names_.contains(Real())) return;
  Note("rename");
  RotatedUnknown();
  MakeRoom();
  const std::string to = NewestRotated();
  Rename(Real(), to);
  names_[to] = std::move(names_[Real()]);
  names_.erase(Real());
  rotated_.insert(rotated_.begin(), to);
  LetGo(Pick(2) == 0);
  if (Pick(2) == 0) Active();  // create
}

void TailModel::RotateByCopy() {
  if (!names_.contains(Real())) return;
  Note("copytruncate");
  RotatedUnknown();
  Writer* writer = Active();
  MakeRoom();
  const std::string to = NewestRotated();
  CopyFile(Real(), to);
  Stamp(LogWriter(to).fd());
  names_[to] = std::make_shared<Content>(Content{writer->content->tokens});
  rotated_.insert(rotated_.begin(), to);
  if (Pick(10) == 0) WriteLines(writer);  // too late for the copy, and soon gone
  Truncate(Real());
  if (writer->at) writer->at = 0;  // a hole is a case of its own
  Stamp(writer->log.fd());
  Destroyed(std::exchange(writer->content->tokens, {}), false);
}

void TailModel::TruncateWithoutCopy() {
  if (!names_.contains(Real())) return;
  Note("truncate");
  Writer* writer = Active();
  Truncate(Real());
  if (writer->at) writer->at = 0;  // a hole is a case of its own
  Stamp(writer->log.fd());
  Destroyed(std::exchange(writer->content->tokens, {}), false);
}

void TailModel::DeletePath() {
  if (!names_.contains(Real())) return;
  Note("delete");
  LetGo(Pick(2) == 0);
  Unlink(Real());
}

void TailModel::Compress() {
  if (rotated_.empty()) return;
  std::string& name = rotated_[static_cast<size_t>(Pick(static_cast<int>(rotated_.size())))];
  if (name.ends_with(".gz")) return;
  Note("gzip");
  const std::shared_ptr<Content> plain = names_[name];
  std::erase_if(old_writers_, [&](const auto& writer) { return writer->content == plain; });
  GzipTo(name, name + ".gz");
  names_[name + ".gz"] = std::make_shared<Content>(Content{plain->tokens});
  const std::string was = std::exchange(name, name + ".gz");
  Unlink(was);
}

void TailModel::SwapSymlink() {
  Note("swap symlink");
  LetGo(Pick(2) == 0);
  if (target_seen_) {
    if (!target_committed_) uncommitted_targets_.insert(target_);
  } else {
    Unknown(target_);
  }
  target_seen_ = target_committed_ = false;
  target_ = directory_ / fmt::format("target{}.log", ++targets_);
  rotated_.clear();
  const std::string next = directory_ / "next";
  EXPECT_EQ(::symlink(target_.c_str(), next.c_str()), 0);
  Rename(next, log_);
  if (Pick(2) == 0) Active();
}

// A symlink led there and on, and no committed row tells of it.
void TailModel::Unknown(const std::string& target) {
  for (const auto& [name, content] : names_) {
    if (!name.starts_with(target)) continue;
    content->unknown = true;
    may_be_lost_.insert(content->tokens.begin(), content->tokens.end());
  }
}

// Clocks of file systems tick coarsely; here each change has a time of its own, as in real life.
void TailModel::Stamp(int fd) {
  clock_ns_ += 1'000'000 + Pick(2'000'000) * int64_t{1000};
  const struct timespec time = {clock_ns_ / 1'000'000'000, clock_ns_ % 1'000'000'000};
  const struct timespec times[2] = {time, time};
  EXPECT_EQ(::futimens(fd, times), 0);
}

void TailModel::Unlink(const std::string& path) {
  EXPECT_EQ(::unlink(path.c_str()), 0) << path;
  const std::shared_ptr<Content> content = names_[path];
  names_.erase(path);
  Destroyed(content->tokens, content->open_in_reader);
}

// `held`: the reader has it open and will read it out, unless it is killed.
void TailModel::Destroyed(const std::set<int>& tokens, bool held) {
  const bool up = rig_ != nullptr && rig_->up();
  for (const int token : tokens) {
    if (StandsSomewhere(token) || committed_.contains(token)) continue;
    if (up && (held || WasEmitted(token))) {
      at_risk_.insert(token);
    } else {
      may_be_lost_.insert(token);
    }
  }
}

bool TailModel::StandsSomewhere(int token) const {
  return std::any_of(names_.begin(), names_.end(),
                     [&](const auto& name) { return name.second->tokens.contains(token); });
}

void TailModel::Looked() {
  TakeLines();
  const auto at_path = names_.find(Real());
  if (at_path == names_.end()) return;
  at_path->second->open_in_reader = true;
  target_seen_ = true;
}

void TailModel::ReadSome() {
  Note("read once");
  rig_->ReadOnce();
  Looked();
}

void TailModel::ReadAll() {
  Note("read");
  rig_->ReadAll();
  Looked();
}

void TailModel::Commit() {
  Note("commit");
  rig_->Commit();
  target_committed_ = target_seen_;
  uncommitted_targets_.clear();
  TakeLines();
  for (; committed_lines_ < parsed_.size(); ++committed_lines_) {
    for (const int token : parsed_[committed_lines_]) {
      committed_.insert(token);
      at_risk_.erase(token);
    }
  }
}

void TailModel::Kill() {
  if (Pick(2) == 0) Commit();
  Note("kill");
  rig_->Kill();
  TakeLines();
  target_seen_ = target_committed_;
  for (const std::string& target : std::exchange(uncommitted_targets_, {})) Unknown(target);
  may_be_lost_.insert(at_risk_.begin(), at_risk_.end());
  at_risk_.clear();
  for (const auto& [name, content] : names_) content->open_in_reader = false;
  // What only a deleted file holds is gone with the descriptors.
  for (const auto& writer : old_writers_) {
    writer->content->open_in_reader = false;
    const bool linked = std::any_of(names_.begin(), names_.end(), [&](const auto& name) {
      return name.second == writer->content;
    });
    if (!linked) Destroyed(writer->content->tokens, false);
  }
}

void TailModel::Start() {
  Note("start");
  const bool known = !rig_->rows().empty();
  rig_->Start();
  if (known) return;
  target_seen_ = target_committed_ = false;
  for (const auto& [name, content] : names_) {
    if (name == Real()) continue;
    content->unknown = true;
    may_be_lost_.insert(content->tokens.begin(), content->tokens.end());
  }
}

// Lines are taken apart once; a kill takes back those that were not committed.
void TailModel::TakeLines() {
  if (rig_ == nullptr) return;
  const std::vector<std::string>& lines = rig_->lines();
  while (parsed_.size() > lines.size()) {
    for (const int token : parsed_.back()) --emitted_[token];
    parsed_.pop_back();
  }
  while (parsed_.size() < lines.size()) {
    parsed_.push_back(TokensOf(lines[parsed_.size()]));
    for (const int token : parsed_.back()) ++emitted_[token];
  }
}

std::vector<int> TailModel::TokensOf(std::string_view text) {
  std::vector<int> tokens;
  while (!text.empty()) {
    const int line = std::atoi(std::string(text.substr(1, 9)).c_str());
    const int token = line * 2 + (text.front() == '~' ? 1 : 0);
    const std::string whole = TokenText(token);
    // A turn ended within the token, and the rest of it was destroyed before the next one.
    if (text.size() < whole.size() && whole.starts_with(text)) {
      if (text.find(':') != std::string_view::npos) torn_.insert(token);
      break;
    }
    if (line == 0 || !text.starts_with(whole)) {
      garbage_ = std::string(text.substr(0, 80));
      break;
    }
    tokens.push_back(token);
    text.remove_prefix(whole.size());
  }
  return tokens;
}

bool TailModel::WasEmitted(int token) const {
  const auto times = emitted_.find(token);
  return times != emitted_.end() && times->second > 0;
}

std::string TailModel::Verdict() {
  TakeLines();
  std::string wrong;
  if (!garbage_.empty()) wrong += "nobody wrote: " + garbage_ + "\n";
  for (const int token : torn_) {
    if (!may_be_lost_.contains(token)) wrong += TokenText(token).substr(0, 8) + " was torn\n";
  }
  for (const int token : written_) {
    const int times = emitted_[token];
    if (times == 1 || (times == 0 && may_be_lost_.contains(token))) continue;
    wrong += fmt::format("{} was read {} times\n", TokenText(token).substr(0, 8), times);
    if (wrong.size() > 400) break;
  }
  return wrong.empty() ? wrong : wrong + "played: " + played_;
}

}  // namespace alogd::testing
