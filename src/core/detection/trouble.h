// SPDX-License-Identifier: MIT
// What went wrong, told apart from other things that go wrong: the identity of a trouble.
#pragma once

#include <string>
#include <string_view>

#include "core/detection/anomaly.h"

namespace alogd {

// Two anomalies are the same trouble if all three parts are equal.
struct Trouble {
  // "rule", "text" (any detector that judges windows), "missing", "rate", "numbers" or
  // "combination". Which of several window detectors is the strongest changes from window to window
  // and does not matter.
  std::string_view family;
  // The rule's name, or the template that is blamed; where something is missing, the one that was
  // expected. What floods are limited by.
  std::string about;
  // What else tells it apart: the words of the blamed record or of the key that a rule counts by,
  // see TellingWords.
  std::string words;
  std::string stream_class;  // see StreamClass

  // All of it as one text of at most kMaxKey bytes. Longer ones end in a hash of the whole.
  static constexpr size_t kMaxKey = 512;
  std::string Key() const;
  // Without stream class: what two groups that read the same fault have in common.
  std::string HostKey() const;
};

Trouble TroubleOf(const Anomaly& anomaly);
// Its family, `about` and `words` alone, from what a detector says of one window.
Trouble TroubleOf(std::string_view detector, std::string_view template_text,
                  std::string_view message, const Evidence& evidence);

// Whether it is about statements that never came before, or hardly ever.
bool IsOfNovelty(const Evidence& evidence);

// A statement of severity ERROR or worse that never came before.
bool IsNewError(const Anomaly& anomaly);
// A statement that never came before, of any severity.
bool IsNewStatement(const Anomaly& anomaly);

// The text with all that may differ between two occurrences of one trouble (addresses, ids, times,
// counters, <*>) replaced by '#'. What carries meaning stays: words, status and error codes
// ("status 404", "HTTP/1.1\" 502", "ORA-00600"), and short names with a number ("eth0", "sda1").
std::string TellingWords(std::string_view text);

// The stream with ids and addresses taken out: "worker-17" and "worker-3" are one class.
std::string StreamClass(std::string_view stream);

}  // namespace alogd
