// SPDX-License-Identifier: MIT
// Puts the table of detectors into options and their help.
#include "cli/detector_option.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "models/registry/detectors.h"

namespace alogd {

void AddDetectorsOption(CLI::App* command, DetectorList detectors,
                        std::vector<std::string>* names) {
  // One argument: what follows it are logs.
  command->add_option("--detectors", *names, "Only these, separated by commas")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name(fmt::format("TEXT:{{{}}}", fmt::join(DetectorNames(detectors), ",")));
  std::string footer;
  for (const DetectorInfo* info : detectors)
    footer +=
        fmt::format("{}{} ({})", footer.empty() ? "Detectors: " : ", ", info->name, info->summary);
  command->footer(footer + ".");
}

std::vector<const DetectorInfo*> TrainedDetectorInfos() {
  std::vector<const DetectorInfo*> infos;
  for (const DetectorSpec* spec : Detectors()) infos.push_back(&spec->info);
  return infos;
}

}  // namespace alogd
