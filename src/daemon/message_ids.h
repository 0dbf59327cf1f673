// SPDX-License-Identifier: MIT
// The MESSAGE_IDs of alogd's journal entries: fixed for ever, explained by systemd/alogd.catalog.
#pragma once

namespace alogd {

inline constexpr const char* kAnomalyAlertId = "f49d9d0f81e5475fae5e1010d3e21d6b";
inline constexpr const char* kRuleAlertId = "6944d6fe6ce7431f9aad95ae876ec035";
inline constexpr const char* kListAlertId = "2222b2400468445192019621856b34a8";
inline constexpr const char* kIncidentClosedId = "77fc70c6f04d472e997d0fbb0cdd2914";
inline constexpr const char* kStartedId = "1fe2358eb86e4632af859a929b6ba993";
inline constexpr const char* kStoppedId = "889d3eb4b953420d994e65af2c0c79ae";
inline constexpr const char* kReloadDoneId = "b9806ccb87924b4f9132b60835e4cdbd";
inline constexpr const char* kReloadRefusedId = "25212bc5698e4b4ca928686cad70d97b";
inline constexpr const char* kDatabaseTroubleId = "39c4b85633e542828a20750fe377ada2";
inline constexpr const char* kSourceTroubleId = "641b18a71dd04f3a860a0e1a9ae5bfce";

}  // namespace alogd
