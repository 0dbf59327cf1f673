// SPDX-License-Identifier: MIT
// One source's formats, its times, and the container runtime around its lines.
#include "core/headers/header_parser.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/headers/continuation.h"
#include "core/headers/format_vote.h"
#include "core/headers/header_formats.h"
#include "core/headers/header_pattern.h"
#include "core/records/visible_text.h"

namespace alogd {

namespace {

enum class Container : uint8_t { kNone, kDocker, kCri };

constexpr std::string_view kContainerNames[] = {"", "docker", "cri"};

}  // namespace

struct HeaderParser::Impl {
  Impl(LocalZone zone, Time reference) : times(zone, reference), lines(&times), inner(&times) {
    docker.times = cri.times = &times;
  }

  bool Unwrap(std::string_view line, Wrapped* out);

  TimeReader times;
  FormatVote lines;  // of lines as they stand in the file
  FormatVote inner;  // of what container runtimes wrap
  FormatContext docker, cri, again;
  Container container = Container::kNone;  // seen last
  bool look_for_container = true;
  std::string format;
  std::string visible;  // the last line that had colours, without them
};

// A source whose lines settled on a format without a container around them has none.
bool HeaderParser::Impl::Unwrap(std::string_view line, Wrapped* out) {
  if (!look_for_container) return false;
  if (container == Container::kNone && !lines.undecided()) {
    look_for_container = false;
    return false;
  }
  if (container != Container::kCri && UnwrapDocker(line, docker, out)) {
    container = Container::kDocker;
    return true;
  }
  if (container != Container::kDocker && UnwrapCri(line, cri, out)) {
    container = Container::kCri;
    return true;
  }
  return false;
}

std::vector<std::string_view> HeaderFormatNames() {
  std::vector<std::string_view> names{"docker", "cri"};
  for (const KnownFormat& known : KnownFormats()) names.push_back(known.name);
  return names;
}

HeaderParser::HeaderParser(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HeaderParser::HeaderParser(HeaderParser&&) noexcept = default;
HeaderParser& HeaderParser::operator=(HeaderParser&&) noexcept = default;
HeaderParser::~HeaderParser() = default;

Result<HeaderParser> HeaderParser::Create(const HeaderOptions& options) {
  Result<LocalZone> zone = LocalZone::Create(options.time_zone);
  if (!zone.ok()) return zone.error();
  auto impl = std::make_unique<Impl>(*zone, options.reference);
  if (options.format.find('<') != std::string::npos) {
    Result<Layout> layout = ParseHeaderPattern(options.format);
    if (!layout.ok()) return layout.error();
    impl->lines.Fix(std::move(*layout));
    impl->look_for_container = false;
  } else if (options.format == "docker" || options.format == "cri") {
    impl->container = options.format == "cri" ? Container::kCri : Container::kDocker;
  } else if (options.format != "auto" && !options.format.empty()) {
    const KnownFormat* found = nullptr;
    for (const KnownFormat& known : KnownFormats()) {
      if (known.name == options.format) found = &known;
    }
    if (found == nullptr) {
      return Error{
          fmt::format("unknown log format '{}': use auto, a pattern such as '<time> <level> "
                      "<message>', or one of {}",
                      options.format, fmt::join(HeaderFormatNames(), ", "))};
    }
    impl->lines.Fix(found);
    impl->look_for_container = false;
  }
  return HeaderParser(std::move(impl));
}

Header HeaderParser::Parse(std::string_view line) {
  Wrapped wrapped;
  line = VisibleText(line, &impl_->visible);
  if (Unwrap(line, &wrapped)) return ParseParts(wrapped.text, &wrapped).header;
  return ParseParts(line, nullptr).header;
}

bool HeaderParser::Unwrap(std::string_view line, Wrapped* out) { return impl_->Unwrap(line, out); }

LineParts HeaderParser::ParseParts(std::string_view line, const Wrapped* wrapped) {
  LineParts parts;
  FormatVote& vote = wrapped != nullptr ? impl_->inner : impl_->lines;
  if (!vote.Parse(line, &parts)) {
    parts = LineParts();
    parts.header.message = line;
  }
  if (wrapped != nullptr && parts.header.time == kNoTime) parts.header.time = wrapped->time;
  return parts;
}

bool HeaderParser::expects_header(std::string_view line) const {
  const FormatVote& vote = impl_->container == Container::kNone ? impl_->lines : impl_->inner;
  if (vote.expects_header()) return true;
  return vote.has_header() && (BeginsTraceback(line) || BeginsWithException(line));
}

bool HeaderParser::undecided() const {
  return impl_->container == Container::kNone ? impl_->lines.undecided() : impl_->inner.undecided();
}

namespace {
constexpr uint8_t kFormatsVersion = 1;  // of what Formats gives
}

std::string HeaderParser::Formats() const {
  std::string formats;
  if (undecided() || impl_->lines.is_fixed()) return formats;
  StateWriter out(&formats);
  out.U8(kFormatsVersion);
  out.U8(static_cast<uint8_t>(impl_->container));
  (impl_->container == Container::kNone ? impl_->lines : impl_->inner).SaveFormats(out);
  return formats;
}

bool HeaderParser::SetFormats(std::string_view formats) {
  if (impl_->lines.is_fixed()) return true;
  StateReader in(formats);
  const uint8_t version = in.U8(), container = in.U8();
  if (version != kFormatsVersion || container > static_cast<uint8_t>(Container::kCri)) return false;
  FormatVote found(&impl_->times);
  if (!found.LoadFormats(in) || !in.at_end()) return false;
  StateReader again(formats.substr(2));
  // A container's lines are unwrapped by their looks; its votes are about what they hold.
  const bool wrapped = container != static_cast<uint8_t>(Container::kNone);
  return (wrapped ? impl_->inner : impl_->lines).LoadFormats(again);
}

bool HeaderParser::guesses() const {
  return (impl_->container == Container::kNone ? impl_->lines : impl_->inner).guesses_layout();
}

std::string_view HeaderParser::MessageOf(std::string_view line) {
  Level level = Level::kNone;
  if (line.find('\n') != std::string_view::npos) return SecondLine(line, &level);
  TimeReader times = impl_->times;
  impl_->again.times = &times;
  impl_->again.cache = {};
  const FormatVote& vote = impl_->container == Container::kNone ? impl_->lines : impl_->inner;
  return vote.MessageOf(line, &impl_->again);
}

std::string_view HeaderParser::format() const {
  if (impl_->container == Container::kNone) return impl_->lines.name();
  impl_->format = fmt::format("{}: {}", kContainerNames[static_cast<size_t>(impl_->container)],
                              impl_->inner.name());
  return impl_->format;
}

bool HeaderParser::guesses_dates() const { return impl_->times.guesses_dates(); }

void HeaderParser::Save(StateWriter& out) const {
  impl_->times.Save(out);
  out.U8(static_cast<uint8_t>(impl_->container));
  out.Bool(impl_->look_for_container);
  impl_->lines.Save(out);
  impl_->inner.Save(out);
}

bool HeaderParser::Load(StateReader& in) {
  if (!impl_->times.Load(in)) return false;
  const uint8_t container = in.U8();
  if (container > static_cast<uint8_t>(Container::kCri)) return in.Fail(), false;
  impl_->container = static_cast<Container>(container);
  impl_->look_for_container = in.Bool();
  return impl_->lines.Load(in, &impl_->times) && impl_->inner.Load(in, &impl_->times);
}

}  // namespace alogd
