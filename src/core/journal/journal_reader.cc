// SPDX-License-Identifier: MIT
// sd_journal, owned and turned into lines.
#include "core/journal/journal_reader.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/config/config_check.h"

namespace alogd {
namespace {

// A header's words have no blanks and are short: 48 bytes are what RFC 5424 gives a program.
std::string Word(std::string_view text, size_t most) {
  if (text.empty()) return "-";
  std::string word(text.substr(0, most));
  for (char& c : word) {
    if (c <= ' ' || c > '~') c = '_';
  }
  return word;
}

int PriorityOf(const std::string& text) {
  return text.size() == 1 && text[0] >= '0' && text[0] <= '7' ? text[0] - '0' : 6;
}

Error JournalError(std::string_view what, int negative) {
  return Error{fmt::format("cannot {} the journal: {}", what, std::strerror(-negative)), -negative};
}

}  // namespace

bool ReadsJournal(const GroupConfig& group) {
  if (group.journal != JournalUse::kAuto) return group.journal == JournalUse::kOn;
  if (group.paths != SystemPaths()) return false;
  return std::none_of(SyslogFiles().begin(), SyslogFiles().end(),
                      [](const std::string& path) { return access(path.c_str(), F_OK) == 0; });
}

JournalSelection SelectionOf(const GroupConfig& group) {
  return {group.journal_units, group.journal_identifiers};
}

bool IsOwnUnit(std::string_view unit) {
  return unit == "alogd.service" || unit == "alogd-train.service";
}

std::string RenderEntry(const JournalEntry& entry) {
  // Facility 3 (system daemons): it is not used, the severity is.
  constexpr int kFacility = 3 * 8;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(entry.time);
  std::string out = fmt::format(
      "<{}>1 {:%Y-%m-%dT%H:%M:%S}.{:06}+00:00 {} {} {} - - ", kFacility + entry.priority,
      fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), (entry.time - seconds).count(),
      Word(entry.host, 255), Word(entry.identifier, 48), Word(entry.pid, 16));
  std::string_view rest = entry.message;
  for (bool first = true; first || !rest.empty(); first = false) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    // An indented line continues a record in every format.
    if (!first && !rest.starts_with(' ') && !rest.starts_with('\t')) out += ' ';
    out += rest.substr(0, end);
    out += '\n';
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

void JournalReader::Closer::operator()(sd_journal* journal) const { sd_journal_close(journal); }

JournalReader::JournalReader(sd_journal* journal) : journal_(journal) {}
JournalReader::~JournalReader() = default;

Result<std::unique_ptr<JournalReader>> JournalReader::Open(const JournalSelection& selection,
                                                           const std::string& directory,
                                                           size_t max_field) {
  sd_journal* journal = nullptr;
  const int opened = directory.empty() ? sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY)
                                       : sd_journal_open_directory(&journal, directory.c_str(), 0);
  if (opened < 0) return JournalError("open", opened);
  std::unique_ptr<JournalReader> reader(new JournalReader(journal));
  sd_journal_set_data_threshold(journal, max_field);
  if (Status matched = reader->Match(selection); !matched) return matched.error();
  return reader;
}

// Matches of one field are alternatives, and so are those on either side of a disjunction; what
// matches then is one of: a unit's own entries, what the manager says of it, an identifier.
Status JournalReader::Match(const JournalSelection& selection) {
  const auto add = [this](const char* field, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      const std::string match = fmt::format("{}={}", field, value);
      if (const int r = sd_journal_add_match(journal_.get(), match.data(), match.size()); r < 0)
        return r;
    }
    return sd_journal_add_disjunction(journal_.get());
  };
  for (const char* field : {"_SYSTEMD_UNIT", "UNIT"}) {
    if (selection.units.empty()) break;
    if (const int r = add(field, selection.units); r < 0) return JournalError("select from", r);
  }
  if (selection.identifiers.empty()) return {};
  const int r = add("SYSLOG_IDENTIFIER", selection.identifiers);
  return r < 0 ? Status(JournalError("select from", r)) : Status();
}

Status JournalReader::SeekEnd() {
  if (const int r = sd_journal_seek_tail(journal_.get()); r < 0) return JournalError("seek in", r);
  // The tail is behind the last entry, whichever that is when it is looked at: fix it now.
  const int r = sd_journal_previous(journal_.get());
  if (r == 0) return SeekBeginning();  // it is empty
  return r < 0 ? Status(JournalError("seek in", r)) : Status();
}

Status JournalReader::SeekBeginning() {
  const int r = sd_journal_seek_head(journal_.get());
  return r < 0 ? Status(JournalError("seek in", r)) : Status();
}

Status JournalReader::SeekTime(Time time) {
  const int64_t us = std::max<int64_t>(Micros(time), 0);
  const int r = sd_journal_seek_realtime_usec(journal_.get(), static_cast<uint64_t>(us));
  return r < 0 ? Status(JournalError("seek in", r)) : Status();
}

Status JournalReader::SeekAfter(const std::string& cursor, Time time) {
  if (sd_journal_seek_cursor(journal_.get(), cursor.c_str()) >= 0) {
    const int r = sd_journal_next(journal_.get());
    if (r > 0 && sd_journal_test_cursor(journal_.get(), cursor.c_str()) > 0) return {};
  }
  return SeekTime(time + Duration(1));
}

Result<bool> JournalReader::Next(JournalEntry* entry) {
  for (;;) {
    const int r = sd_journal_next(journal_.get());
    if (r < 0) return JournalError("read", r);
    if (r == 0) return false;
    Fill(entry);
    if (!entry->message.empty()) return true;
  }
}

Result<std::string> JournalReader::Cursor() {
  char* text = nullptr;
  if (const int r = sd_journal_get_cursor(journal_.get(), &text); r < 0)
    return JournalError("read", r);
  std::string cursor(text);
  std::free(text);
  return cursor;
}

std::string JournalReader::Field(const char* name) {
  const void* data = nullptr;
  size_t size = 0;
  if (sd_journal_get_data(journal_.get(), name, &data, &size) < 0) return "";
  const std::string_view field(static_cast<const char*>(data), size);
  const size_t equals = field.find('=');
  return equals == std::string_view::npos ? "" : std::string(field.substr(equals + 1));
}

void JournalReader::Fill(JournalEntry* entry) {
  uint64_t us = 0;
  sd_journal_get_realtime_usec(journal_.get(), &us);
  entry->time = FromMicros(static_cast<int64_t>(us));
  entry->boot = Field("_BOOT_ID");
  entry->unit = Field("_SYSTEMD_UNIT");
  entry->identifier = Field("SYSLOG_IDENTIFIER");
  if (entry->identifier.empty()) entry->identifier = Field("_COMM");
  entry->pid = Field("_PID");
  entry->host = Field("_HOSTNAME");
  entry->priority = PriorityOf(Field("PRIORITY"));
  entry->message = Field("MESSAGE");
  while (entry->message.ends_with('\n')) entry->message.pop_back();
}

Result<int> JournalReader::fd() {
  const int fd = sd_journal_get_fd(journal_.get());
  if (fd < 0) return JournalError("watch", fd);
  return fd;
}

void JournalReader::Refresh() { sd_journal_process(journal_.get()); }

}  // namespace alogd
