// SPDX-License-Identifier: MIT
// Binary state: what snapshots and deltas are written with and read back from.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/types.h"

namespace alogd {

// Stateful parts follow one convention:
//   Save(StateWriter&) / Load(StateReader&)                 everything, for a snapshot
//   SaveChanges(StateWriter&) / ApplyChanges(StateReader&)  what changed since the last SaveChanges
//   or
//                                                           Save; applying it to the state of that
//                                                           moment gives the present one
// Load and ApplyChanges return false on malformed input and never read past it: the blob may come
// from a damaged database.

// Appends to a string. Integers are LEB128 varints, signed ones zigzag.
class StateWriter {
 public:
  explicit StateWriter(std::string* out) : out_(out) {}

  void U8(uint8_t v) { out_->push_back(static_cast<char>(v)); }
  void Bool(bool v) { U8(v ? 1 : 0); }
  void U64(uint64_t v) {
    for (; v >= 0x80; v >>= 7) U8(static_cast<uint8_t>(v | 0x80));
    U8(static_cast<uint8_t>(v));
  }
  void I64(int64_t v) { U64((static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63)); }
  void F32(float v) { Raw(&v, sizeof v); }
  void F64(double v) { Raw(&v, sizeof v); }
  void Bytes(std::string_view v) {
    U64(v.size());
    out_->append(v);
  }
  void At(Time v) { I64(Micros(v)); }
  size_t size() const { return out_->size(); }

 private:
  void Raw(const void* p, size_t n) { out_->append(static_cast<const char*>(p), n); }
  std::string* out_;
};

// Reads what StateWriter wrote. After the first malformed value every read returns 0 or empty and
// ok() stays false, so that callers check once at the end.
class StateReader {
 public:
  // `in` outlives the reader and every view it returns.
  explicit StateReader(std::string_view in) : in_(in) {}

  uint8_t U8() { return Take(1) ? static_cast<uint8_t>(last_[0]) : uint8_t{0}; }
  bool Bool() { return U8() != 0; }
  uint64_t U64() {
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = U8();
      v |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return ok_ ? v : 0;
    }
    Fail();
    return 0;
  }
  // A count of things of at least `min_bytes` each that must still follow: limits before
  // allocation.
  size_t Count(size_t min_bytes) {
    const uint64_t n = U64();
    if (n > in_.size() / (min_bytes > 0 ? min_bytes : 1)) return Fail(), size_t{0};
    return static_cast<size_t>(n);
  }
  uint32_t U32() {
    const uint64_t v = U64();
    if (v > UINT32_MAX) return Fail(), uint32_t{0};
    return static_cast<uint32_t>(v);
  }
  int64_t I64() {
    const uint64_t v = U64();
    return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
  }
  float F32() { return Raw<float>(); }
  double F64() { return Raw<double>(); }
  std::string_view Bytes() {
    const uint64_t n = U64();
    if (n > in_.size()) return Fail(), std::string_view{};
    return Take(static_cast<size_t>(n)) ? last_ : std::string_view{};
  }
  Time At() { return FromMicros(I64()); }

  bool ok() const { return ok_; }
  bool at_end() const { return in_.empty(); }
  void Fail() { ok_ = false, in_ = {}; }

 private:
  bool Take(size_t n) {
    if (!ok_ || n > in_.size()) return Fail(), false;
    last_ = in_.substr(0, n);
    in_.remove_prefix(n);
    return true;
  }
  template <typename T>
  T Raw() {
    T v{};
    if (Take(sizeof v)) std::memcpy(&v, last_.data(), sizeof v);
    return v;
  }

  std::string_view in_;
  std::string_view last_;
  bool ok_ = true;
};

}  // namespace alogd
