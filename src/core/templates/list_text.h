// SPDX-License-Identifier: MIT
// Lists, maps, requests, and what follows a value, as programs print them.
#pragma once

#include <string_view>

namespace alogd {

// Where the list that `text` begins with, bracket first, ends: no items (behind a blank, since
// "f()" is a call), or words with commas between them, in which no bracket opens. Names and numbers
// have one form then, and so have lists of any length. In braces and square brackets a pair is an
// item, as maps are printed; in round ones the keys are the text's own. Null where there is none.
// Looks no further than the next bracket.
const char* FindListEnd(std::string_view text, bool behind_blank);

// The text between quotes that stands before a colon is a key, as in {"user": "root"}: a word
// without digits.
bool IsKeyText(std::string_view text);
// The length of the verb of a quoted request, "GET /a/b HTTP/1.1"; 0 where it is none.
size_t RequestVerb(std::string_view text);

// "ms.12", as in "7 ms.12 ms".
bool EndsWithNumber(std::string_view word);

// A key whose value is what a structured log has to say.
bool IsMessageWord(std::string_view key);

// `masked` ends with "msg": in quotes, as JSON has it.
bool EndsWithMessageKey(std::string_view masked);

// The length of "<nil>", "<null>" and the like at the beginning of `text`; else 0.
size_t MissingInAngles(std::string_view text);

// What comes next, `rest` being the message behind a word:
bool AddressFollows(std::string_view rest);  // " from 10.0.0.1"
bool RequestFollows(std::string_view rest);  // " "GET /index""
bool SizeFollows(std::string_view rest);     // " (5 KB)"
bool DateFollows(std::string_view rest);     // a number, or another part of a date and a number

}  // namespace alogd
