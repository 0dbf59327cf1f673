// SPDX-License-Identifier: MIT
// The keys of an alert's JSON.
#include "daemon/sinks/alert_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/text.h"

namespace alogd {
namespace {

using nlohmann::json;

void AddText(json* out, const char* key, std::string_view text) {
  if (!text.empty()) (*out)[key] = ToValidUtf8(text);
}

void AddTime(json* out, const char* key, Time time) {
  if (time != kNoTime) (*out)[key] = Micros(time);
}

// 71.3f is 71.3, not 71.30000305175781.
double Rounded(float value) { return std::round(static_cast<double>(value) * 100) / 100; }

void AddAnomaly(json* out, const Anomaly& a) {
  AddTime(out, "time_us", a.time);
  AddText(out, "message", a.message);
  AddText(out, "detector", a.detector);
  if (!a.evidence.empty()) AddText(out, "why", a.evidence[0].summary);
  AddText(out, "source", a.source);
  AddText(out, "stream", a.stream);
  AddText(out, "template", a.template_text);
  AddText(out, "bundle", a.bundle);
  (*out)["risk"] = Rounded(a.risk);
  (*out)["score"] = Rounded(a.score);
  (*out)["severity"] = a.severity;
}

}  // namespace

std::string AlertJson(const Alert& alert) {
  json out = {{"alert_id", alert.id},
              {"kind", static_cast<int>(alert.kind)},
              {"level", std::string(Name(alert.level))}};
  AddText(&out, "group", alert.group);
  AddText(&out, "title", alert.title);
  AddTime(&out, "created_us", alert.created);
  if (alert.incident_id != 0) out["incident_id"] = alert.incident_id;
  if (alert.anomaly_id != 0) out["anomaly_id"] = alert.anomaly_id;
  if (alert.uncommitted) out["uncommitted"] = true;
  if (alert.anomaly_id != 0 || alert.uncommitted) AddAnomaly(&out, alert.anomaly);
  const json body = json::parse(alert.body, nullptr, false);
  if (body.is_object() && !body.empty()) out["details"] = body;
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace alogd
