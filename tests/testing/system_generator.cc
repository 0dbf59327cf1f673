// SPDX-License-Identifier: MIT
// Logs of whole made-up systems whose true templates are known.
#include "testing/system_generator.h"

#include <algorithm>
#include <cmath>

#include "testing/header_generator.h"

namespace alogd::testing {
namespace {

std::string Write(const Statement& statement, Random& random) {
  std::string out;
  bool skip = false;
  for (const Statement::Piece& piece : statement.pieces) {
    if (piece.optional) skip = random.Chance(40);
    if (piece.ends_option) {
      skip = false;
      continue;
    }
    if (skip) continue;
    out += piece.constant;
    if (!piece.variable) continue;
    const std::string value = piece.variable(random);
    out += random.Below(1000) == 0 ? MakeOdd(value, random) : value;
  }
  return out;
}

// Few statements make most of the lines: weights fall by a power of the rank.
std::vector<double> Weights(size_t n, Random& random) {
  const double power = 0.4 + 0.1 * static_cast<double>(random.Below(12));
  std::vector<double> sums;
  double sum = 0;
  for (size_t i = 0; i < n; ++i)
    sums.push_back(sum += std::pow(static_cast<double>(i + 1), -power));
  for (double& s : sums) s /= sum;
  return sums;
}

size_t Draw(const std::vector<double>& sums, Random& random) {
  const double at = static_cast<double>(random.Below(1u << 30)) / (1u << 30);
  return static_cast<size_t>(std::upper_bound(sums.begin(), sums.end() - 1, at) - sums.begin());
}

}  // namespace

GeneratedSystem GenerateSystem(uint64_t seed, size_t lines) {
  Random random(seed * 0x9e3779b97f4a7c15u + 3);
  GeneratedSystem system;
  std::vector<HeaderSource> headers;
  headers.emplace_back(seed);
  if (random.Chance(12)) headers.emplace_back(seed + (uint64_t{1} << 40));
  for (const HeaderSource& header : headers)
    system.grammar += (system.grammar.empty() ? "" : "  AND  ") + header.grammar();
  const size_t second = 10 + random.Below(35);
  const std::vector<Statement> statements = MakeStatements(6 + random.Below(90), random);
  for (const Statement& statement : statements) system.statements.push_back(statement.text);
  const std::vector<double> sums = Weights(statements.size(), random);
  const size_t traces = random.Chance(15) ? 2 : 0;
  while (system.lines.size() < lines) {
    const size_t s = Draw(sums, random);
    HeaderSource& header = headers[headers.size() > 1 && random.Chance(second) ? 1 : 0];
    std::string message = Write(statements[s], random);
    system.lines.push_back({header.Next().text + message, message, static_cast<uint32_t>(s), true});
    if (!random.Chance(traces)) continue;
    for (const char* text : {"java.lang.IllegalStateException: broken", "\tat a.b.C.run(C.java:7)",
                             "\tat a.b.D.main(D.java:31)"})
      system.lines.push_back({text, text, 0, false});
  }
  return system;
}

}  // namespace alogd::testing
