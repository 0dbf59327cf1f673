// SPDX-License-Identifier: MIT
// Hands next-word networks their sequences, and writes down what became of it.
#include "models/sequence/network_training.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace alogd {
namespace {

constexpr size_t kStoppingPart = 10;  // one in so many trained sessions

// The last of the trained sessions, by which training stops and sets its limits: the held-out ones
// shall be as new to it as any later ones, and of some ten sessions it would know all. Streams have
// too few pauses to cut at; their held-out part serves for both.
std::vector<std::vector<uint32_t>> TakeLast(std::vector<std::vector<uint32_t>>* train) {
  const auto from = train->end() - static_cast<ptrdiff_t>(train->size() / kStoppingPart);
  std::vector<std::vector<uint32_t>> last(std::make_move_iterator(from),
                                          std::make_move_iterator(train->end()));
  train->erase(from, train->end());
  return last;
}

nlohmann::json Finite(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

}  // namespace

std::optional<NetworkSequences> SequencesFor(std::string_view name, const TrainingTask& task,
                                             std::vector<std::string>* remarks) {
  TrainingSequences sequences = MakeSequences(task.corpus, task.split, task.group);
  const auto words = static_cast<uint32_t>(task.split.vocabulary.size());
  if (sequences.left_out > 0) {
    remarks->push_back(fmt::format("{}: {} of {} sessions hold rare templates and were left out",
                                   name, sequences.left_out,
                                   sequences.left_out + sequences.train.size()));
  }
  if (words > kMaxDeepLogWords || sequences.train.empty()) {
    remarks->push_back(fmt::format("{} was left out: {} sequences, {} templates (at most {})", name,
                                   sequences.train.size(), words, kMaxDeepLogWords));
    return {};
  }
  const bool sessions = task.sessions();
  if (sessions) sequences.held_out = TakeLast(&sequences.train);
  return NetworkSequences{{words, std::move(sequences.train), sessions},
                          {words, std::move(sequences.held_out), sessions}};
}

DeepLogCallback EpochProgress(std::string_view name, const TrainingTask& task) {
  return [name, &task](const DeepLogProgress& p) {
    if (!task.progress) return true;
    const double done = static_cast<double>(p.epoch) / std::max(1u, p.epochs);
    std::string step = fmt::format("{}: epoch {} of at most {}", name, p.epoch, p.epochs);
    if (std::isfinite(p.held_out_loss))
      step += fmt::format(", held-out loss {:.4f}", p.held_out_loss);
    return task.progress(step, std::min(done, 1.0));
  };
}

nlohmann::json NetworkEntry(const DeepLogModel& model, const DeepLogReport& report) {
  const DeepLogOptions& o = model.options;
  return {{"parameters",
           {{"window", o.window},
            {"layers", o.layers},
            {"embedding", o.embedding},
            {"dropout", o.dropout},
            {"learning_rate", o.learning_rate},
            {"learning_rate_decay", o.learning_rate_decay},
            {"patience", o.patience},
            {"top", report.top},
            {"end_shift", report.end_shift},
            {"known_histories", report.known_histories},
            {"known_weight", report.known_weight}}},
          {"training",
           {{"epochs", report.epochs},
            {"best_epoch", report.best_epoch},
            {"train_loss", report.train_loss},
            {"held_out_loss", Finite(report.held_out_loss)},
            {"windows", report.windows},
            {"distinct_windows", report.distinct},
            {"held_out_windows", report.held_out_windows}}}};
}

uint64_t NetworkMemory(const TrainingSize& size, uint32_t window, uint64_t weights) {
  // Distinct histories with their targets and hash: half of the windows repeat in real logs; and
  // weights, gradients and Adam's two moments.
  return size.records / 2 * (4ull * window + 32) + 4 * sizeof(float) * size.templates * weights;
}

}  // namespace alogd
