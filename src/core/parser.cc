// SPDX-License-Identifier: MIT
// Drives header, assembly, Drain and severity for each line, and keeps their state.
#include "core/parser.h"

#include <fmt/format.h>

#include <cassert>
#include <string>
#include <unordered_set>
#include <utility>

#include "core/config/units.h"
#include "core/records/routine_report.h"

namespace alogd {

Parser::Parser(const GroupConfig& group, const SeverityOptions& severity)
    : severity_(severity),
      // As many ids again as can live: what was evicted a while ago may still stand in windows.
      catalog_(std::make_unique<Catalog>(size_t{2} * group.drain.max_templates)) {
  header_options_.format = group.format;
  header_options_.time_zone = group.time_zone;
  drain_options_ = group.drain;
}

Result<Parser> Parser::Create(const GroupConfig& group, const SeverityOptions& severity) {
  Parser parser(group, severity);
  // The options are checked once here, so that AddSource cannot fail later.
  if (auto header = HeaderParser::Create(parser.header_options_); !header) return header.error();
  auto redactor = Redactor::Create(group.redact);
  if (!redactor) return redactor.error();
  parser.redactor_ = std::move(*redactor);
  auto drain = Drain::Create(group.drain, parser.catalog_.get());
  if (!drain) return drain.error();
  parser.drain_ = std::make_unique<Drain>(std::move(*drain));
  return parser;
}

std::unique_ptr<HeaderParser> Parser::MakeHeaderParser(std::string_view source,
                                                       Time reference) const {
  HeaderOptions options = header_options_;
  // The journal's entries are rendered by ourselves, whatever the group's files look like.
  if (source == kJournalSource) options.format = "syslog-rfc5424";
  options.reference = reference;
  auto parser = HeaderParser::Create(options);
  assert(parser.ok());  // the same options passed in Create
  auto out = std::make_unique<HeaderParser>(std::move(*parser));
  // Formats of another version are as good as none.
  if (const std::string* formats = FormatsFor(source)) (void)out->SetFormats(*formats);
  return out;
}

const std::string* Parser::FormatsFor(std::string_view source) const {
  if (const auto it = formats_.find(source); it != formats_.end()) return &it->second;
  const auto file = [](std::string_view name) { return name.substr(name.rfind('/') + 1); };
  const std::string* same = nullptr;
  for (const auto& [name, formats] : formats_) {
    if (file(name) == file(source)) return &formats;
    if (same != nullptr && *same != formats) return nullptr;
    same = &formats;
  }
  return same;
}

Parser::Formats Parser::FoundFormats() const {
  Formats out;
  for (const Source& source : sources_) {
    if (source.name == nullptr) continue;
    if (std::string formats = source.header->Formats(); !formats.empty())
      out.emplace(*source.name, std::move(formats));
  }
  return out;
}

SourceId Parser::AddSource(std::string_view name, Time reference) {
  if (const auto it = source_ids_.find(name); it != source_ids_.end()) return it->second;
  SourceId id{static_cast<uint32_t>(sources_.size())};
  for (; !free_.empty(); free_.pop_back()) {
    if (HasSource(free_.back())) continue;
    id = free_.back();
    free_.pop_back();
    break;
  }
  return PutSource(id, name, reference);
}

SourceId Parser::PutSource(SourceId id, std::string_view name, Time reference) {
  if (Index(id) >= sources_.size()) sources_.resize(Index(id) + 1);
  const auto it = source_ids_.emplace(name, id).first;
  sources_[Index(id)] = {&it->first, reference, MakeHeaderParser(name, reference), {}, true, false};
  return id;
}

std::string Parser::SourceFormat(SourceId id) const {
  const Source& source = sources_[Index(id)];
  std::string format(source.header->format());
  if (source.wide) format += ", UTF-16";
  if (source.header->guesses_dates()) format += ", dates guessed";
  if (source.name != nullptr)
    if (const Duration ahead = clock_.Offset(*source.name); ahead > Duration(0))
      format += fmt::format(", clock {} ahead", RoughDuration(ahead));
  return format;
}

void Parser::ForgetSources(const std::vector<SourceId>& ids) {
  last_file_ = nullptr;
  std::unordered_set<uint32_t> gone;
  for (const SourceId id : ids) {
    if (HasSource(id)) gone.insert(Index(id));
  }
  if (gone.empty()) return;
  for (auto file = files_.begin(); file != files_.end();) {
    const bool of_gone = gone.contains(Index(file->second.source));
    if (of_gone) closed_.push_back(file->first);
    file = of_gone ? files_.erase(file) : std::next(file);
  }
  for (const uint32_t index : gone) {
    source_ids_.erase(*sources_[index].name);
    sources_[index] = {};  // changed: the next delta says so
    free_.push_back(SourceId{index});
  }
}

Parser::File& Parser::FileOf(SourceId source, FileId file) {
  if (last_file_ != nullptr && last_id_ == file) return *last_file_;
  auto it = files_.find(file);
  if (it == files_.end()) {
    RecordAssembler assembler(sources_[Index(source)].header.get());
    it = files_.emplace(file, File{source, std::move(assembler), true}).first;
  }
  last_id_ = file;
  last_file_ = &it->second;
  return *last_file_;
}

ParsedLine Parser::Add(SourceId source, FileId file, const Line& line) {
  File& at = FileOf(source, file);
  Source& from = sources_[Index(source)];
  const bool undecided = from.header->undecided();
  Line shown = line;
  shown.text = redactor_.Apply(line.text, &redacted_);
  const Assembled assembled = at.assembler.Add(shown);
  at.changed = from.changed = true;
  from.wide |= line.wide;

  ParsedLine parsed;
  parsed.kind = assembled.kind;
  parsed.source = source;
  parsed.ref = {file, assembled.offset, assembled.bytes};
  parsed.text = assembled.text;
  if (assembled.kind == Assembled::Kind::kContinuation) {
    parsed.severity = severity_.OfContinuation(assembled.text);
  } else if (assembled.kind == Assembled::Kind::kRecord) {
    parsed.header = assembled.header;
    parsed.guessed = undecided && from.header->guesses();
    drain_->Prepare(parsed.header.message);
    parsed.time = clock_.Observe(*from.name, parsed.header.time);
    // Fields that are no message name their values, they say nothing of how bad it is.
    parsed.severity = severity_.OfRecord(
        parsed.header.level, parsed.header.fields ? std::string_view() : parsed.header.message);
    const uint8_t otherwise = severity_.options().otherwise;
    if (parsed.severity > otherwise &&
        IsRoutineReport(parsed.header.program, parsed.header.message)) [[unlikely]]
      parsed.severity = otherwise;
    const Drain::Match match = drain_->Add(parsed.header.message, parsed.time);
    parsed.id = match.id;
    parsed.created = match.created;
    parsed.seen = catalog_->Count(match.id, parsed.time);
    if (undecided) from.undecided.Add(parsed.text, parsed.header.message, parsed.id);
  }
  if (undecided && !from.header->undecided()) {
    from.undecided.Settle(from.header.get(), drain_.get(), *catalog_);
    if (parsed.id != kNoTemplate) parsed.id = catalog_->Resolve(parsed.id);
  }
  return parsed;
}

std::string Parser::Redacted(std::string_view text) const {
  std::string buffer;
  const std::string_view shown = redactor_.Apply(text, &buffer);
  return shown.data() == buffer.data() ? std::move(buffer) : std::string(shown);
}

void Parser::CloseFile(FileId file) {
  last_file_ = nullptr;
  if (files_.erase(file) > 0) closed_.push_back(file);
}

// Sources in the state: number, name, reference, header state, undecided lines; a forgotten one has
// no name and nothing behind it. Then the files that were closed, and those that are open.
constexpr size_t kMaxSources = 1 << 20;  // as a damaged state may say; ten times what is watched

void Parser::SaveSource(size_t index, StateWriter& out) const {
  const Source& source = sources_[index];
  out.U64(index);
  out.Bytes(source.name != nullptr ? *source.name : std::string_view());
  if (source.name == nullptr) return;
  out.At(source.reference);
  source.header->Save(out);
  source.undecided.Save(out);
}

bool Parser::LoadSource(StateReader& in) {
  const SourceId id{in.U32()};
  const std::string_view name = in.Bytes();
  if (!in.ok() || Index(id) >= kMaxSources) return false;
  const bool there = Index(id) < sources_.size() && HasSource(id);
  if (there && *sources_[Index(id)].name != name) ForgetSources({id});
  if (name.empty()) {
    if (Index(id) >= sources_.size()) sources_.resize(Index(id) + 1);
    free_.push_back(id);
    sources_[Index(id)].changed = false;
    return true;
  }
  const Time reference = in.At();
  if (!there || !HasSource(id)) {
    // It went and came back, under another number.
    if (const auto moved = source_ids_.find(name); moved != source_ids_.end()) {
      ForgetSources({moved->second});
    }
    PutSource(id, name, reference);
  }
  Source& source = sources_[Index(id)];
  source.changed = false;
  return source.header->Load(in) && source.undecided.Load(in);
}

bool Parser::LoadSourceList(StateReader& in) {
  for (size_t n = in.Count(2); n > 0 && in.ok(); --n) {
    if (!LoadSource(in)) return false;
  }
  return in.ok();
}

bool Parser::LoadFiles(StateReader& in) {
  for (size_t n = in.Count(2); n > 0 && in.ok(); --n) {
    const FileId id{in.I64()};
    const uint32_t source = in.U32();
    if (!in.ok() || source >= sources_.size() || !HasSource(SourceId{source})) return false;
    files_.erase(id);
    last_file_ = nullptr;
    File& file = FileOf(SourceId{source}, id);
    if (!file.assembler.Load(in)) return false;
    file.changed = false;
  }
  return in.ok();
}

void Parser::SaveSources(StateWriter& out, bool whole) {
  size_t count = 0;
  for (const Source& source : sources_) count += whole || source.changed;
  out.U64(count);
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (whole || sources_[i].changed) SaveSource(i, out);
    sources_[i].changed = false;
  }
  if (!whole) {
    out.U64(closed_.size());
    for (const FileId id : closed_) out.I64(Index(id));
  }
  closed_.clear();
  count = 0;
  for (const auto& [id, file] : files_) count += whole || file.changed;
  out.U64(count);
  for (auto& [id, file] : files_) {
    if (!std::exchange(file.changed, false) && !whole) continue;
    out.I64(Index(id));
    out.U64(Index(file.source));
    file.assembler.Save(out);
  }
}

bool Parser::LoadSources(StateReader& in, bool whole) {
  if (!LoadSourceList(in)) return false;
  last_file_ = nullptr;
  if (!whole)
    for (size_t n = in.Count(1); n > 0 && in.ok(); --n) files_.erase(FileId{in.I64()});
  return LoadFiles(in);
}

void Parser::ClearSources() {
  last_file_ = nullptr;
  files_.clear();
  closed_.clear();
  sources_.clear();
  source_ids_.clear();
  free_.clear();
}

void Parser::SaveTemplates(StateWriter& out, bool whole) {
  whole ? drain_->Save(out) : drain_->SaveChanges(out);
}

bool Parser::LoadTemplates(StateReader& in, bool whole) {
  return whole ? drain_->Load(in) : drain_->ApplyChanges(in);
}

void Parser::ClearTemplates() {
  auto drain = Drain::Create(drain_options_, catalog_.get());
  assert(drain.ok());  // the same options passed in Create
  drain_ = std::make_unique<Drain>(std::move(*drain));
}

void Parser::Save(StateWriter& out) {
  SaveClock(out);
  SaveSources(out, true);
  SaveTemplates(out, true);
}

bool Parser::Load(StateReader& in, uint32_t clock_version) {
  return LoadClock(in, clock_version) && LoadSources(in, true) && LoadTemplates(in, true);
}

void Parser::SaveChanges(StateWriter& out) {
  SaveClock(out);
  SaveSources(out, false);
  SaveTemplates(out, false);
}

bool Parser::ApplyChanges(StateReader& in, uint32_t clock_version) {
  return LoadClock(in, clock_version) && LoadSources(in, false) && LoadTemplates(in, false);
}

}  // namespace alogd
