// SPDX-License-Identifier: MIT
// Drain as published (He et al., ICWS 2017): a tree of fixed depth, and similarity at its leaves.
#include "core/templates/drain_classic.h"

#include <algorithm>
#include <utility>

#include "core/templates/masks.h"

namespace alogd {
namespace {

constexpr char kSeparator = '\x1f';  // no masked message has control bytes
constexpr size_t kMaxLevels = 63;    // bits of Entry::wildcards

// Blanks before a token, and the token.
size_t Blanks(std::string_view token) {
  size_t n = 0;
  while (n < token.size() && Has(token[n], kBlank)) ++n;
  return n;
}

bool IsVariable(std::string_view token) { return token.substr(Blanks(token)) == kWildcard; }

std::string Join(const std::vector<std::string>& tokens) {
  std::string out;
  for (const std::string& token : tokens) out += token;
  return out;
}

// A template's `token` stands for `other` as well, without being changed.
bool Fits(std::string_view token, std::string_view other) {
  if (token == other) return true;
  const size_t blanks = Blanks(token);
  return IsVariable(token) && token.substr(0, blanks) == other.substr(0, Blanks(other));
}

}  // namespace

ClassicDrain::ClassicDrain(const DrainOptions& options, Catalog* catalog)
    : levels_(std::min<size_t>(std::max<uint32_t>(options.depth, 3) - 2, kMaxLevels)),
      similarity_(options.similarity),
      max_children_(std::max<uint32_t>(options.max_children, 2)),
      max_templates_(std::max<uint32_t>(options.max_templates, 1)),
      catalog_(catalog) {}

ClassicDrain::Tokens ClassicDrain::Split(std::string_view key) {
  Tokens tokens;
  for (size_t at = 0; at < key.size();) {
    size_t end = at;
    while (end < key.size() && Has(key[end], kBlank)) ++end;
    while (end < key.size() && !Has(key[end], kBlank)) ++end;
    tokens.emplace_back(key.substr(at, end - at));
    at = end;
  }
  return tokens;
}

// ---- the tree: nodes are named by their path, "COUNT<sep>TOKEN<sep>TOKEN"

std::string ClassicDrain::LeafOf(const Tokens& tokens, uint64_t wildcards) const {
  std::string path = std::to_string(tokens.size());
  for (size_t i = 0; i < std::min(levels_, tokens.size()); ++i) {
    path += kSeparator;
    path += (wildcards >> i & 1) != 0 ? std::string(kWildcard) : tokens[i];
  }
  return path;
}

std::string ClassicDrain::FindLeaf(const Tokens& tokens) const {
  std::string path = std::to_string(tokens.size());
  for (size_t i = 0; i < std::min(levels_, tokens.size()); ++i) {
    path += kSeparator;
    const std::string exact = path + tokens[i];
    if (tokens[i].find(kWildcard) == std::string::npos && nodes_.contains(exact)) {
      path = exact;
    } else {
      path += kWildcard;
      if (!nodes_.contains(path)) return {};
    }
  }
  return path;
}

// A node takes a child of its own for a token without a variable, as long as it has room.
std::string ClassicDrain::MakeLeaf(const Tokens& tokens, uint64_t* wildcards) const {
  *wildcards = 0;
  std::string path = std::to_string(tokens.size());
  for (size_t i = 0; i < std::min(levels_, tokens.size()); ++i) {
    const auto count = children_.find(path);
    const bool room = count == children_.end() || count->second + 1 < max_children_;
    const std::string exact = path + kSeparator + tokens[i];
    const bool own =
        tokens[i].find(kWildcard) == std::string::npos && (room || nodes_.contains(exact));
    if (!own) *wildcards |= uint64_t{1} << i;
    path = own ? exact : path + kSeparator + std::string(kWildcard);
  }
  return path;
}

void ClassicDrain::Insert(TemplateId id, Entry entry) {
  if (entry.trained) {
    trained_[entry.tokens.size()].push_back(id);
  } else {
    entry.path = LeafOf(entry.tokens, entry.wildcards);
    leaves_[entry.path].push_back(id);
    std::sort(leaves_[entry.path].begin(), leaves_[entry.path].end());
    for (size_t end = entry.path.find(kSeparator); end != std::string::npos;) {
      const std::string parent = entry.path.substr(0, end);
      end = entry.path.find(kSeparator, end + 1);
      if (nodes_[entry.path.substr(0, end)]++ == 0) ++children_[parent];
    }
    by_use_[entry.last_use] = id;
  }
  entries_[id] = std::move(entry);
}

void ClassicDrain::Remove(TemplateId id) {
  const Entry& entry = entries_.at(id);
  if (entry.trained) {
    std::erase(trained_[entry.tokens.size()], id);
  } else {
    auto& leaf = leaves_[entry.path];
    std::erase(leaf, id);
    if (leaf.empty()) leaves_.erase(entry.path);
    for (size_t end = entry.path.find(kSeparator); end != std::string::npos;) {
      const std::string parent = entry.path.substr(0, end);
      end = entry.path.find(kSeparator, end + 1);
      const std::string node = entry.path.substr(0, end);
      if (--nodes_[node] > 0) continue;
      nodes_.erase(node);
      if (--children_[parent] == 0) children_.erase(parent);
    }
    by_use_.erase(entry.last_use);
  }
  entries_.erase(id);
  changed_.erase(id);
  removed_.insert(id);
}

// ---- matching

TemplateId ClassicDrain::MatchTrained(const Tokens& tokens) const {
  const auto same_length = trained_.find(tokens.size());
  if (same_length == trained_.end()) return kNoTemplate;
  for (const TemplateId id : same_length->second) {
    const Tokens& own = entries_.at(id).tokens;
    if (std::equal(own.begin(), own.end(), tokens.begin(), Fits)) return id;
  }
  return kNoTemplate;
}

// The paper's seqDist: the share of equal tokens; of equals the one with more variables, then the
// oldest.
TemplateId ClassicDrain::Match(const Tokens& tokens) const {
  const auto leaf = leaves_.find(FindLeaf(tokens));
  if (leaf == leaves_.end()) return kNoTemplate;
  TemplateId best = kNoTemplate;
  size_t best_equal = 0, best_variables = 0;
  for (const TemplateId id : leaf->second) {
    const Tokens& own = entries_.at(id).tokens;
    size_t equal = 0, variables = 0;
    bool blanks = true;
    for (size_t i = 0; i < tokens.size() && blanks; ++i) {
      const size_t n = Blanks(own[i]);
      blanks = own[i].compare(0, n, tokens[i], 0, Blanks(tokens[i])) == 0;
      if (IsVariable(own[i]))
        ++variables;
      else if (own[i] == tokens[i])
        ++equal;
    }
    const bool better = best == kNoTemplate || equal > best_equal ||
                        (equal == best_equal && variables > best_variables);
    if (!blanks || !better) continue;
    best = id;
    best_equal = equal;
    best_variables = variables;
  }
  const double n = static_cast<double>(std::max<size_t>(tokens.size(), 1));
  const bool same = best != kNoTemplate && best_equal + best_variables == tokens.size();
  return same || static_cast<double>(best_equal) / n >= similarity_ ? best : kNoTemplate;
}

void ClassicDrain::Widen(TemplateId id, const Tokens& tokens) {
  Entry& entry = entries_.at(id);
  bool widened = false;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (Fits(entry.tokens[i], tokens[i])) continue;
    entry.tokens[i].replace(Blanks(entry.tokens[i]), std::string::npos, kWildcard);
    widened = true;
  }
  if (widened) catalog_->Widen(id, Join(entry.tokens));
}

Drain::Match ClassicDrain::Add(std::string_view key, Time now) {
  ++messages_;
  const Tokens tokens = Split(key);
  if (const TemplateId id = MatchTrained(tokens); id != kNoTemplate) return {id, false};
  const TemplateId found = Match(tokens);
  if (found != kNoTemplate) {
    Widen(found, tokens);
    Entry& entry = entries_.at(found);
    by_use_.erase(entry.last_use);
    by_use_[entry.last_use = messages_] = found;
    changed_.insert(found);
    return {found, false};
  }
  if (by_use_.size() >= max_templates_) EvictOne();
  const TemplateId id = catalog_->Create(key, false, now);
  Entry entry;
  entry.tokens = tokens;
  entry.last_use = messages_;
  (void)MakeLeaf(tokens, &entry.wildcards);
  Insert(id, std::move(entry));
  changed_.insert(id);
  return {id, true};
}

TemplateId ClassicDrain::Find(std::string_view key) const {
  const Tokens tokens = Split(key);
  const TemplateId id = MatchTrained(tokens);
  return id != kNoTemplate ? id : Match(tokens);
}

TemplateId ClassicDrain::AddTrained(std::string_view text, Time now) {
  TemplateId id = catalog_->FindText(text);
  if (id == kNoTemplate) id = catalog_->Create(text, true, now);
  catalog_->SetTrained(id);
  if (const auto own = entries_.find(id); own != entries_.end()) {
    if (own->second.trained) return id;
    Remove(id);
  }
  Entry entry;
  entry.tokens = Split(text);
  entry.trained = true;
  Insert(id, std::move(entry));
  changed_.insert(id);
  return id;
}

void ClassicDrain::EvictOne() {
  Remove(by_use_.begin()->second);
  ++evicted_;
}

// ---- state

void ClassicDrain::WriteEntry(StateWriter& out, TemplateId id, const Entry& entry) const {
  out.U64(Index(id));
  out.Bool(entry.trained);
  out.U64(entry.wildcards);
  out.U64(entry.last_use);
}

bool ClassicDrain::ReadEntries(StateReader& in) {
  messages_ = in.U64();
  evicted_ = in.U64();
  const size_t n = in.Count(4);
  for (size_t i = 0; i < n && in.ok(); ++i) {
    const TemplateId id{in.U32()};
    Entry entry;
    entry.trained = in.Bool();
    entry.wildcards = in.U64();
    entry.last_use = in.U64();
    const Template* const row = catalog_->Find(id);
    if (!in.ok() || !row) continue;
    if (entries_.contains(id)) Remove(id);
    if (!entry.trained && by_use_.contains(entry.last_use)) continue;  // a damaged blob
    entry.tokens = Split(row->text);
    Insert(id, std::move(entry));
  }
  removed_.clear();
  changed_.clear();
  return in.ok();
}

void ClassicDrain::Save(StateWriter& out) const {
  out.U64(messages_);
  out.U64(evicted_);
  out.U64(entries_.size());
  for (const auto& [id, entry] : entries_) WriteEntry(out, id, entry);
  changed_.clear();
  removed_.clear();
}

void ClassicDrain::SaveChanges(StateWriter& out) {
  out.U64(removed_.size());
  for (const TemplateId id : removed_) out.U64(Index(id));
  out.U64(messages_);
  out.U64(evicted_);
  out.U64(changed_.size());
  for (const TemplateId id : changed_) WriteEntry(out, id, entries_.at(id));
  changed_.clear();
  removed_.clear();
}

bool ClassicDrain::ApplyChanges(StateReader& in) {
  const size_t n = in.Count(1);
  for (size_t i = 0; i < n && in.ok(); ++i) {
    const TemplateId id{in.U32()};
    if (entries_.contains(id)) Remove(id);
  }
  return ReadEntries(in);
}

}  // namespace alogd
