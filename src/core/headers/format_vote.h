// SPDX-License-Identifier: MIT
// Which formats a source has: by vote over its first lines, and again when lines stop fitting.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/headers/header_formats.h"
#include "core/headers/header_layout.h"
#include "core/headers/timed_line.h"
#include "core/state.h"

namespace alogd {

// The formats seen in one source, commonest first, and the vote that finds them. Lines that
// continue a record by their looks have no vote.
class FormatVote {
 public:
  static constexpr uint32_t kLeastLines = 20;  // a known format is certain by then
  static constexpr uint32_t kMostLines = 200;  // a learned one has settled by then, or never will

  // `times` is the source's and outlives this.
  explicit FormatVote(TimeReader* times) : times_(times) {}
  FormatVote(const FormatVote&) = delete;
  FormatVote& operator=(const FormatVote&) = delete;

  // No vote: the source has this format and no other.
  void Fix(const KnownFormat* known);
  void Fix(Layout layout);

  // Takes the line apart by the first format that fits; one that fits none but begins with a time
  // is a record all the same, with what columns it has. False for others; `out` is empty then.
  bool Parse(std::string_view line, LineParts* out);

  // The message of a line by the formats known by now; it has no vote, and nothing changes but
  // `scratch`, where a text that had to be unescaped stays until the next call.
  std::string_view MessageOf(std::string_view line, FormatContext* scratch) const;

  // True where a line without a header is an exception, so that it belongs to the record before it.
  bool expects_header() const { return has_header() && !guesses(); }
  bool has_header() const { return matched_ * 2 > lines_; }
  bool undecided() const { return voting_; }
  // Of the commonest format; "undecided" during the first vote, "none" without any.
  std::string_view name() const;

  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in, TimeReader* times);

  // What a settled vote found, for another source to begin with, and that. Such a source has no
  // vote unless its first lines do not fit.
  void SaveFormats(StateWriter& out) const;
  [[nodiscard]] bool LoadFormats(StateReader& in);
  bool is_fixed() const { return fixed_; }
  // A learned layout is but a guess yet: a part of its lines' headers may be taken for message.
  bool guesses_layout() const { return guesses() && !slots_.empty(); }

 private:
  struct Slot {
    const KnownFormat* known = nullptr;  // else `layout`
    Layout layout;
    FormatContext context;
    uint64_t lines = 0;

    bool IsCertain() const { return known != nullptr && context.settled; }
    std::string_view name() const { return known != nullptr ? known->name : layout.name(); }
    bool Match(std::string_view line, LineParts* out);
  };

  // What the first vote says so far: the next lines may be of another format.
  bool guesses() const {
    return voting_ && !settled_once_ && (slots_.empty() || !slots_.front()->IsCertain());
  }
  Slot* AddSlot(const KnownFormat* known, Layout layout);
  // The slot that fits, or null; `out` is filled then.
  Slot* ParseSlots(std::string_view line, LineParts* out);
  Slot* Discover(std::string_view line, LineParts* out);
  bool ParseTimed(std::string_view line, FormatContext* scratch, LineParts* out) const;
  bool ParseColumns(std::string_view line, bool dated, FormatContext* scratch,
                    LineParts* out) const;
  bool ParseUnseen(std::string_view line, FormatContext* scratch, LineParts* out) const;
  bool Vote(std::string_view line, Slot* fitted, LineParts* out);
  void Learn();
  void Settle();
  void Watch(bool fitted);
  void SaveSlots(StateWriter& out) const;
  [[nodiscard]] bool LoadSlots(StateReader& in);
  void NoteHeaderOnly(std::string_view line, bool fitted, LineParts* out);
  bool IsLearningTime() const;

  TimeReader* times_;
  std::vector<std::unique_ptr<Slot>> slots_;  // known ones before learned ones while voting
  TimeForms forms_;
  // Headers without a message, by what came behind them: text counts 1, another header -4. While
  // it is not negative, text is expected there.
  int32_t header_only_ = 0;
  uint64_t last_header_only_ = 0;  // hash of the line before if it was one; else 0
  FormatContext unseen_;           // of lines in formats that no slot has
  bool voting_ = true;
  bool fixed_ = false;
  bool settled_once_ = false;
  bool trial_ = false;              // the formats come from elsewhere, and few lines were seen yet
  std::vector<std::string> heads_;  // beginnings of voting lines that no known format fits
  uint32_t voters_ = 0;             // lines of this vote
  uint32_t unchanged_ = 0;          // times that learning gave what it gave before
  // Lines with and without a header lately, halved now and then.
  uint32_t matched_ = 0, lines_ = 0;
  // Of the present stretch of lines: how many there were, how many fitted nothing.
  uint32_t stretch_ = 0, stretch_unfit_ = 0;
  uint64_t since_vote_ = 0;
  uint64_t pause_ = 256;  // lines between votes; doubled by each, so that chaos costs little
};

}  // namespace alogd
