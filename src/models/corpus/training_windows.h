// SPDX-License-Identifier: MIT
// The windows of a corpus, made by the Windower that the pipeline uses.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/config/config.h"
#include "core/detection/detector.h"
#include "core/detection/window.h"
#include "models/corpus/corpus.h"
#include "models/corpus/training_split.h"

namespace alogd {

struct CorpusWindow {
  Window window;
  uint32_t spec = 0;               // index into the specs
  bool held_out = false;           // its last record is in the held-out part
  uint64_t last = 0;               // its last record's number: what ends together is a moment
  std::span<const float> numbers;  // see ScoreContext::numbers; of all that come together
};

// What comes of a run, in order. Views are valid during the call.
struct CorpusWindowSink {
  // Some hundred windows at a time, of all specs.
  std::function<void(std::span<const CorpusWindow>)> windows;
  std::function<void(std::string_view stream)> ended;  // after its windows; may be empty
  std::function<bool(double done)> progress;           // false stops; may be empty
};

// Feeds the corpus as a pipeline would. The id of an event is its word; `words` says what detectors
// may know of it (kUnknownWord for what they must not). It ends as a scan does, and every stream
// with it. False if it was stopped.
bool RunWindows(const Corpus& corpus, const TrainingSplit& split, const GroupConfig& group,
                const std::vector<WindowSpec>& specs, std::span<const uint32_t> words,
                const CorpusWindowSink& sink);

// The same for one spec, all words known.
bool RunWindows(const Corpus& corpus, const TrainingSplit& split, const GroupConfig& group,
                const WindowSpec& spec, const CorpusWindowSink& sink);

// Of a window of the corpus, whose ids are words.
bool HasRare(const TrainingSplit& split, const Window& window);

}  // namespace alogd
