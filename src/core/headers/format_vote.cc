// SPDX-License-Identifier: MIT
// Voting, settling, and noticing that lines stopped fitting.
#include "core/headers/format_vote.h"

#include <xxhash.h>

#include <algorithm>

#include "core/headers/column_kinds.h"
#include "core/headers/continuation.h"
#include "core/headers/layout_learner.h"
#include "core/headers/scan.h"

namespace alogd {

namespace {

constexpr size_t kHeadBytes =
    256;  // no header is longer, and two hundred of these are the state of a vote
constexpr size_t kMaxLayouts = 6;  // a file with more learned formats has none
constexpr size_t kMaxSlots = 12;
constexpr size_t kLeastHeads = 80;  // of a learned format: at 40 and 60 it must have been the same
constexpr uint32_t kStretch =
    128;  // lines that are looked at together for whether formats still fit
// In the flags of a saved vote: forms of times follow it, and the slots' message keys; its formats
// are on trial.
constexpr uint8_t kHasForms = 4, kHasKeys = 8, kTrial = 16;
constexpr uint64_t kMaxPause = 1 << 20;
constexpr uint32_t kFormSample = 64;  // lines of which one is looked at for its time's form
constexpr uint32_t kMemory = 1024;    // lines after which the counts of headers are halved

// "  27653 INFO ...": a column that is filled up on its left. Stack traces are set in by more.
bool BeginsWithPaddedNumber(std::string_view line) {
  constexpr size_t kMostBlanks = 6;
  size_t at = 0;
  while (At(line, at) == ' ') ++at;
  return at > 0 && at <= kMostBlanks && NumberAt(line, at) != 0;
}

bool SameLayouts(const std::vector<Layout>& a, const std::vector<const Layout*>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].steps() != b[i]->steps()) return false;
  }
  return true;
}

}  // namespace

bool FormatVote::Slot::Match(std::string_view line, LineParts* out) {
  if (known != nullptr) return known->match(line, context, out);
  return layout.Match(line, context.times, &context.cache, &out->header);
}

void FormatVote::Fix(const KnownFormat* known) {
  AddSlot(known, Layout())->context.settled = true;
  fixed_ = true;
  voting_ = false;
}

void FormatVote::Fix(Layout layout) {
  AddSlot(nullptr, std::move(layout));
  fixed_ = true;
  voting_ = false;
}

FormatVote::Slot* FormatVote::AddSlot(const KnownFormat* known, Layout layout) {
  auto slot = std::make_unique<Slot>();
  slot->known = known;
  slot->layout = std::move(layout);
  slot->context.times = times_;
  Slot* out = slot.get();
  slots_.push_back(std::move(slot));
  return out;
}

std::string_view FormatVote::name() const {
  if (voting_ && !settled_once_) return "undecided";
  return slots_.empty() ? std::string_view("none") : slots_.front()->name();
}

bool FormatVote::Parse(std::string_view line, LineParts* out) {
  Slot* slot = ParseSlots(line, out);
  if (slot == nullptr && LooksContinued(line) && !BeginsWithPaddedNumber(line)) return false;
  // "panic: x" is no level and its message: what a crash prints has no vote.
  if (!fixed_ && (slot == nullptr || guesses()) && out->header.time == kNoTime &&
      BeginsCrash(line)) {
    *out = LineParts();
    return false;
  }
  bool fitted = slot != nullptr;
  const bool known = slot != nullptr && slot->known != nullptr;
  if (voting_) {  // which may learn other layouts: `slot` is gone then
    fitted = Vote(line, slot, out);
  } else if (!fixed_) {
    Watch(fitted);
  }
  ++lines_;
  // A sample: forms seldom change, and to tell one costs a scan.
  if (fitted && (matched_ < kLeastLines || matched_ % kFormSample == 0)) forms_.Add(line);
  if (!fitted) {
    unseen_.times = times_;
    fitted = ParseTimed(line, &unseen_, out);
  }
  if (!known) NoteHeaderOnly(line, fitted, out);
  if (fitted) ++matched_;
  if (lines_ >= kMemory) lines_ /= 2, matched_ /= 2;
  return fitted;
}

// A header with nothing behind it is one half of a record in some sources, and in others a program
// had nothing to say. Known formats of two lines know it by themselves.
void FormatVote::NoteHeaderOnly(std::string_view line, bool fitted, LineParts* out) {
  constexpr int32_t kMost = 8, kMiss = 4;
  const bool bare = fitted && !out->header_only && out->header.message.size() <= 2 &&
                    std::none_of(out->header.message.begin(), out->header.message.end(), IsAlnum);
  if (!bare && last_header_only_ == 0) return;
  const uint64_t hash = bare ? XXH3_64bits(line.data(), line.size()) | 1 : 0;
  if (last_header_only_ != 0) {
    // The same line comes again once the text behind it is known.
    const bool text = !fitted || hash == last_header_only_;
    header_only_ = std::clamp(header_only_ + (text ? 1 : -kMiss), -kMost, kMost);
    last_header_only_ = 0;
    if (hash != 0 && text) return;
  }
  if (!bare) return;
  last_header_only_ = hash;
  out->header_only = header_only_ >= 0;
}

// A line in none of the source's formats that begins with a time. To take it for a continuation
// would hide just the lines that matter: rare ones.
bool FormatVote::ParseTimed(std::string_view line, FormatContext* scratch, LineParts* out) const {
  *out = LineParts();
  const bool own = forms_.BeginsOwn(line);
  if (!own && ParseUnseen(line, scratch, out)) return true;
  const bool dated = own || forms_.BeginsRecord(line);
  if (ParseColumns(line, dated, scratch, out)) return true;
  return dated && MatchTime(line, scratch->times, &scratch->cache, &out->header);
}

// The columns of that layout of which the line has most.
bool FormatVote::ParseColumns(std::string_view line, bool dated, FormatContext* scratch,
                              LineParts* out) const {
  size_t most = 0;
  for (const std::unique_ptr<Slot>& slot : slots_) {
    if (slot->known != nullptr || (slot->layout.BeginsWithTime() && !dated)) continue;
    Header header;
    const size_t columns =
        MatchColumns(line, slot->layout, scratch->times, &scratch->cache, &header);
    if (columns <= most) continue;
    most = columns;
    out->header = header;
  }
  return most > 0;
}

// A known format that no line of the vote had, if it has a time.
bool FormatVote::ParseUnseen(std::string_view line, FormatContext* scratch, LineParts* out) const {
  if (fixed_) return false;
  scratch->settled = false;
  scratch->message_key = {};
  for (const KnownFormat& known : KnownFormats()) {
    if (known.match(line, *scratch, out) && out->header.time != kNoTime) return true;
    *out = LineParts();
  }
  return false;
}

std::string_view FormatVote::MessageOf(std::string_view line, FormatContext* scratch) const {
  for (const std::unique_ptr<Slot>& slot : slots_) {
    size_t message = 0;
    LineParts parts;
    scratch->settled = slot->context.settled;
    scratch->message_key = slot->context.message_key;
    if (slot->known == nullptr) {
      if (slot->layout.Fits(line, &message)) return line.substr(message);
    } else if (slot->known->match(line, *scratch, &parts)) {
      return parts.header.message;
    }
  }
  LineParts parts;
  const bool timed = !LooksContinued(line) && ParseTimed(line, scratch, &parts);
  return timed ? parts.header.message : line;
}

FormatVote::Slot* FormatVote::ParseSlots(std::string_view line, LineParts* out) {
  for (const std::unique_ptr<Slot>& slot : slots_) {
    if (!slot->Match(line, out)) {
      *out = LineParts();
      continue;
    }
    // After a few lines of a format its weaker signs count too.
    if (++slot->lines == 3) slot->context.settled = true;
    return slot.get();
  }
  return nullptr;
}

// One line of the vote, which `slot` fits, or none. True if the line fits now.
bool FormatVote::Vote(std::string_view line, Slot* slot, LineParts* out) {
  ++voters_;
  if (slot == nullptr) slot = Discover(line, out);
  bool fitted = slot != nullptr;
  if (!fitted || slot->known == nullptr) {
    heads_.emplace_back(line.substr(0, kHeadBytes));
    if (IsLearningTime() || (!fitted && heads_.size() <= kLeastLines)) {
      Learn();
      *out = LineParts();
      fitted = ParseSlots(line, out) != nullptr;
    }
  }
  const bool known_certain = voters_ >= kLeastLines && heads_.size() * 10 <= voters_;
  const bool learned_certain = heads_.size() >= kLeastHeads && unchanged_ >= 2;
  if (known_certain || learned_certain || voters_ >= kMostLines) Settle();
  return fitted;
}

// Tries the known formats that were not seen yet. They stand before learned ones.
FormatVote::Slot* FormatVote::Discover(std::string_view line, LineParts* out) {
  for (const KnownFormat& known : KnownFormats()) {
    const bool seen = std::any_of(slots_.begin(), slots_.end(),
                                  [&](const auto& s) { return s->known == &known; });
    if (seen || slots_.size() >= kMaxSlots) continue;
    FormatContext context;
    context.times = times_;
    const bool fits = known.match(line, context, out);
    *out = LineParts();
    if (!fits) continue;
    Slot* slot = AddSlot(&known, Layout());
    slot->lines = 1;
    known.match(line, slot->context, out);  // again, so that views point into the buffers that stay
    std::stable_partition(slots_.begin(), slots_.end(),
                          [](const auto& s) { return s->known != nullptr; });
    return slot;
  }
  return nullptr;
}

bool FormatVote::IsLearningTime() const {
  switch (heads_.size()) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 6:
    case 8:
    case 10:
    case 12:
    case 16:
    case 20:
    case 30:
    case 40:
    case 60:
    case 80:
    case 120:
    case 160:
    case 200:
      return true;
    default:
      return false;
  }
}

// Learned layouts anew from the heads so far.
void FormatVote::Learn() {
  std::vector<std::string_view> lines(heads_.begin(), heads_.end());
  std::vector<Layout> layouts = LearnLayouts(lines, kMaxLayouts);
  std::vector<const Layout*> old;
  for (const auto& slot : slots_) {
    if (slot->known == nullptr) old.push_back(&slot->layout);
  }
  if (SameLayouts(layouts, old)) {
    ++unchanged_;
    return;
  }
  unchanged_ = 0;
  std::erase_if(slots_, [](const auto& slot) { return slot->known == nullptr; });
  for (Layout& layout : layouts) {
    Slot* slot = AddSlot(nullptr, std::move(layout));
    size_t message = 0;
    std::erase_if(lines, [&](std::string_view line) {
      const bool fits = slot->layout.Fits(line, &message);
      slot->lines += fits ? 1 : 0;
      return fits;
    });
  }
}

void FormatVote::Settle() {
  if (!heads_.empty()) Learn();
  std::stable_sort(slots_.begin(), slots_.end(),
                   [](const auto& a, const auto& b) { return a->lines > b->lines; });
  voting_ = false;
  settled_once_ = true;
  heads_.clear();
  heads_.shrink_to_fit();
  voters_ = unchanged_ = 0;
  stretch_ = stretch_unfit_ = 0;
  since_vote_ = 0;
}

// A third of the lines fitting nothing calls for another vote.
void FormatVote::Watch(bool fitted) {
  ++since_vote_;
  ++stretch_;
  if (!fitted) ++stretch_unfit_;
  if (trial_ && stretch_ >= kLeastLines) {
    trial_ = false;
    if (stretch_unfit_ * 2 > stretch_) {  // it is no such source
      slots_.clear();
      forms_ = TimeForms();
      voting_ = true;
      settled_once_ = false;
      stretch_ = stretch_unfit_ = 0;
    }
  }
  if (stretch_ < kStretch) return;
  if (stretch_unfit_ * 3 > stretch_ && since_vote_ >= pause_) {
    voting_ = true;
    pause_ = std::min(pause_ * 2, kMaxPause);
  }
  stretch_ = stretch_unfit_ = 0;
}

void FormatVote::SaveSlots(StateWriter& out) const {
  out.U64(slots_.size());
  for (const auto& slot : slots_) {
    out.U64(slot->lines);
    out.Bool(slot->context.settled);
    out.Bytes(slot->known != nullptr ? slot->known->name : std::string_view());
    if (slot->known == nullptr) slot->layout.Save(out);
  }
}

bool FormatVote::LoadSlots(StateReader& in) {
  slots_.clear();
  const size_t slots = in.Count(3);
  if (slots > kMaxSlots + kMaxLayouts) return in.Fail(), false;
  for (size_t i = 0; i < slots && in.ok(); ++i) {
    const uint64_t lines = in.U64();
    const bool settled = in.Bool();
    const std::string_view name = in.Bytes();
    const std::span<const KnownFormat> known = KnownFormats();
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const KnownFormat& k) { return k.name == name; });
    Layout layout;
    if (name.empty() ? !Layout::Load(in, &layout) : found == known.end()) return in.Fail(), false;
    Slot* slot = AddSlot(name.empty() ? nullptr : &*found, std::move(layout));
    slot->lines = lines;
    slot->context.settled = settled;
  }
  return in.ok();
}

void FormatVote::SaveFormats(StateWriter& out) const {
  SaveSlots(out);
  forms_.Save(out);
  for (const auto& slot : slots_) slot->context.message_key.Save(out);
}

bool FormatVote::LoadFormats(StateReader& in) {
  if (!LoadSlots(in) || !forms_.Load(in)) return false;
  for (const auto& slot : slots_)
    if (!slot->context.message_key.Load(in)) return false;
  voting_ = false;
  settled_once_ = trial_ = true;
  return true;
}

void FormatVote::Save(StateWriter& out) const {
  out.U8(static_cast<uint8_t>((voting_ ? 1 : 0) | (settled_once_ ? 2 : 0) | (trial_ ? kTrial : 0) |
                              kHasForms | kHasKeys));
  SaveSlots(out);
  out.U64(heads_.size());
  for (const std::string& head : heads_) out.Bytes(head);
  for (const uint64_t n :
       {uint64_t{voters_}, uint64_t{unchanged_}, uint64_t{matched_}, uint64_t{lines_},
        uint64_t{stretch_}, uint64_t{stretch_unfit_}, since_vote_, pause_}) {
    out.U64(n);
  }
  forms_.Save(out);
  out.I64(header_only_);
  out.U64(last_header_only_);
  for (const auto& slot : slots_) slot->context.message_key.Save(out);
}

bool FormatVote::Load(StateReader& in, TimeReader* times) {
  times_ = times;
  const uint8_t flags = in.U8();
  voting_ = (flags & 1) != 0;
  settled_once_ = (flags & 2) != 0;
  trial_ = (flags & kTrial) != 0;
  if (!LoadSlots(in)) return false;
  heads_.clear();
  const size_t heads = in.Count(1);
  if (heads > kMostLines) return in.Fail(), false;
  for (size_t i = 0; i < heads; ++i) heads_.emplace_back(in.Bytes().substr(0, kHeadBytes));
  for (uint32_t* n : {&voters_, &unchanged_, &matched_, &lines_, &stretch_, &stretch_unfit_})
    *n = in.U32();
  since_vote_ = in.U64();
  pause_ = std::clamp<uint64_t>(in.U64(), 1, kMaxPause);
  forms_ = TimeForms();
  header_only_ = 0;
  last_header_only_ = 0;
  if ((flags & kHasForms) != 0) {
    if (!forms_.Load(in)) return false;
    header_only_ = static_cast<int32_t>(std::clamp<int64_t>(in.I64(), -8, 8));
    last_header_only_ = in.U64();
  }
  if ((flags & kHasKeys) != 0) {
    for (const auto& slot : slots_)
      if (!slot->context.message_key.Load(in)) return false;
  }
  return in.ok();
}

}  // namespace alogd
