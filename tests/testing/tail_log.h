// SPDX-License-Identifier: MIT
// A log that has something to find for every detector, and the group that reads it.
#pragma once

#include <fmt/format.h>

#include <random>
#include <string>

namespace alogd {

constexpr char kRhythmGroup[] =
    "rules:\n"
    "  - {match: 'disk [a-z]+ is failing', level: HIGH, name: disk}\n"
    "groups:\n"
    "  - name: app\n"
    "    paths: ['LOGDIR/*.log']\n"
    "    from: beginning\n"
    "    stream: program\n"
    "    detectors:\n"
    "      baseline: {window: 20, stride: 10}\n";

// A service with a rhythm, now and then a stack trace, and bursts of what it never said before.
inline std::string MakeRhythmLog(unsigned seed, int lines) {
  std::mt19937 random(seed);
  std::string log;
  int second = 0;
  for (int i = 0; i < lines; ++i) {
    second += static_cast<int>(random() % 3);
    if (random() % 500 == 0) second += 1200;  // longer than max_gap
    const auto line = [&](const std::string& program, const std::string& message) {
      log += fmt::format("2026-11-{:02}T{:02}:{:02}:{:02}.{:06}+00:00 host {}[{}]: {}\n",
                         10 + second / 86400, second / 3600 % 24, second / 60 % 60, second % 60,
                         random() % 1'000'000, program, 100 + random() % 3, message);
    };
    const auto r = random() % 100;
    if (i % 700 > 680) {
      line("server", fmt::format("checksum {:x} of part {} does not fit its {} neighbours",
                                 random(), i % 7, std::string(1 + i % 9, 'x')));
    } else if (r < 40) {
      line("server", fmt::format("request {} started", random() % 1000));
    } else if (r < 80) {
      line("server", fmt::format("request {} finished in {} ms", random() % 1000, random() % 90));
    } else if (r < 97) {
      line("worker", fmt::format("job {} of queue {} done", random() % 1000, random() % 4));
    } else if (r < 99) {
      line("worker", "job failed: java.io.IOException: no space");
      log +=
          "\tat com.example.Worker.run(Worker.java:17)\n\tat com.example.Main.main(Main.java:3)\n";
    } else {
      line("kernel", "disk sda is failing");
    }
  }
  return log;
}

}  // namespace alogd
