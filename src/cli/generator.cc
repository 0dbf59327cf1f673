// SPDX-License-Identifier: MIT
// The scripts of the made-up service and what goes wrong in them.
#include "cli/generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace alogd {
namespace {

struct Pattern {
  Level level;
  std::string_view logger;
  std::string_view message;
};

struct Script {
  uint64_t weight;
  std::vector<Pattern> steps;
};

constexpr Level kInfo = Level::kInfo;
constexpr Level kDebug = Level::kDebug;

// Placeholders: {ip} {port} {ms} {user} {req} {order} {n} {hex} {path} {kb}.
const std::vector<Script>& Scripts() {
  static const std::vector<Script> scripts = {
      {40,
       {{kInfo, "HttpServer", "Request {req} GET {path} from {ip}:{port}"},
        {kDebug, "AuthFilter", "Token {hex} belongs to user {user}"},
        {kInfo, "CatalogService", "Loaded {n} items for request {req}"},
        {kInfo, "HttpServer", "Response 200 for request {req} in {ms} ms"}}},
      {25,
       {{kInfo, "HttpServer", "Request {req} POST {path} from {ip}:{port}"},
        {kDebug, "AuthFilter", "Token {hex} belongs to user {user}"},
        {kInfo, "OrderService", "Order {order} created for user {user}"},
        {kInfo, "PaymentClient", "Payment of order {order} authorised in {ms} ms"},
        {kInfo, "StockService", "Reserved {n} items for order {order}"},
        {kInfo, "MailQueue", "Queued confirmation of order {order}"},
        {kInfo, "HttpServer", "Response 201 for request {req} in {ms} ms"}}},
      {15,
       {{kDebug, "CacheManager", "Cache miss for key {hex}"},
        {kDebug, "Database", "Query took {ms} ms, {n} rows"},
        {kDebug, "CacheManager", "Stored key {hex}, {kb} kB"}}},
      {10,
       {{kInfo, "HealthCheck", "Health check started"},
        {kInfo, "HealthCheck", "Database reachable in {ms} ms"},
        {kInfo, "HealthCheck", "Health check passed"}}},
      {6,
       {{kInfo, "MailQueue", "Delivering {n} queued mails"},
        {kInfo, "MailQueue", "Delivered {n} mails in {ms} ms"}}},
      {4,
       {{kInfo, "GarbageCollector", "Collection started, heap {kb} kB"},
        {kInfo, "GarbageCollector", "Collection finished in {ms} ms, heap {kb} kB"}}},
  };
  return scripts;
}

// Messages that no normal script writes.
constexpr Pattern kUnseen[] = {
    {Level::kWarning, "PaymentClient", "Certificate of payment gateway expires in {n} hours"},
    {Level::kError, "StockService", "Stock of item {n} is negative, rejecting order {order}"},
    {Level::kError, "AuthFilter", "Signature of token {hex} does not match, request {req} denied"},
    {Level::kWarning, "Database", "Replica {ip} lags {n} s behind"},
};

constexpr std::string_view kUsers[] = {"alice", "bob",   "carol", "dave",
                                       "erin",  "frank", "grace", "heidi"};
constexpr std::string_view kPaths[] = {"/items", "/items/new",  "/orders",
                                       "/cart",  "/cart/items", "/account/address"};

enum Kind { kMissing, kOrder, kRepeat, kSlow, kNew, kCrash, kOutage, kKinds };

}  // namespace

std::optional<LogFormat> FindLogFormat(std::string_view name) {
  using H = LogFormat::Header;
  for (const auto& [known, header] : {std::pair{"service", H::kLogback},
                                      {"syslog", H::kSyslog},
                                      {"iso", H::kIso},
                                      {"json", H::kJson},
                                      {"random", H::kRandom}})
    if (name == known) return LogFormat{header};
  return std::nullopt;
}

const std::vector<std::string>& LogGenerator::Kinds() {
  static const std::vector<std::string> kinds = {"missing-step", "wrong-order", "repeated-step",
                                                 "slow-step",    "new-message", "crash",
                                                 "outage"};
  return kinds;
}

LogGenerator::LogGenerator(const Options& options)
    : options_(options), rng_(options.seed), now_(options.start) {
  pid_ = static_cast<uint32_t>(1000 + Draw(30000));
  columns_.order = static_cast<int>(Draw(4));
  columns_.time_form = static_cast<int>(Draw(5));
  columns_.separator = static_cast<int>(Draw(4));
  columns_.level_width = Draw(2) ? 5 : 0;
  columns_.brackets = Draw(2) == 1;
  columns_.pid = Draw(2) == 1;
}

std::string LogGenerator::Fill(std::string_view pattern) {
  std::string out;
  while (!pattern.empty()) {
    const size_t open = pattern.find('{');
    out.append(pattern.substr(0, open));
    if (open == std::string_view::npos) break;
    const size_t close = pattern.find('}', open);
    const std::string_view what = pattern.substr(open + 1, close - open - 1);
    pattern.remove_prefix(close + 1);
    if (what == "ip") out += fmt::format("10.{}.{}.{}", Draw(4), Draw(256), 1 + Draw(254));
    if (what == "port") out += std::to_string(1024 + Draw(60000));
    if (what == "ms") out += std::to_string(1 + Draw(6) * Draw(6) + Draw(12));
    if (what == "user") out += kUsers[Draw(std::size(kUsers))];
    if (what == "req") out += std::to_string(request_);
    if (what == "order") out += std::to_string(700'000 + request_);
    if (what == "n") out += std::to_string(1 + Draw(60));
    if (what == "hex") out += fmt::format("{:016x}", rng_());
    if (what == "path") out += kPaths[Draw(std::size(kPaths))];
    if (what == "kb") out += std::to_string(100 + Draw(90'000));
  }
  return out;
}

std::vector<LogGenerator::Step> LogGenerator::NormalScript() {
  uint64_t total = 0;
  for (const Script& s : Scripts()) total += s.weight;
  uint64_t draw = Draw(total);
  size_t i = 0;
  while (draw >= Scripts()[i].weight) draw -= Scripts()[i++].weight;
  ++request_;
  std::vector<Step> steps;
  for (const Pattern& p : Scripts()[i].steps)
    steps.push_back({p.level, p.logger, Fill(p.message), {}, false});
  return steps;
}

std::vector<LogGenerator::Step> LogGenerator::Crash() {
  const std::string& label = Kinds()[kCrash];
  std::vector<Step> steps = {
      {Level::kError, "OrderService",
       Fill("Cannot create order {order}: unexpected java.lang.OutOfMemoryError"), label, false},
      {Level::kError, "OrderService", "java.lang.OutOfMemoryError: Java heap space", label, true}};
  for (const char* frame : {"OrderService.create(OrderService.java:112)",
                            "HttpServer.handle(HttpServer.java:87)", "Worker.run(Worker.java:41)"})
    steps.push_back({Level::kError, "OrderService", fmt::format("\tat com.example.shop.{}", frame),
                     label, true});
  steps.push_back(
      {Level::kCritical, "Watchdog", "Service is shutting down after a fatal error", label, false});
  steps.push_back({Level::kInfo, "Watchdog", "Service started", label, false});
  return steps;
}

std::vector<LogGenerator::Step> LogGenerator::Outage() {
  std::vector<Step> steps;
  for (uint64_t n = 8 + Draw(8); n > 0; --n)
    steps.push_back({Level::kError, "Database",
                     Fill("Connection to 10.0.0.5:5432 refused, retry in {n} s"), Kinds()[kOutage],
                     false});
  return steps;
}

void LogGenerator::Spoil(std::vector<Step>* script) {
  const auto kind = static_cast<Kind>(Draw(kKinds));
  std::vector<Step>& s = *script;
  const size_t middle = s.size() / 2;
  switch (kind) {
    case kMissing:
      s.erase(s.begin() + static_cast<ptrdiff_t>(middle));
      break;
    case kOrder:
      std::reverse(s.begin(), s.end());
      break;
    case kRepeat:
      s.insert(s.begin() + static_cast<ptrdiff_t>(middle), 6, Step(s[middle]));
      break;
    case kSlow:
      s.back().message += fmt::format(", {} ms over the limit", 5000 + Draw(90'000));
      break;
    case kNew: {
      const Pattern& p = kUnseen[Draw(std::size(kUnseen))];
      s.insert(s.begin() + static_cast<ptrdiff_t>(middle),
               {p.level, p.logger, Fill(p.message), {}, false});
      break;
    }
    case kCrash:
      s = Crash();
      break;
    case kOutage:
      s = Outage();
      break;
    case kKinds:
      break;
  }
  for (Step& step : s) step.label = Kinds()[kind];
}

// The next script; one in eight times a second worker's is woven into it.
void LogGenerator::Refill() {
  ++scripts_;
  std::vector<Step> script = NormalScript();
  if (std::exchange(crash_next_, false)) {
    script = Crash();
    const std::vector<Step> after = Outage();  // it took its connections with it
    script.insert(script.end(), after.begin(), after.end());
  } else if (Uniform() < options_.anomaly_rate) {
    Spoil(&script);
  } else if (Draw(8) == 0) {
    const std::vector<Step> other = NormalScript();
    std::vector<Step> woven;
    for (size_t i = 0, j = 0; i < script.size() || j < other.size();) {
      const bool first = j == other.size() || (i < script.size() && Draw(2) == 0);
      woven.push_back(first ? script[i++] : other[j++]);
    }
    script = std::move(woven);
  }
  queue_.insert(queue_.end(), script.begin(), script.end());
}

GeneratedLine LogGenerator::Next() {
  if (queue_.empty()) Refill();
  const Step step = std::move(queue_.front());
  queue_.pop_front();
  if (!step.continuation)
    now_ += Duration(static_cast<int64_t>(2 * Uniform() * 1e6 / options_.lines_per_second));
  return {Format(step), now_, step.label, step.continuation};
}

}  // namespace alogd
