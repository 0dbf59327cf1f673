// SPDX-License-Identifier: MIT
// Reads the systemd journal, entry by entry, as lines that the header parser knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"
#include "core/result.h"
#include "core/types.h"

struct sd_journal;

namespace alogd {

// Which entries; where neither is given, all of them.
struct JournalSelection {
  std::vector<std::string> units;        // "sshd.service": what runs in it and what is said of it
  std::vector<std::string> identifiers;  // SYSLOG_IDENTIFIER, as `journalctl -t`

  bool operator==(const JournalSelection&) const = default;
};

// Whether the group reads the journal: as it says; by `auto`, a group of syslog's files does where
// none of them stands. So no record is read from both.
bool ReadsJournal(const GroupConfig& group);
// What of the journal the group reads, if it does.
JournalSelection SelectionOf(const GroupConfig& group);

// The fields that are used. `unit`, `boot` and `pid` are journald's own knowledge, the others what
// the program said.
struct JournalEntry {
  Time time{};  // when journald took it
  std::string boot;
  std::string unit;
  std::string identifier;  // the command's name where the program gave none
  std::string pid;
  std::string host;
  int priority = 6;
  std::string message;  // as sent, without line breaks at its end
};

// Whether the service or its trainer wrote what runs in this unit. journald itself says which unit
// an entry is from: nobody else can claim to be one of them.
bool IsOwnUnit(std::string_view unit);

// An entry as a syslog line (RFC 5424), which carries priority, program and process id, with the
// message's further lines as continuation lines, each with its line end. Whatever the message
// holds, only the first line looks like a header.
std::string RenderEntry(const JournalEntry& entry);

// One thread at a time.
class JournalReader {
 public:
  // `directory`: of journal files; empty: this host's. Fails where the journal cannot be read at
  // all. Fields are cut at `max_field` bytes.
  static Result<std::unique_ptr<JournalReader>> Open(const JournalSelection& selection,
                                                     const std::string& directory,
                                                     size_t max_field);
  ~JournalReader();
  JournalReader(const JournalReader&) = delete;
  JournalReader& operator=(const JournalReader&) = delete;

  // Next gives the first entry that comes after all that stand.
  Status SeekEnd();
  Status SeekBeginning();
  Status SeekTime(Time time);
  // Next gives the entry after the one with this cursor. Where that one is gone (vacuumed, or in
  // memory before a reboot), the first one that is later than `time`.
  Status SeekAfter(const std::string& cursor, Time time);

  // False at the end. An entry without a message is passed over.
  Result<bool> Next(JournalEntry* entry);
  // Of the entry that Next gave last.
  Result<std::string> Cursor();

  // Readable when something may have come; then Refresh.
  Result<int> fd();
  // Takes in files that were added or removed.
  void Refresh();

 private:
  struct Closer {
    void operator()(sd_journal* journal) const;
  };
  explicit JournalReader(sd_journal* journal);
  Status Match(const JournalSelection& selection);
  std::string Field(const char* name);
  void Fill(JournalEntry* entry);

  std::unique_ptr<sd_journal, Closer> journal_;
};

}  // namespace alogd
