// SPDX-License-Identifier: MIT
// What stands behind Drain's interface.
#pragma once

#include <utility>

#include "core/drain.h"
#include "core/template_miner.h"
#include "core/tokenizer.h"

namespace alogd {

struct Drain::Impl {
  Impl(const DrainOptions& options, Catalog* catalog, Tokenizer the_tokenizer)
      : tokenizer(std::move(the_tokenizer)), exact(options, catalog) {}

  Tokenizer tokenizer;
  TemplateMiner exact;
};

}  // namespace alogd
