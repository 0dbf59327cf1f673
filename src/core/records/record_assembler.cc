// SPDX-License-Identifier: MIT
// Which lines go on with the record before them.
#include "core/records/record_assembler.h"

#include <algorithm>

#include "core/headers/column_kinds.h"
#include "core/headers/continuation.h"
#include "core/headers/header_formats.h"
#include "core/headers/scan.h"
#include "core/records/visible_text.h"

namespace alogd {

namespace {

constexpr size_t kMaxHead = 4096;  // bytes of the lines before a slow statement
constexpr size_t kMaxEvent = 64;   // an audit id has about 25 bytes

// In place of an event's id, what the open record is where lines without a header follow it. No
// format's ids look so.
constexpr std::string_view kCrash = "crash";            // all of them belong to it
constexpr std::string_view kTrouble = "trouble";        // a traceback is of what it tells
constexpr std::string_view kWhole = "whole";            // its message began on a line of its own
constexpr std::string_view kHead = "head";              // a header alone; held until its message
constexpr std::string_view kUnfinished = "unfinished";  // the last line says that more comes

// Whether `line`, whose message that is, begins a record although one waits for its message. A
// level before a colon is the message's: java.util.logging puts it there.
bool HasHeader(std::string_view line, std::string_view message) {
  Level level = Level::kNone;
  const size_t end = LevelAt(line, 0, &level);
  if (LooksContinued(line) || (end != 0 && line[std::min(end, line.size() - 1)] == ':'))
    return false;
  return message.data() != line.data() || message.size() != line.size();
}

// A record's mark, or what remains of it behind a continuation.
std::string_view MarkOf(const Header& header, std::string_view text, bool continues,
                        std::string_view before) {
  if (!continues && !header.recognised && BeginsCrash(text)) return kCrash;
  if (IsUnfinished(text)) return kUnfinished;
  if (continues) return before == kUnfinished ? std::string_view() : before;
  return header.level >= Level::kWarning ? kTrouble : std::string_view();
}

// Text without a header that tells of a program's death has no level of its own.
Level LevelOfCrash(std::string_view text, bool crash) {
  if (crash) return Level::kCritical;
  return BeginsTraceback(text) ? Level::kError : Level::kNone;
}

uint32_t Length(uint64_t begin, uint64_t end) {
  return static_cast<uint32_t>(std::min<uint64_t>(end - begin, UINT32_MAX));
}

}  // namespace

Assembled RecordAssembler::Add(const Line& raw) {
  Line line = raw;
  line.text = VisibleText(raw.text, &visible_);
  Wrapped wrapped;
  if (parser_->Unwrap(line.text, &wrapped)) return Join(line, wrapped);
  const uint64_t end = line.offset + line.bytes;
  if (event_ != kHead || !held_[0].begun) return Finish(line.text, nullptr, line.offset, end);
  Held& head = held_[0];
  if (head.text.starts_with('#') && IsAboutStatement(line.text) && head.text.size() < kMaxHead) {
    head.text.append(1, '\n').append(line.text);
    return {Assembled::Kind::kHeld, Header(), line.text, head.offset, Length(head.offset, end)};
  }
  const uint64_t begin = head.offset;
  std::string text = std::move(head.text);
  head = Held();
  event_.clear();
  // Behind a header without a message the next record begins where that header stands.
  if (HasHeader(line.text, parser_->MessageOf(line.text)))
    return Finish(line.text, nullptr, begin, end);
  joined_ = std::move(text.append(1, '\n').append(line.text));
  return Finish(joined_, nullptr, begin, end);
}

Assembled RecordAssembler::Join(const Line& line, const Wrapped& wrapped) {
  Held& held = held_[wrapped.standard_error ? 1 : 0];
  const uint64_t end = line.offset + line.bytes;
  if (wrapped.ends && !held.begun) return Finish(wrapped.text, &wrapped, line.offset, end);
  if (!held.begun) {
    held.begun = true;
    held.offset = line.offset;
  }
  held.text.append(
      wrapped.text.substr(0, kMaxJoined - std::min<size_t>(kMaxJoined, held.text.size())));
  if (!wrapped.ends) {
    return {Assembled::Kind::kHeld, Header(), wrapped.text, held.offset, Length(held.offset, end)};
  }
  joined_ = std::move(held.text);
  const uint64_t begin = held.offset;
  held = Held();
  return Finish(joined_, &wrapped, begin, end);
}

bool RecordAssembler::Continues(const LineParts& parts, std::string_view text) const {
  if (lines_ == 0 || lines_ >= kMaxLines) return false;
  if (parts.header.recognised)
    return parts.continues || (!parts.event.empty() && parts.event == event_);
  if (LooksContinued(text) || traceback_) return true;
  const bool headed = parser_->expects_header(text);
  if (event_ == kCrash) return headed || LooksLikeTrace(text);
  // What a program caught and logs is named behind its record of level WARNING or worse.
  if (BeginsCrash(text)) return headed && event_ == kTrouble && BeginsWithException(text);
  if (event_ == kWhole) return true;
  if (!headed) return false;
  // A program that logs what it caught says so with a level; one that dies says it with the trace.
  if (BeginsTraceback(text)) return event_ == kTrouble;
  return BeginsWithException(text) || LooksWrapped(text) || event_ == kUnfinished;
}

// What the line means for those that follow it.
void RecordAssembler::Follow(const LineParts& parts, std::string_view text, bool continues) {
  lines_ = continues ? lines_ + 1 : 1;
  if (!parts.event.empty()) {
    event_ = parts.event.substr(0, kMaxEvent);
  } else if (event_ != kCrash || !continues) {
    event_ = MarkOf(parts.header, text, continues, event_);
  }
  if (BeginsTraceback(text))
    traceback_ = true;
  else if (!text.empty() && !IsBlank(text[0]))
    traceback_ = false;
}

Assembled RecordAssembler::Finish(std::string_view text, const Wrapped* wrapped, uint64_t offset,
                                  uint64_t end) {
  LineParts parts;
  const bool joined = wrapped == nullptr && text.data() == joined_.data();
  // What a crash prints has no vote about the source's format.
  if (event_ == kCrash && LooksLikeTrace(text))
    parts.header.message = text;
  else
    parts = parser_->ParseParts(joined ? text.substr(0, text.find('\n')) : text, wrapped);
  if (joined) parts.header.message = SecondLine(text, &parts.header.level);
  const bool continues = Continues(parts, text);
  Follow(parts, text, continues);
  if (joined) event_ = kWhole;
  if (!joined && wrapped == nullptr && !continues && parts.header_only) {
    held_[0] = {std::string(text), offset, true};
    event_ = kHead;
    return {Assembled::Kind::kHeld, Header(), text, offset, Length(offset, end)};
  }
  Assembled out{Assembled::Kind::kContinuation, Header(), text, offset, Length(offset, end)};
  if (!continues) {
    out.kind = Assembled::Kind::kRecord;
    out.header = parts.header;
    if (!parts.header.recognised) out.header.level = LevelOfCrash(text, event_ == kCrash);
  }
  return out;
}

void RecordAssembler::Save(StateWriter& out) const {
  out.U64(lines_);
  out.Bool(traceback_);
  out.Bytes(event_);
  for (const Held& held : held_) {
    out.Bool(held.begun);
    if (!held.begun) continue;
    out.U64(held.offset);
    out.Bytes(held.text);
  }
}

bool RecordAssembler::Load(StateReader& in) {
  lines_ = in.U32();
  traceback_ = in.Bool();
  event_ = in.Bytes().substr(0, kMaxEvent);
  for (Held& held : held_) {
    held = Held();
    held.begun = in.Bool();
    if (!held.begun) continue;
    held.offset = in.U64();
    held.text = in.Bytes().substr(0, kMaxJoined);
  }
  return in.ok();
}

}  // namespace alogd
