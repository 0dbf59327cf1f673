// SPDX-License-Identifier: MIT
// Finds and remembers nearest templates.
#include "models/terms/nearest_template.h"

#include "core/templates/catalog.h"

namespace alogd {
namespace {

// Templates whose nearest one is remembered; all are dropped when it is full, since each is found
// again by its text alone.
constexpr size_t kMaxFound = 4096;

}  // namespace

const NearestTemplate::Match& NearestTemplate::Find(const Catalog& catalog, TemplateId id) {
  const std::string_view text = catalog.Text(id);
  if (found_.size() >= kMaxFound && !found_.contains(id)) found_.clear();
  const auto [it, created] = found_.try_emplace(id);
  if (created || it->second.text != text) {
    it->second.text = text;
    it->second.word = vectors_.Nearest(vectors_.Vector(text), &it->second.cosine);
  }
  return it->second;
}

}  // namespace alogd
