// SPDX-License-Identifier: MIT
// How well the shipped default configuration groups the logs of made-up systems.
//
// Usage: system_accuracy [FIRST_SEED [SYSTEMS]]   (default: 1 200)
//        system_accuracy --dump SEED   prints the statements whose lines are not one group
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/parser.h"
#include "testing/grouping.h"
#include "testing/system_generator.h"

namespace alogd {
namespace {

constexpr size_t kLines = 2000;

// What a run says of those lines that are records.
struct Run {
  std::vector<uint32_t> given, resolved;
  std::vector<std::string> texts;  // of the resolved ones, at the end
  std::vector<std::string> messages;
  std::string format;  // of the headers, as found

  void Resolve(const Catalog& catalog) {
    for (const uint32_t id : given) {
      resolved.push_back(Index(catalog.Resolve(TemplateId{id})));
      texts.emplace_back(catalog.Text(TemplateId{id}));
    }
  }
};

// Raw lines through header, assembly and Drain; a record taken for a continuation has no template.
Run ParseRaw(const testing::GeneratedSystem& system) {
  GroupConfig group;
  group.time_zone = "UTC";
  Parser parser = std::move(*Parser::Create(group, {}));
  const SourceId source = parser.AddSource("log", kNoTime);
  Run run;
  uint64_t offset = 0;
  for (const testing::GeneratedRecord& line : system.lines) {
    const auto bytes = static_cast<uint32_t>(line.raw.size() + 1);
    const ParsedLine parsed =
        parser.Add(source, FileId{1}, {.text = line.raw, .offset = offset, .bytes = bytes});
    offset += bytes;
    if (!line.record) continue;
    run.given.push_back(Index(parsed.id));
    run.messages.emplace_back(parsed.header.message);
  }
  run.Resolve(parser.catalog());
  run.format = parser.SourceFormat(source);
  return run;
}

Run ParseMessages(std::vector<std::string> messages, const DrainOptions& options) {
  Catalog catalog;
  Drain drain = std::move(*Drain::Create(options, &catalog));
  Run run;
  for (const std::string& message : messages)
    run.given.push_back(Index(drain.Add(message, kNoTime).id));
  run.messages = std::move(messages);
  run.Resolve(catalog);
  return run;
}

std::vector<std::string> TrueMessages(const testing::GeneratedSystem& system) {
  std::vector<std::string> messages;
  for (const testing::GeneratedRecord& line : system.lines)
    if (line.record) messages.push_back(line.message);
  return messages;
}

// What header recognition leaves of a second pass, when it knows the whole log.
std::vector<std::string> SecondPass(const testing::GeneratedSystem& system) {
  HeaderParser header = std::move(*HeaderParser::Create({.time_zone = "UTC"}));
  for (const testing::GeneratedRecord& line : system.lines) header.Parse(line.raw);
  std::vector<std::string> messages;
  for (const testing::GeneratedRecord& line : system.lines)
    if (line.record) messages.emplace_back(header.Parse(line.raw).message);
  return messages;
}

std::vector<std::string_view> Truth(const testing::GeneratedSystem& system) {
  std::vector<std::string_view> truth;
  for (const testing::GeneratedRecord& line : system.lines)
    if (line.record) truth.push_back(system.statements[line.statement]);
  return truth;
}

testing::GroupingScore Score(const testing::GeneratedSystem& system, const Run& run,
                             const std::vector<uint32_t>& ids) {
  const std::vector<std::string_view> texts(run.texts.begin(), run.texts.end());
  const auto truth = Truth(system);
  return testing::ScoreGrouping(ids, texts, truth, truth);
}

struct Column {
  std::string_view name;
  std::vector<double> ga;
  double fga = 0;

  void Print() const {
    double sum = 0;
    for (const double g : ga) sum += g;
    const auto n = static_cast<double>(ga.size());
    const auto under = [&](double bound) {
      return std::count_if(ga.begin(), ga.end(), [=](double g) { return g < bound; });
    };
    fmt::print("{:<44} {:6.3f} {:6.3f} {:6.3f} {:5} {:5}\n", name, sum / n, fga / n,
               *std::min_element(ga.begin(), ga.end()), under(0.6), under(0.9));
  }
  void Add(const testing::GroupingScore& score) {
    ga.push_back(score.ga);
    fga += score.fga;
  }
};

void Measure(uint64_t first, size_t systems) {
  Column raw{"raw lines, header found by alogd", {}}, given{"the same, ids as first given", {}},
      second{"second pass over the same lines", {}}, message{"message alone", {}},
      classic{"message alone, classic Drain, same masks", {}};
  std::vector<std::pair<size_t, double>> worst;
  DrainOptions classic_options;
  classic_options.classic = true;
  for (uint64_t seed = first; seed < first + systems; ++seed) {
    const testing::GeneratedSystem system = testing::GenerateSystem(seed, kLines);
    const Run run = ParseRaw(system), again = ParseMessages(SecondPass(system), {}),
              alone = ParseMessages(TrueMessages(system), {}),
              drain = ParseMessages(TrueMessages(system), classic_options);
    raw.Add(Score(system, run, run.resolved));
    given.Add(Score(system, run, run.given));
    second.Add(Score(system, again, again.resolved));
    message.Add(Score(system, alone, alone.resolved));
    classic.Add(Score(system, drain, drain.resolved));
    worst.emplace_back(seed - first, raw.ga.back());
  }
  fmt::print("{} systems of {} lines, seeds from {}\n{:<44} {:>6} {:>6} {:>6} {:>5} {:>5}\n",
             systems, kLines, first, "", "GA", "FGA", "worst", "<.6", "<.9");
  for (const Column* column : {&raw, &given, &second, &message, &classic}) column->Print();
  std::sort(worst.begin(), worst.end(),
            [](const auto& a, const auto& b) { return a.second < b.second; });
  worst.resize(std::min<size_t>(worst.size(), 20));
  fmt::print("worst seeds: raw lines, second pass, message alone\n");
  for (const auto& [i, ga] : worst)
    fmt::print("{:8} {:6.2f} {:6.2f} {:6.2f}\n", first + i, ga, second.ga[i], message.ga[i]);
}

// The statements whose lines are spread over templates or share one with others.
void Dump(uint64_t seed) {
  const testing::GeneratedSystem system = testing::GenerateSystem(seed, kLines);
  const Run run = ParseRaw(system);
  const auto truth = Truth(system);
  std::map<std::string_view, std::map<uint32_t, std::vector<size_t>>> by_truth;
  std::map<uint32_t, std::set<std::string_view>> by_id;
  for (size_t i = 0; i < truth.size(); ++i) {
    by_truth[truth[i]][run.resolved[i]].push_back(i);
    by_id[run.resolved[i]].insert(truth[i]);
  }
  fmt::print("header: {}\nfound:  {}\n", system.grammar, run.format);
  for (const auto& [text, groups] : by_truth) {
    size_t lines = 0;
    for (const auto& [id, members] : groups) lines += members.size();
    if (groups.size() == 1 && by_id[groups.begin()->first].size() == 1) continue;
    fmt::print("\n{:5}  {}\n", lines, text);
    size_t shown = 0;
    for (const auto& [id, members] : groups) {
      if (++shown > 6) break;
      const size_t i = members.front();
      fmt::print("  {:5}  {}{}\n         {}\n", members.size(), run.texts[i],
                 by_id[id].size() > 1 ? "   (shared)" : "", run.messages[i]);
    }
    if (groups.size() > shown) fmt::print("         and {} more\n", groups.size() - shown);
  }
}

}  // namespace
}  // namespace alogd

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--dump") {
    alogd::Dump(std::strtoull(argv[2], nullptr, 10));
    return 0;
  }
  const uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  alogd::Measure(first, argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 200);
  return 0;
}
