// SPDX-License-Identifier: MIT
// What stands behind Drain's interface.
#pragma once

#include <memory>
#include <utility>

#include "core/templates/drain.h"
#include "core/templates/drain_classic.h"
#include "core/templates/masks.h"
#include "core/templates/skeleton.h"
#include "core/templates/template_miner.h"
#include "core/templates/tokenizer.h"

namespace alogd {

struct Drain::Impl {
  Impl(const DrainOptions& options, Catalog* catalog, Tokenizer the_tokenizer)
      : tokenizer(std::move(the_tokenizer)),
        use_skeleton(options.masks.user.empty() && WordMasks(options.masks).all()),
        exact(options, catalog) {
    if (options.classic) classic = std::make_unique<ClassicDrain>(options, catalog);
  }

  Tokenizer tokenizer;
  // Skeletons say nothing where a mask is switched off or the user has own ones.
  const bool use_skeleton;
  Skeleton skeleton;
  std::string_view prepared;  // the message that `skeleton` is of, by its place; none where empty
  bool has_skeleton = false;  // it has one
  uint64_t hash = 0;          // of the skeleton
  TemplateMiner exact;
  std::unique_ptr<ClassicDrain> classic;  // instead of exact, where the options say so
};

}  // namespace alogd
