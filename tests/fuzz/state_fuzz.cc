// SPDX-License-Identifier: MIT
// Fuzzes stored state: a pipeline starts with any shard and delta, goes on, and what it stores next
// is read back without a remark.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/pipeline.h"
#include "core/state_section.h"
#include "fuzz.h"

namespace {

using namespace alogd;

constexpr std::string_view kParts[] = {
    "clock",       "sources",       "templates",       "anomalies",          "open-records",
    "rule-counts", "changes",       "windows/0",       "windows/15",         "watch/time",
    "watch/rate",  "watch/silence", "watch/followers", "watch/combinations", "unknown"};

uint8_t TakeByte(std::string_view* input) {
  if (input->empty()) return 0;
  const auto byte = static_cast<uint8_t>(input->front());
  input->remove_prefix(1);
  return byte;
}

// Either any bytes, or sections with a right checksum: a part, a version and whether it is whole,
// a length, the body.
std::string TakeBlob(std::string_view* input) {
  if (TakeByte(input) % 2 == 0) {
    const size_t size = std::min<size_t>(TakeByte(input) * 16u, input->size());
    std::string blob(input->substr(0, size));
    input->remove_prefix(size);
    return blob;
  }
  std::string blob;
  StateSectionWriter writer(&blob);
  for (int n = TakeByte(input) % 16; n > 0; --n) {
    const std::string_view name = kParts[TakeByte(input) % std::size(kParts)];
    const uint8_t tag = TakeByte(input);
    const size_t size = std::min<size_t>(TakeByte(input), input->size());
    writer.Add(name, tag >> 1, (tag & 1) != 0, input->substr(0, size));
    input->remove_prefix(size);
  }
  writer.Finish();
  return blob;
}

std::unique_ptr<Pipeline> Start(const GroupState& state, std::vector<std::string>* remarks) {
  auto pipeline = Pipeline::Create({}, {}, {}, nullptr);
  fuzz::Require(pipeline.ok());
  if (!(*pipeline)->Restore(state, remarks)) return nullptr;
  return std::move(*pipeline);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  GroupState state;
  const uint32_t shard = TakeByte(&input) % 18;
  state.shards.push_back({shard, 1, TakeBlob(&input)});
  state.deltas.push_back({2, TakeBlob(&input)});
  std::vector<std::string> remarks;
  const auto pipeline = Start(state, &remarks);
  if (pipeline == nullptr) return 0;
  const SourceId source = pipeline->AddSource("/var/log/app.log", kNoTime);
  const std::string text = "2026-11-20T10:00:00+00:00 host app[1]: fed after the restart";
  pipeline->Feed(source, FileId{1}, Line{text, 0, 61, false, false});
  CommitUnit unit = pipeline->TakeUnit();
  state.templates = unit.templates;
  state.deltas.push_back({unit.state_seq, unit.delta});
  remarks.clear();
  fuzz::Require(Start(state, &remarks) != nullptr && remarks.empty());
  return 0;
}
