// SPDX-License-Identifier: MIT
// Fuzzes Drain: lines, trained texts and restarts in any order, in both kinds of it.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/templates/drain.h"
#include "fuzz.h"

namespace {

using alogd::fuzz::Require;

using alogd::Catalog;
using alogd::Drain;

struct Parsing {
  explicit Parsing(const alogd::DrainOptions& options)
      : catalog(std::make_unique<Catalog>(64)),
        drain(std::make_unique<Drain>(std::move(*Drain::Create(options, catalog.get())))) {}
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<Drain> drain;
};

// Puts the state into a Drain of its own, as a restart does.
void Restart(const alogd::DrainOptions& options, Parsing* parsing) {
  std::string blob;
  alogd::StateWriter out(&blob);
  parsing->drain->Save(out);
  Parsing next(options);
  parsing->catalog->ForEach([&](const alogd::Template& row) { next.catalog->Restore(row); });
  next.catalog->set_next_id(parsing->catalog->next_id());
  alogd::StateReader in(blob);
  Require(next.drain->Load(in) && in.at_end());
  *parsing = std::move(next);
}

// The first byte chooses the options; then each line is a message, or a command by its first byte.
void Run(std::string_view input) {
  alogd::DrainOptions options;
  const auto choice = static_cast<uint8_t>(input[0]);
  options.classic = choice & 1;
  options.max_templates = choice & 2 ? 4 : 40;
  options.merge_after = choice & 4 ? 2 : 5;
  options.max_children = 3;
  Parsing parsing(options);
  std::vector<std::string_view> parameters;
  for (input.remove_prefix(1); !input.empty();) {
    const size_t end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    if (line.starts_with('\x02')) {
      const std::string text(parsing.drain->Masked(line.substr(1)));
      const auto id = parsing.drain->AddTrained(text, alogd::kNoTime);
      Require(parsing.catalog->Text(id) == text);
    } else if (line.starts_with('\x03')) {
      Restart(options, &parsing);
    } else if (line.starts_with('\x04')) {
      alogd::StateReader in(line.substr(1));
      Parsing other(options);
      (void)other.drain->Load(in);
      (void)other.drain->Add("goes on", alogd::kNoTime);
    } else {
      const auto found = parsing.drain->Find(line);
      const auto match = parsing.drain->Add(line, alogd::kNoTime);
      Require(match.created == (found == alogd::kNoTemplate));
      Require(parsing.catalog->Resolve(match.id) == match.id);
      Require(parsing.drain->Parameters(line, parsing.catalog->Text(match.id), &parameters));
      Require(parsing.drain->Find(line) == match.id);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
