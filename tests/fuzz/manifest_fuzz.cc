// SPDX-License-Identifier: MIT
// Fuzzes manifest.json and templates.json: as they come, and with a seal that fits.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz.h"
#include "models/bundle/manifest.h"

namespace {

using namespace alogd;

void Decode(const nlohmann::json& manifest, Bundle* bundle) {
  std::vector<std::string> templates;
  const auto golden = manifest.find("golden");
  if (golden == manifest.end() || !DecodeGolden(*golden, bundle, &templates)) return;
  fuzz::Require(templates.size() == bundle->golden_lines.size());
  const nlohmann::json again = EncodeGolden(*bundle, templates);
  Bundle other;
  other.vocabulary = bundle->vocabulary;
  std::vector<std::string> same;
  fuzz::Require(DecodeGolden(again, &other, &same) && same == templates);
}

}  // namespace

// Up to the first line that holds nothing: templates.json; what follows: manifest.json.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const size_t cut = std::min(all.find("\n\n"), all.size());
  Bundle bundle;
  if (DecodeTemplates(all.substr(0, cut), &bundle)) {
    Bundle again;
    fuzz::Require(DecodeTemplates(EncodeTemplates(bundle), &again).ok());
    fuzz::Require(again.vocabulary == bundle.vocabulary && again.counts == bundle.counts);
  }
  const std::string text(all.substr(std::min(cut + 2, all.size())));
  (void)OpenManifest(text);
  Result<nlohmann::json> manifest = ParseJson(text);
  if (!manifest || !manifest->is_object()) return 0;
  const Result<nlohmann::json> opened = OpenManifest(SealManifest(*manifest));
  if (opened) Decode(*opened, &bundle);
  return 0;
}
