// SPDX-License-Identifier: MIT
// Writes and reads safetensors; the reader trusts no length before it is checked.
#include "models/tensors/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>

namespace alogd {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little,
              "tensors are copied as they stand in memory");

constexpr size_t kLengthBytes = 8;
// A header entry takes some 100 bytes: room for 10,000 tensors, and a bound on what JSON may cost.
constexpr size_t kMaxHeaderBytes = 1 << 20;
constexpr size_t kMaxRank = 8;  // no tensor of ours has more than 2

struct Place {
  std::string name;
  std::vector<size_t> shape;
  size_t begin = 0;  // within the data
  size_t end = 0;
};

Error Bad(std::string_view what) { return Error{fmt::format("not valid safetensors: {}", what)}; }

// Takes an unsigned number of at most `limit` out of a JSON value.
bool TakeSize(const json& value, size_t limit, size_t* out) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() > limit) return false;
  *out = static_cast<size_t>(value.get<uint64_t>());
  return true;
}

// Bytes of a tensor of this shape; false where they are over `limit`.
bool ShapeBytes(const json& shape, size_t limit, Place* place, size_t* bytes) {
  if (!shape.is_array() || shape.size() > kMaxRank) return false;
  *bytes = sizeof(float);
  for (const json& extent : shape) {
    size_t n = 0;
    if (!TakeSize(extent, limit, &n)) return false;
    if (n != 0 && *bytes > limit / n) return false;
    *bytes *= n;
    place->shape.push_back(n);
  }
  return *bytes <= limit;
}

Result<Place> ParseEntry(const std::string& name, const json& entry, size_t data_bytes) {
  Place place{name, {}, 0, 0};
  if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") ||
      !entry.contains("data_offsets"))
    return Bad(fmt::format("tensor '{}' lacks dtype, shape or data_offsets", name));
  if (entry["dtype"] != "F32")
    return Bad(fmt::format("tensor '{}' is of type {}, only F32 is known", name,
                           entry["dtype"].dump(-1, ' ', true, json::error_handler_t::replace)));
  size_t bytes = 0;
  if (!ShapeBytes(entry["shape"], data_bytes, &place, &bytes))
    return Bad(fmt::format("the shape of tensor '{}' does not fit the file", name));
  const json& offsets = entry["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 ||
      !TakeSize(offsets[0], data_bytes, &place.begin) ||
      !TakeSize(offsets[1], data_bytes, &place.end) || place.begin > place.end ||
      place.end - place.begin != bytes)
    return Bad(fmt::format("the offsets of tensor '{}' do not fit its shape", name));
  return place;
}

Result<std::vector<Place>> ParseHeader(std::string_view text, size_t data_bytes) {
  const json header = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!header.is_object()) return Bad("its header is no JSON object");
  std::vector<Place> places;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    Result<Place> place = ParseEntry(name, entry, data_bytes);
    if (!place) return place.error();
    places.push_back(std::move(*place));
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  size_t at = 0;
  for (const Place& place : places) {
    if (place.begin != at)
      return Bad(fmt::format("the data before tensor '{}' has a gap or an overlap", place.name));
    at = place.end;
  }
  if (at != data_bytes)
    return Bad(fmt::format("{} bytes of data, but its tensors have {}", data_bytes, at));
  return places;
}

}  // namespace

std::string SerializeTensors(const TensorMap& tensors) {
  json header = json::object();
  size_t at = 0;
  for (const auto& [name, tensor] : tensors) {
    const size_t bytes = tensor.data.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {at, at + bytes}}};
    at += bytes;
  }
  std::string text = header.dump();
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes,
              ' ');  // data stands aligned
  std::string out;
  out.reserve(kLengthBytes + text.size() + at);
  const uint64_t length = text.size();
  out.append(reinterpret_cast<const char*>(&length), kLengthBytes);
  out += text;
  for (const auto& [name, tensor] : tensors)
    out.append(reinterpret_cast<const char*>(tensor.data.data()),
               tensor.data.size() * sizeof(float));
  return out;
}

Result<TensorMap> ParseTensors(std::string_view bytes, size_t max_bytes) {
  if (bytes.size() > max_bytes)
    return Bad(fmt::format("{} bytes, over the limit of {}", bytes.size(), max_bytes));
  if (bytes.size() < kLengthBytes) return Bad("it is shorter than its length field");
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  bytes.remove_prefix(kLengthBytes);
  if (length > bytes.size() || length > kMaxHeaderBytes)
    return Bad(fmt::format("a header of {} bytes does not fit", length));
  const std::string_view data = bytes.substr(static_cast<size_t>(length));
  const Result<std::vector<Place>> places =
      ParseHeader(bytes.substr(0, static_cast<size_t>(length)), data.size());
  if (!places) return places.error();
  TensorMap tensors;
  for (const Place& place : *places) {
    Tensor& tensor = tensors[place.name];
    tensor.shape = place.shape;
    tensor.data.resize((place.end - place.begin) / sizeof(float));
    if (!tensor.data.empty())
      std::memcpy(tensor.data.data(), data.data() + place.begin, place.end - place.begin);
    if (!std::all_of(tensor.data.begin(), tensor.data.end(),
                     [](float v) { return std::isfinite(v); }))
      return Bad(fmt::format("tensor '{}' holds a value that is not finite", place.name));
  }
  return tensors;
}

}  // namespace alogd
