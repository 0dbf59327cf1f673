// SPDX-License-Identifier: MIT
// Which stream a record belongs to: its program, its source, or a session key in its text.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/config/config.h"
#include "core/record.h"
#include "core/result.h"

namespace re2 {
class RE2;
}

namespace alogd {

// Makes the keys by which the windower, detectors and training know streams: source TAB program. A
// tab splits them because paths of log files have none worth keeping apart, and programs are cut at
// blanks.
class StreamKeys {
 public:
  // Fails where stream.session is not a valid RE2 pattern; the message has RE2's reason.
  static Result<StreamKeys> Create(const StreamOptions& options);
  StreamKeys(StreamKeys&&) noexcept;
  StreamKeys& operator=(StreamKeys&&) noexcept;
  ~StreamKeys();

  // Sets `key`; false where streams are sessions and the record holds no key. Its message is looked
  // through first, then all of `text`, its first line: what a logger prints in its header (a
  // request or trace id) is a key too.
  bool Find(std::string_view source, const Header& header, std::string_view text,
            std::string* key) const;
  // Of session keys; empty where streams are no sessions.
  std::string_view pattern() const;
  // {source, stream as shown}: the source is empty for sessions, the stream is it where a program
  // is not known.
  static std::pair<std::string, std::string> Split(std::string_view key);

 private:
  explicit StreamKeys(StreamOptions::Kind kind);
  StreamOptions::Kind kind_;
  std::unique_ptr<re2::RE2> session_;  // null unless streams are sessions
  std::string prefix_;                 // what each match of it begins with; may be empty
};

}  // namespace alogd
