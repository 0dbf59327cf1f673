// SPDX-License-Identifier: MIT
// Detectors of a few lines each, which every other one has to beat to be worth its cost.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/evaluation/session_files.h"

namespace alogd {

// Says yes or no to a session of templates (or any other numbers).
struct TrivialDetector {
  std::string name;
  std::function<bool(const NumberedSession&)> abnormal;
};

// Trained on normal sessions:
//   template never seen          one that no training session holds
//   length out of range          shorter or longer than every training session
//   new template or length       either of the two
//   count vector never seen      no training session holds each template as often
//   pair never seen              two templates in a row, or a first or last one, that never came
// On HDFS a hash set of count vectors beats most published neural figures.
std::vector<TrivialDetector> TrainTrivialDetectors(std::span<const NumberedSession> normal);

// What an operator without a detector greps for, upper or lower case: error, fail, fatal,
// exception, critical, panic.
bool HasErrorWord(std::string_view message);

}  // namespace alogd
