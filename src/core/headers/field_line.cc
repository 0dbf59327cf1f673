// SPDX-License-Identifier: MIT
// JSON and logfmt lines: which of their fields are the header, and which is the message.
#include <algorithm>
#include <array>
#include <string>

#include "core/headers/field_keys.h"
#include "core/headers/header_formats.h"
#include "core/headers/json_line.h"
#include "core/headers/scan.h"

namespace alogd {
namespace {

constexpr size_t kNoRank = 256;

// The fields of one line by their parts.
class FieldLine {
 public:
  explicit FieldLine(FormatContext* context) : context_(context) { context->fields.clear(); }

  void AddJson(JsonFields* fields) {
    for (Field field; fields->Next(&field);) {
      AddTop(field);
      if (!field.string && field.value[0] == '{' && HoldsKnownFields(field.key)) {
        Descend(field.value, std::string(field.key), 1);
      }
    }
  }
  void AddTop(const Field& field) {
    if (!Add(field, field.key)) context_->fields.push_back(field);
  }

  bool Has(FieldPart part) const { return rank_[Index(part)] != kNoRank; }
  bool HasTime() const {
    return times_ > 0 || std::any_of(context_->fields.begin(), context_->fields.end(), IsTime);
  }
  // Chooses the message where no known key names it. Call once, when all fields are there.
  void ChooseMessage() {
    if (Has(FieldPart::kMessage)) return;
    const size_t i = context_->message_key.Choose(context_->fields);
    if (i == context_->fields.size()) return;
    parts_[Index(FieldPart::kMessage)] = context_->fields[i];
    rank_[Index(FieldPart::kMessage)] = 0;
  }

  Time ReadTime() {
    Time time = kNoTime;
    if (!ReadKnownTime(&time)) ReadOtherTime(&time);
    int64_t nanos = 0;
    if (time != kNoTime && Has(FieldPart::kNanos) && ParseDigits(Value(FieldPart::kNanos), &nanos))
      time = FromMicros(Micros(time) + nanos / 1000 % 1000000);
    return time;
  }

  void Fill(Header* header) {
    header->recognised = true;
    if (Has(FieldPart::kMessage)) {
      header->message = Text(FieldPart::kMessage, 0);
    } else {
      header->message = Rendered();
      header->fields = true;
    }
    if (Has(FieldPart::kProgram)) header->program = Text(FieldPart::kProgram, 1);
    if (Has(FieldPart::kHost)) header->host = Text(FieldPart::kHost, 2);
    if (Has(FieldPart::kPid)) header->pid = Text(FieldPart::kPid, 3);
    header->level = level_;
  }

 private:
  static size_t Index(FieldPart part) { return static_cast<size_t>(part); }
  std::string_view Value(FieldPart part) const { return parts_[Index(part)].value; }
  std::string_view Text(FieldPart part, size_t buffer) {
    return Unescaped(Value(part), &context_->buffer[buffer]);
  }

  // Members of a nested object, under the path that leads there.
  void Descend(std::string_view object, const std::string& path, int depth) {
    constexpr int kDeepest = 2;
    JsonFields fields(object);
    for (Field field; fields.Next(&field);) {
      const std::string key = path + "." + std::string(field.key.substr(0, kLongestMember));
      Add(field, key);
      if (depth < kDeepest && !field.string && field.value[0] == '{' && HoldsKnownFields(key))
        Descend(field.value, key, depth + 1);
    }
  }

  // False where the field is no part of the header, and may be text.
  bool Add(const Field& field, std::string_view path) {
    if (field.value.empty()) return true;
    const FieldKey key = FindFieldKey(path);
    const bool nested = !field.string && (field.value[0] == '{' || field.value[0] == '[');
    switch (key.part) {
      case FieldPart::kNone:
        return false;
      case FieldPart::kTime:
        if (nested || times_ == kMostTimes) return nested;
        InsertTime(field, key.rank);
        return true;
      case FieldPart::kLevel: {
        const Level level = nested ? Level::kNone : LevelOfKey(path, field.value);
        if (level == Level::kNone) return false;
        if (key.rank < rank_[Index(key.part)]) level_ = level;
        break;
      }
      case FieldPart::kHost:
        if (!field.string) return false;
        break;
      default:
        if (nested) return false;
        break;
    }
    if (key.rank < rank_[Index(key.part)]) {
      rank_[Index(key.part)] = key.rank;
      parts_[Index(key.part)] = field;
    }
    return true;
  }

  void InsertTime(const Field& field, size_t rank) {
    size_t at = times_++;
    for (; at > 0 && time_rank_[at - 1] > rank; --at) {
      time_rank_[at] = time_rank_[at - 1];
      time_[at] = time_[at - 1];
    }
    time_rank_[at] = rank;
    time_[at] = field.value;
  }

  // The best time that has a date; else a date and a time of day in two fields.
  bool ReadKnownTime(Time* time) {
    constexpr size_t kWholeTime = 16;  // bytes of "2026-11-30T10:00"
    std::string_view clock, date;
    for (size_t i = 0; i < times_; ++i) {
      const std::string_view text = time_[i];
      CivilTime t;
      if (text.size() >= kWholeTime) {
        if (context_->Read(text, time) != 0) return true;
      } else if (!ScanTime(text, &t)) {
        if (date.empty()) date = text;  // a date of another form than counts alone
      } else if (t.is_epoch || (t.has_date() && t.has_time)) {
        return context_->Read(text, time) != 0;
      } else {
        (t.has_time ? clock : date) = text;
      }
    }
    if (clock.empty()) return !date.empty() && context_->Read(date, time) != 0;
    std::string& both = context_->buffer[0];
    both.assign(date);
    if (!date.empty()) both += ' ';
    both += clock;
    return context_->Read(both, time) != 0 || context_->Read(clock, time) != 0;
  }

  static bool IsTime(const Field& field) {
    CivilTime t;
    return field.string && ScanTime(field.value, &t) && t.length == field.value.size() &&
           !t.is_epoch && t.has_date() && t.has_time;
  }

  // A field of another name that is a time, all of it.
  void ReadOtherTime(Time* time) {
    for (const Field& field : context_->fields) {
      if (!IsTime(field)) continue;
      context_->Read(field.value, time);
      return;
    }
  }

  // The fields that are no part of the header, as key=value.
  std::string_view Rendered() {
    std::string& out = context_->buffer[0];
    out.clear();
    for (const Field& field : context_->fields) {
      if (!out.empty()) out += ' ';
      out += field.key;
      out += '=';
      const bool quoted = field.value.find(' ') != std::string_view::npos;
      if (quoted) out += '"';
      out += field.value;
      if (quoted) out += '"';
    }
    return out;
  }

  static constexpr size_t kLongestMember = 64, kMostTimes = 4;

  FormatContext* context_;
  std::array<Field, kFieldParts> parts_;
  std::array<size_t, kFieldParts> rank_ = {kNoRank, kNoRank, kNoRank, kNoRank,
                                           kNoRank, kNoRank, kNoRank, kNoRank};
  Level level_ = Level::kNone;
  std::array<std::string_view, kMostTimes> time_;  // best first
  std::array<size_t, kMostTimes> time_rank_{};
  size_t times_ = 0;
};

}  // namespace

bool MatchJson(std::string_view line, FormatContext& context, LineParts* out) {
  if (At(line, 0) != '{') return false;
  FieldLine log(&context);
  JsonFields fields(line);
  log.AddJson(&fields);
  if (!fields.ok()) return false;
  const bool named = log.Has(FieldPart::kMessage);
  log.ChooseMessage();
  Header& header = out->header;
  // Not just any object: one that says when it was, or what, or how bad.
  const bool leveled = log.Has(FieldPart::kLevel) && log.Has(FieldPart::kMessage);
  const bool other = named || leveled || context.settled;
  if (!other && !log.HasTime()) return false;
  header.time = log.ReadTime();
  if (!other && header.time == kNoTime) return false;
  log.Fill(&header);
  return true;
}

bool MatchLogfmt(std::string_view line, FormatContext& context, LineParts* out) {
  if (!IsAlpha(At(line, 0)) && At(line, 0) != '@' && At(line, 0) != '_') return false;
  FieldLine log(&context);
  LogfmtFields fields(line);
  size_t pairs = 0;
  for (Field field; fields.Next(&field); ++pairs) log.AddTop(field);
  if (pairs < 2 || !fields.ok()) return false;
  log.ChooseMessage();
  const int parts = (log.Has(FieldPart::kMessage) ? 1 : 0) + (log.HasTime() ? 1 : 0) +
                    (log.Has(FieldPart::kLevel) ? 1 : 0);
  if (parts < 2) return false;
  out->header.time = log.ReadTime();
  log.Fill(&out->header);
  return true;
}

}  // namespace alogd
