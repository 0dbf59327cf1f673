// SPDX-License-Identifier: MIT
// One message on its way to its masked form: cut into tokens from left to right.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "core/templates/closers.h"
#include "core/templates/kept_words.h"
#include "core/templates/list_text.h"
#include "core/templates/masked_text.h"
#include "core/templates/masks.h"
#include "core/templates/words.h"

namespace alogd {

// Views into the message, which outlives it.
class Masking {
 public:
  Masking(const WordMasks& masks, uint32_t max_tokens, std::string_view message, char* out)
      : masks_(masks),
        tokens_left_(max_tokens),
        p_(message.data()),
        end_(p_ + message.size()),
        out_(out) {}

  // `user`: parts that user masks matched, in order and apart.
  std::string_view Run(std::span<const std::string_view> user) {
    user_ = user;
    while (p_ < end_) {
      if (tokens_left_-- == 0 || !out_.HasRoom()) {
        out_.SetGap(p_, p_);
        out_.Variable();
        p_ = end_;
        break;
      }
      Token();
    }
    if (expect_value_) {
      out_.NoGap();
      out_.Variable();
    }
    return out_.view();
  }

 private:
  void Token() {
    const char* const gap = p_;
    for (const char* const limit = Limit(); p_ < limit && Has(*p_, kBlank);) ++p_;
    out_.SetGap(gap, p_);
    if (p_ == end_) return;
    if (!user_.empty() && p_ >= user_.front().data()) return UserMask();
    if (!Has(*p_, kDelimiter)) return Word();
    Delimiter();
  }

  void UserMask() {
    p_ = user_.front().data() + user_.front().size();
    user_ = user_.subspan(1);
    expect_value_ = false;
    out_.Variable();
  }

  std::string_view Rest() const { return {p_, static_cast<size_t>(end_ - p_)}; }
  const char* Limit() const { return user_.empty() ? end_ : user_.front().data(); }

  // ---- words

  void Word() {
    const char* const begin = p_;
    const char* const limit = Limit();
    unsigned bits = 0;
    while (p_ < limit) {
      const unsigned c = Class(*p_);
      if (c & (kBlank | kDelimiter)) {
        if (*p_ != '\'' || !InsideWord(begin, limit)) break;
      } else if ((c & kDot) && p_ + 1 < limit && p_[1] == '.') {
        break;
      }
      bits |= c;
      ++p_;
    }
    if (p_ == begin) return Dots();
    if (expect_value_) return Value(begin, limit);
    if (p_ < limit && *p_ == ':' && BeyondColon(begin, limit, bits)) return;
    const std::string_view word(begin, static_cast<size_t>(p_ - begin));
    switch (Classify(word, bits)) {
      case WordKind::kVariable:
        return Numbered(word, bits);
      case WordKind::kJoiner:
        if (word == "-" && IsUserBeforeRequest()) return out_.Variable();
        return out_.Constant(word, true);
      case WordKind::kConstant:
        break;
    }
    ConstantWord(word);
  }

  bool BeyondColon(const char* begin, const char* limit, unsigned bits) {
    const std::string_view text(begin, static_cast<size_t>(limit - begin));
    const auto beyond = masks_.MatchBeyondColon(text, static_cast<size_t>(p_ - begin), bits);
    const std::string_view whole = text.substr(0, beyond.length);
    if (whole.empty() || (!beyond.variable && !MaskedText::MayStay(whole))) return false;
    p_ = begin + whole.size();
    beyond.variable ? out_.Variable() : out_.Constant(whole, false);
    return true;
  }

  bool InsideWord(const char* begin, const char* limit) const {
    return p_ > begin && p_ + 1 < limit && Has(p_[-1], kLetter) && Has(p_[1], kLetter);
  }

  void Dots() {
    const char* const begin = p_;
    while (p_ < Limit() && *p_ == '.' && p_ - begin < static_cast<ptrdiff_t>(MaskedText::kMaxWord))
      ++p_;
    out_.Constant({begin, static_cast<size_t>(p_ - begin)}, false);
  }

  WordKind Classify(std::string_view word, unsigned bits) {
    if (word.size() > MaskedText::kMaxWord) return WordKind::kVariable;
    if ((bits & kDigit) && (bits & kLetter) && !(bits & (kHigh | kControl)) &&
        (IsCall(word) || IsNameWithDigit(word.substr(0, word.size() - Tail(word)))))
      return WordKind::kConstant;
    const WordKind kind = masks_.Classify(word, bits, !masks_.all() && IsPidPlace(word));
    if (kind == WordKind::kVariable && (bits & ~unsigned{kLetter | kDot}) == 0 &&
        (IsKey() || EndsWithCapitals(word) || IsOutcomeName(word) || NamesState(word)))
      return WordKind::kConstant;
    if (kind != WordKind::kConstant || word.size() < 3) return kind;
    if (IsValueWord(word)) return WordKind::kVariable;
    if (IsDateWord(word) && (out_.can_join() || DateFollows(Rest()))) return WordKind::kVariable;
    return kind;
  }

  // "event: com.example.job.started": what it ends with is what happened.
  bool NamesState(std::string_view word) const {
    return of_state_ && IsOutcomeWord(word.substr(word.rfind('.') + 1));
  }

  // "sshd[17]", "pid 17", "pid: 17".
  bool IsPidPlace(std::string_view word) const {
    if (!out_.has_gap() && out_.last() == '[' && p_ < end_ && *p_ == ']') return true;
    const char* q = word.data();
    while (q > begin_ && (q[-1] == ' ' || q[-1] == ':' || q[-1] == '=' || q[-1] == '#')) --q;
    return q - begin_ >= 3 && (q[-1] | 0x20) == 'd' && (q[-2] | 0x20) == 'i' &&
           (q[-3] | 0x20) == 'p';
  }

  // A value is assigned to it: "server.http.port = 80".
  bool IsKey() const {
    const char* q = p_ < end_ && *p_ == ' ' ? p_ + 1 : p_;
    return q < end_ && *q == '=' && q + 1 < end_ && q[1] != '=' && q[1] != '>';
  }

  // "step2()".
  bool IsCall(std::string_view word) const {
    return end_ - p_ >= 2 && p_[0] == '(' && p_[1] == ')' && Has(word[0], kLetter);
  }

  // What is counted is a constant, as in "worker#12".
  void Numbered(std::string_view word, unsigned bits) {
    const size_t tail = Tail(word);
    if (const size_t named = masks_.all() ? NumberedName(word.substr(0, word.size() - tail)) : 0;
        named > 0) {
      out_.Constant(word.substr(0, named), named == 1);
      out_.NoGap();
      word.remove_prefix(named);
    }
    VariableWord(word, bits);
  }

  // The sentence's full stop stays outside.
  void VariableWord(std::string_view word, unsigned bits) {
    const size_t tail = Tail(word);
    out_.Variable((bits & kLetter) == 0 ? (bits & kDigit) != 0 : EndsWithNumber(word));
    if (tail == 0) return;
    out_.NoGap();
    out_.Constant(word.substr(word.size() - tail), true);
  }

  // "adm,sudo,users": words with nothing but commas between them are a list.
  bool CommaList() {
    const char* q = p_;
    while (q + 1 < Limit() && *q == ',' && Has(q[1], kLetter)) {
      for (++q; q < Limit() && !Has(*q, kBlank | kDelimiter); ++q) {
      }
    }
    if (q == p_ || (q < Limit() && !Has(*q, kBlank))) return false;
    if (q + 1 < Limit() && q[1] == '=') return false;
    while (q[-1] == '.') --q;  // "a,b... done"
    p_ = q;
    return true;
  }

  void ConstantWord(std::string_view word) {
    if (!out_.view().empty() && p_ < end_ && *p_ == ',' && CommaList()) return out_.Variable();
    if (out_.ends_with_number() && IsUnitWord(word)) return out_.Variable();
    if (SizeFollows(Rest()) && IsMissingWord(word)) return out_.Variable();
    if (FollowsUser() || IsUserBeforeAddress() || IsUserBeforeRequest() || IsQueryKey())
      return out_.Variable();
    out_.Constant(word, false);
    before_last_ = last_;
    last_ = word;
    of_state_ = of_state_ || IsStateWord(word);
  }

  // "for user X", "by user X", "invalid user X".
  bool FollowsUser() const {
    if (last_.size() != 4 || !out_.has_gap() || last_.data() + last_.size() != out_.gap())
      return false;
    if ((last_[0] | 0x20) != 'u' || last_.substr(1) != "ser") return false;
    return before_last_ == "for" || before_last_ == "by" || before_last_ == "invalid" ||
           before_last_ == "Invalid";
  }

  // "for X from 10.0.0.1".
  bool IsUserBeforeAddress() const {
    return last_ == "for" && last_.data() + last_.size() == out_.gap() && AddressFollows(Rest());
  }

  // "10.0.0.1 - X "GET /index"", as in the common log format.
  bool IsUserBeforeRequest() const {
    return out_.has_gap() && out_.can_join() && RequestFollows(Rest());
  }

  // "/a/b?x=1&mode=all": beyond the first pair, too.
  bool IsQueryKey() const {
    return !out_.has_gap() && out_.last() == '&' && out_.can_join() && p_ < end_ && *p_ == '=';
  }

  // Behind '=': up to a blank or what separates pairs.
  void Value(const char* begin, const char* limit) {
    expect_value_ = false;
    while (p_ < limit && p_ != message_quote_ &&
           (*p_ == ':' || *p_ == '\'' || *p_ == '|' || !Has(*p_, kBlank | kDelimiter)))
      ++p_;
    if (p_ > begin && p_ < limit && (*p_ == '(' || *p_ == '{' || *p_ == '[')) {
      if (const char* const close = closers_.FindBracket(p_, limit)) return Printed(begin, close);
    }
    // "/a?x=22: failed": the colon ends the value.
    if (p_ - begin > 1 && p_[-1] == ':' && (p_ == end_ || Has(*p_, kBlank))) --p_;
    const std::string_view word(begin, static_cast<size_t>(p_ - begin));
    if (IsKeptValue(word)) return out_.Constant(word, false);
    unsigned bits = 0;
    for (const char c : word) bits |= Class(c);
    VariableWord(word, bits);  // "size=5 KB"
  }

  // "at=Point(3, 4)": of a printed object the name stays.
  void Printed(const char* begin, const char* close) {
    const std::string_view name(begin, static_cast<size_t>(p_ - begin));
    const bool stays = *p_ != '[' && close - p_ > 1 && IsKeyText(name);
    if (stays) {
      out_.Constant({begin, name.size() + 1}, false);
      out_.NoGap();
    }
    p_ = close + 1;
    out_.Variable();
    if (!stays) return;
    out_.NoGap();
    out_.Constant({close, 1}, false);
  }

  // "res=failed" and "event=user_added" are other events than "res=ok" and "event=user_gone",
  // "type=USER_AUTH" than "type=USER_CMD", "reason = AuthFail: ..." than "reason = RoamFail: ...".
  bool IsKeptValue(std::string_view word) const {
    if (IsOutcomeWord(word) && !IsMissingWord(word)) return true;
    if (!MaskedText::MayStay(word)) return false;
    if (p_ + 1 < end_ && *p_ == ':' && p_[1] == ' ' && IsCode(word)) return true;
    if (IsOutcomeName(word)) return IsKeyText(word);
    if (key_end_ == nullptr || word.data() != key_end_ + 1) return false;
    if (IsMessageWord(last_)) return IsKeyText(word);
    return IsOperationKey(last_) ? IsOperationText(word) : last_ == "type" && IsCapitals(word);
  }

  // ---- delimiters

  void Delimiter() {
    const char c = *p_;
    const char* const limit = Limit();
    if (c == '=') return Equals(limit);
    if (expect_value_ && !((c == '"' || c == '\'') && IsMessageKey()) && ValueGroup(c, limit))
      return;
    expect_value_ = false;
    switch (c) {
      case '(':
      case '[':
      case '{':
      case '<':
        return Open(c, limit);
      case ')':
      case ']':
      case '}':
      case '>':
        ++p_;
        return out_.Close(c);
      case '"':
      case '\'':
        if (Quote(c, limit)) return;
        break;
      default:
        break;
    }
    // "load average: , 0.5, 0.3": nothing stands where else a variable does.
    if (c == ',' && out_.last() == ':' && out_.has_gap()) {
      out_.Variable();
      out_.NoGap();
    }
    ++p_;
    out_.Constant({p_ - 1, 1}, c == ',' || c == ':' || c == ';' || c == '|' || c == '&');
  }

  void Equals(const char* limit) {
    const char* const begin = p_;
    while (p_ < limit && (*p_ == '=' || *p_ == '>')) ++p_;
    const bool assignment = p_ - begin == 1 && !OperatorBefore();
    const bool spaced = out_.has_gap();
    out_.Constant(
        {begin, static_cast<size_t>(std::min<ptrdiff_t>(p_ - begin, MaskedText::kMaxWord))},
        assignment);
    p_ = begin + std::min<ptrdiff_t>(p_ - begin, MaskedText::kMaxWord);
    key_end_ = last_.data() + last_.size() == begin ? begin : nullptr;
    if (!assignment) return;
    if (!spaced && p_ < end_ && last_ == "COMMAND" && key_end_ != nullptr && user_.empty()) {
      p_ = end_;  // a command line is all that follows
      return out_.Variable();
    }
    if (!spaced && (p_ == end_ || Has(*p_, kBlank) || *p_ == ',' || *p_ == ';')) {
      out_.SetGap(p_, p_);
      return out_.Variable();  // the value is empty, or a word or two away
    }
    expect_value_ = true;
  }

  bool OperatorBefore() const {
    const char c = out_.last();
    return !out_.has_gap() && !out_.ends_with_variable() && (c == '!' || c == '<' || c == '>');
  }

  // msg="..." as structured logs have it, and "msg": "...": the text is the message, and not a
  // value.
  bool IsMessageKey() const {
    if (out_.last() == ':') return EndsWithMessageKey(out_.view());
    return key_end_ != nullptr && p_ == key_end_ + 1 && IsMessageWord(last_);
  }

  // Behind '=': a quoted string or a bracketed group is the value as a whole.
  bool ValueGroup(char c, const char* limit) {
    const char* q = p_;
    if (c == '"' || c == '\'') {
      q = closers_.FindQuote(p_ + 1, limit, c);
    } else if (c == '(' || c == '[' || c == '{') {
      q = closers_.FindBracket(p_, limit);
    } else {
      q = nullptr;
    }
    if (!q || IsBehindMessage(q)) return false;
    p_ = q + 1;
    expect_value_ = false;
    out_.Variable();
    return true;
  }

  bool IsBehindMessage(const char* q) const {
    return message_quote_ != nullptr && q >= message_quote_;
  }

  bool Quote(char c, const char* limit) {
    const bool behind_word =
        !out_.has_gap() && out_.last() != '\0' && !Has(out_.last(), kDelimiter | kBlank);
    if (p_ == message_quote_) {
      message_quote_ = nullptr;
      return false;
    }
    if (c == '\'' && behind_word) return false;
    const char* const q = closers_.FindQuote(p_ + 1, limit, c);
    if (!q || IsBehindMessage(q)) return false;
    if (message_quote_ == nullptr && IsMessageKey()) {
      message_quote_ = q;
      return false;
    }
    const std::string_view text(p_ + 1, static_cast<size_t>(q - p_ - 1));
    const size_t verb = c == '"' ? RequestVerb(text) : 0;
    out_.Constant({p_, 1}, false);
    out_.NoGap();
    if (q + 1 < limit && q[1] == ':' && IsKeyText(text)) {
      out_.Constant(text, false);
    } else if (IsKeptQuote(text)) {
      out_.Constant(text, false);
    } else if (verb != 0) {
      out_.Constant(text.substr(0, verb), false);
      out_.SetGap(p_ + 1 + verb, p_ + 2 + verb);
      out_.Variable();
    } else if (!text.empty()) {
      out_.Variable();
    }
    out_.NoGap();
    out_.Constant({q, 1}, false);
    p_ = q + 1;
    return true;
  }

  // "state 'Active'", "result "up"": one word that says how it is.
  bool IsKeptQuote(std::string_view text) const {
    if (!IsKeyText(text) || IsMissingWord(text) || IsValueWord(text)) return false;
    return of_state_ || IsOutcomeWord(text) || IsOutcomeName(text);
  }

  // ---- brackets

  void Open(char c, const char* limit) {
    if (c == '<' && limit - p_ >= 3 && p_[1] == '*' && p_[2] == '>') {
      p_ += 3;
      return out_.Variable();
    }
    if (c == '<' && ComparedNumber(limit)) return out_.Variable(true);
    if (const size_t n = SourcePosition({p_, static_cast<size_t>(limit - p_)});
        n > 0 && masks_.all()) {
      out_.Constant({p_, n}, false);
      p_ += n;
      return;
    }
    if (const size_t n = MissingInAngles({p_, static_cast<size_t>(limit - p_)}); n > 0) {
      p_ += n;
      return out_.Variable();
    }
    if (EmptyGroup(c, limit)) return out_.Variable();
    if (EmptyBeforeGroup(c, limit)) out_.Variable();
    if (c == '(' && CommandGroup()) return;
    if (const char* const close = FindListEnd({p_, limit}, out_.has_gap())) {
      ++p_;
      out_.Open(c);
      out_.NoGap();
      out_.Variable();
      out_.NoGap();
      p_ = close + 1;
      return out_.Close(*close);
    }
    ++p_;
    out_.Open(c);
  }

  // "CMD (run-parts /etc/cron.daily)": a command line, whatever stands in it.
  bool CommandGroup() {
    if (last_ != "CMD" || last_.data() + last_.size() != out_.gap() || !user_.empty()) return false;
    if (end_ - p_ < 3 || end_[-1] != ')') return false;
    out_.Constant({p_, 1}, false);
    out_.NoGap();
    out_.Variable();
    out_.NoGap();
    out_.Constant({end_ - 1, 1}, false);
    p_ = end_;
    return true;
  }

  // "<1": less than, not a bracket.
  bool ComparedNumber(const char* limit) {
    const char* q = p_ + 1;
    while (q < limit && (Has(*q, kDigit | kDot))) ++q;
    if (q == p_ + 1 || (q < limit && (*q == '>' || !Has(*q, kBlank | kDelimiter)))) return false;
    p_ = q;
    return true;
  }

  // "to  (5 KB)": a value and its size, and the value is empty.
  bool EmptyBeforeGroup(char c, const char* limit) const {
    return c == '(' && p_ - out_.gap() == 2 && !out_.ends_with_variable() && limit - p_ > 1 &&
           Has(p_[1], kDigit) && Has(out_.last(), kLetter);
  }

  // "10.0.0.1 ()": nothing stands where else a variable does.
  bool EmptyGroup(char c, const char* limit) {
    if (!out_.can_join() || !out_.has_gap() || limit - p_ < 2) return false;
    if (p_[1] != MaskedText::Closing(c)) return false;
    p_ += 2;
    return true;
  }

  const WordMasks& masks_;
  uint32_t tokens_left_;
  const char* p_;
  const char* const end_;
  const char* const begin_ = p_;
  MaskedText out_;
  std::span<const std::string_view> user_;
  bool expect_value_ = false;  // '=' came before
  Closers closers_;
  std::string_view last_, before_last_;  // constant words
  bool of_state_ = false;                // one of them was a word such as "state"
  const char* message_quote_ = nullptr;  // that closes msg="...", while in it
  const char* key_end_ = nullptr;        // the last '=' that follows one of them at once
};

}  // namespace alogd
