// SPDX-License-Identifier: MIT
// The bundle: a directory with everything a trained group needs; loaded, checked and written here.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/detection/detector.h"
#include "core/result.h"
#include "models/corpus/corpus.h"
#include "models/spec/candidate.h"
#include "models/tensors/safetensors.h"

namespace alogd {

inline constexpr int kBundleFormat = 1;
inline constexpr int kParserVersion = 6;  // raised when templates of the same lines may change

// Limits of what a loader takes in, checked before anything is allocated.
inline constexpr size_t kMaxManifestBytes = 64u << 20;
inline constexpr size_t kMaxTensorBytes = 512u << 20;
inline constexpr size_t kMaxLogBytes = 16u << 20;

// A bundle in memory.
struct Bundle {
  std::string name;                          // its directory's name
  nlohmann::json manifest;                   // see doc/bundle.md
  std::vector<std::string> vocabulary;       // template text by word
  std::vector<uint64_t> counts;              // training records by word
  std::vector<bool> rare;                    // words that training left out of sequences
  std::map<std::string, TensorMap> tensors;  // by detector
  std::string log;                           // train.log; not read back
  std::vector<std::string> golden_lines;     // raw; what they parse to is in the manifest
  std::map<std::string, std::vector<GoldenWindow>> golden_windows;  // by stateless detector
};

// Reads and checks a bundle directory: who may write it, format and parser version, sizes, sha-256
// of each file, golden lines parsed to their templates, golden windows scored again. The error
// names the file and the fix.
Result<Bundle> LoadBundle(const std::string& directory, const GroupConfig& group);

// The manifest alone, its checksum checked but nothing that it says of other files: for lists.
Result<nlohmann::json> ReadManifest(const std::string& directory);

// Writes beside and renames into place: <models>/<name>/. What golden lines parse to and golden
// windows score is computed here. Nothing is left behind where it fails.
Status WriteBundle(const Bundle& bundle, const std::string& models_directory,
                   const GroupConfig& group);

// Makes <models>/current point to the sibling `name`, by rename; returns what it pointed to before.
Result<std::string> ActivateBundle(const std::string& models_directory, const std::string& name);
// The bundle that `current` names; empty where there is none. `current` must be one bare sibling
// name.
Result<std::string> CurrentBundle(const std::string& models_directory);
// What a rollback goes to: the bundle that was current before, else the next older one; empty where
// there is none.
Result<std::string> PreviousBundle(const std::string& models_directory);
// All bundle directories, oldest first. Not checked: LoadBundle does.
Result<std::vector<std::string>> ListBundles(const std::string& models_directory);

// The detectors that `group` enables, brought to life with the bundle's weights; those that need
// training are left out where `bundle` is null or does not have them.
Result<ModelSet> MakeModelSet(const GroupConfig& group, const Bundle* bundle);

// What the configuration asks for: group.model resolved, loaded, brought to life. No bundle there
// yet is not an error where model is "current".
Result<ModelSet> LoadModelSet(const Config& config, const GroupConfig& group);

}  // namespace alogd
