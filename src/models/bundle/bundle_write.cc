// SPDX-License-Identifier: MIT
// Writes a bundle beside its place and renames it there.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "models/bundle/bundle.h"
#include "models/bundle/bundle_files.h"
#include "models/bundle/golden.h"
#include "models/bundle/manifest.h"
#include "models/bundle/sha256.h"
#include "models/registry/detectors.h"

namespace alogd {
namespace {

using Files = std::map<std::string, std::string>;  // bytes by name

Status ScoreGolden(const GroupConfig& group, Bundle* bundle) {
  Result<ModelSet> set = MakeModelSet(WithAllDetectors(group), bundle);
  if (!set) return set.error();
  const Catalog catalog = CatalogOf(bundle->vocabulary);
  for (const auto& detector : set->detectors) {
    const auto it = bundle->golden_windows.find(std::string(detector->name()));
    if (it == bundle->golden_windows.end()) continue;
    const std::vector<float> raw = ScoreGoldenWindows(detector.get(), catalog, it->second);
    for (size_t i = 0; i < raw.size(); ++i) it->second[i].raw = raw[i];
  }
  return {};
}

Result<Files> MakeFiles(Bundle bundle, const GroupConfig& group) {
  if (const Status status = ScoreGolden(group, &bundle); !status) return status.error();
  const Result<std::vector<std::string>> templates =
      ParseGoldenLines(bundle.golden_lines, bundle.vocabulary, group);
  if (!templates) return templates.error();
  Files files;
  files["templates.json"] = EncodeTemplates(bundle);
  files["train.log"] = bundle.log.substr(0, kMaxLogBytes);
  for (const auto& [detector, tensors] : bundle.tensors)
    files[detector + ".safetensors"] = SerializeTensors(tensors);
  nlohmann::json manifest =
      bundle.manifest.is_object() ? bundle.manifest : nlohmann::json::object();
  manifest["format"] = kBundleFormat;
  manifest["parser"] = kParserVersion;
  manifest["program"] = "alogd " ALOGD_VERSION;
  manifest["name"] = bundle.name;
  manifest["group"] = group.name;
  manifest["parser_options"] = ParserOptions(group);
  manifest["golden"] = EncodeGolden(bundle, *templates);
  manifest["files"] = nlohmann::json::object();
  for (const auto& [name, bytes] : files)
    manifest["files"][name] = {{"bytes", bytes.size()}, {"sha256", Sha256(bytes)}};
  files["manifest.json"] = SealManifest(std::move(manifest));
  return files;
}

Status CheckSizes(const Files& files) {
  for (const auto& [name, bytes] : files) {
    const size_t limit = name.ends_with(".safetensors") ? kMaxTensorBytes : kMaxManifestBytes;
    if (bytes.size() > limit)
      return Error{
          fmt::format("{} would have {} bytes, over the limit of {}; train on fewer templates",
                      name, bytes.size(), limit)};
  }
  return {};
}

Status FillDirectory(const std::string& directory, const Files& files) {
  if (const Status status = MakeDirectories(directory); !status) return status;
  for (const auto& [name, bytes] : files) {
    if (const Status status = WriteNewFile(directory + "/" + name, bytes); !status) return status;
  }
  return SyncDirectory(directory);
}

void RemoveAll(const std::string& directory) {
  std::error_code ignored;  // it begins with a dot and is listed nowhere
  std::filesystem::remove_all(directory, ignored);
}

}  // namespace

Status WriteBundle(const Bundle& bundle, const std::string& models_directory,
                   const GroupConfig& group) {
  if (!IsBareName(bundle.name))
    return Error{fmt::format("'{}' cannot be the name of a bundle", bundle.name)};
  const std::string path = models_directory + "/" + bundle.name;
  struct stat info {};
  if (lstat(path.c_str(), &info) == 0) return ErrnoError("cannot write bundle", path, EEXIST);
  const Result<Files> files = MakeFiles(bundle, group);
  if (!files) return files.error();
  if (const Status status = CheckSizes(*files); !status) return status;
  if (const Status status = MakeDirectories(models_directory); !status) return status;
  const std::string beside = fmt::format("{}/.{}.new", models_directory, bundle.name);
  RemoveAll(beside);  // of a training that was killed
  Status status = FillDirectory(beside, *files);
  if (status.ok() && rename(beside.c_str(), path.c_str()) != 0)
    status = ErrnoError("cannot put in place", path, errno);
  if (!status) {
    RemoveAll(beside);
    return status;
  }
  return SyncDirectory(models_directory);
}

}  // namespace alogd
