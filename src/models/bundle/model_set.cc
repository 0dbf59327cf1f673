// SPDX-License-Identifier: MIT
// Brings a group's detectors to life, with or without a bundle.
#include "models/bundle/model_set.h"

#include <fmt/format.h>

#include "models/baseline/baseline.h"
#include "models/bundle/bundle.h"
#include "models/calibration/joint_calibration.h"
#include "models/counts/counts.h"
#include "models/length/length.h"
#include "models/loganomaly/loganomaly.h"
#include "models/loganomaly_lstm/loganomaly_lstm.h"
#include "models/novelty/novelty.h"
#include "models/pairs/pairs.h"
#include "models/sequence/sequence_model.h"
#include "models/values/values.h"

namespace alogd {
namespace {

using nlohmann::json;

const json* Entry(const Bundle& bundle, const char* detector) {
  const auto detectors = bundle.manifest.find("detectors");
  if (detectors == bundle.manifest.end() || !detectors->is_object()) return nullptr;
  const auto entry = detectors->find(detector);
  return entry == detectors->end() ? nullptr : &*entry;
}

Status TakeCalibration(const json& entry, const char* detector, Calibration* calibration) {
  if (!entry.is_object() || !entry.contains("calibration") ||
      !FromJson(entry["calibration"], calibration))
    return Error{
        fmt::format("the calibration of {} is missing or malformed; train again", detector)};
  return {};
}

Status TakeNewShare(const json& entry, double* new_share) {
  const json::json_pointer where("/parameters/new_share");
  const json value = entry.contains(where) ? entry.at(where) : json();
  if (value.is_number()) *new_share = value.get<double>();
  if (*new_share > 0 && *new_share <= 1) return {};
  return Error{"the parameters of novelty are missing or malformed; train again"};
}

Status AddNovelty(const GroupConfig& group, const Bundle* bundle, ModelSet* set) {
  Calibration calibration = UntrainedNoveltyCalibration();
  NoveltyModel model;
  if (bundle) {
    double new_share = 0;
    if (const json* entry = Entry(*bundle, "novelty")) {
      if (const Status status = TakeCalibration(*entry, "novelty", &calibration); !status)
        return status;
      if (const Status status = TakeNewShare(*entry, &new_share); !status) return status;
    }
    model = TrainNovelty(bundle->counts, bundle->rare, group.novelty.rare, new_share);
  }
  set->detectors.push_back(MakeNoveltyDetector(group.novelty, std::move(model), calibration));
  return {};
}

Status AddBaseline(const GroupConfig& group, const Bundle* bundle, ModelSet* set) {
  Calibration calibration = UntrainedBaselineCalibration();
  const json* entry = bundle ? Entry(*bundle, "baseline") : nullptr;
  if (entry) {
    if (const Status status = TakeCalibration(*entry, "baseline", &calibration); !status)
      return status;
  }
  set->detectors.push_back(MakeBaselineDetector(group.baseline, calibration));
  return {};
}

Status AddLogAnomaly(const GroupConfig& group, const Bundle& bundle, const json& entry,
                     ModelSet* set) {
  Calibration calibration;
  if (const Status status = TakeCalibration(entry, "loganomaly", &calibration); !status)
    return status;
  const auto tensors = bundle.tensors.find("loganomaly");
  if (tensors == bundle.tensors.end() || !entry.contains("parameters"))
    return Error{"the weights or parameters of loganomaly are missing; train again"};
  Result<LogAnomalyModel> model = LogAnomalyFrom(tensors->second, entry["parameters"]);
  if (!model) return model.error();
  if (group.loganomaly.threshold)
    SetThreshold(*group.loganomaly.threshold, kLogAnomalySpan, &calibration);
  set->detectors.push_back(
      MakeLogAnomalyDetector(std::move(*model), bundle.vocabulary, calibration));
  return {};
}

Status AddDeepLog(const GroupConfig& group, const Bundle& bundle, const json& entry,
                  ModelSet* set) {
  Calibration calibration;
  if (const Status status = TakeCalibration(entry, "deeplog", &calibration); !status) return status;
  const auto tensors = bundle.tensors.find("deeplog");
  if (tensors == bundle.tensors.end())
    return Error{"the weights of deeplog are missing; train again"};
  Result<DeepLogModel> model =
      DeepLogFromTensors(tensors->second, static_cast<uint32_t>(bundle.vocabulary.size()));
  if (!model) return model.error();
  if (group.deeplog.threshold) SetThreshold(*group.deeplog.threshold, kDeepLogSpan, &calibration);
  set->detectors.push_back(
      MakeDeepLogDetector(std::move(*model), calibration, group.deeplog.top, bundle.vocabulary));
  return {};
}

Status AddLogAnomalyLstm(const GroupConfig& group, const Bundle& bundle, const json& entry,
                         ModelSet* set) {
  Calibration calibration;
  if (const Status status = TakeCalibration(entry, "loganomaly_lstm", &calibration); !status)
    return status;
  const auto tensors = bundle.tensors.find("loganomaly_lstm");
  if (tensors == bundle.tensors.end() || !entry.contains("parameters"))
    return Error{"the weights or parameters of loganomaly_lstm are missing; train again"};
  Result<LogAnomalyLstmModel> model = LogAnomalyLstmFrom(
      tensors->second, entry["parameters"], static_cast<uint32_t>(bundle.vocabulary.size()));
  if (!model) return model.error();
  const LogAnomalyLstmOptions& options = group.loganomaly_lstm;
  if (options.threshold) SetThreshold(*options.threshold, kDeepLogSpan, &calibration);
  set->detectors.push_back(
      MakeLogAnomalyLstmDetector(std::move(*model), calibration, options.top, bundle.vocabulary));
  return {};
}

Status AddCounts(const Bundle& bundle, const json& entry, ModelSet* set) {
  Calibration calibration;
  if (const Status status = TakeCalibration(entry, "counts", &calibration); !status) return status;
  const auto tensors = bundle.tensors.find("counts");
  if (tensors == bundle.tensors.end())
    return Error{"the weights of counts are missing; train again"};
  Result<CountsModel> model = CountsFrom(tensors->second, bundle.vocabulary.size());
  if (!model) return model.error();
  set->detectors.push_back(MakeCountsDetector(std::move(*model), bundle.vocabulary, calibration));
  return {};
}

Status AddLength(const Bundle& bundle, const json& entry, ModelSet* set) {
  Calibration calibration;
  if (const Status status = TakeCalibration(entry, "length", &calibration); !status) return status;
  const auto tensors = bundle.tensors.find("length");
  if (tensors == bundle.tensors.end())
    return Error{"the weights of length are missing; train again"};
  Result<LengthModel> model = LengthFrom(tensors->second, bundle.vocabulary.size());
  if (!model) return model.error();
  set->detectors.push_back(MakeLengthDetector(std::move(*model), bundle.vocabulary, calibration));
  return {};
}

Status AddValues(const GroupConfig& group, const Bundle& bundle, const json& entry, ModelSet* set) {
  Calibration calibration;
  if (const Status status = TakeCalibration(entry, "values", &calibration); !status) return status;
  const auto tensors = bundle.tensors.find("values");
  if (tensors == bundle.tensors.end())
    return Error{"the weights of values are missing; train again"};
  Result<ValueModel> model =
      ValuesFrom(tensors->second, static_cast<uint32_t>(bundle.vocabulary.size()));
  if (!model) return model.error();
  if (group.values.threshold) SetThreshold(*group.values.threshold, kValuesSpan, &calibration);
  set->number_words = NumberWords(*model, bundle.vocabulary.size());
  set->detectors.push_back(MakeValuesDetector(std::move(*model), bundle.vocabulary, calibration));
  return {};
}

Status AddPairs(const Bundle& bundle, const json& entry, ModelSet* set) {
  Calibration calibration;
  if (const Status status = TakeCalibration(entry, "pairs", &calibration); !status) return status;
  const auto tensors = bundle.tensors.find("pairs");
  if (tensors == bundle.tensors.end())
    return Error{"the weights of pairs are missing; train again"};
  Result<PairsModel> model =
      PairsFrom(tensors->second, static_cast<uint32_t>(bundle.vocabulary.size()));
  if (!model) return model.error();
  set->detectors.push_back(MakePairsDetector(std::move(*model), bundle.vocabulary, calibration));
  return {};
}

Status AddJoint(const GroupConfig& group, const Bundle& bundle, ModelSet* set) {
  const auto entry = bundle.manifest.find("joint");
  if (entry == bundle.manifest.end()) return {};  // of an older alogd: each alarms by itself
  JointModel joint;
  if (!FromJson(*entry, &joint)) return Error{"the joint calibration is malformed; train again"};
  set->joint = std::move(joint);
  if (group.loganomaly.threshold) set->alone.emplace_back("loganomaly");
  if (group.deeplog.threshold) set->alone.emplace_back("deeplog");
  if (group.loganomaly_lstm.threshold) set->alone.emplace_back("loganomaly_lstm");
  if (group.values.threshold) set->alone.emplace_back("values");
  return {};
}

}  // namespace

Result<ModelSet> MakeModelSet(const GroupConfig& group, const Bundle* bundle) {
  ModelSet set;
  if (bundle) {
    set.bundle = bundle->name;
    set.vocabulary = bundle->vocabulary;
  }
  if (group.novelty.enabled) {
    if (const Status status = AddNovelty(group, bundle, &set); !status) return status.error();
  }
  if (group.baseline.enabled) {
    if (const Status status = AddBaseline(group, bundle, &set); !status) return status.error();
  }
  const json* loganomaly = bundle ? Entry(*bundle, "loganomaly") : nullptr;
  if (group.loganomaly.enabled && loganomaly) {
    if (const Status status = AddLogAnomaly(group, *bundle, *loganomaly, &set); !status)
      return status.error();
  }
  const json* deeplog = bundle ? Entry(*bundle, "deeplog") : nullptr;
  if (group.deeplog.enabled && deeplog) {
    if (const Status status = AddDeepLog(group, *bundle, *deeplog, &set); !status)
      return status.error();
  }
  const json* counts = bundle ? Entry(*bundle, "counts") : nullptr;
  if (group.counts.enabled && counts) {
    if (const Status status = AddCounts(*bundle, *counts, &set); !status) return status.error();
  }
  const json* length = bundle ? Entry(*bundle, "length") : nullptr;
  if (group.length.enabled && length) {
    if (const Status status = AddLength(*bundle, *length, &set); !status) return status.error();
  }
  const json* lstm = bundle ? Entry(*bundle, "loganomaly_lstm") : nullptr;
  if (group.loganomaly_lstm.enabled && lstm) {
    if (const Status status = AddLogAnomalyLstm(group, *bundle, *lstm, &set); !status)
      return status.error();
  }
  const json* values = bundle ? Entry(*bundle, "values") : nullptr;
  if (group.values.enabled && values) {
    if (const Status status = AddValues(group, *bundle, *values, &set); !status)
      return status.error();
  }
  const json* pairs = bundle ? Entry(*bundle, "pairs") : nullptr;
  if (group.novelty.enabled && group.novelty.pairs && pairs) {
    if (const Status status = AddPairs(*bundle, *pairs, &set); !status) return status.error();
  }
  if (bundle) {
    if (const Status status = AddJoint(group, *bundle, &set); !status) return status.error();
  }
  return set;
}

Result<ModelSet> LoadModelSet(const Config& config, const GroupConfig& group) {
  std::string directory = group.model;
  if (group.model == "current") {
    const std::string models = config.ModelsPath(group.name);
    const Result<std::string> name = CurrentBundle(models);
    if (!name) return name.error();
    if (name->empty()) return MakeModelSet(group, nullptr);
    directory = models + "/" + *name;
  }
  const Result<Bundle> bundle = LoadBundle(directory, group);
  if (!bundle) return bundle.error();
  return MakeModelSet(group, &*bundle);
}

}  // namespace alogd
