// SPDX-License-Identifier: MIT
// Golden lines and windows: proof that this program reads a bundle as the one that trained it did.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/detection/detector.h"
#include "core/result.h"
#include "core/templates/catalog.h"
#include "models/bundle/bundle.h"

namespace alogd {

// The template text of each line by the group's parser options and the frozen vocabulary alone;
// empty where no template fits. Each line is taken for the first of its source.
Result<std::vector<std::string>> ParseGoldenLines(std::span<const std::string> lines,
                                                  std::span<const std::string> vocabulary,
                                                  const GroupConfig& group);

// A catalog of a vocabulary, the id of each template its word.
Catalog CatalogOf(std::span<const std::string> vocabulary);

// Raw scores of windows by a detector without a memory; records come a second apart.
std::vector<float> ScoreGoldenWindows(Detector* detector, const Catalog& catalog,
                                      std::span<const GoldenWindow> windows);

// Other instruction sets add in another order: within 1e-4, relative above 1. NaN equals NaN.
bool SameScore(float a, float b);

}  // namespace alogd
