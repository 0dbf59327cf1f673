// SPDX-License-Identifier: MIT
// The front half of the pipeline for one group: lines in, records with template and severity out.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/config/config.h"
#include "core/detection/event_clock.h"
#include "core/headers/header_parser.h"
#include "core/record.h"
#include "core/records/record_assembler.h"
#include "core/records/redactor.h"
#include "core/records/severity.h"
#include "core/result.h"
#include "core/state.h"
#include "core/templates/catalog.h"
#include "core/templates/drain.h"
#include "core/undecided_lines.h"

namespace alogd {

// A line with all that parsing knows of it. Views are valid until the parser's next Add.
struct ParsedLine {
  Assembled::Kind kind = Assembled::Kind::kRecord;
  SourceId source{};
  RecordRef ref;
  Header header;                // kRecord only; header.time is as printed
  Time time = kNoTime;          // kRecord only: event time, see EventClock
  std::string_view text;        // the whole line, unwrapped where nested
  TemplateId id = kNoTemplate;  // kRecord only; canonical
  uint64_t seen = 0;            // records of this template before this one
  bool created = false;
  bool guessed = false;  // a part of the header may stand in the message: the vote is not over
  uint8_t severity = 0;  // of the record; for a continuation, what it raises its record to
};

// Header, assembly, tokens, Drain and severity of one group's sources. Training, scan, parse,
// explain and the daemon's pipeline all read lines through this. Deterministic; no clock.
class Parser {
 public:
  static Result<Parser> Create(const GroupConfig& group, const SeverityOptions& severity);

  // The source's index, the same for the same name until it is forgotten. `reference` (usually the
  // file's mtime) begins the reference year of formats without one.
  SourceId AddSource(std::string_view name, Time reference);
  // The header formats that were found, by source: what a bundle keeps.
  using Formats = std::map<std::string, std::string, std::less<>>;
  Formats FoundFormats() const;
  // Sources that are added from now on begin with the formats of that name; else with those of the
  // same file name in another directory; else, where all sources have the same, with those.
  void SetFormats(Formats formats) { formats_ = std::move(formats); }

  // The source is gone for good, and all of its files with it: its number goes to another one.
  void ForgetSources(const std::vector<SourceId>& ids);
  bool HasSource(SourceId id) const { return sources_[Index(id)].name != nullptr; }
  const std::string& SourceName(SourceId id) const { return *sources_[Index(id)].name; }
  // For people: the header's format, and what was done to read the file at all.
  std::string SourceFormat(SourceId id) const;
  size_t sources() const { return sources_.size(); }  // numbers in use and given back

  ParsedLine Add(SourceId source, FileId file, const Line& line);
  // Text of a record that is read again, without what GroupConfig::redact hides; Add does the same
  // with every line.
  std::string Redacted(std::string_view text) const;
  // The file is gone for good: its open record closes.
  void CloseFile(FileId file);

  void set_redactor(Redactor redactor) { redactor_ = std::move(redactor); }
  void set_severity(const SeverityOptions& severity) { severity_ = SeverityTable(severity); }

  // Forgets the watermark: files that are read one after the other each begin their own time.
  void ResetClock() { clock_ = EventClock(); }
  const EventClock& clock() const { return clock_; }
  // See EventClock.
  void SetHostClock(Time now, Time passed) { clock_.SetHostClock(now, passed); }

  Catalog& catalog() { return *catalog_; }
  const Catalog& catalog() const { return *catalog_; }
  Drain& drain() { return *drain_; }
  const Drain& drain() const { return *drain_; }

  // The state convention, in three parts; Clear as if the part had never been loaded. `whole` or
  // what changed. The catalog is no part of it: its rows are the database's.
  void SaveClock(StateWriter& out) const { clock_.Save(out); }
  [[nodiscard]] bool LoadClock(StateReader& in, uint32_t version) {
    return clock_.Load(in, version);
  }
  void SaveSources(StateWriter& out, bool whole);  // with their headers and open files
  [[nodiscard]] bool LoadSources(StateReader& in, bool whole);
  void ClearSources();
  void SaveTemplates(StateWriter& out, bool whole);
  [[nodiscard]] bool LoadTemplates(StateReader& in, bool whole);
  void ClearTemplates();
  // All three.
  void Save(StateWriter& out);
  [[nodiscard]] bool Load(StateReader& in, uint32_t clock_version = EventClock::kVersion);
  void SaveChanges(StateWriter& out);
  [[nodiscard]] bool ApplyChanges(StateReader& in, uint32_t clock_version = EventClock::kVersion);

 private:
  struct Source {
    const std::string* name = nullptr;  // key of source_ids_; null: a number nobody has
    Time reference = kNoTime;           // as AddSource was told first
    std::unique_ptr<HeaderParser> header;
    UndecidedLines undecided;
    bool changed = true;
    bool wide = false;  // its lines are UTF-16; the next one says so again after a restart
  };
  struct File {
    SourceId source;
    RecordAssembler assembler;
    bool changed = true;
  };
  Parser(const GroupConfig& group, const SeverityOptions& severity);
  std::unique_ptr<HeaderParser> MakeHeaderParser(std::string_view source, Time reference) const;
  File& FileOf(SourceId source, FileId file);
  void SaveSource(size_t index, StateWriter& out) const;
  SourceId PutSource(SourceId id, std::string_view name, Time reference);
  bool LoadSource(StateReader& in);
  bool LoadSourceList(StateReader& in);
  bool LoadFiles(StateReader& in);

  const std::string* FormatsFor(std::string_view source) const;

  HeaderOptions header_options_;
  Formats formats_;  // of training
  DrainOptions drain_options_;
  Redactor redactor_;
  std::string redacted_;  // the line that Add is at
  SeverityTable severity_;
  EventClock clock_;
  std::unique_ptr<Catalog> catalog_;  // its address must stay: drain_ refers to it
  std::unique_ptr<Drain> drain_;
  std::map<std::string, SourceId, std::less<>> source_ids_;
  std::vector<Source> sources_;
  std::vector<SourceId> free_;  // numbers that were given back; some may be in use again
  std::unordered_map<FileId, File> files_;
  // The file of the last line: most lines have the same as the one before.
  FileId last_id_{};
  File* last_file_ = nullptr;
  std::vector<FileId> closed_;  // since the last SaveChanges
};

}  // namespace alogd
