// SPDX-License-Identifier: MIT
// The LSTM's kernels against plain loops and finite differences, for each instruction set of the
// machine.
#include "models/sequence/lstm.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>

#include "models/sequence/lstm_kernels.h"
#include "models/sequence/next_word.h"
#include "testing/lstm_reference.h"
#include "testing/paths.h"
#include "testing/sanitized.h"

namespace alogd {
namespace {

using testing::RandomParameters;
using testing::ReferenceDistribution;

std::vector<const LstmKernels*> AllKernels() {
  std::vector<const LstmKernels*> all;
  for (const char* name : {"baseline", "v3", "v4"})
    if (const LstmKernels* kernels = FindLstmKernels(name)) all.push_back(kernels);
  return all;
}

LstmLayout Layout(uint32_t words, uint32_t embedding, std::vector<uint32_t> units,
                  uint32_t counts = 0) {
  return MakeLstmLayout(words, embedding, units.data(), static_cast<uint32_t>(units.size()),
                        counts);
}

std::vector<uint32_t> RandomWords(size_t count, uint32_t below, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint32_t> words(count);
  for (uint32_t& word : words) word = static_cast<uint32_t>(random() % below);
  return words;
}

class LstmKernelsTest : public ::testing::TestWithParam<const LstmKernels*> {};

// Units that are no multiple of a vector, one to three layers, saturated gates (limit 20; over one
// step, because over many such weights are chaotic and floats go astray in any order of summing).
TEST_P(LstmKernelsTest, ParityWithPlainLoop) {
  struct Case {
    uint32_t words, embedding;
    std::vector<uint32_t> units;
    uint32_t window;
    double limit;
    uint32_t counts = 0;
  };
  const Case cases[] = {{30, 32, {64, 64}, 10, 0.3}, {5, 3, {20, 37}, 4, 1.0},
                        {70, 8, {16}, 1, 20.0},      {3, 2, {7, 9, 5}, 12, 1.5},
                        {130, 16, {33, 64}, 2, 0.5}, {30, 31, {64, 64}, 10, 0.3, 64},
                        {9000, 4, {12}, 5, 0.5, 21}};
  for (const Case& c : cases) {
    const LstmLayout layout = Layout(c.words, c.embedding, c.units, c.counts);
    const std::vector<float> parameters = RandomParameters(layout, 7, c.limit);
    const std::vector<double> exact(parameters.begin(), parameters.end());
    NextWordScorer scorer(layout, parameters, c.window, *GetParam());
    const size_t count = 70;
    const std::vector<uint32_t> histories = RandomWords(count * c.window, c.words + 1, 11);
    const std::vector<uint32_t> targets = RandomWords(count, c.words + 1, 13);
    std::vector<LstmVerdict> verdicts(count);
    scorer.Score(histories, targets, verdicts);
    for (size_t i = 0; i < count; ++i) {
      const auto history = std::span(histories).subspan(i * c.window, c.window);
      const std::vector<double> p = ReferenceDistribution(layout, exact, history);
      const std::vector<float> got = scorer.Distribution(history);
      ASSERT_EQ(got.size(), p.size());
      uint32_t likelier = 0;
      for (size_t k = 0; k < p.size(); ++k) {
        EXPECT_NEAR(static_cast<double>(got[k]), p[k], 1e-5) << "class " << k;
        likelier += p[k] > p[targets[i]] * (1 + 1e-4);
      }
      const double nll = -std::log(p[targets[i]]);
      EXPECT_NEAR(static_cast<double>(verdicts[i].nll), nll, 1e-5 * std::max(1.0, nll));
      // Of thousands of classes some are as likely to a float.
      if (c.words < 1000) {
        EXPECT_EQ(verdicts[i].rank, likelier);
      }
    }
  }
}

TEST_P(LstmKernelsTest, ImpossibleClassesKeepAFiniteScore) {
  const LstmLayout layout = Layout(4, 2, {8});
  std::vector<float> parameters(layout.size, 0.0f);
  parameters[layout.bo] = 300.0f;
  NextWordScorer scorer(layout, parameters, 1, *GetParam());
  const uint32_t history[] = {0}, target[] = {2};
  LstmVerdict verdict{};
  scorer.Score(history, target, std::span(&verdict, 1));
  EXPECT_NEAR(verdict.nll, 300.0f, 1e-3f);
  EXPECT_EQ(verdict.rank, 1u);
}

TEST_P(LstmKernelsTest, ScoreDoesNotDependOnTheBatch) {
  const LstmLayout layout = Layout(30, 32, {64, 48}, 20);
  const std::vector<float> parameters = RandomParameters(layout, 3, 0.4);
  NextWordScorer scorer(layout, parameters, 10, *GetParam());
  const size_t count = 200;
  const std::vector<uint32_t> histories = RandomWords(count * 10, 31, 5);
  const std::vector<uint32_t> targets = RandomWords(count, 31, 6);
  std::vector<LstmVerdict> together(count);
  scorer.Score(histories, targets, together);
  for (const size_t batch : {1u, 2u, 3u, 5u, 7u, 63u, 65u}) {
    for (size_t begin = 0; begin < count; begin += batch) {
      const size_t n = std::min(batch, count - begin);
      std::vector<LstmVerdict> apart(n);
      scorer.Score(std::span(histories).subspan(begin * 10, n * 10),
                   std::span(targets).subspan(begin, n), apart);
      for (size_t i = 0; i < n; ++i) {
        ASSERT_EQ(apart[i].nll, together[begin + i].nll) << "batch of " << batch;
        ASSERT_EQ(apart[i].rank, together[begin + i].rank);
      }
    }
  }
}

// More words than the table of first steps is made for: each is computed.
TEST_P(LstmKernelsTest, FirstStepTableChangesNothing) {
  const LstmLayout large = Layout(9000, 4, {12, 8});
  const LstmLayout small = Layout(50, 4, {12, 8});
  const std::vector<float> all = RandomParameters(large, 17, 0.5);
  std::vector<float> some = RandomParameters(small, 1, 0.5);
  // The small model has the large one's weights for the words that it knows.
  std::copy_n(all.begin(), 50 * 4, some.begin());
  for (uint32_t l = 0; l < 2; ++l)
    std::copy(all.begin() + static_cast<ptrdiff_t>(large.wx[l]),
              all.begin() + static_cast<ptrdiff_t>(l == 0 ? large.wx[1] : large.wo),
              some.begin() + static_cast<ptrdiff_t>(small.wx[l]));
  for (size_t k = 0; k < 51; ++k) {
    std::copy_n(all.begin() + static_cast<ptrdiff_t>(large.wo + k * 8), 8,
                some.begin() + static_cast<ptrdiff_t>(small.wo + k * 8));
    some[small.bo + k] = all[large.bo + k];
  }
  NextWordScorer computed(large, all, 5, *GetParam());
  NextWordScorer tabulated(small, some, 5, *GetParam());
  const std::vector<uint32_t> history = RandomWords(5, 50, 19);
  const std::vector<float> a = computed.Distribution(history), b = tabulated.Distribution(history);
  for (size_t k = 1; k < 50; ++k) EXPECT_NEAR(a[k] / a[0], b[k] / b[0], 4e-6f * b[k] / b[0]);
}

struct Minibatch {
  std::vector<uint32_t> histories, begin, targets;
  std::vector<double> weights;
  template <typename T>
  LstmBatch<T> View(const std::vector<T>& as, uint32_t window) const {
    return {static_cast<uint32_t>(begin.size() - 1),
            window,
            histories.data(),
            begin.data(),
            targets.data(),
            as.data()};
  }
};

// Rows with one to three different targets.
Minibatch MakeMinibatch(uint32_t rows, uint32_t window, uint32_t classes) {
  Minibatch batch;
  batch.histories = RandomWords(size_t{rows} * window, classes, 23);
  batch.begin.push_back(0);
  for (uint32_t row = 0; row < rows; ++row) {
    for (uint32_t i = 0; i <= row % 3; ++i) {
      batch.targets.push_back((row * 5 + i) % classes);
      batch.weights.push_back(0.5 + i + 0.25 * row);
    }
    batch.begin.push_back(static_cast<uint32_t>(batch.targets.size()));
  }
  return batch;
}

TEST_P(LstmKernelsTest, LossOfTrainingIsThatOfThePlainLoop) {
  const LstmLayout layout = Layout(6, 4, {9, 5}, 7);
  const std::vector<float> narrow = RandomParameters(layout, 31, 0.8);
  const std::vector<double> parameters(narrow.begin(), narrow.end());
  const Minibatch batch = MakeMinibatch(7, 4, 7);
  std::vector<double> scratch(LstmScratch(layout, 7, 4));
  const double loss = GetParam()->gradient_double(
      layout, parameters.data(), batch.View(batch.weights, 4), nullptr, nullptr, scratch.data());
  double expected = 0;
  for (size_t row = 0; row + 1 < batch.begin.size(); ++row) {
    const std::vector<double> p =
        ReferenceDistribution(layout, parameters, std::span(batch.histories).subspan(row * 4, 4));
    for (uint32_t i = batch.begin[row]; i < batch.begin[row + 1]; ++i)
      expected -= batch.weights[i] * std::log(p[batch.targets[i]]);
  }
  EXPECT_NEAR(loss, expected, 1e-9);
}

// Central differences in double precision, for every parameter; with dropout masks and counts, too.
TEST_P(LstmKernelsTest, GradientAgainstFiniteDifferences) {
  for (const auto& [dropout, counts] :
       {std::pair(false, 0u), {true, 0u}, {false, 3u}, {true, 8u}}) {
    const LstmLayout layout = Layout(6, 3, {5, 4, 6}, counts);
    const std::vector<float> narrow = RandomParameters(layout, 37, 0.9);
    std::vector<double> parameters(narrow.begin(), narrow.end());
    const Minibatch batch = MakeMinibatch(5, 4, 7);
    std::vector<double> masks(4 * 5 * (5 + 4 + 6 + counts));
    for (size_t i = 0; i < masks.size(); ++i) masks[i] = i % 3 == 0 ? 0.0 : 1.5;
    const double* mask = dropout ? masks.data() : nullptr;
    std::vector<double> scratch(LstmScratch(layout, 5, 4));
    std::vector<double> gradient(layout.size, 99.0);
    const auto view = batch.View(batch.weights, 4);
    GetParam()->gradient_double(layout, parameters.data(), view, mask, gradient.data(),
                                scratch.data());
    const double step = 1e-5;
    for (size_t i = 0; i < layout.size; ++i) {
      const double kept = parameters[i];
      double loss[2];
      for (const int side : {0, 1}) {
        parameters[i] = kept + (side == 0 ? -step : step);
        loss[side] = GetParam()->gradient_double(layout, parameters.data(), view, mask, nullptr,
                                                 scratch.data());
      }
      parameters[i] = kept;
      ASSERT_NEAR(gradient[i], (loss[1] - loss[0]) / (2 * step), 1e-6) << "parameter " << i;
    }
  }
}

TEST_P(LstmKernelsTest, FloatGradientFollowsDouble) {
  const LstmLayout layout = Layout(20, 16, {64, 48}, 32);
  const std::vector<float> parameters = RandomParameters(layout, 41, 0.2);
  const std::vector<double> wide(parameters.begin(), parameters.end());
  const Minibatch batch = MakeMinibatch(64, 10, 21);
  const std::vector<float> weights(batch.weights.begin(), batch.weights.end());
  std::vector<double> wide_scratch(LstmScratch(layout, 64, 10)), wide_gradient(layout.size);
  std::vector<float> scratch(wide_scratch.size()), gradient(layout.size);
  const double exact =
      GetParam()->gradient_double(layout, wide.data(), batch.View(batch.weights, 10), nullptr,
                                  wide_gradient.data(), wide_scratch.data());
  const double loss = GetParam()->gradient(layout, parameters.data(), batch.View(weights, 10),
                                           nullptr, gradient.data(), scratch.data());
  EXPECT_NEAR(loss, exact, exact * 1e-6);
  double largest = 0;
  for (const double g : wide_gradient) largest = std::max(largest, std::abs(g));
  for (size_t i = 0; i < layout.size; ++i)
    ASSERT_NEAR(static_cast<double>(gradient[i]), wide_gradient[i], largest * 1e-5) << i;
}

INSTANTIATE_TEST_SUITE_P(EachInstructionSet, LstmKernelsTest, ::testing::ValuesIn(AllKernels()),
                         [](const auto& set) { return std::string(set.param->name); });

TEST(LstmKernelsChoiceTest, EnvironmentNamesTheInstructionSet) {
  const char* before = std::getenv("ALOGD_ISA");
  const std::string kept = before ? before : "";
  for (const LstmKernels* kernels : AllKernels()) {
    setenv("ALOGD_ISA", kernels->name, 1);
    EXPECT_EQ(&ActiveLstmKernels(), kernels);
  }
  setenv("ALOGD_ISA", "no such set", 1);
  EXPECT_EQ(&ActiveLstmKernels(), AllKernels().back());
  before ? setenv("ALOGD_ISA", kept.c_str(), 1) : unsetenv("ALOGD_ISA");
}

#if defined(__x86_64__)
// Of two weak symbols of one name the linker keeps one, for callers on any machine: what the
// objects of the newer instruction sets define must carry their own names.
TEST(LstmKernelsSymbolsTest, NoneLeaksIntoAnotherInstructionSet) {
  if (kSanitized) GTEST_SKIP() << "its build has symbols of its own, and is shipped to nobody";
  const std::string command =
      "nm -A --defined-only " + testing::BinaryPath("libalogd_models.a") + " 2>&1";
  std::unique_ptr<FILE, int (*)(FILE*)> nm(popen(command.c_str(), "r"), pclose);
  ASSERT_TRUE(nm);
  std::array<char, 16384> buffer;
  size_t checked = 0;
  while (std::fgets(buffer.data(), buffer.size(), nm.get())) {
    const std::string line(buffer.data());
    for (const std::string set : {"v3", "v4"}) {
      if (line.find("lstm_kernels_" + set) == std::string::npos) continue;
      const size_t name = line.rfind(' ') + 1;
      const char kind = line[name - 2];
      // Lower case: local to the object; V DW.ref: a pointer to the exception handler, data.
      if ((kind >= 'a' && kind <= 't') || line.find("DW.ref.", name) == name) continue;
      ++checked;
      EXPECT_TRUE(line.find("Eigen_" + set, name) != std::string::npos ||
                  line.find("kernels_" + set, name) != std::string::npos)
          << line;
    }
  }
  EXPECT_GE(checked, 2u);
}
#endif

}  // namespace
}  // namespace alogd
