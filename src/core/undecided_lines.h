// SPDX-License-Identifier: MIT
// The first lines of a source, whose header is not known yet, and what becomes of their templates.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/headers/header_parser.h"
#include "core/state.h"
#include "core/templates/catalog.h"
#include "core/templates/drain.h"

namespace alogd {

// While a source's lines are voted on, some templates are made of messages with a part of their
// header. When the vote is over these lines are read again, and a template that was given for
// nothing else gets the text that its lines have now: its id keeps its statement.
//
// Rejected: to hold the lines back until the header is known (no record would have a template
// before the eightieth line of a quiet source), and to look ahead in the file (a file that grows
// would be read otherwise than the same file at rest).
class UndecidedLines {
 public:
  // `text` was taken for a record with this message and got `id`.
  void Add(std::string_view text, std::string_view message, TemplateId id);
  // The vote is over. Forgets the lines.
  void Settle(HeaderParser* header, Drain* drain, const Catalog& catalog);

  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);

 private:
  // A vote has at most as many lines, and nearly all fit; one that does not is left as it is.
  static constexpr size_t kMaxLines = 200;
  static constexpr size_t kMaxLine = 1024;    // bytes
  static constexpr size_t kMaxBytes = 65536;  // of all of them

  struct Line {
    std::string text;
    uint64_t message = 0;  // hash of what was taken for the message
    TemplateId id = kNoTemplate;
  };
  // A template, and what its lines turned out to be.
  struct Given {
    TemplateId id = kNoTemplate;     // canonical
    TemplateId right = kNoTemplate;  // of the first line
    uint64_t lines = 0;
    bool pure = true;  // all lines have another message now, and one template
  };
  static std::vector<Given> Count(const std::vector<Line>& lines,
                                  const std::vector<TemplateId>& right, const Catalog& catalog);

  std::vector<Line> lines_;
  size_t bytes_ = 0;
};

}  // namespace alogd
