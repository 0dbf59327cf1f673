// SPDX-License-Identifier: MIT
// Windows and catalogs by hand, for the tests of detectors.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/detection/detector.h"
#include "core/templates/catalog.h"

namespace alogd::testing {

inline Catalog MakeCatalog(const std::vector<std::string>& texts) {
  Catalog catalog;
  for (const std::string& text : texts) catalog.Create(text, true, Time{});
  return catalog;
}

// The event of a template whose word is its id.
inline Event MakeEvent(uint32_t id, int64_t second = 0, uint32_t seen = 1000) {
  Event event;
  event.time = FromMicros(second * 1'000'000);
  event.id = TemplateId{id};
  event.word = id;
  event.seen = seen;
  event.severity = 20;
  return event;
}

inline Window MakeWindow(const std::vector<Event>& events, std::string_view stream = "s",
                         bool session = false) {
  Window window;
  window.events = events;
  window.stream = stream;
  window.end = events.back().time;
  window.session = session;
  return window;
}

inline Score ScoreOne(Detector& detector, const Catalog& catalog, const Window& window,
                      bool explain_all = false) {
  std::vector<Score> scores(1);
  detector.ScoreBatch({catalog, explain_all}, std::span(&window, 1), scores);
  return std::move(scores[0]);
}

inline std::string StateOf(const Detector& detector) {
  std::string bytes;
  StateWriter out(&bytes);
  detector.Save(out);
  return bytes;
}

inline bool LoadState(Detector& detector, const std::string& bytes) {
  StateReader in(bytes);
  return detector.Load(in) && in.at_end();
}

}  // namespace alogd::testing
