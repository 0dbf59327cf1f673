// SPDX-License-Identifier: MIT
// Stages: learning, waiting for a training, trained, due again.
#include "cli/stage.h"

#include <fmt/format.h>

#include <chrono>
#include <string_view>

#include "core/config/units.h"

namespace alogd {
namespace {

using nlohmann::json;

double Number(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number() ? it->get<double>() : 0;
}

std::string Days(double seconds) {
  if (seconds < 3600) return fmt::format("{:.0f}min", seconds / 60);
  if (seconds < 2 * 86400) return fmt::format("{:.0f}h", seconds / 3600);
  return fmt::format("{:.0f}d", seconds / 86400);
}

std::string Untrained(double records, const TrainingOptions& training, uint64_t novelty_learns) {
  const double quiet = static_cast<double>(novelty_learns) - records;
  std::string stage = quiet > 0 ? fmt::format(
                                      "learns templates (new ones count after {:.0f} more "
                                      "records), alerts by rules and rates",
                                      quiet)
                                : "alerts by rules, rates and new templates";
  const double missing = static_cast<double>(training.after_records) - records;
  if (!training.automatic) return stage + "; next: alogctl train LOG... --activate";
  if (missing > 0)
    return stage + fmt::format("; next: trains by itself after {:.0f} more records that span {}",
                               missing, FormatDuration(training.after));
  return stage + "; next: trains by itself when alogd-train.timer comes round";
}

}  // namespace

std::string DescribeStage(const json& group, const TrainingOptions& training,
                          uint64_t novelty_learns) {
  const auto bundle = group.find("bundle");
  const bool trained =
      bundle != group.end() && bundle->is_string() && !bundle->get<std::string>().empty();
  if (!trained) return Untrained(Number(group, "records"), training, novelty_learns);
  const double age = Number(group, "bundle_age_s");
  const double every = std::chrono::duration<double>(training.every).count();
  const std::string stage = "all detectors, by a bundle that is " + Days(age) + " old";
  if (!training.automatic) return stage;
  if (age >= every) return stage + "; next: trained anew when alogd-train.timer comes round";
  return stage + fmt::format("; next: trained anew in {}", Days(every - age));
}

std::string DescribeMaintenance(const json& answer) {
  const auto held = static_cast<uint64_t>(Number(answer, "held"));
  const std::string count = fmt::format("{} alert{} held back", held, held == 1 ? "" : "s");
  if (!answer.value("active", false))
    return "no maintenance: alerts are sent" + (held > 0 ? "; the last one: " + count : "");
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return fmt::format("maintenance for another {}, {}", Days(Number(answer, "until_us") / 1e6 - now),
                     count);
}

}  // namespace alogd
