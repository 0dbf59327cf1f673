// SPDX-License-Identifier: MIT
// Byte strings in JSON: log text need not be UTF-8, and JSON knows nothing else.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace alogd {

// A JSON string where the text is valid UTF-8, else {"hex": "..."}.
nlohmann::json EncodeText(std::string_view text);
// False for anything EncodeText does not write.
bool DecodeText(const nlohmann::json& json, std::string* text);

}  // namespace alogd
