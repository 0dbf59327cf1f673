// SPDX-License-Identifier: MIT
// manifest.json and templates.json: a bundle's parts as text, and back with every field checked.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/config/config.h"
#include "core/result.h"
#include "models/bundle/bundle.h"

namespace alogd {

// The parser's options that decide which template a line gets; a bundle is only good for the same
// ones.
nlohmann::json ParserOptions(const GroupConfig& group);

// JSON of limited depth; errors name the place.
Result<nlohmann::json> ParseJson(std::string_view text);

// templates.json: [{"text", "count", "rare"}, ...] by word.
// Header formats by source, and back. Those that are malformed are left out: a source without them
// finds its own.
nlohmann::json EncodeFormats(const std::map<std::string, std::string, std::less<>>& formats);
std::map<std::string, std::string, std::less<>> DecodeFormats(const nlohmann::json& list);

std::string EncodeTemplates(const Bundle& bundle);
Status DecodeTemplates(std::string_view text, Bundle* bundle);

// The manifest's "golden" object; `templates` are those of the lines.
nlohmann::json EncodeGolden(const Bundle& bundle, const std::vector<std::string>& templates);
Status DecodeGolden(const nlohmann::json& json, Bundle* bundle,
                    std::vector<std::string>* templates);

// The manifest as text with its own checksum in it: "manifest_sha256" is that of the text with 64
// zeros in its place.
std::string SealManifest(nlohmann::json manifest);
// Undoes that: checks the checksum, then format and parser version.
Result<nlohmann::json> OpenManifest(std::string text);

}  // namespace alogd
