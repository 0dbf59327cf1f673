// SPDX-License-Identifier: MIT
// How well predicted templates agree with labelled ones, and the labelled logs to measure it on.
#include "testing/grouping.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <unordered_map>

#include "testing/csv.h"
#include "testing/paths.h"

namespace alogd::testing {
namespace {

constexpr std::string_view kWildcard = "<*>";

bool IsJoiner(char c) {
  return std::string_view(" \t,:;./#@|&=+-").find(c) != std::string_view::npos;
}

double F1(size_t correct, size_t predicted, size_t truth) {
  return predicted + truth == 0
             ? 0
             : 2 * static_cast<double>(correct) / static_cast<double>(predicted + truth);
}

std::vector<std::string> Column(const CsvTable& table, const std::string& name) {
  std::vector<std::string> out;
  out.reserve(table.rows.size());
  for (size_t i = 0; i < table.rows.size(); ++i) out.push_back(table.At(i, name));
  return out;
}

std::string CollapseBlanks(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace

std::string NormaliseTemplate(std::string_view text) {
  std::string t = CollapseBlanks(text);
  for (const std::string_view quoted : {"\"<*>\"", "'<*>'"}) {
    for (size_t at = t.find(quoted); at != std::string::npos; at = t.find(quoted, at))
      t.replace(at, quoted.size(), kWildcard);
  }
  std::string out;
  size_t joinable = std::string::npos;  // end of the last variable in out, if only joiners follow
  for (size_t i = 0; i < t.size();) {
    if (t.compare(i, kWildcard.size(), kWildcard) == 0) {
      if (joinable != std::string::npos) out.resize(joinable);
      if (joinable == std::string::npos) out += kWildcard;
      joinable = out.size();
      i += kWildcard.size();
      continue;
    }
    if (!IsJoiner(t[i])) joinable = std::string::npos;
    out += t[i++];
  }
  return out;
}

GroupingScore ScoreGrouping(std::span<const uint32_t> predicted,
                            std::span<const std::string_view> predicted_text,
                            std::span<const std::string_view> truth,
                            std::span<const std::string_view> truth_text) {
  struct Group {
    size_t lines = 0;
    size_t first = 0;
    bool pure = true;
  };
  std::unordered_map<std::string_view, size_t> true_lines;
  std::map<uint32_t, Group> groups;
  size_t same_text = 0;
  std::unordered_map<std::string_view, std::string> normalised;
  const auto normal = [&](std::string_view text) -> const std::string& {
    std::string& n = normalised[text];
    if (n.empty()) n = NormaliseTemplate(text);
    return n;
  };
  for (size_t i = 0; i < predicted.size(); ++i) {
    ++true_lines[truth[i]];
    const auto [it, added] = groups.try_emplace(predicted[i]);
    if (added) it->second.first = i;
    ++it->second.lines;
    if (truth[i] != truth[it->second.first]) it->second.pure = false;
    if (normal(predicted_text[i]) == normal(truth_text[i])) ++same_text;
  }
  size_t lines = 0, exact = 0, exact_text = 0;
  for (const auto& [id, group] : groups) {
    if (!group.pure || group.lines != true_lines[truth[group.first]]) continue;
    lines += group.lines;
    ++exact;
    if (normal(predicted_text[group.first]) == normal(truth_text[group.first])) ++exact_text;
  }
  const double n = static_cast<double>(predicted.size());
  return {.ga = static_cast<double>(lines) / n,
          .fga = F1(exact, groups.size(), true_lines.size()),
          .pa = static_cast<double>(same_text) / n,
          .fta = F1(exact_text, groups.size(), true_lines.size())};
}

std::string TestDataPath() {
  const char* const given = std::getenv("ALOGD_TEST_DATA");
  return given && *given ? given : SourceDir() + "/../shared/data";
}

std::vector<std::string> ReadLines(const std::string& path) {
  const bool packed = path.ends_with(".xz");
  const std::string command = "xz -dc '" + path + "' 2>/dev/null";
  struct Close {
    bool pipe;
    void operator()(FILE* f) const { pipe ? pclose(f) : fclose(f); }
  };
  const std::unique_ptr<FILE, Close> in(
      packed ? popen(command.c_str(), "r") : fopen(path.c_str(), "rb"), Close{packed});
  std::vector<std::string> lines;
  if (!in) return lines;
  std::string text;
  char buffer[1 << 16];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, in.get())) > 0;) text.append(buffer, n);
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find('\n', at);
    if (end == std::string::npos) end = text.size();
    const size_t stop = end > at && text[end - 1] == '\r' ? end - 1 : end;
    lines.emplace_back(text, at, stop - at);
    at = end + 1;
  }
  return lines;
}

std::optional<LabelledLog> ReadLabelledLog(const std::string& data, std::string_view system) {
  LabelledLog log;
  log.system = system;
  const std::string base = data + "/loghub_2k/" + log.system + "/" + log.system + "_2k.log";
  const CsvTable original = ReadCsv(base + "_structured.csv");
  const CsvTable corrected = ReadCsv(base + "_structured_corrected.csv");
  if (original.rows.empty() || original.rows.size() != corrected.rows.size()) return std::nullopt;
  log.content = Column(original, "Content");
  log.original_event = Column(original, "EventId");
  log.original_text = Column(original, "EventTemplate");
  log.corrected_text = Column(corrected, "EventTemplate");
  log.raw = ReadLines(base);
  if (log.raw.size() != log.content.size()) log.raw.clear();
  return log;
}

}  // namespace alogd::testing
