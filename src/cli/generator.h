// SPDX-License-Identifier: MIT
// Generates the log of a made-up service, with labelled anomalies.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "core/types.h"

namespace alogd {

// How a generated line is written. A random format is a shuffle of columns, time form and
// separators that the seed decides.
struct LogFormat {
  enum class Header : uint8_t { kLogback, kSyslog, kIso, kJson, kRandom };
  Header header = Header::kLogback;
};

// "service" (logback), "syslog", "iso", "json" or "random".
std::optional<LogFormat> FindLogFormat(std::string_view name);

struct GeneratedLine {
  std::string text;  // without line end
  Time time;
  std::string label;  // empty: normal; else the kind of anomaly that it belongs to
  bool continuation = false;
};

// A shop's order service: requests, payments, a cache, health checks and nightly jobs run as
// scripts of a few steps each; two workers take turns. An anomaly is one of seven kinds of fault: a
// step missing, steps out of order, a step repeated, a slow step, a message never seen, a crash
// with a stack trace, an outage (refused connections for some seconds). The same options give the
// same lines.
class LogGenerator {
 public:
  struct Options {
    LogFormat format;
    double anomaly_rate = 0;  // share of scripts that go wrong, 0 to 1
    uint64_t seed = 1;
    Time start{};
    double lines_per_second = 20;  // of event time, on average
    std::string host = "shop1";
    std::string program = "orderd";
  };

  explicit LogGenerator(const Options& options);

  GeneratedLine Next();
  // Changes from now on, for faults that begin while the log is live.
  void set_anomaly_rate(double rate) { options_.anomaly_rate = rate; }
  // The next script is the worst kind of fault: a crash.
  void CrashNext() { crash_next_ = true; }
  // Event time goes on from here, for a log written live.
  void set_time(Time now) { now_ = now > now_ ? now : now_; }
  static const std::vector<std::string>& Kinds();

 private:
  struct Step {
    Level level;
    std::string_view logger;
    std::string message;
    std::string label;
    bool continuation = false;
  };
  struct RandomColumns {
    int order = 0, time_form = 0, separator = 0, level_width = 0;
    bool brackets = false, pid = false;
  };

  void Refill();
  std::vector<Step> NormalScript();
  void Spoil(std::vector<Step>* script);
  std::vector<Step> Crash();
  std::vector<Step> Outage();
  std::string Fill(std::string_view pattern);
  std::string Format(const Step& step);
  std::string FormatRandom(const Step& step, const std::string& logger);
  uint64_t Draw(uint64_t below) { return rng_() % below; }
  double Uniform() { return static_cast<double>(rng_() >> 11) * 0x1.0p-53; }

  Options options_;
  std::mt19937_64 rng_;
  Time now_;
  std::deque<Step> queue_;
  uint64_t request_ = 100'000;
  uint64_t scripts_ = 0;
  bool crash_next_ = false;
  uint32_t pid_ = 0;
  RandomColumns columns_;
};

}  // namespace alogd
