// SPDX-License-Identifier: MIT
// A glob as an automaton over the components of a path.
#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "core/config/path_set.h"

namespace alogd {

PathGlob::PathGlob(std::vector<std::string> components, bool hidden) : hidden_(hidden) {
  for (std::string& text : components) {
    const bool pattern = text.find_first_of("*?[\\") != std::string::npos;
    const Kind kind = text == "**" ? Kind::kAnyDepth : pattern ? Kind::kPattern : Kind::kName;
    components_.push_back({kind, std::move(text)});
  }
}

// ** matches no directory, too: whoever stands before it stands behind it.
void PathGlob::Close(States* states) const {
  for (size_t i = 0; i < components_.size(); ++i)
    if ((*states)[i] && components_[i].kind == Kind::kAnyDepth) (*states)[i + 1] = true;
}

PathGlob::States PathGlob::Begin() const {
  States states(components_.size() + 1);
  states[0] = true;
  Close(&states);
  return states;
}

PathGlob::States PathGlob::Step(const States& states, const char* name, bool only_named) const {
  States next(states.size());
  for (size_t i = 0; i < components_.size(); ++i) {
    if (!states[i]) continue;
    const Component& component = components_[i];
    if (component.kind == Kind::kAnyDepth) {
      if (!only_named && (hidden_ || name[0] != '.')) next[i] = true;
    } else if (component.kind == Kind::kName) {
      if (component.text == name) next[i + 1] = true;
    } else if (fnmatch(component.text.c_str(), name, hidden_ ? 0 : FNM_PERIOD) == 0) {
      next[i + 1] = true;
    }
  }
  Close(&next);
  return next;
}

bool PathGlob::Nothing(const States& states) {
  return std::find(states.begin(), states.end(), true) == states.end();
}

bool PathGlob::GoesOn(const States& states) const {
  return std::find(states.begin(), states.end() - 1, true) != states.end() - 1;
}

bool PathGlob::NextNames(const States& states, std::vector<std::string>* names) const {
  names->clear();
  for (size_t i = 0; i < components_.size(); ++i) {
    if (!states[i]) continue;
    if (components_[i].kind != Kind::kName) return false;
    names->push_back(components_[i].text);
  }
  return true;
}

bool PathGlob::Matches(std::string_view path) const {
  States states = Begin();
  std::string name;
  while (!path.empty() && !Nothing(states)) {
    const size_t slash = std::min(path.find('/'), path.size());
    name.assign(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (!name.empty()) states = Step(states, name.c_str());
  }
  return Accepts(states);
}

}  // namespace alogd
