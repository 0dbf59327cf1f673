// SPDX-License-Identifier: MIT
// Encodes byte strings for JSON.
#include "models/tensors/json_text.h"

#include <cstdint>

namespace alogd {
namespace {

// Strictly as RFC 3629 has it, since the JSON writer throws at anything else.
bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t k) { return static_cast<uint8_t>(text[k]); };
    const uint8_t lead = byte(i);
    const size_t more = lead < 0x80 ? 0 : lead < 0xc2 ? 9 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead > 0xf4 || i + more >= text.size()) return false;
    for (size_t k = 1; k <= more; ++k)
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    if ((lead == 0xe0 && byte(i + 1) < 0xa0) || (lead == 0xed && byte(i + 1) >= 0xa0) ||
        (lead == 0xf0 && byte(i + 1) < 0x90) || (lead == 0xf4 && byte(i + 1) >= 0x90))
      return false;
    i += more + 1;
  }
  return true;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

nlohmann::json EncodeText(std::string_view text) {
  if (IsUtf8(text)) return std::string(text);
  std::string hex;
  for (const char c : text) {
    hex += "0123456789abcdef"[static_cast<uint8_t>(c) >> 4];
    hex += "0123456789abcdef"[static_cast<uint8_t>(c) & 15];
  }
  return {{"hex", hex}};
}

bool DecodeText(const nlohmann::json& json, std::string* text) {
  if (json.is_string()) return *text = json.get<std::string>(), true;
  if (!json.is_object() || json.size() != 1 || !json.contains("hex") || !json["hex"].is_string())
    return false;
  const std::string hex = json["hex"].get<std::string>();
  text->clear();
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    const int high = HexValue(hex[i]), low = HexValue(hex[i + 1]);
    if (high < 0 || low < 0) return false;
    *text += static_cast<char>(high * 16 + low);
  }
  return hex.size() % 2 == 0;
}

}  // namespace alogd
