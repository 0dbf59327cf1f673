// SPDX-License-Identifier: MIT
// Online template mining: messages in, TemplateIds out, starting from Drain (He et al., ICWS 2017).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/state.h"
#include "core/templates/catalog.h"
#include "core/templates/tokenizer.h"

namespace alogd {

struct DrainOptions {
  MaskOptions masks;
  // Classic Drain (token count, leading tokens, similarity) instead of exact keys with merging.
  bool classic = false;
  uint32_t depth = 4;                // classic: levels of the tree
  double similarity = 0.4;           // classic: share of equal tokens that joins a template
  uint32_t max_children = 100;       // classic: of a node
  uint32_t max_templates = 100'000;  // live ones; the longest unseen is evicted from the tree
  uint32_t max_tokens = 512;         // of a message; the rest is one variable
  uint32_t merge_after = 5;          // distinct words in one position before it is a variable
};

class Drain {
 public:
  // Fails for a user mask that RE2 refuses. `catalog` outlives this.
  static Result<Drain> Create(const DrainOptions& options, Catalog* catalog);
  Drain(Drain&&) noexcept;
  Drain& operator=(Drain&&) noexcept;
  ~Drain();

  struct Match {
    TemplateId id = kNoTemplate;  // canonical at this moment
    bool created = false;
  };
  // Says that Add of this message comes next: what it will look at is fetched meanwhile. The bytes
  // of `message` must not change in between.
  void Prepare(std::string_view message);
  // The template of `message`; learns, may create or widen or merge live templates. Does not count.
  Match Add(std::string_view message, Time now);
  // What Add would say without learning; kNoTemplate where it would create one.
  TemplateId Find(std::string_view message);
  // A bundle's template: given the id of that text, or a new one; frozen from now on.
  TemplateId AddTrained(std::string_view text, Time now);

  // `id` was given for messages that still had a part of their header, and `right` for the same
  // without it: the text of `right` stands for both from now on, under the older id. Trained
  // templates stay as they are.
  void Unite(TemplateId id, TemplateId right);

  // The message as tokens with masks applied, as parse and explain show it. Valid until the next
  // call.
  std::string_view Masked(std::string_view message);
  // The parts of `message` that stand at the <*> of the template's text, in order: putting them
  // back gives the message but for blanks at its end, which no template has. False where the
  // message does not fit that text. Views into `message`.
  bool Parameters(std::string_view message, std::string_view template_text,
                  std::vector<std::string_view>* parameters);

  uint64_t evicted() const;

  // Live templates' merge state; texts and aliases are the catalog's. The convention of
  // core/state.h.
  void Save(StateWriter& out) const;
  [[nodiscard]] bool Load(StateReader& in);
  void SaveChanges(StateWriter& out);
  [[nodiscard]] bool ApplyChanges(StateReader& in);

 private:
  struct Impl;
  explicit Drain(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace alogd
