// SPDX-License-Identifier: MIT
// A header's columns: its name, whether a line fits, and its saved form.
#include "core/headers/header_layout.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/headers/layout_cursor.h"
#include "core/headers/scan.h"

namespace alogd {

namespace {

std::string_view Placeholder(Role role) {
  switch (role) {
    case Role::kTime:
      return "<time>";
    case Role::kLevel:
      return "<level>";
    case Role::kHost:
      return "<host>";
    case Role::kProgram:
      return "<program>";
    case Role::kPid:
      return "<pid>";
    case Role::kNone:
      break;
  }
  return "<skip>";
}

std::string NameOf(const std::vector<Step>& steps) {
  std::string name;
  for (const Step& step : steps) {
    std::string text(Placeholder(step.role));
    if (step.kind == StepKind::kBracket) {
      const char close = step.open == '[' ? ']' : step.open == '(' ? ')' : '>';
      text = fmt::format("{}{}{}", step.open, text, close);
    } else if (step.kind == StepKind::kLiteral) {
      text = step.text;
    } else if (step.kind == StepKind::kTag) {
      text += ":";
    } else if (step.kind == StepKind::kUntil) {
      text += step.text;
    }
    if (!name.empty() && !step.exact && name.back() != ' ' && step.text != "|") name += ' ';
    name += text;
  }
  if (name.empty()) return name;
  if (!steps.back().exact) name += name.back() == ' ' ? "" : " ";
  return name + "<message>";
}

}  // namespace

Layout::Layout(std::vector<Step> steps) : steps_(std::move(steps)), name_(NameOf(steps_)) {
  const auto n =
      std::count_if(steps_.begin(), steps_.end(), [](const Step& step) { return step.optional; });
  optional_ = std::min<uint32_t>(static_cast<uint32_t>(n), kMaxOptional);
}

bool Layout::Match(std::string_view line, TimeReader* times, TimeCache* cache, Header* out) const {
  size_t message = 0;
  return Run(line, times, cache, out, &message);
}

bool Layout::Fits(std::string_view line, size_t* message) const {
  Header header;
  return Run(line, nullptr, nullptr, &header, message);
}

bool Layout::Run(std::string_view line, TimeReader* times, TimeCache* cache, Header* out,
                 size_t* message) const {
  // Optional columns are there until it turns out that the line does not fit with them.
  for (uint32_t skipped = 0; skipped < 1u << optional_; ++skipped) {
    if (skipped > 0) *out = Header();
    LayoutCursor cursor(line, times, cache, out);
    if (!cursor.TakeAll(steps_, skipped)) continue;
    *message = steps_.back().exact ? cursor.at() : SkipBlanks(line, cursor.at());
    out->message = line.substr(*message);
    out->recognised = true;
    return true;
  }
  return false;
}

void Layout::Save(StateWriter& out) const {
  out.U64(steps_.size());
  for (const Step& step : steps_) {
    out.U8(static_cast<uint8_t>(step.kind));
    out.U8(static_cast<uint8_t>(step.role));
    out.U8(static_cast<uint8_t>(step.open));
    out.U8(static_cast<uint8_t>((step.optional ? 1 : 0) | (step.exact ? 2 : 0)));
    out.Bytes(step.text);
  }
}

bool Layout::Load(StateReader& in, Layout* out) {
  const size_t count = in.Count(5);
  if (count == 0 || count > kMaxSteps) return in.Fail(), false;
  std::vector<Step> steps(count);
  for (Step& step : steps) {
    const uint8_t kind = in.U8(), role = in.U8();
    if (kind > static_cast<uint8_t>(StepKind::kStrptime) ||
        role > static_cast<uint8_t>(Role::kPid)) {
      return in.Fail(), false;
    }
    step.kind = static_cast<StepKind>(kind);
    step.role = static_cast<Role>(role);
    step.open = static_cast<char>(in.U8());
    const uint8_t flags = in.U8();
    step.optional = (flags & 1) != 0;
    step.exact = (flags & 2) != 0;
    step.text = in.Bytes();
  }
  if (!in.ok()) return false;
  *out = Layout(std::move(steps));
  return true;
}

}  // namespace alogd
