// SPDX-License-Identifier: MIT
// Loads a bundle and believes nothing of it before it is checked.
#include "models/bundle/bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "models/bundle/bundle_files.h"
#include "models/bundle/golden.h"
#include "models/bundle/manifest.h"
#include "models/bundle/sha256.h"
#include "models/registry/detectors.h"

namespace alogd {
namespace {

using nlohmann::json;

constexpr std::string_view kTensorSuffix = ".safetensors";

Result<json> ReadManifestIn(const OwnedFd& fd, const std::string& directory) {
  Result<std::string> text = ReadTrustedFile(fd, directory, "manifest.json", kMaxManifestBytes);
  if (!text) return text.error();
  Result<json> manifest = OpenManifest(std::move(*text));
  if (!manifest) return manifest.error().With(directory + "/manifest.json");
  return manifest;
}

class Loader {
 public:
  Loader(std::string directory, const GroupConfig& group)
      : directory_(std::move(directory)), group_(group) {}

  Result<Bundle> Load() {
    Result<OwnedFd> fd = OpenTrustedDirectory(directory_);
    if (!fd) return fd.error();
    fd_ = std::move(*fd);
    for (const auto step :
         {&Loader::ReadManifest, &Loader::ReadFiles, &Loader::CheckParser, &Loader::CheckGolden}) {
      if (const Status status = (this->*step)(); !status) return status.error();
    }
    return std::move(bundle_);
  }

 private:
  Error At(const std::string& name, const Error& error) const {
    return error.With(directory_ + "/" + name);
  }

  Status ReadManifest() {
    Result<json> manifest = ReadManifestIn(fd_, directory_);
    if (!manifest) return manifest.error();
    bundle_.manifest = std::move(*manifest);
    std::error_code error;
    const auto canonical = std::filesystem::canonical(directory_, error);
    bundle_.name = error ? std::string() : canonical.filename().string();
    for (const char* key : {"files", "detectors", "parser_options"}) {
      if (!bundle_.manifest.contains(key) || !bundle_.manifest[key].is_object())
        return At("manifest.json", Error{fmt::format("'{}' is missing; train again", key)});
    }
    if (!bundle_.manifest["files"].contains("templates.json"))
      return At("manifest.json", Error{"templates.json is not among its files; train again"});
    return CheckDetectors();
  }

  // A bundle is not used in part: its joint threshold is of all its detectors.
  Status CheckDetectors() {
    for (const auto& [name, entry] : bundle_.manifest["detectors"].items()) {
      if (FindDetector(name)) continue;
      return At(
          "manifest.json",
          Error{fmt::format("its detector {} is not known here, {} wrote it; use that "
                            "version of alogd, or train again with this one",
                            EscapeForError(name),
                            EscapeForError(bundle_.manifest.value("program", "another alogd")))});
    }
    return {};
  }

  Status ReadFiles() {
    for (const auto& [name, entry] : bundle_.manifest["files"].items()) {
      if (const Status status = ReadFile(name, entry); !status) return status;
    }
    return {};
  }

  Status ReadFile(const std::string& name, const json& entry) {
    const bool tensors = name.ends_with(kTensorSuffix);
    if (!IsBareName(name) || (!tensors && name != "templates.json" && name != "train.log"))
      return At("manifest.json", Error{fmt::format("it names a file that no bundle has: '{}'",
                                                   EscapeForError(name))});
    const size_t limit = tensors ? kMaxTensorBytes : kMaxManifestBytes;
    const Result<std::string> bytes = ReadTrustedFile(fd_, directory_, name, limit);
    if (!bytes) return bytes.error();
    if (!entry.is_object() || !entry.contains("sha256") || entry["sha256"] != Sha256(*bytes)) {
      return At(name,
                Error{"it does not match its checksum in manifest.json: it was damaged or edited; "
                      "train again or activate another bundle"});
    }
    if (name == "templates.json") {
      if (const Status status = DecodeTemplates(*bytes, &bundle_); !status)
        return At(name, status.error());
    } else if (tensors) {
      Result<TensorMap> map = ParseTensors(*bytes, kMaxTensorBytes);
      if (!map) return At(name, map.error());
      bundle_.tensors[name.substr(0, name.size() - kTensorSuffix.size())] = std::move(*map);
    }
    return {};
  }

  static std::string EscapeForError(const std::string& name) {
    return json(name).dump(-1, ' ', true);
  }

  // The same vocabulary under other masks would name other lines.
  Status CheckParser() {
    const json now = ParserOptions(group_);
    const json& then = bundle_.manifest["parser_options"];
    for (const json& step : json::diff(then, now)) {
      const std::string path = step["path"].get<std::string>();
      return At(
          "manifest.json",
          Error{fmt::format("the parser's option {} of group '{}' is not the one it was trained "
                            "with; train again or put the option back",
                            path, group_.name)});
    }
    return {};
  }

  Status CheckGolden() {
    std::vector<std::string> templates;
    if (!bundle_.manifest.contains("golden"))
      return At("manifest.json", Error{"its golden lines are missing; train again"});
    if (const Status status = DecodeGolden(bundle_.manifest["golden"], &bundle_, &templates);
        !status)
      return At("manifest.json", status.error());
    const Result<std::vector<std::string>> now =
        ParseGoldenLines(bundle_.golden_lines, bundle_.vocabulary, group_);
    if (!now) return now.error();
    for (size_t i = 0; i < templates.size(); ++i) {
      if ((*now)[i] == templates[i]) continue;
      return At(
          "manifest.json",
          Error{fmt::format("golden line {} does not parse to its template any more: the group's "
                            "format or this alogd differs from the one that trained; train again",
                            i)});
    }
    return CheckGoldenWindows();
  }

  Status CheckGoldenWindows() {
    const Result<ModelSet> set = MakeModelSet(WithAllDetectors(group_), &bundle_);
    if (!set) return Error{fmt::format("{}: {}", directory_, set.error().message)};
    const Catalog catalog = CatalogOf(bundle_.vocabulary);
    const bool can_prove = std::ranges::any_of(set->detectors, [this](const auto& detector) {
      return detector->stateless() && bundle_.manifest["detectors"].contains(detector->name());
    });
    if (can_prove && bundle_.golden_windows.empty())
      return At("manifest.json",
                Error{"its golden windows are missing, which would prove that this alogd scores as "
                      "the one that trained it; train again"});
    for (const auto& detector : set->detectors) {
      const std::string name(detector->name());
      const auto it = bundle_.golden_windows.find(name);
      if (it == bundle_.golden_windows.end()) continue;
      const std::vector<float> raw = ScoreGoldenWindows(detector.get(), catalog, it->second);
      for (size_t i = 0; i < raw.size(); ++i) {
        if (SameScore(raw[i], it->second[i].raw)) continue;
        return At(
            "manifest.json",
            Error{fmt::format("golden window {} of {} scores {}, at training it scored {}: this "
                              "alogd computes it otherwise; train again",
                              i, name, raw[i], it->second[i].raw)});
      }
    }
    return {};
  }

  std::string directory_;
  const GroupConfig& group_;
  OwnedFd fd_;
  Bundle bundle_;
};

}  // namespace

Result<json> ReadManifest(const std::string& directory) {
  const Result<OwnedFd> fd = OpenTrustedDirectory(directory);
  if (!fd) return fd.error();
  return ReadManifestIn(*fd, directory);
}

Result<Bundle> LoadBundle(const std::string& directory, const GroupConfig& group) {
  return Loader(directory, group).Load();
}

}  // namespace alogd
