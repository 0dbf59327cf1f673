// SPDX-License-Identifier: MIT
// Words that stay in a template although they stand where values do: they say which event it is.
#pragma once

#include <cstddef>
#include <string_view>

namespace alogd {

// ---- of names

// A name of several parts that ends with a word of outcome, or begins with one as methods do:
// "SCREEN_OFF", "com.example.SCREEN_OFF", "AuthFail", "stopScan".
bool IsOutcomeName(std::string_view word);
// Two letters or more, all capitals, with '_' between them: a constant of a program, "USER_AUTH".
bool IsCapitals(std::string_view word);
// The same behind the last dot: "com.example.USER_PRESENT".
bool EndsWithCapitals(std::string_view word);
// Letters with capitals inside, or nothing but capitals: "AuthFail", "EIO".
bool IsCode(std::string_view word);

// ---- of the first word of a message

// A name of several parts for what is done: "getFileInfo", "Rename_File".
bool IsOperation(std::string_view word);
// What is done to the thing that is named next: "removing", "Loaded".
bool IsDoing(std::string_view word);
// Capitals that may be the name of a thing: "DSDT", but not "GET", "WARN" or "STOP".
bool IsCapitalName(std::string_view word);

// ---- of values

// "state", "reason", "action": behind it stands one of a few values, each of which says something
// else.
bool IsStateWord(std::string_view word);
// The key of a pair whose value is what was done: "op", "event".
bool IsOperationKey(std::string_view word);
// "add_rule", "PAM:session_open".
bool IsOperationText(std::string_view text);
// Two words that count the same thing by letters: "LNKA" and "LNKC".
bool DifferInLastLetter(std::string_view a, std::string_view b);

// The length of "[file.c:1831]" at the beginning of `text`, where a message was written in the
// program's source; else 0. Round brackets, too.
size_t SourcePosition(std::string_view text);
// Whether the word with text[at] stands in such a position.
bool InSourcePosition(std::string_view text, size_t at);

}  // namespace alogd
