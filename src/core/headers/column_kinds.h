// SPDX-License-Identifier: MIT
// What a header column can hold: recognisers for taking lines apart and for learning how to.
#pragma once

#include <string>
#include <string_view>

#include "core/record.h"

namespace alogd {

// Each returns the end of what it looks for at `at`, or 0 where something else stands there.
size_t TimeAt(std::string_view line, size_t at);
// A level word, or facility.level.
size_t LevelAt(std::string_view line, size_t at, Level* level);
size_t WordLevelAt(std::string_view line, size_t at);
// A level letter that stands alone.
size_t LetterAt(std::string_view line, size_t at);
size_t NumberAt(std::string_view line, size_t at);
// A group in [], () or <>, nested ones balanced.
size_t BracketAt(std::string_view line, size_t at);
// Such a group with a level in it.
size_t LevelGroupAt(std::string_view line, size_t at);
// A name that ends in a colon before a blank; the end is behind the colon.
size_t TagAt(std::string_view line, size_t at);
// com.example.Name, a::b, server.go:42.
size_t DottedAt(std::string_view line, size_t at);
// A token of punctuation only, of at most three characters, or a pipe.
size_t PunctuationAt(std::string_view line, size_t at);

// Behind one colon, comma or semicolon that is set right behind a column's text and belongs to
// neither it nor the next; `end` where there is none.
size_t AfterAttached(std::string_view line, size_t end);

// Behind a level: one such sign, or a colon with blanks on both sides.
size_t AfterLevel(std::string_view line, size_t end);

// The form of a time: each run of digits or letters as one. Two times of one format have the same.
std::string FormOfTime(std::string_view text);

// The level that stands in a bracket group: a word, a letter, or module:word.
Level LevelOfGroup(std::string_view inner);

}  // namespace alogd
