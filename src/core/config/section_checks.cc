// SPDX-License-Identifier: MIT
// Reports what does not fit together in a detector's section.
#include <fmt/format.h>

#include "core/config/config_reader.h"
#include "core/config/option_visitor.h"

namespace alogd {

bool SectionChecks::Given(std::string_view key) const { return notes_->marks.contains(Key(key)); }

void SectionChecks::Error(std::string_view key, const std::string& message) {
  notes_->AddAt(Key(key), message);
}

void SectionChecks::Warn(std::string_view key, const std::string& message) {
  notes_->AddAt(Key(key), message, true);
}

void SectionChecks::Stride(uint32_t window, uint32_t stride) {
  if (stride <= window || notes_->Refused(path_)) return;
  Error(Given("stride") ? "stride" : "window",
        fmt::format("{}: stride {} is over window {}, so records between windows would never be "
                    "looked at; write {} or less",
                    path_, stride, window, window));
}

}  // namespace alogd
